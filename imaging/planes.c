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

MANY_MACHINES void pf_sum(const uint8_t *restrict rows, size_t stride, size_t count, uint16_t *restrict sums, size_t n, int more) {
	size_t i = 0;
	for (; i + sizeof(bytes16) <= n; i += sizeof(bytes16)) {
		words16 sum = {0};
		if (more) {
			memcpy(&sum, sums + i, sizeof sum);
		}
		for (size_t y = 0; y < count; y++) {
			bytes16 part;
			memcpy(&part, rows + y * stride + i, sizeof part);
			sum += __builtin_convertvector(part, words16);
		}
		memcpy(sums + i, &sum, sizeof sum);
	}
	for (; i < n; i++) {
		uint16_t sum = more ? sums[i] : 0;
		for (size_t y = 0; y < count; y++) {
			sum = (uint16_t)(sum + rows[y * stride + i]);
		}
		sums[i] = sum;
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
