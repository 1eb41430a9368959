#include "planes.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "vector/machines.h"

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

// The colours of n cells of three pixels each, from the sums of a plane of colour that is reduced across by one bit, of which the first
// has the pixel x: of the two values that a cell has one counts twice.
static inline void thirds(const uint16_t *restrict sums, int32_t x, size_t n, float *restrict out) {
	size_t i = 0;
	if (n > 0 && x & 1) {
		out[i++] = (float)(int32_t)(sums[x >> 1] + 2u * sums[(x >> 1) + 1]);
		x += 3;
	}
	sums += x >> 1;
	size_t pairs = (n - i) / 2;
	for (size_t j = 0; j < pairs; j++) { // six pixels, which are three values
		out[i + 2 * j] = (float)(int32_t)(2u * sums[3 * j] + sums[3 * j + 1]);
		out[i + 2 * j + 1] = (float)(int32_t)(sums[3 * j + 1] + 2u * sums[3 * j + 2]);
	}
	if (i + 2 * pairs < n) {
		out[n - 1] = (float)(int32_t)(2u * sums[3 * pairs] + sums[3 * pairs + 1]);
	}
}

MANY_MACHINES void pf_plane_means(const uint16_t *restrict luma, const uint16_t *restrict blue, const uint16_t *restrict red,
	const int32_t *restrict columns, int across, int32_t rows, uint8_t *restrict rgb, size_t cells) {
	for (size_t from = 0; from < cells; from += MEANS_BLOCK) {
		size_t n = cells - from < MEANS_BLOCK ? cells - from : MEANS_BLOCK;
		float y[MEANS_BLOCK], b[MEANS_BLOCK], r[MEANS_BLOCK], inverse[MEANS_BLOCK];
		int32_t first = columns[from], others = across - 1;
		for (size_t i = 0; i < n; i++) {
			others |= (columns[from + i + 1] - columns[from + i]) ^ 3;
		}
		if (!others) { // as nearly all are in a photo of a phone, whose colours are reduced so
			const uint16_t *pixels = luma + first;
			for (size_t i = 0; i < n; i++) {
				y[i] = (float)(int32_t)((uint32_t)pixels[3 * i] + pixels[3 * i + 1] + pixels[3 * i + 2]);
				inverse[i] = (float)(3 * rows);
			}
			thirds(blue, first, n, b);
			thirds(red, first, n, r);
		} else {
			for (size_t i = 0; i < n; i++) {
				int32_t x = columns[from + i], end = columns[from + i + 1];
				uint32_t total, total_blue, total_red;
				inverse[i] = (float)(rows * (end - x));
				for (total = total_blue = total_red = 0; x < end; x++) {
					total += luma[x];
					total_blue += blue[x >> across];
					total_red += red[x >> across];
				}
				y[i] = (float)(int32_t)total;
				b[i] = (float)(int32_t)total_blue;
				r[i] = (float)(int32_t)total_red;
			}
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

// Halves, which are many where two pixels become one, are rounded down here and up across: otherwise pictures became brighter.
MANY_MACHINES void pf_weighed(const uint16_t *restrict sums, uint8_t *restrict row, size_t n) {
	for (size_t i = 0; i < n; i++) {
		row[i] = (uint8_t)((sums[i] + 127) >> 8);
	}
}

// Columns of a square of PF_BLOCK bytes a side become rows.
#ifdef __SSE2__
static inline void turn_block(const uint8_t *restrict from, ptrdiff_t stride, uint8_t *restrict to, size_t to_stride) {
	__m128i a[PF_BLOCK], b[PF_BLOCK];
	for (int i = 0; i < PF_BLOCK; i++) {
		a[i] = _mm_loadu_si128((const __m128i *)(const void *)(from + i * stride));
	}
	// Four times row i is interleaved with row i + 8: the bits of a byte's place move round by one.
#define INTERLEAVE(x, y) \
	for (int i = 0; i < PF_BLOCK / 2; i++) { \
		y[2 * i] = _mm_unpacklo_epi8(x[i], x[i + PF_BLOCK / 2]); \
		y[2 * i + 1] = _mm_unpackhi_epi8(x[i], x[i + PF_BLOCK / 2]); \
	}
	INTERLEAVE(a, b)
	INTERLEAVE(b, a)
	INTERLEAVE(a, b)
	INTERLEAVE(b, a)
#undef INTERLEAVE
	for (int i = 0; i < PF_BLOCK; i++) {
		_mm_storeu_si128((__m128i *)(void *)(to + (size_t)i * to_stride), a[i]);
	}
}
#else
static inline void turn_block(const uint8_t *restrict from, ptrdiff_t stride, uint8_t *restrict to, size_t to_stride) {
	for (size_t y = 0; y < PF_BLOCK; y++) {
		for (size_t x = 0; x < PF_BLOCK; x++) {
			to[x * to_stride + y] = from[(ptrdiff_t)y * stride + (ptrdiff_t)x];
		}
	}
}
#endif

static inline __attribute__((always_inline)) void weigh_column(const uint8_t *restrict columns, const uint16_t *restrict weights,
	size_t taps, uint8_t *restrict out) {
	uint16_t sums[PF_SPREAD_ROWS];
	for (size_t i = 0; i < PF_SPREAD_ROWS; i++) {
		sums[i] = (uint16_t)(128 + columns[i] * weights[0]);
	}
	for (size_t t = 1; t < taps; t++) {
		for (size_t i = 0; i < PF_SPREAD_ROWS; i++) {
			sums[i] = (uint16_t)(sums[i] + columns[t * PF_SPREAD_ROWS + i] * weights[t]);
		}
	}
	for (size_t i = 0; i < PF_SPREAD_ROWS; i++) {
		out[i] = (uint8_t)(sums[i] >> 8);
	}
}

MANY_MACHINES void pf_spread(const uint8_t *restrict rows, size_t stride, size_t count, const int32_t *restrict left,
	const uint16_t *restrict weights, size_t taps, size_t w, uint8_t *restrict scratch, uint8_t *restrict to, ptrdiff_t right, ptrdiff_t down) {
	uint8_t *finished = scratch, *columns = scratch + PF_SPREAD_ROWS * PF_SPREAD_COLUMNS;
	// Where a column is to be written from its lower end on, rows are taken from the last block's last one on: the first beyond are
	// none of the picture's.
	int upwards = down == -1;
	size_t blocks = (count + PF_BLOCK - 1) / PF_BLOCK * PF_BLOCK, beyond = upwards ? blocks - count : 0;
	ptrdiff_t step = (ptrdiff_t)stride;
	if (upwards) {
		rows += (blocks - 1) * stride;
		step = -step;
	}
	for (size_t x = 0; x < w; x += PF_SPREAD_COLUMNS) {
		size_t n = w - x < PF_SPREAD_COLUMNS ? w - x : PF_SPREAD_COLUMNS;
		size_t first = (size_t)left[x], end = (size_t)left[x + n - 1] + taps;
		for (size_t c = first; c < end; c += PF_BLOCK) {
			for (size_t y = 0; y < count; y += PF_BLOCK) {
				turn_block(rows + (ptrdiff_t)y * step + c, step, columns + (c - first) * PF_SPREAD_ROWS + y, PF_SPREAD_ROWS);
			}
		}
		for (size_t i = 0; i < n; i++) {
			const uint8_t *column = columns + ((size_t)left[x + i] - first) * PF_SPREAD_ROWS;
			// Where the plane is seen from its other side, so are the columns that become rows of it.
			uint8_t *out = finished + (right == -1 ? n - 1 - i : i) * PF_SPREAD_ROWS;
			if (taps == 3) { // what all scales from a half on take
				weigh_column(column, weights + 3 * (x + i), 3, out);
			} else {
				weigh_column(column, weights + taps * (x + i), taps, out);
			}
		}
		if (right != 1 && right != -1) { // columns lie together
			for (size_t i = 0; i < n; i++) {
				uint8_t *q = to + (ptrdiff_t)(x + i) * right - (upwards ? count - 1 : 0);
				const uint8_t *column = finished + i * PF_SPREAD_ROWS + beyond;
				if (count == PF_SPREAD_ROWS) {
					memcpy(q, column, PF_SPREAD_ROWS);
				} else {
					memcpy(q, column, count);
				}
			}
			continue;
		}
		uint8_t *start = right == 1 ? to + x : to - (x + n - 1);
		for (size_t y = 0; y < count; y += PF_BLOCK) {
			size_t high = count - y < PF_BLOCK ? count - y : PF_BLOCK;
			for (size_t c = 0; c < n; c += PF_BLOCK) {
				uint8_t block[PF_BLOCK * PF_BLOCK];
				size_t wide = n - c < PF_BLOCK ? n - c : PF_BLOCK;
				turn_block(finished + c * PF_SPREAD_ROWS + y, PF_SPREAD_ROWS, block, PF_BLOCK);
				for (size_t i = 0; i < high; i++) {
					uint8_t *q = start + (ptrdiff_t)(y + i) * down + c;
					if (wide == PF_BLOCK) {
						memcpy(q, block + i * PF_BLOCK, PF_BLOCK);
					} else {
						memcpy(q, block + i * PF_BLOCK, wide);
					}
				}
			}
		}
	}
}

static inline __attribute__((always_inline)) void split(const uint8_t *restrict pixels, size_t step, uint8_t *restrict y,
	uint8_t *restrict blue, uint8_t *restrict red, size_t n) {
	enum { HALF = 1 << 15, MIDDLE = (128 << 16) + HALF - 1 };
	for (size_t i = 0; i < n; i++) {
		int32_t r = pixels[step * i], g = pixels[step * i + 1], b = pixels[step * i + 2];
		y[i] = (uint8_t)((19595 * r + 38470 * g + 7471 * b + HALF) >> 16);
		blue[i] = (uint8_t)((-11059 * r - 21709 * g + 32768 * b + MIDDLE) >> 16);
		red[i] = (uint8_t)((32768 * r - 27439 * g - 5329 * b + MIDDLE) >> 16);
	}
}

MANY_MACHINES void pf_split(const uint8_t *restrict pixels, size_t step, uint8_t *restrict y, uint8_t *restrict blue, uint8_t *restrict red,
	size_t n) {
	if (step == 4) {
		split(pixels, 4, y, blue, red, n);
	} else {
		split(pixels, 3, y, blue, red, n);
	}
}
