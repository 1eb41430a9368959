// Package origin measures where a photo comes from: whether the document in it has colours of its own or is a grey copy
// (彩色原件或黑白复印件), and what speaks for a photo of a screen (翻拍). It measures and does not judge: what is too grey or
// too likely a screen is decided in package checks.
package origin
