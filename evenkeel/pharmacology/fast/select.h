/* Exact order statistics of rows of numbers: a histogram over the bits of the numbers finds the few bins that
 * hold the wanted ranks, and only what lies in those is ordered. Included after levels.h.
 */

#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

/* Integers in the order of the numbers: the bits of a negative one count down. */
INLINE IVEC NAME(keys)(const double *x) {
    IVEC bits;
    memcpy(&bits, x, sizeof bits);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

INLINE void NAME(key_range)(const double *x, int64_t count, int64_t *low, int64_t *high) {
    *low = *high = key_of(x[0]);
    int64_t i = 0;
    if (count >= LANES) {
        IVEC least = NAME(keys)(x), most = least;
        for (i = LANES; i + LANES <= count; i += LANES) {
            const IVEC key = NAME(keys)(x + i), less = key < least, more = key > most;
            least = (key & less) | (least & ~less);
            most = (key & more) | (most & ~more);
        }
        int64_t each_least[LANES], each_most[LANES];
        memcpy(each_least, &least, sizeof least);
        memcpy(each_most, &most, sizeof most);
        for (int b = 0; b < LANES; b++) {
            if (each_least[b] < *low) *low = each_least[b];
            if (each_most[b] > *high) *high = each_most[b];
        }
    }
    for (; i < count; i++) {
        if (key_of(x[i]) < *low) *low = key_of(x[i]);
        if (key_of(x[i]) > *high) *high = key_of(x[i]);
    }
}

/* The bins of LANES numbers. */
INLINE IVEC NAME(bins)(const double *x, int64_t low, int shift) {
    IVEC start;
    for (int b = 0; b < LANES; b++) start[b] = low;
    return (IVEC)((NAME(uvec))(NAME(keys)(x) - start) >> shift);
}

/* How many numbers each bin holds; two tallies, so that neighbors do not wait in line. */
INLINE void NAME(tally)(const double *x, int64_t count, int64_t low, int shift, uint32_t *held) {
    int64_t i = 0, bin[64];
    for (; i + 64 <= count; i += 64) {
        for (int k = 0; k < 64; k += LANES) {
            const IVEC bins = NAME(bins)(x + i + k, low, shift);
            memcpy(bin + k, &bins, sizeof bins);
        }
        for (int k = 0; k < 64; k += 2) {
            held[bin[k]]++;
            held[MOST_BINS + bin[k + 1]]++;
        }
    }
    for (; i < count; i++) held[bin_of(x[i], low, shift)]++;
}

/* One bit for each lane that is set. */
INLINE unsigned NAME(set_lanes)(IVEC mask) {
#if defined(X86) && LANES == 2
    return (unsigned)_mm_movemask_pd((__m128d)mask);
#elif defined(X86) && LANES == 4
    return (unsigned)_mm256_movemask_pd((__m256d)mask);
#elif defined(X86)
    return _mm512_test_epi64_mask((__m512i)mask, (__m512i)mask);
#else
    unsigned set = 0;
    for (int b = 0; b < LANES; b++) set |= (mask[b] ? 1u : 0u) << b;
    return set;
#endif
}

/* Sort the numbers of the wanted bins into their slots, each from filled[slot] on. */
INLINE void NAME(collect)(const double *x, int64_t count, int64_t low, int shift, const unsigned char *wanted,
                          const int64_t *bin_of_slot, int64_t slots, int64_t *filled, double *room) {
    IVEC sought[MOST_RANKS];
    for (int64_t s = 0; s < slots; s++)
        for (int b = 0; b < LANES; b++) sought[s][b] = bin_of_slot[s];
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const IVEC bins = NAME(bins)(x + i, low, shift);
        IVEC hit = bins == sought[0];
        for (int64_t s = 1; s < slots; s++) hit |= bins == sought[s];
        for (unsigned set = NAME(set_lanes)(hit); set; set &= set - 1) {
            const double value = x[i + __builtin_ctz(set)];
            room[filled[wanted[bin_of(value, low, shift)] - 1]++] = value;
        }
    }
    for (; i < count; i++) {
        const int slot = wanted[bin_of(x[i], low, shift)];
        if (slot) room[filled[slot - 1]++] = x[i];
    }
}

/* The numbers of the given ranks (ascending, from 0) among `count`. `room` holds count numbers. */
static TARGET void NAME(select_row)(const double *x, int64_t count, int64_t ranks, const int64_t *rank,
                                    double *found, double *room) {
    uint32_t held[2 * MOST_BINS];
    unsigned char wanted[MOST_BINS];
    int64_t low, high;
    NAME(key_range)(x, count, &low, &high);
    if (low == high) {
        for (int64_t r = 0; r < ranks; r++) found[r] = x[0];
        return;
    }
    const int64_t bins_high = count < 4096 ? 256 : MOST_BINS;
    const uint64_t width = (uint64_t)high - (uint64_t)low;
    int shift = 0;
    while ((width >> shift) >= (uint64_t)bins_high) shift++;
    const int64_t bins = (int64_t)(width >> shift) + 1;
    memset(held, 0, (size_t)bins * sizeof *held);
    memset(held + MOST_BINS, 0, (size_t)bins * sizeof *held);
    memset(wanted, 0, (size_t)bins);
    NAME(tally)(x, count, low, shift, held);
    int64_t below = 0, slots = 0, r = 0, room_used = 0;
    int64_t begin[MOST_RANKS], before[MOST_RANKS], slot_of[MOST_RANKS], bin_of_slot[MOST_RANKS];
    for (int64_t i = 0; i < bins && r < ranks; i++) {
        const int64_t here = (int64_t)held[i] + held[MOST_BINS + i];
        for (; r < ranks && rank[r] < below + here; r++) {
            if (!wanted[i]) {
                wanted[i] = (unsigned char)++slots;
                begin[slots - 1] = room_used, before[slots - 1] = below, bin_of_slot[slots - 1] = i;
                room_used += here;
            }
            slot_of[r] = slots - 1;
        }
        below += here;
    }
    int64_t filled[MOST_RANKS];
    memcpy(filled, begin, (size_t)slots * sizeof *begin);
    NAME(collect)(x, count, low, shift, wanted, bin_of_slot, slots, filled, room);
    for (r = 0; r < ranks; r++) {
        const int64_t s = slot_of[r];
        found[r] = pick(room + begin[s], filled[s] - begin[s], rank[r] - before[s]);
    }
}

static TARGET void NAME(select)(const Selection *s, double *room) {
    for (;;) {
        const int64_t begin = TAKE(s->next, 4), end = begin + 4 < s->rows ? begin + 4 : s->rows;
        if (begin >= s->rows) break;
        for (int64_t i = begin; i < end; i++)
            NAME(select_row)(s->values + i * s->count, s->count, s->ranks, s->rank, s->found + i * s->ranks, room);
    }
}

#undef VEC
#undef IVEC
#undef INLINE
