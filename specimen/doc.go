// Package specimen draws what the tests of Preflight look at: fictional documents, photos of them with known corners and
// known light, camera-like files around those photos, and hostile files. Everything is made in Go from a seed: the same
// seed gives the same bytes on the same architecture and fonts. Nothing in it is anybody's: every document says
// 样本 SPECIMEN, numbers carry region codes that GB/T 2260 does not have, names and places are invented.
//
// The package is test data in the form of code. Tests and its own command (specimen/cmd/specimen) import it; the product
// never does.
//
// The flow, each stage usable alone:
//
//	Draw      kind, seed      -> Document   a flat picture, its true fields, the quads of its text lines
//	Scene     Document        -> Photo      on a table, in perspective, lit, blurred, noisy; its true corners
//	Encode*   picture, Camera -> bytes      JPEG, PNG, GIF as cameras, phones and editors write them
//	Good      -> files that must raise no file finding
//	Hostile   -> files that must be refused or judged, each with the code that the service must answer
package specimen
