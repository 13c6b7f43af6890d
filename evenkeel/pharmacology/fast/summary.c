/* Sums, ends and tallies of many bodies at a time, for evenkeel.pharmacology.streaming.
 *
 * Rows are bodies and columns are outputs and times. Columns are taken in tiles that stay in the cache, rows in
 * order, so that each column is summed in the order of its bodies whatever the tile.
 */

#include "platform.h"

#define SUMMED 256 /* columns at a time: what is added to stays in the first cache */
#define TALLIED 32 /* columns at a time: each has its own pages, of which the processor remembers few */

/* Adds to sum and squares, and lowers low and raises high, all (columns,), by values (rows, columns). */
EXPORT void ek_moments(int64_t rows, int64_t columns, const double *values, double *sum, double *squares,
                       double *low, double *high) {
    for (int64_t first = 0; first < columns; first += SUMMED) {
        const int64_t width = columns - first < SUMMED ? columns - first : SUMMED;
        double *s = sum + first, *q = squares + first, *lo = low + first, *hi = high + first;
        for (int64_t r = 0; r < rows; r++) {
            const double *x = values + r * columns + first;
            for (int64_t c = 0; c < width; c++) {
                s[c] += x[c];
                q[c] += x[c] * x[c];
                lo[c] = x[c] < lo[c] ? x[c] : lo[c];
                hi[c] = x[c] > hi[c] ? x[c] : hi[c];
            }
        }
    }
}

/* Counts values (rows, columns) in counts (columns, places): the bits of a number above `dropped`, less
 * `first_place`, are its place; what lies below or above all places is counted in the first or the last.
 * Lowers low and raises high (columns,) to the places that are used. */
EXPORT void ek_tally(int64_t rows, int64_t columns, const double *values, int64_t dropped, int64_t first_place,
                     int64_t places, uint32_t *counts, int64_t *low, int64_t *high) {
    for (int64_t first = 0; first < columns; first += TALLIED) {
        const int64_t width = columns - first < TALLIED ? columns - first : TALLIED;
        uint32_t *tally = counts + first * places;
        int64_t *lo = low + first, *hi = high + first;
        for (int64_t r = 0; r < rows; r++) {
            const double *x = values + r * columns + first;
            for (int64_t c = 0; c < width; c++) {
                int64_t bits;
                memcpy(&bits, x + c, 8);
                int64_t place = (bits >> dropped) - first_place;
                place = place < 0 ? 0 : place;
                place = place < places ? place : places - 1;
                lo[c] = place < lo[c] ? place : lo[c];
                hi[c] = place > hi[c] ? place : hi[c];
                tally[c * places + place]++;
            }
        }
    }
}
