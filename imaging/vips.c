#include "vips.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

// Before anything of libvips runs, whoever starts it (bimg does so when it is imported):
// - small thresholds and few arenas, so that what a picture needed goes back to the system: after 500 photos of 12
//   megapixels glibc's defaults kept 740 MB;
// - decoded pixels never go to a temporary file: they show identity documents, and the root may be read-only;
// - no warnings on standard error: their wording comes from the file.
__attribute__((constructor)) static void pf_before(void)
{
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	mallopt(M_ARENA_MAX, 2);
	setenv("VIPS_DISC_THRESHOLD", "100g", 1);
	setenv("VIPS_WARNING", "1", 1);
}

int pf_start(void)
{
	if (VIPS_INIT("preflight"))
		return -1;
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	vips_cache_set_max_files(0);
	vips_concurrency_set(1);
	// The error buffer is one for all threads, and bimg reads it without a lock: nothing is ever written to it.
	static int frozen = 0;
	if (!frozen)
		vips_error_freeze();
	frozen = 1;
	vips_operation_block_set("VipsForeignLoad", TRUE);
	vips_operation_block_set("VipsForeignLoadJpeg", FALSE);
	vips_operation_block_set("VipsForeignLoadPng", FALSE);
	return 0;
}

// The last PF_TAIL bytes of a picture are handed out PF_SIP at a time.
enum { PF_TAIL = 4096, PF_SIP = 4 };

// The source reads the caller's bytes and ends as soon as the decode is cancelled: a decoder that consumes a whole file in
// one call (progressive, interlaced) is stopped too.
static gint64 on_read(VipsSourceCustom *source, void *buffer, gint64 length, pf_decode *d)
{
	if (__atomic_load_n(&d->cancelled, __ATOMIC_RELAXED))
		return -1;
	if (length > d->size - d->position)
		length = d->size - d->position;
	if (d->position + length > d->size - PF_TAIL)
		length = MIN(length, MAX(PF_SIP, d->size - PF_TAIL - d->position));
	memcpy(buffer, d->data + d->position, length);
	d->position += length;
	return length;
}

static gint64 on_seek(VipsSourceCustom *source, gint64 offset, int whence, pf_decode *d)
{
	gint64 to = whence == SEEK_SET ? offset : whence == SEEK_CUR ? d->position + offset : d->size + offset;
	if (to < 0 || to > d->size)
		return -1;
	return d->position = to;
}

static pf_decode *pf_new(const void *data, size_t size)
{
	pf_decode *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->data = data;
	d->size = size;
	VipsSourceCustom *source = vips_source_custom_new();
	g_signal_connect(source, "read", G_CALLBACK(on_read), d);
	g_signal_connect(source, "seek", G_CALLBACK(on_seek), d);
	d->source = VIPS_SOURCE(source);
	return d;
}

static pf_decode *pf_ready(pf_decode *d)
{
	if (d->image)
		d->region = vips_region_new(d->image);
	return d;
}

static pf_decode *pf_load(const void *data, size_t size, int format, int shrink)
{
	pf_decode *d = pf_new(data, size);
	if (!d)
		return NULL;
	// libjpeg calls corrupt data a warning; libpng warns of harmless profiles, and calls corrupt data an error.
	if (format == PF_JPEG)
		vips_jpegload_source(d->source, &d->image, "access", VIPS_ACCESS_SEQUENTIAL, "shrink", shrink,
			"fail_on", VIPS_FAIL_ON_WARNING, NULL);
	else
		vips_pngload_source(d->source, &d->image, "access", VIPS_ACCESS_SEQUENTIAL,
			"fail_on", VIPS_FAIL_ON_ERROR, NULL);
	return d;
}

pf_decode *pf_open(const void *data, size_t size, int format, int shrink)
{
	pf_decode *d = pf_load(data, size, format, shrink);
	return d ? pf_ready(d) : NULL;
}

static pf_decode *pf_resized(const void *data, size_t size, int format, int shrink, int width, int height, VipsSize how)
{
	pf_decode *d = pf_load(data, size, format, shrink);
	if (!d || !d->image)
		return d;
	VipsImage *full = d->image, *small = NULL, *srgb = NULL;
	d->image = NULL;
	// Only what has a profile is converted by it: for what has none libvips would go through XYZ and back, at the cost of the
	// decode again.
	const char *to = vips_image_get_typeof(full, VIPS_META_ICC_NAME) || full->Type == VIPS_INTERPRETATION_CMYK ? "srgb" : NULL;
	if (!vips_thumbnail_image(full, &small, width, "height", height, "size", how, "no_rotate", TRUE,
			to ? "export_profile" : NULL, to, NULL) &&
		!vips_colourspace(small, &srgb, VIPS_INTERPRETATION_sRGB, NULL))
		vips_cast(srgb, &d->image, VIPS_FORMAT_UCHAR, NULL);
	VIPS_UNREF(srgb);
	VIPS_UNREF(small);
	VIPS_UNREF(full);
	return pf_ready(d);
}

// Not vips_thumbnail_source, which takes fail_on but lets a corrupt JPEG pass.
pf_decode *pf_thumbnail(const void *data, size_t size, int format, int shrink, int side)
{
	return pf_resized(data, size, format, shrink, side, side, VIPS_SIZE_DOWN);
}

pf_decode *pf_scaled(const void *data, size_t size, int format, int shrink, int width, int height)
{
	return pf_resized(data, size, format, shrink, width, height, VIPS_SIZE_FORCE);
}

int pf_jpeg(const uint8_t *rgb, int width, int height, int quality, void **out, size_t *length)
{
	VipsImage *image = vips_image_new_from_memory(rgb, (size_t)3 * width * height, width, height, 3, VIPS_FORMAT_UCHAR);
	int failed = -1;
	if (image) {
		image->Type = VIPS_INTERPRETATION_sRGB;
		failed = vips_jpegsave_buffer(image, out, length, "Q", quality, "strip", TRUE,
			"subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON, NULL);
	}
	VIPS_UNREF(image);
	vips_thread_shutdown();
	return failed ? -1 : 0;
}

void pf_release(void *bytes)
{
	g_free(bytes);
}

const uint8_t *pf_rows(pf_decode *d, int top, int height, size_t *stride)
{
	VipsRect rows = { 0, top, d->image->Xsize, height };
	if (__atomic_load_n(&d->cancelled, __ATOMIC_RELAXED) || vips_region_prepare(d->region, &rows))
		return NULL;
	*stride = VIPS_REGION_LSKIP(d->region);
	return VIPS_REGION_ADDR(d->region, 0, top);
}

void pf_close(pf_decode *d)
{
	VIPS_UNREF(d->region);
	VIPS_UNREF(d->image);
	VIPS_UNREF(d->source);
	free(d);
	vips_thread_shutdown();
}

void *pf_pages(size_t size)
{
	enum { LARGE = 2 << 20 };
	void *pages = NULL;
	if (posix_memalign(&pages, LARGE, size))
		return NULL;
#ifdef MADV_HUGEPAGE
	madvise(pages, size / LARGE * LARGE, MADV_HUGEPAGE);
#endif
	return pages;
}

void pf_trim(void)
{
	malloc_trim(0);
}
