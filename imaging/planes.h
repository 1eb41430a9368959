// What is done for every pixel of a decoded picture, in C because it is there that a compiler makes vector code of plain
// loops: 12 megapixels cost a few milliseconds and not a second decode. No function keeps a pointer.
#ifndef PREFLIGHT_PLANES_H
#define PREFLIGHT_PLANES_H

#include <stddef.h>
#include <stdint.h>

// Writes the luma (ITU-R BT.601, rounded, as raster.Luma) of n pixels of interleaved RGB.
void pf_luma(const uint8_t *restrict rgb, uint8_t *restrict luma, size_t n);

// Sums up the given number of rows of n bytes, at most 257 so that 16 bits hold a sum, or adds them to the sums that are there
// already (more), which are then counted among the 257.
void pf_sum(const uint8_t *restrict rows, size_t stride, size_t count, uint16_t *restrict sums, size_t n, int more);

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

#endif
