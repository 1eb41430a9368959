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
//	Cases     -> labelled photos in two disjoint halves, each with its defect, its degree and the truth
//
// Labelled photos (labelled.go, plan.go, take.go, focus.go, expose.go, label.go) are made in linear light, in steps: the
// sheets are laid out, the camera is aimed, its blur is chosen so that an edge width is reached, the light is computed, every
// pixel looks at what is there, lens and sensor take it, the phone develops it, and an app may send it on. What is modelled,
// and after whom:
//
//	camera      pinhole with radial distortion (Brown, one coefficient), vignetting, lateral chromatic aberration
//	defocus     the disc of geometric optics (circle of confusion), constant or growing across a leaning sheet; a Gaussian
//	motion      the path of the hand during the exposure: a line, an arc, a tremble
//	noise       EMVA 1288's linear model, variance = read^2 + shot^2 x signal, red and blue amplified by white balance
//	mosaic      Bayer's, interpolated bilinearly, where patterns are fine enough to tell
//	phone       sigma-filter noise reduction on luma, box filter on chroma, tone curve, unsharp mask, JPEG
//	app         decoding, scaling by area, coding anew at low quality
//	screen      RGB stripes or alternating subpixels with a black matrix, filtered over the camera's pixel before it samples:
//	            moire comes of aliasing and of nothing else
//	photocopy   luminance through a steep curve, toner and dirt on near-white paper, in light of any colour
//	reflection  the mirror image of a lamp, tube, window or flash, added to the light that print sends
package specimen
