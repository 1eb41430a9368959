// The thin part of imaging that speaks C: what bimg cannot do. Ownership is written at each function; the Go side
// (vips.go) is its only caller.
#ifndef PREFLIGHT_VIPS_H
#define PREFLIGHT_VIPS_H

#include <stddef.h>
#include <stdint.h>
#include <vips/vips.h>

// A decode in progress. It lives in C memory from pf_open or pf_thumbnail to pf_close. It refers to the bytes of the file
// without owning them: the caller keeps them pinned until pf_close has returned. Not safe for concurrent use, except for
// cancelled, which another thread may set (atomically) at any time before pf_close.
typedef struct {
	const uint8_t *data;
	int64_t size, position;
	int32_t cancelled;
	VipsSource *source;
	VipsImage *image;
	VipsRegion *region;
} pf_decode;

enum { PF_JPEG = 1, PF_PNG = 2 };

// Starts libvips with its operation cache off, one thread a call, and every loader blocked but JPEG and PNG; this governs
// bimg too. Safe to call again. Returns 0, or -1 where libvips cannot be started.
int pf_start(void);

// Opens a picture for sequential decoding that fails at the first truncation, error or (JPEG) warning. Towards the
// end of the data the decoder is given few bytes at a time, so that position tells how many it needed. The result is owned
// by the caller and released by pf_close; it is NULL where memory is short. Check d->image: NULL says that the header was
// not accepted.
pf_decode *pf_open(const void *data, size_t size, int format, int shrink);

// The same for a picture shrunk to fit into a square of that side, in sRGB, orientation not applied. A JPEG is shrunk by
// shrink (1, 2, 4 or 8) while it is decoded.
pf_decode *pf_thumbnail(const void *data, size_t size, int format, int shrink, int side);

// The same for a picture brought to exactly width x height, both no larger than stored.
pf_decode *pf_scaled(const void *data, size_t size, int format, int shrink, int width, int height);

// Encodes width x height pixels of RGB as baseline JPEG with chroma halved both ways and no metadata. The bytes at *out are the
// caller's and released by pf_release. Returns 0, or -1 where memory is short.
int pf_jpeg(const uint8_t *rgb, int width, int height, int quality, void **out, size_t *length);
void pf_release(void *bytes);

// Decodes rows top to top+height-1, in order and without gaps. Returns the first pixel of the first row, rows stride bytes
// apart: owned by the decode and valid until its next call. NULL says that the picture is damaged, or was cancelled.
const uint8_t *pf_rows(pf_decode *d, int top, int height, size_t *stride);

// Releases everything of a decode and the calling thread's caches.
void pf_close(pf_decode *d);

// Memory for a large picture, in large pages where the system has them: released by free. NULL where memory is short.
void *pf_pages(size_t size);

// Gives freed memory back to the system.
void pf_trim(void);

#endif
