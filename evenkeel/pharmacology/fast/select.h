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

/* A run of ranks that lie side by side, and between which two numbers they are looked for. */
typedef struct { int64_t begin, end; double low, high, width; } NAME(guess);

/* How often a < b, added up in each lane. */
INLINE IVEC NAME(count_less)(IVEC sum, VEC a, VEC b) {
#if defined(X86) && LANES == 8
    const __mmask8 set = _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ);
    return (IVEC)_mm512_mask_add_epi64((__m512i)sum, set, (__m512i)sum, _mm512_set1_epi64(1));
#else
    return sum - (IVEC)(a < b);
#endif
}

/* One bit for each lane that is not below `low` and not above `high`. */
INLINE unsigned NAME(lanes_within)(VEC x, VEC low, VEC high) {
#if defined(X86) && LANES == 8
    return _mm512_mask_cmp_pd_mask(_mm512_cmp_pd_mask((__m512d)x, (__m512d)low, _CMP_GE_OQ), (__m512d)x,
                                   (__m512d)high, _CMP_LE_OQ);
#else
    return NAME(set_lanes)((x >= low) & (x <= high));
#endif
}

/* Put the lanes that are set side by side at `to`, which has room for all; how many they are. */
INLINE int64_t NAME(put_lanes)(double *to, VEC x, unsigned set) {
#if defined(X86) && LANES == 8
    _mm512_storeu_pd(to, _mm512_maskz_compress_pd((__mmask8)set, (__m512d)x));
    return __builtin_popcount(set);
#else
    int64_t put = 0;
    for (int b = 0; b < LANES; b++) to[put] = x[b], put += set >> b & 1;
    return put;
#endif
}

/* The numbers of the ranks of one guess among those near it, of which `below` numbers of the row lie below. */
INLINE void NAME(pick_near)(const double *near, int64_t held, int64_t below, const NAME(guess) *guess,
                            const int64_t *rank, double *found) {
    for (int64_t k = 0; k < held; k += LANES) {
        VEC some;
        memcpy(&some, near + k, sizeof some);
        IVEC less = {0}, more = {0};
        for (int64_t i = 0; i < held; i++) {
            const VEC other = NAME(fill)(near[i]);
            less = NAME(count_less)(less, other, some), more = NAME(count_less)(more, some, other);
        }
        for (int64_t r = guess->begin; r < guess->end; r++) {
            const int64_t place = rank[r] - below;
            const unsigned set = NAME(set_lanes)((less <= place) & (held - more > place));
            if (set && k + __builtin_ctz(set) < held) found[r] = near[k + __builtin_ctz(set)];
        }
    }
}

/* The numbers of the ranks, where each run of them lies within its guess; 0 where one does not, or where the guesses
 * hold too many numbers. One pass counts what lies below each guess and gathers what lies within any. A guess that
 * fails is widened for the next try and the rows to come, one that holds is narrowed a little. `room` holds LANES numbers more than x. */
INLINE int NAME(select_near)(const int64_t guesses, const double *x, int64_t count, NAME(guess) *guess,
                             const int64_t *rank, double *found, double *room) {
    IVEC below[MOST_GUESSES];
    VEC low[MOST_GUESSES], high[MOST_GUESSES];
    int64_t held_below[MOST_GUESSES], gathered = 0, i = 0;
    const int64_t most = count / 4;
    UNROLL for (int64_t g = 0; g < guesses; g++) {
        below[g] = (IVEC){0};
        low[g] = NAME(fill)(guess[g].low), high[g] = NAME(fill)(guess[g].high);
        held_below[g] = 0;
    }
    for (; i + LANES <= count && gathered <= most; i += LANES) {
        VEC some;
        memcpy(&some, x + i, sizeof some);
        unsigned within = 0;
        UNROLL for (int64_t g = 0; g < guesses; g++) {
            below[g] = NAME(count_less)(below[g], some, low[g]);
            within |= NAME(lanes_within)(some, low[g], high[g]);
        }
        if (LANES == 8 || within) gathered += NAME(put_lanes)(room + gathered, some, within);
    }
    for (; i < count && gathered <= most; i++) {
        int within = 0;
        for (int64_t g = 0; g < guesses; g++)
            held_below[g] += x[i] < guess[g].low, within |= x[i] >= guess[g].low && x[i] <= guess[g].high;
        if (within) room[gathered++] = x[i];
    }
    int hit = gathered <= most;
    for (int64_t g = 0; g < guesses; g++) {
        double near[MOST_NEAR + 2 * LANES];
        int64_t held = 0;
        for (int64_t k = 0; k < gathered && held <= MOST_NEAR; k += LANES) {
            VEC some;
            memcpy(&some, room + k, sizeof some);
            const unsigned all = gathered - k < LANES ? (1u << (gathered - k)) - 1 : (1u << LANES) - 1;
            held += NAME(put_lanes)(near + held, some, NAME(lanes_within)(some, low[g], high[g]) & all);
        }
        for (int b = 0; b < LANES; b++) held_below[g] += below[g][b];
        const int is_full = gathered > most || held > MOST_NEAR;
        const int is_in = held_below[g] <= rank[guess[g].begin] && rank[guess[g].end - 1] < held_below[g] + held;
        const double width = guess[g].width;
        guess[g].width *= is_full ? 0.5 : is_in ? WIDTH_SHRINK : 2.0;
        if (is_full || !is_in) {
            hit = 0;
            guess[g].low -= guess[g].width - width, guess[g].high += guess[g].width - width;
        }
        if (hit) NAME(pick_near)(near, held, held_below[g], guess + g, rank, found);
    }
    return hit;
}

/* Where ranks are looked for in the next row. */
typedef struct { NAME(guess) guess[MOST_GUESSES]; int64_t guesses, rows; } NAME(guesses);

/* Before any row. No guesses at all for rows so short that ordering them costs less, or for too many runs of ranks. */
INLINE void NAME(begin_guesses)(NAME(guesses) *all, const Selection *s) {
    all->guesses = all->rows = 0;
    if (s->count < LEAST_GUESSED) return;
    for (int64_t r = 0; r < s->ranks; r++) {
        if (r && s->rank[r] - s->rank[r - 1] <= 1) {
            all->guess[all->guesses - 1].end = r + 1;
            continue;
        }
        if (all->guesses == MOST_GUESSES) {
            all->guesses = 0;
            return;
        }
        all->guess[all->guesses++] = (NAME(guess)){.begin = r, .end = r + 1};
    }
}

/* The numbers of the ranks in one more row, into `found`, right behind what was found in the rows before. A row is
 * likely to resemble those, as the levels of the same bodies at the next time do: where the ranks stood tells where
 * to look. A guess that fails costs time and no more. */
static TARGET void NAME(select_next)(const double *x, const Selection *s, NAME(guesses) *all, double *found,
                                     double *room) {
    int hit = 0;
    const double *last = found - s->ranks, *before = all->rows > 1 ? last - s->ranks : last;
    for (int64_t g = 0; all->rows && g < all->guesses; g++) {
        NAME(guess) *own = all->guess + g;
        if (!(own->width > 0.0)) own->width = FIRST_WIDTH * (last[s->ranks - 1] - last[0]);
        own->low = 2.0 * last[own->begin] - before[own->begin] - own->width;
        own->high = 2.0 * last[own->end - 1] - before[own->end - 1] + own->width;
    }
    for (int64_t tries = 0; tries < MOST_TRIES && all->rows && all->guesses && !hit; tries++) {
        /* Five shares are what bands have unless they are asked for others; a constant count spares the loop. */
        hit = all->guesses == 5 ? NAME(select_near)(5, x, s->count, all->guess, s->rank, found, room)
                                : NAME(select_near)(all->guesses, x, s->count, all->guess, s->rank, found, room);
    }
    all->rows++;
    if (hit) return;
    NAME(select_row)(x, s->count, s->ranks, s->rank, found, room);
}

static TARGET void NAME(select)(const Selection *s, double *room) {
    for (;;) {
        const int64_t begin = TAKE(s->next, TASK_ROWS), end = begin + TASK_ROWS < s->rows ? begin + TASK_ROWS : s->rows;
        if (begin >= s->rows) break;
        NAME(guesses) all;
        NAME(begin_guesses)(&all, s);
        for (int64_t i = begin; i < end; i++)
            NAME(select_next)(s->values + i * s->count, s, &all, s->found + i * s->ranks, room);
    }
}

#undef VEC
#undef IVEC
#undef INLINE
