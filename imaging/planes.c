#include "planes.h"

// One binary runs on every x86-64: the loops are compiled for AVX2 as well, and the loader picks what the processor has.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MANY_MACHINES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define MANY_MACHINES
#endif

MANY_MACHINES void pf_luma(const uint8_t *restrict rgb, uint8_t *restrict luma, size_t n) {
	for (size_t i = 0; i < n; i++) {
		luma[i] = (uint8_t)((77u * rgb[3 * i] + 150u * rgb[3 * i + 1] + 29u * rgb[3 * i + 2] + 128u) >> 8);
	}
}

MANY_MACHINES void pf_add(const uint8_t *restrict row, uint16_t *restrict sums, size_t n) {
	for (size_t i = 0; i < n; i++) {
		sums[i] = (uint16_t)(sums[i] + row[i]);
	}
}

void pf_cells(const uint16_t *restrict sums, const int32_t *restrict columns, uint32_t *restrict totals, size_t cells) {
	for (size_t c = 0; c < cells; c++) {
		uint32_t r = 0, g = 0, b = 0;
		for (int32_t x = columns[c]; x < columns[c + 1]; x++) {
			r += sums[3 * x];
			g += sums[3 * x + 1];
			b += sums[3 * x + 2];
		}
		totals[3 * c] += r;
		totals[3 * c + 1] += g;
		totals[3 * c + 2] += b;
	}
}

void pf_means(uint32_t *restrict totals, const int32_t *restrict columns, int32_t rows, uint8_t *restrict rgb, size_t cells) {
	for (size_t c = 0; c < cells; c++) {
		// A multiplication for each of three divisions. Halves are rounded up, although their product may fall short of
		// them by less than the last term.
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
				q[0] = p[0];
				q[1] = p[1];
				q[2] = p[2];
			}
		}
	}
}
