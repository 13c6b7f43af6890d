/* Sums, ends and tallies of many bodies at a time, for evenkeel.pharmacology.streaming. Included after levels.h.
 *
 * Rows are bodies and columns are outputs and times. Columns are taken in tiles that stay in the cache, rows in
 * order, so that each column is summed in the order of its bodies whatever the tile.
 */

#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

/* See ek_moments. */
static TARGET void NAME(moments)(int64_t rows, int64_t columns, const double *values, double *sum, double *squares,
                                 double *low, double *high) {
    int64_t first = 0;
    for (; first + SUMMED * LANES <= columns; first += SUMMED * LANES) {
        VEC s[SUMMED], q[SUMMED], lo[SUMMED], hi[SUMMED];
        memcpy(s, sum + first, sizeof s), memcpy(q, squares + first, sizeof q);
        memcpy(lo, low + first, sizeof lo), memcpy(hi, high + first, sizeof hi);
        for (int64_t r = 0; r < rows; r++)
            UNROLL for (int v = 0; v < SUMMED; v++) {
                VEC x;
                memcpy(&x, values + r * columns + first + v * LANES, sizeof x);
                s[v] = s[v] + x;
                q[v] = x * x + q[v];
                lo[v] = NAME(choose)(x < lo[v], x, lo[v]);
                hi[v] = NAME(choose)(x > hi[v], x, hi[v]);
            }
        memcpy(sum + first, s, sizeof s), memcpy(squares + first, q, sizeof q);
        memcpy(low + first, lo, sizeof lo), memcpy(high + first, hi, sizeof hi);
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = first; c < columns; c++) {
            const double x = values[r * columns + c];
            sum[c] += x, squares[c] += x * x;
            low[c] = x < low[c] ? x : low[c], high[c] = x > high[c] ? x : high[c];
        }
}

/* See ek_tally. */
static TARGET void NAME(tally_columns)(int64_t rows, int64_t columns, const double *values, int64_t dropped,
                                       int64_t first_place, int64_t places, uint32_t *counts, int64_t *low,
                                       int64_t *high) {
    for (int64_t first = 0; first < columns; first += TALLIED) {
        const int64_t width = columns - first < TALLIED ? columns - first : TALLIED;
        uint32_t *tally = counts + first * places;
        int64_t place[TALLIED], least[TALLIED], most[TALLIED];
        for (int64_t c = 0; c < width; c++) least[c] = low[first + c], most[c] = high[first + c];
        for (int64_t r = 0; r < rows; r++) {
            const double *x = values + r * columns + first;
            if (width == TALLIED)
                UNROLL for (int c = 0; c < TALLIED; c += LANES) {
                    IVEC p, lowest, highest;
                    memcpy(&p, x + c, sizeof p);
                    memcpy(&lowest, least + c, sizeof p), memcpy(&highest, most + c, sizeof p);
                    p = (p >> dropped) - first_place;
                    p = NAME(lesser)(p & ~(p < 0), (IVEC){0} + (places - 1));
                    lowest = NAME(lesser)(lowest, p), highest = NAME(greater)(highest, p);
                    memcpy(place + c, &p, sizeof p);
                    memcpy(least + c, &lowest, sizeof p), memcpy(most + c, &highest, sizeof p);
                }
            else
                for (int64_t c = 0; c < width; c++) {
                    int64_t p;
                    memcpy(&p, x + c, sizeof p);
                    p = (p >> dropped) - first_place;
                    place[c] = p < 0 ? 0 : p < places ? p : places - 1;
                    least[c] = place[c] < least[c] ? place[c] : least[c];
                    most[c] = place[c] > most[c] ? place[c] : most[c];
                }
            for (int64_t c = 0; c < width; c++) tally[c * places + place[c]]++;
        }
        for (int64_t c = 0; c < width; c++) low[first + c] = least[c], high[first + c] = most[c];
    }
}

#undef VEC
#undef IVEC
#undef INLINE
