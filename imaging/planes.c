#include "planes.h"

#include <string.h>

// One binary runs on every x86-64: the loops are compiled for AVX2 as well, and the loader picks what the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MANY_MACHINES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define MANY_MACHINES
#endif

// Lanes of a vector, which compilers turn into whatever the machine has.
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint16_t words16 __attribute__((vector_size(32)));
typedef uint16_t words8 __attribute__((vector_size(16)));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FIRST_FOUR ((words8){0, 8, 1, 8, 2, 8, 3, 8})
#define LOW_BYTES ((bytes16){0, 4, 8})
#else
#define FIRST_FOUR ((words8){8, 0, 8, 1, 8, 2, 8, 3})
#define LOW_BYTES ((bytes16){3, 7, 11})
#endif
typedef int32_t ints4 __attribute__((vector_size(16)));
typedef float floats4 __attribute__((vector_size(16)));

MANY_MACHINES void pf_luma(const uint8_t *restrict rgb, uint8_t *restrict luma, size_t n) {
	for (size_t i = 0; i < n; i++) {
		luma[i] = (uint8_t)((77u * rgb[3 * i] + 150u * rgb[3 * i + 1] + 29u * rgb[3 * i + 2] + 128u) >> 8);
	}
}

MANY_MACHINES void pf_sum(const uint8_t *restrict rows, size_t stride, size_t first, size_t count, int down,
	uint16_t *restrict sums, size_t n, int more) {
	size_t i = 0;
	for (; i + sizeof(bytes16) <= n; i += sizeof(bytes16)) {
		words16 sum = {0};
		if (more) {
			memcpy(&sum, sums + i, sizeof sum);
		}
		for (size_t y = first; y < first + count; y++) {
			bytes16 part;
			memcpy(&part, rows + (y >> down) * stride + i, sizeof part);
			sum += __builtin_convertvector(part, words16);
		}
		memcpy(sums + i, &sum, sizeof sum);
	}
	for (; i < n; i++) {
		uint16_t sum = more ? sums[i] : 0;
		for (size_t y = first; y < first + count; y++) {
			sum = (uint16_t)(sum + rows[(y >> down) * stride + i]);
		}
		sums[i] = sum;
	}
}

// How many cells pf_plane_means works on at a time: few enough for registers and the cache.
enum { MEANS_BLOCK = 128 };

// The rounded value of a picture, from one between 0 and 255 and what rounding of colours adds.
static inline uint8_t byte_of(float v) {
	int32_t i = (int32_t)(v + 0.5f);
	i = i < 0 ? 0 : i;
	return (uint8_t)(i > 255 ? 255 : i);
}

MANY_MACHINES void pf_plane_means(const uint16_t *restrict luma, const uint16_t *restrict blue, const uint16_t *restrict red,
	const int32_t *restrict columns, int across, int32_t rows, uint8_t *restrict rgb, size_t cells) {
	for (size_t from = 0; from < cells; from += MEANS_BLOCK) {
		size_t n = cells - from < MEANS_BLOCK ? cells - from : MEANS_BLOCK;
		float y[MEANS_BLOCK], b[MEANS_BLOCK], r[MEANS_BLOCK], inverse[MEANS_BLOCK];
		for (size_t i = 0; i < n; i++) {
			int32_t x = columns[from + i], end = columns[from + i + 1];
			uint32_t total, total_blue, total_red;
			inverse[i] = (float)(rows * (end - x));
			if (end - x == 3 && across == 1) { // of two values of colour one counts twice
				int32_t twice = (x + 1) >> 1, once = x & 1 ? x >> 1 : twice + 1;
				total = (uint32_t)luma[x] + luma[x + 1] + luma[x + 2];
				total_blue = 2u * blue[twice] + blue[once];
				total_red = 2u * red[twice] + red[once];
			} else {
				for (total = total_blue = total_red = 0; x < end; x++) {
					total += luma[x];
					total_blue += blue[x >> across];
					total_red += red[x >> across];
				}
			}
			y[i] = (float)(int32_t)total;
			b[i] = (float)(int32_t)total_blue;
			r[i] = (float)(int32_t)total_red;
		}
		uint8_t *out = rgb + 3 * from;
		for (size_t i = 0; i < n; i++) {
			float one = 1.0f / inverse[i], grey = y[i] * one, cb = b[i] * one - 128, cr = r[i] * one - 128;
			out[3 * i] = byte_of(grey + 1.402f * cr);
			out[3 * i + 1] = byte_of(grey - 0.344136f * cb - 0.714136f * cr);
			out[3 * i + 2] = byte_of(grey + 1.772f * cb);
		}
	}
}

// The sums of a pixel: red, green, blue, and what is to be overlooked.
static inline words8 pixel(const uint16_t *sums, int32_t x) {
	words8 sum;
	memcpy(&sum, sums + 3 * x, sizeof sum);
	return sum;
}

// The first four of them.
static inline ints4 widened(words8 sum) {
	return (ints4)__builtin_shuffle(sum, (words8){0}, FIRST_FOUR);
}

void pf_cells(const uint16_t *restrict sums, const int32_t *restrict columns, uint32_t *restrict totals, size_t cells) {
	for (size_t c = 0; c < cells; c++) {
		ints4 total = {0};
		for (int32_t x = columns[c]; x < columns[c + 1]; x++) {
			total += widened(pixel(sums, x));
		}
		for (size_t k = 0; k < 3; k++) {
			totals[3 * c + k] += (uint32_t)total[k];
		}
	}
}

MANY_MACHINES void pf_cell_means(const uint16_t *restrict sums, const int32_t *restrict columns, int32_t rows, uint8_t *restrict rgb,
	size_t cells) {
	int32_t width = 0;
	float inverse = 0;
	for (size_t c = 0; c < cells; c++) {
		int32_t x = columns[c], end = columns[c + 1];
		if (end - x != width) {
			width = end - x;
			inverse = 1.0f / (float)(rows * width);
		}
		words8 total = pixel(sums, x);
		if (width == 3) {
			total += pixel(sums, x + 1) + pixel(sums, x + 2);
		} else {
			while (++x < end) {
				total += pixel(sums, x);
			}
		}
		// Halves are rounded up, although their product may fall short of them by less than the last term; of so few pixels no
		// mean comes as near to one from below.
		floats4 mean = __builtin_convertvector(widened(total), floats4) * inverse + (0.5f + 1e-4f);
		bytes16 bytes = (bytes16)__builtin_convertvector(mean, ints4);
		bytes = __builtin_shuffle(bytes, LOW_BYTES);
		memcpy(rgb + 3 * c, &bytes, c + 1 < cells ? 4 : 3);
	}
}

void pf_means(uint32_t *restrict totals, const int32_t *restrict columns, int32_t rows, uint8_t *restrict rgb, size_t cells) {
	for (size_t c = 0; c < cells; c++) {
		// A multiplication for each of three divisions.
		double inverse = 1.0 / ((double)rows * (columns[c + 1] - columns[c]));
		for (size_t k = 3 * c; k < 3 * c + 3; k++) {
			rgb[k] = (uint8_t)((double)(int32_t)totals[k] * inverse + (0.5 + 1e-9));
			totals[k] = 0;
		}
	}
}

// How many columns are turned at a time: where right is a row of the source, its lines are still in the cache for the next.
enum { TURN_COLUMNS = 64 };

void pf_turn(const uint8_t *restrict from, ptrdiff_t right, ptrdiff_t down, uint8_t *restrict rgb, size_t w, size_t h) {
	for (size_t left = 0; left < w; left += TURN_COLUMNS) {
		size_t end = left + TURN_COLUMNS < w ? left + TURN_COLUMNS : w;
		for (size_t y = 0; y < h; y++) {
			const uint8_t *p = from + (ptrdiff_t)left * right + (ptrdiff_t)y * down;
			uint8_t *q = rgb + 3 * (y * w + left);
			for (size_t x = left; x < end; x++, p += right, q += 3) {
				uint16_t two;
				memcpy(&two, p, 2);
				uint8_t third = p[2];
				memcpy(q, &two, 2);
				q[2] = third;
			}
		}
	}
}

void pf_scatter(const uint8_t *restrict rows, size_t stride, size_t count, size_t n, uint8_t *restrict to, ptrdiff_t right,
	ptrdiff_t down) {
	if (right == 3) {
		for (size_t y = 0; y < count; y++) {
			memcpy(to + (ptrdiff_t)y * down, rows + y * stride, 3 * n);
		}
		return;
	}
	// Column by column: where rows become columns, what a column becomes lies together.
	for (size_t x = 0; x < n; x++) {
		const uint8_t *p = rows + 3 * x;
		uint8_t *q = to + (ptrdiff_t)x * right;
		for (size_t y = 0; y < count; y++, p += stride, q += down) {
			uint16_t two;
			memcpy(&two, p, 2);
			uint8_t third = p[2];
			memcpy(q, &two, 2);
			q[2] = third;
		}
	}
}

MANY_MACHINES void pf_weigh(const uint8_t *restrict row, uint16_t *restrict sums, size_t n, unsigned weight, int first) {
	uint16_t by = (uint16_t)weight;
	if (first) {
		for (size_t i = 0; i < n; i++) {
			sums[i] = (uint16_t)(row[i] * by);
		}
		return;
	}
	for (size_t i = 0; i < n; i++) {
		sums[i] = (uint16_t)(sums[i] + row[i] * by);
	}
}

// The bytes of the first three lanes, and one to be overlooked.
static inline void put_pixel(uint8_t *rgb, words8 total, int last) {
	typedef uint8_t bytes8 __attribute__((vector_size(8)));
	bytes8 bytes = __builtin_convertvector((total + 128) >> 8, bytes8);
	memcpy(rgb, &bytes, last ? 3 : 4);
}

MANY_MACHINES void pf_weigh_across(const uint16_t *restrict sums, const int32_t *restrict left, const uint16_t *restrict weights,
	size_t taps, uint8_t *restrict rgb, size_t w) {
	if (taps == 3) { // what all scales from a half on take
		for (size_t x = 0; x < w; x++) {
			const uint16_t *by = weights + 3 * x;
			int32_t at = left[x];
			words8 total = (pixel(sums, at) >> 8) * by[0] + (pixel(sums, at + 1) >> 8) * by[1] + (pixel(sums, at + 2) >> 8) * by[2];
			put_pixel(rgb + 3 * x, total, x + 1 == w);
		}
		return;
	}
	for (size_t x = 0; x < w; x++) {
		const uint16_t *by = weights + taps * x;
		words8 total = {0};
		for (size_t t = 0; t < taps; t++) {
			total += (pixel(sums, left[x] + (int32_t)t) >> 8) * by[t];
		}
		put_pixel(rgb + 3 * x, total, x + 1 == w);
	}
}
