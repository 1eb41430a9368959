// A JPEG decoded to the planes that it is made of, brightness and two of colour, with libjpeg alone: most of what is measured
// is measured on brightness, and colour is wanted at the size that phones store it at, or smaller. Making red, green and blue of
// each of 12 megapixels, and brightness of those again, costs more than the measurements.
#ifndef PREFLIGHT_YCC_H
#define PREFLIGHT_YCC_H

#include <stddef.h>
#include <stdint.h>

// A decode in progress, in C memory from pf_ycc_open to pf_ycc_close. It refers to the bytes of the file without owning
// them: the caller keeps them pinned until pf_ycc_close has returned. Not safe for concurrent use, except for cancelled, which
// another thread may set (atomically) at any time before pf_ycc_close.
typedef struct pf_ycc pf_ycc;

// What pf_ycc_open found: the picture's size, the rows that are decoded at a time, and by how many bits the planes of colour are
// reduced across and down (0 or 1).
typedef struct {
	int32_t width, height, rows, across, down;
	int32_t *cancelled;
} pf_ycc_shape;

// Opens a JPEG whose colours are stored as brightness (Y) and two differences (Cb, Cr; JFIF), the latter two in full or in half the
// resolution each way. NULL for any other file, and for what is none; that may be another decoder's. The result is owned by the
// caller and released by pf_ycc_close.
pf_ycc *pf_ycc_open(const void *data, size_t size, pf_ycc_shape *shape);

// Decodes the next shape.rows rows into y, and what belongs to them of the colours into blue and red: strides are multiples
// of 8 that are not less than the plane's width. Returns 0, or -1 where the picture is damaged, at the first truncation, error or
// warning, or where the decode was cancelled.
int pf_ycc_rows(pf_ycc *d, uint8_t *y, size_t stride, uint8_t *blue, uint8_t *red, size_t colour_stride);

// How many bytes at the end of the file the decoder has not read so far.
size_t pf_ycc_unread(const pf_ycc *d);

void pf_ycc_close(pf_ycc *d);

#endif
