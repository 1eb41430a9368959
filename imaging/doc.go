// Package imaging turns the bytes of an uploaded file into Measurements, and makes the pictures derived from it: upright,
// thumbnail, a copy below the size limit. It holds no threshold of a rule and judges nothing; what is measured here once
// is judged in package checks as often as the rules change.
//
// # The order of things
//
// Nothing of a stranger's file is trusted, so each step sees only what the step before let through:
//
//  1. recognize: what the content is, by its first bytes (recognize.go, pure Go).
//  2. header: size, frames, metadata blocks, and whether the file's structure is whole (jpeg.go, png.go, gif.go, pure Go).
//  3. the pixel guard: more pixels than Options.MaxPixels are refused here, before any is decoded.
//  4. EXIF: directories are walked and bounded by us, and goexif sees a block that we wrote (exif.go).
//  5. one full decode in strips, which notices truncation and corruption; the share of flat blocks is taken from the same
//     strips (vips.go, gif.go, pixels.go), and what the measuring packages look at is built from them: the luma of every
//     pixel, and a small upright picture in colour (frame.go, planes.c).
//  6. look: where the document is, how sharp, lit and coloured it is, and who is beside it (packages below this one; the loops over
//     pixels on which they spend their time are C, in vector).
//
// What stands in the picture is read apart from that (Analyzer.Read, reading.go): it costs ten times as much as all the rest, and is not
// needed of every photo.
//
// JPEG and PNG are decoded by libvips with every other loader blocked; the first frame of a GIF is decoded in Go, since
// libvips' GIF loader cannot be interrupted, forgives truncation and needs four bytes a pixel twice.
//
// # Ownership and limits
//
// Bytes in, values out: no call keeps a reference to its input or shares state with another one, so the same code runs in
// a worker process. An Analyzer may be used by any number of goroutines; each call uses one core, and the caller bounds
// how many run. A call ends soon after its context does: between strips of rows, and at every read of the decoder.
//
// Resident memory of Analyze: one byte a pixel and about 5 MB more; the strip, about 64 rows; for progressive JPEG the coefficients (2 bytes a sample), and
// for interlaced PNG the whole picture, which the formats force upon every decoder. The derivatives that turn a picture
// hold it whole. Pixels are never written to disk.
package imaging
