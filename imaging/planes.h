// What is done for every pixel of a decoded picture, in C because it is there that a compiler makes vector code of plain
// loops: 12 megapixels cost a few milliseconds and not a second decode. No function keeps a pointer.
#ifndef PREFLIGHT_PLANES_H
#define PREFLIGHT_PLANES_H

#include <stddef.h>
#include <stdint.h>

// Writes the luma (ITU-R BT.601, rounded, as raster.Luma) of n pixels of interleaved RGB.
void pf_luma(const uint8_t *restrict rgb, uint8_t *restrict luma, size_t n);

// Sums up count rows of n bytes from row first on, at most 257 so that 16 bits hold a sum, or adds them to the sums that are there
// already (more), which are then counted among the 257. Of a plane that is reduced down by some bits, first and count are rows of the
// full picture.
void pf_sum(const uint8_t *restrict rows, size_t stride, size_t first, size_t count, int down, uint16_t *restrict sums, size_t n,
	int more);

// Writes the mean colour of each cell, rounded, from the sums of the planes of brightness, blue and red (ITU-R BT.601 as JFIF has
// it), the latter two reduced across by some bits, over the given number of rows. Cell c spans the pixels columns[c] to
// columns[c+1]-1.
void pf_plane_means(const uint16_t *restrict luma, const uint16_t *restrict blue, const uint16_t *restrict red,
	const int32_t *restrict columns, int across, int32_t rows, uint8_t *restrict rgb, size_t cells);

// Adds the sums of each cell to the three totals (red, green, blue) that it has: cell c spans the pixels columns[c] to
// columns[c+1]-1. PF_BEYOND more sums are read than the pixels have.
void pf_cells(const uint16_t *restrict sums, const int32_t *restrict columns, uint32_t *restrict totals, size_t cells);

// Writes the mean colour of each cell, rounded, from its totals over the given number of rows, and clears the totals.
void pf_means(uint32_t *restrict totals, const int32_t *restrict columns, int32_t rows, uint8_t *restrict rgb, size_t cells);

// Is pf_cells and pf_means in one, for cells of at most PF_SMALL_CELL pixels, whose totals fit into 16 bits, and all of whose rows
// are in the sums.
enum { PF_SMALL_CELL = 257, PF_BEYOND = 5 };
void pf_cell_means(const uint16_t *restrict sums, const int32_t *restrict columns, int32_t rows, uint8_t *restrict rgb,
	size_t cells);

// Writes w x h pixels of RGB, row by row, of a picture whose pixel at the upper left of the outcome is at from, and in which
// right and down are the bytes to the next one in these directions: a turn or a reflection.
void pf_turn(const uint8_t *restrict from, ptrdiff_t right, ptrdiff_t down, uint8_t *restrict rgb, size_t w, size_t h);

// Adds a row of n bytes, times a weight, to the sums of a row (first: writes them). The weights of a row's sums come to 256.
void pf_weigh(const uint8_t *restrict row, uint16_t *restrict sums, size_t n, unsigned weight, int first);

// Writes the bytes of a row whose weighted rows were all added.
void pf_weighed(const uint16_t *restrict sums, uint8_t *restrict row, size_t n);

// How many rows pf_spread takes at a time, and how many of its columns it works on at once.
enum { PF_SPREAD_ROWS = 64, PF_SPREAD_COLUMNS = 64, PF_BLOCK = 16 };

// Writes count (at most PF_SPREAD_ROWS) rows of a plane, stride bytes apart, reduced across to w bytes: byte x is the weighted mean of
// taps neighbours from left[x] on, weights come to 256. It goes into a plane in which right and down are the bytes from one to the
// next, of which one is 1 or -1: that plane may stand another way up. PF_BLOCK more bytes of a row are read than it has, and all
// PF_SPREAD_ROWS rows. Scratch has PF_SPREAD_ROWS bytes for each of PF_SPREAD_COLUMNS, and for each column that these are made of,
// and PF_BLOCK more.
void pf_spread(const uint8_t *restrict rows, size_t stride, size_t count, const int32_t *restrict left, const uint16_t *restrict weights,
	size_t taps, size_t w, uint8_t *restrict scratch, uint8_t *restrict to, ptrdiff_t right, ptrdiff_t down);

// Writes the planes of n pixels of step bytes, 3 or 4 (red, green, blue, and what is to be overlooked): brightness and two differences of
// ITU-R BT.601 as JFIF has them, rounded as libjpeg does.
void pf_split(const uint8_t *restrict pixels, size_t step, uint8_t *restrict y, uint8_t *restrict blue, uint8_t *restrict red, size_t n);

#endif
