#include "ycc.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

struct pf_ycc {
	struct jpeg_decompress_struct c;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
	int32_t cancelled;
	int started;
};

static void on_error(j_common_ptr c)
{
	longjmp(((pf_ycc *) c->client_data)->failed, 1);
}

// A negative level is a warning, which is what libjpeg calls corrupt data; others are traces.
static void on_message(j_common_ptr c, int level)
{
	if (level < 0)
		on_error(c);
}

static void on_output(j_common_ptr c)
{
}

// Called once for each row of blocks, also while a progressive file is read as a whole.
static void on_progress(j_common_ptr c)
{
	if (__atomic_load_n(&((pf_ycc *) c->client_data)->cancelled, __ATOMIC_RELAXED))
		on_error(c);
}

// Whether the decoder can hand out the planes as they are stored.
static int planar(const struct jpeg_decompress_struct *c)
{
	if (c->jpeg_color_space != JCS_YCbCr || c->num_components != 3 || c->data_precision != 8)
		return 0;
	const jpeg_component_info *p = c->comp_info;
	return p[0].h_samp_factor <= 2 && p[0].v_samp_factor <= 2 && p[1].h_samp_factor == 1 && p[1].v_samp_factor == 1 &&
		p[2].h_samp_factor == 1 && p[2].v_samp_factor == 1;
}

pf_ycc *pf_ycc_open(const void *data, size_t size, pf_ycc_shape *shape)
{
	pf_ycc *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->c.err = jpeg_std_error(&d->errors);
	d->errors.error_exit = on_error;
	d->errors.emit_message = on_message;
	d->errors.output_message = on_output;
	d->c.client_data = d;
	if (setjmp(d->failed)) {
		pf_ycc_close(d);
		return NULL;
	}
	jpeg_create_decompress(&d->c);
	jpeg_mem_src(&d->c, data, size);
	if (jpeg_read_header(&d->c, TRUE) != JPEG_HEADER_OK || !planar(&d->c)) {
		pf_ycc_close(d);
		return NULL;
	}
	d->progress.progress_monitor = on_progress;
	d->c.progress = &d->progress;
	d->c.raw_data_out = TRUE;
	d->c.out_color_space = JCS_YCbCr;
	const jpeg_component_info *y = d->c.comp_info;
	*shape = (pf_ycc_shape){
		.width = (int32_t) d->c.image_width, .height = (int32_t) d->c.image_height, .rows = y->v_samp_factor * DCTSIZE,
		.across = y->h_samp_factor - 1, .down = y->v_samp_factor - 1, .cancelled = &d->cancelled,
	};
	return d;
}

int pf_ycc_rows(pf_ycc *d, uint8_t *y, size_t stride, uint8_t *blue, uint8_t *red, size_t colour_stride)
{
	if (setjmp(d->failed))
		return -1;
	if (!d->started) {
		if (!jpeg_start_decompress(&d->c))
			return -1;
		d->started = 1;
	}
	JSAMPROW rows[3][2 * DCTSIZE];
	JSAMPARRAY planes[3] = { rows[0], rows[1], rows[2] };
	int n = d->c.comp_info[0].v_samp_factor * DCTSIZE;
	for (int i = 0; i < n; i++)
		rows[0][i] = y + (size_t) i * stride;
	for (int i = 0; i < DCTSIZE; i++) {
		rows[1][i] = blue + (size_t) i * colour_stride;
		rows[2][i] = red + (size_t) i * colour_stride;
	}
	return jpeg_read_raw_data(&d->c, planes, (JDIMENSION) n) == (JDIMENSION) n ? 0 : -1;
}

size_t pf_ycc_unread(const pf_ycc *d)
{
	return d->c.src->bytes_in_buffer;
}

void pf_ycc_close(pf_ycc *d)
{
	jpeg_destroy_decompress(&d->c);
	free(d);
}
