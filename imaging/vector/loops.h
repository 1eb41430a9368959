// What measuring does for every pixel of a picture, in C because it is there that a compiler makes vector code of plain loops. No function
// keeps a pointer. The Go functions beside them say what they compute, and check how much memory they are given.
#ifndef PREFLIGHT_LOOPS_H
#define PREFLIGHT_LOOPS_H

#include <stddef.h>
#include <stdint.h>

void pf_squares(const uint8_t *pix, size_t stride, int side, int factor, int32_t *restrict sums, float *restrict means,
	float *restrict turned);

void pf_opponents(const uint8_t *restrict rgb, int w, int h, const int32_t *restrict left, int across, int down,
	uint16_t *restrict sums, float *restrict out);

void pf_gradient(const float *restrict pix, int w, int h, float *restrict scratch, float *restrict gx, float *restrict gy,
	float *restrict mag);

int pf_steepest(const float *restrict above, const float *restrict row, const float *restrict below, int n, float least,
	float *restrict line, float *restrict slope, uint8_t *restrict marks, int32_t *restrict at);

#endif
