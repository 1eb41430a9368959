// A JPEG decoded to the planes that it is made of, brightness and two of colour, with libjpeg alone: most of what is measured
// is measured on brightness, and colour is wanted at the size that phones store it at, or smaller. Making red, green and blue of
// each of 12 megapixels, and brightness of those again, costs more than the measurements. And one encoded of its planes: a picture
// that is made of JPEGs and becomes one has no need of pixels either.
#ifndef PREFLIGHT_YCC_H
#define PREFLIGHT_YCC_H

#include <stddef.h>
#include <stdint.h>

// A decode in progress, in C memory from pf_ycc_open to pf_ycc_close. It refers to the bytes of the file without owning
// them: the caller keeps them pinned until pf_ycc_close has returned. Not safe for concurrent use, except for cancelled, which
// another thread may set (atomically) at any time before pf_ycc_close.
typedef struct pf_ycc pf_ycc;

// A plane of what pf_ycc_open found: its size, the rows that are decoded at a time, and by how many bits it is reduced across and down
// beside the picture as it is stored (0 to 4).
typedef struct {
	int32_t width, height, rows, across, down;
} pf_ycc_plane;

// What pf_ycc_open found: the picture's size as it is stored, and its planes: three (Y, Cb, Cr), or one of a grey picture.
typedef struct {
	int32_t width, height, count;
	pf_ycc_plane planes[3];
	int32_t *cancelled;
} pf_ycc_shape;

// Opens a JPEG whose colours are stored as brightness (Y) and two differences (Cb, Cr; JFIF), the latter two in full or in half the
// resolution each way, or which are none (grey), to be shrunk by 1, 2, 4 or 8 as it is decoded. NULL for any other file, and for what is
// none; that may be another decoder's. The result is owned by the caller and released by pf_ycc_close.
pf_ycc *pf_ycc_open(const void *data, size_t size, int shrink, pf_ycc_shape *shape);

// Decodes the next rows of all planes, as many of each as its shape says: strides are multiples of 8 that are not less than the plane's
// width. Returns 0, or -1 where the picture is damaged, at the first truncation, error or warning, or where the decode was cancelled.
int pf_ycc_rows(pf_ycc *d, uint8_t *y, size_t stride, uint8_t *blue, uint8_t *red, size_t colour_stride);

// How many bytes at the end of the file the decoder has not read so far.
size_t pf_ycc_unread(const pf_ycc *d);

void pf_ycc_close(pf_ycc *d);

// A picture of the planes of a JPEG with halved colours: brightness in rows of stride bytes, colours in rows of half as many. stride
// is a multiple of 16 that is not less than the width.
typedef struct {
	const uint8_t *y, *blue, *red;
	size_t stride;
	int32_t width, height;
} pf_ycc_picture;

enum { PF_YCC_GROUP = 16 }; // rows of a picture that are encoded at a time

// Encodes groups of PF_YCC_GROUP rows, which begin at tops, as the baseline JPEG of a picture that has no others: what of the last group
// is beyond the picture's end is no part of it. At most room bytes are written to out; *size is how many there would be. Returns 0, or
// -1 where memory is short.
int pf_ycc_encode(const pf_ycc_picture *p, const int32_t *tops, size_t groups, int quality, uint8_t *out, size_t room, size_t *size);

#endif
