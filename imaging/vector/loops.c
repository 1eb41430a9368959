#include "loops.h"

#include <math.h>

#include "machines.h"

MANY_MACHINES void pf_squares(const uint8_t *pix, size_t stride, int side, int factor, int32_t *restrict sums, float *restrict means,
	float *restrict turned) {
	float share = 1.0f / (float)(factor * factor);
	int reach = side * factor;
	for (int j = 0; j < side; j++) {
		const uint8_t *row = pix + (size_t)j * (size_t)factor * stride;
		for (int x = 0; x < reach; x++) {
			sums[x] = row[x];
		}
		for (int k = 1; k < factor; k++) {
			row += stride;
			for (int x = 0; x < reach; x++) {
				sums[x] += row[x];
			}
		}
		for (int i = 0; i < side; i++) {
			int32_t sum = 0;
			for (int k = 0; k < factor; k++) {
				sum += sums[i * factor + k];
			}
			float mean = (float)sum * share;
			means[j * side + i] = mean;
			turned[i * side + j] = mean;
		}
	}
}

MANY_MACHINES void pf_opponents(const uint8_t *restrict rgb, int w, int h, const int32_t *restrict left, int across, int down,
	uint16_t *restrict sums, float *restrict out) {
	int bytes = 3 * w;
	for (int y = 0; y < down; y++) {
		int top = (int)((int64_t)y * h / down), bottom = (int)((int64_t)(y + 1) * h / down);
		const uint8_t *row = rgb + (size_t)top * (size_t)bytes;
		for (int i = 0; i < bytes; i++) {
			sums[i] = row[i];
		}
		for (int more = top + 1; more < bottom; more++) {
			row += bytes;
			for (int i = 0; i < bytes; i++) {
				sums[i] = (uint16_t)(sums[i] + row[i]);
			}
		}
		for (int x = 0; x < across; x++) {
			const uint16_t *p = sums + 3 * left[x], *end = sums + 3 * left[x + 1];
			float share = 1.0f / (float)((bottom - top) * (left[x + 1] - left[x]));
			uint32_t red = 0, green = 0, blue = 0;
			for (; p < end; p += 3) {
				red += p[0];
				green += p[1];
				blue += p[2];
			}
			float r = (float)(int32_t)red * share, g = (float)(int32_t)green * share, b = (float)(int32_t)blue * share;
			out[0] = 0.3f * r + 0.59f * g + 0.11f * b;
			out[1] = 0.7f * (r - g);
			out[2] = 0.5f * (0.5f * (r + g) - b);
			out += 3;
		}
	}
}

MANY_MACHINES void pf_gradient(const float *restrict pix, int w, int h, float *restrict scratch, float *restrict gx,
	float *restrict gy, float *restrict mag) {
	int n = 3 * w;
	float *restrict across = scratch, *restrict down = scratch + n, *restrict dx = scratch + 2 * n, *restrict dy = scratch + 3 * n,
		*restrict square = scratch + 4 * n;
	for (int y = 1; y < h - 1; y++) {
		const float *a = pix + (size_t)(y - 1) * (size_t)n, *b = a + n, *c = b + n;
		for (int i = 0; i < n; i++) { // what three columns share
			across[i] = (3 * (a[i] + c[i]) + 10 * b[i]) * (1.0f / 32);
			down[i] = (c[i] - a[i]) * (1.0f / 32);
		}
		for (int i = 3; i < n - 3; i++) {
			float x = across[i + 3] - across[i - 3], z = 3 * (down[i - 3] + down[i + 3]) + 10 * down[i];
			dx[i] = x;
			dy[i] = z;
			square[i] = x * x + z * z;
		}
		size_t from = (size_t)y * (size_t)w;
		for (int x = 1; x < w - 1; x++) {
			int i = 3 * x, most = square[i + 1] > square[i] ? i + 1 : i;
			most = square[i + 2] > square[most] ? i + 2 : most;
			gx[from + (size_t)x] = dx[most];
			gy[from + (size_t)x] = dy[most];
			mag[from + (size_t)x] = square[most];
		}
		for (int x = 1; x < w - 1; x++) {
			mag[from + (size_t)x] = sqrtf(mag[from + (size_t)x]);
		}
	}
}

MANY_MACHINES int pf_steepest(const float *restrict above, const float *restrict row, const float *restrict below, int n, float least,
	float *restrict line, float *restrict slope, uint8_t *restrict marks, int32_t *restrict at) {
	for (int i = 0; i < n; i++) {
		line[i] = (above[i] + 2 * row[i] + below[i]) / 4;
	}
	for (int i = 0; i + 1 < n; i++) {
		slope[i] = line[i + 1] - line[i];
	}
	for (int i = 1; i + 2 < n; i++) {
		float g = slope[i], before = slope[i - 1], after = slope[i + 1];
		int up = (g >= least) & (g >= before) & (g > after), down = (g <= -least) & (g <= before) & (g < after);
		marks[i] = (uint8_t)(up | down);
	}
	int found = 0;
	for (int i = 1; i + 2 < n; i++) { // without a branch, which nobody could foretell
		at[found] = i;
		found += marks[i];
	}
	return found;
}
