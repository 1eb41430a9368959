#include "ycc.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#if JPEG_LIB_VERSION >= 70
#define BLOCK_SIDE(component) ((component).DCT_h_scaled_size)
#else
#define BLOCK_SIDE(component) ((component).DCT_scaled_size)
#endif

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

// How many planes the decoder can hand out as they are stored; 0 where it cannot.
static int planar(const struct jpeg_decompress_struct *c)
{
	const jpeg_component_info *p = c->comp_info;
	if (c->data_precision != 8 || p[0].h_samp_factor > 2 || p[0].v_samp_factor > 2)
		return 0;
	if (c->jpeg_color_space == JCS_GRAYSCALE && c->num_components == 1)
		return 1;
	if (c->jpeg_color_space != JCS_YCbCr || c->num_components != 3)
		return 0;
	return p[1].h_samp_factor == 1 && p[1].v_samp_factor == 1 && p[2].h_samp_factor == 1 && p[2].v_samp_factor == 1 ? 3 : 0;
}

// How many rows of a plane are decoded at a time: at most two blocks, see planar.
static int rows_of(const jpeg_component_info *p)
{
	return p->v_samp_factor * BLOCK_SIDE(*p);
}

// By how many bits units are more than one.
static int32_t bits_of(int units)
{
	int32_t bits = 0;
	while (units > 1 << bits)
		bits++;
	return bits;
}

pf_ycc *pf_ycc_open(const void *data, size_t size, int shrink, pf_ycc_shape *shape)
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
	d->c.out_color_space = d->c.jpeg_color_space;
	d->c.scale_num = 1;
	d->c.scale_denom = (unsigned) shrink;
	jpeg_calc_output_dimensions(&d->c);
	*shape = (pf_ycc_shape){
		.width = (int32_t) d->c.image_width, .height = (int32_t) d->c.image_height, .count = d->c.num_components, .cancelled = &d->cancelled,
	};
	for (int i = 0; i < d->c.num_components; i++) {
		const jpeg_component_info *p = &d->c.comp_info[i];
		// Of colours that are stored at half the size libjpeg shrinks less.
		shape->planes[i] = (pf_ycc_plane){
			.width = (int32_t) p->downsampled_width, .height = (int32_t) p->downsampled_height, .rows = rows_of(p),
			.across = bits_of(d->c.max_h_samp_factor * DCTSIZE / (p->h_samp_factor * BLOCK_SIDE(*p))),
			.down = bits_of(d->c.max_v_samp_factor * DCTSIZE / (p->v_samp_factor * BLOCK_SIDE(*p))),
		};
	}
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
	uint8_t *first[3] = { y, blue, red };
	for (int k = 0; k < d->c.num_components; k++)
		for (int i = 0; i < rows_of(&d->c.comp_info[k]); i++)
			rows[k][i] = first[k] + (size_t) i * (k ? colour_stride : stride);
	return jpeg_read_raw_data(&d->c, planes, 2 * DCTSIZE) > 0 ? 0 : -1;
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

// What is encoded goes to the caller's memory, and when that is full nowhere: then only how much it is is wanted.
typedef struct {
	struct jpeg_destination_mgr to;
	size_t counted;
	uint8_t *out;
	size_t room;
	int full;
	uint8_t beyond[4096];
} pf_destination;

static void on_begin(j_compress_ptr c)
{
	pf_destination *d = (pf_destination *) c->dest;
	d->full = d->room == 0;
	d->to.next_output_byte = d->full ? d->beyond : d->out;
	d->to.free_in_buffer = d->full ? sizeof d->beyond : d->room;
}

static boolean on_full(j_compress_ptr c)
{
	pf_destination *d = (pf_destination *) c->dest;
	d->counted += d->full ? sizeof d->beyond : d->room;
	d->full = 1;
	d->to.next_output_byte = d->beyond;
	d->to.free_in_buffer = sizeof d->beyond;
	return TRUE;
}

static void on_end(j_compress_ptr c)
{
	pf_destination *d = (pf_destination *) c->dest;
	d->counted += (d->full ? sizeof d->beyond : d->room) - d->to.free_in_buffer;
}

typedef struct {
	struct jpeg_error_mgr errors;
	jmp_buf failed;
} pf_encode_errors;

static void on_encode_error(j_common_ptr c)
{
	longjmp(((pf_encode_errors *) c->err)->failed, 1);
}

int pf_ycc_encode(const pf_ycc_picture *p, const int32_t *tops, size_t groups, int quality, uint8_t *out, size_t room, size_t *size)
{
	struct jpeg_compress_struct c = { 0 };
	pf_encode_errors errors;
	pf_destination to = {
		.to = { .init_destination = on_begin, .empty_output_buffer = on_full, .term_destination = on_end },
		.out = out, .room = room,
	};
	c.err = jpeg_std_error(&errors.errors);
	errors.errors.error_exit = on_encode_error;
	errors.errors.output_message = on_output;
	if (setjmp(errors.failed)) {
		jpeg_destroy_compress(&c);
		return -1;
	}
	jpeg_create_compress(&c);
	c.dest = &to.to;
	c.image_width = (JDIMENSION) p->width;
	c.image_height = (JDIMENSION) (groups * PF_YCC_GROUP < (size_t) p->height ? groups * PF_YCC_GROUP : (size_t) p->height);
	c.input_components = 3;
	c.in_color_space = JCS_YCbCr;
	jpeg_set_defaults(&c); // both colours halved both ways
	jpeg_set_quality(&c, quality, TRUE);
	c.raw_data_in = TRUE;
	jpeg_start_compress(&c, TRUE);
	for (size_t g = 0; g < groups; g++) {
		JSAMPROW rows[3][PF_YCC_GROUP];
		JSAMPARRAY planes[3] = { rows[0], rows[1], rows[2] };
		int32_t last = p->height - 1, last_colour = (p->height - 1) / 2;
		for (int32_t i = 0; i < PF_YCC_GROUP; i++) {
			int32_t at = tops[g] + i;
			rows[0][i] = (JSAMPROW) p->y + (size_t) (at < last ? at : last) * p->stride;
		}
		for (int32_t i = 0; i < PF_YCC_GROUP / 2; i++) {
			int32_t at = tops[g] / 2 + i;
			size_t row = (size_t) (at < last_colour ? at : last_colour) * (p->stride / 2);
			rows[1][i] = (JSAMPROW) p->blue + row;
			rows[2][i] = (JSAMPROW) p->red + row;
		}
		jpeg_write_raw_data(&c, planes, PF_YCC_GROUP);
	}
	jpeg_finish_compress(&c);
	*size = to.counted;
	jpeg_destroy_compress(&c);
	return 0;
}
