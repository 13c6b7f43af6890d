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
            const IVEC key = NAME(keys)(x + i);
            least = NAME(lesser)(least, key), most = NAME(greater)(most, key);
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
typedef struct { int64_t begin, end; double low, high, width, *next_width; } NAME(guess);

/* How often a < b, added up in each lane. */
INLINE IVEC NAME(count_less)(IVEC sum, VEC a, VEC b) {
#if defined(X86) && LANES == 8
    const __mmask8 set = _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_LT_OQ);
    return (IVEC)_mm512_mask_add_epi64((__m512i)sum, set, (__m512i)sum, _mm512_set1_epi64(1));
#else
    return sum - (IVEC)(a < b);
#endif
}

/* One bit for each lane that is not below `low` and not above `high`. Those that are not below are added up. */
INLINE unsigned NAME(lanes_within)(VEC x, VEC low, VEC high, IVEC *reach) {
#if defined(X86) && LANES == 8
    const __mmask8 set = _mm512_cmp_pd_mask((__m512d)x, (__m512d)low, _CMP_GE_OQ);
    *reach = (IVEC)_mm512_mask_add_epi64((__m512i)*reach, set, (__m512i)*reach, _mm512_set1_epi64(1));
    return _mm512_mask_cmp_pd_mask(set, (__m512d)x, (__m512d)high, _CMP_LE_OQ);
#else
    const IVEC set = x >= low;
    *reach -= set;
    return NAME(set_lanes)(set & (x <= high));
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

/* The numbers of the ranks of one guess among the few near it, of which `below` numbers of the row lie below. */
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

/* Those of `held` numbers that lie within a guess, side by side at `to`, and how many they are; how many lie below it is
 * added to `below`. LANES numbers after the last may be read and written. */
INLINE int64_t NAME(keep_within)(const double *from, int64_t held, const NAME(guess) *guess, double *to,
                                 int64_t *below) {
    const VEC low = NAME(fill)(guess->low), high = NAME(fill)(guess->high);
    IVEC reach = {0};
    VEC some;
    int64_t kept = 0, k = 0;
    for (; k + LANES <= held; k += LANES) {
        memcpy(&some, from + k, sizeof some);
        kept += NAME(put_lanes)(to + kept, some, NAME(lanes_within)(some, low, high, &reach));
    }
    *below += k;
    for (int b = 0; b < LANES; b++) *below -= reach[b];
    if (k < held) {
        const unsigned ours = (1u << (held - k)) - 1;
        memcpy(&some, from + k, sizeof some);
        *below += __builtin_popcount(NAME(set_lanes)(some < low) & ours);
        kept += NAME(put_lanes)(to + kept, some, NAME(lanes_within)(some, low, high, &reach) & ours);
    }
    return kept;
}

/* The same among any number of them. Numbers so near each other lie about evenly, so that a rank tells between which
 * two numbers it is; only those are kept, in `spare`, and looked at in the same way. */
INLINE void NAME(pick_evenly)(double *near, int64_t held, int64_t below, NAME(guess) guess, const int64_t *rank,
                              double *found, double *spare) {
    while (held > MOST_NEAR) {
        const double apart = (guess.high - guess.low) / (double)held, aside = 2.0 * __builtin_sqrt((double)held);
        const double first = (double)(rank[guess.begin] - below), last = (double)(rank[guess.end - 1] - below);
        NAME(guess) part = guess;
        part.low = guess.low + apart * (first - aside), part.high = guess.low + apart * (last + aside);
        int64_t from = below;
        const int64_t kept = NAME(keep_within)(near, held, &part, spare, &from);
        if (rank[guess.begin] < from || rank[guess.end - 1] >= from + kept || kept > held / 4 * 3) break;
        double *swapped = near;
        near = spare, spare = swapped, held = kept, below = from, guess = part;
    }
    if (held <= MOST_NEAR) NAME(pick_near)(near, held, below, &guess, rank, found);
    else
        for (int64_t r = guess.begin; r < guess.end; r++) found[r] = pick(near, held, rank[r] - below);
}

/* The numbers of the ranks of those guesses that hold them; the others are put side by side at `guess`, moved to where
 * their ranks are more likely, and how many they are is answered. One pass counts what lies below each guess and
 * gathers what lies within any. `room` holds LANES numbers more than x. */
INLINE int64_t NAME(select_near)(const int64_t guesses, const double *x, int64_t count, NAME(guess) *guess,
                                 const int64_t *rank, double shrink, double *found, double *room) {
    IVEC reach[MOST_GUESSES];
    VEC low[MOST_GUESSES], high[MOST_GUESSES];
    int64_t held_below[MOST_GUESSES], gathered = 0, i = 0;
    const int64_t most = count / 4;
    double *near = room + count / 3; /* behind all that is gathered, and before as much again */
    UNROLL for (int64_t g = 0; g < guesses; g++) {
        reach[g] = (IVEC){0};
        low[g] = NAME(fill)(guess[g].low), high[g] = NAME(fill)(guess[g].high);
    }
    for (; i + LANES <= count && gathered <= most; i += LANES) {
        VEC some;
        memcpy(&some, x + i, sizeof some);
        unsigned within = 0;
        UNROLL for (int64_t g = 0; g < guesses; g++)
            within |= NAME(lanes_within)(some, low[g], high[g], reach + g);
        if (LANES == 8 || within) gathered += NAME(put_lanes)(room + gathered, some, within);
    }
    for (int64_t g = 0; g < guesses; g++) {
        held_below[g] = i;
        for (int b = 0; b < LANES; b++) held_below[g] -= reach[g][b];
    }
    for (; i < count && gathered <= most; i++) {
        int within = 0;
        for (int64_t g = 0; g < guesses; g++)
            held_below[g] += x[i] < guess[g].low, within |= x[i] >= guess[g].low && x[i] <= guess[g].high;
        if (within) room[gathered++] = x[i];
    }
    int64_t missed = 0;
    for (int64_t g = 0; g < guesses; g++) {
        NAME(guess) own = guess[g];
        int64_t unused = 0;
        const int64_t held = gathered > most ? 0 : NAME(keep_within)(room, gathered, &own, near, &unused);
        const int64_t first = rank[own.begin] - held_below[g], last = rank[own.end - 1] - held_below[g];
        if (gathered > most) {
            own.low += 0.25 * own.width, own.high -= 0.25 * own.width, own.width *= 0.75;
            guess[missed++] = own;
        } else if (first < 0 || last >= held) {
            /* Where the ranks are if numbers stand as close further on, with as much again on both sides. */
            const double apart = (own.high - own.low) / (double)(held + 1);
            const double way = apart * (double)(first < 0 ? -first : last + 1 - held);
            own.width *= 1.5;
            if (first < 0) own.high = own.low, own.low -= 2.0 * way + own.width;
            else own.low = own.high, own.high += 2.0 * way + own.width;
            guess[missed++] = own;
        } else {
            *own.next_width = own.width * shrink;
            NAME(pick_evenly)(near, held, held_below[g], own, rank, found, near + count / 4);
        }
    }
    return missed;
}

/* Where ranks are looked for in the next row. `part` holds what stood near each of them among some members of the row
 * before, from `sampled` members on. */
typedef struct {
    NAME(guess) guess[MOST_GUESSES];
    double part[MOST_GUESSES];
    int64_t guesses, rows, sampled;
} NAME(guesses);

/* Before any row. No guesses at all for rows so short that ordering them costs less, or for too many runs of ranks. */
INLINE void NAME(begin_guesses)(NAME(guesses) *all, const Selection *s) {
    all->guesses = all->rows = 0;
    all->sampled = s->count < LEAST_SAMPLED ? 0 : s->count / 64 < MOST_SAMPLED ? s->count / 64 : MOST_SAMPLED;
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

/* What stands near each run of ranks among some members of a row, always the same ones. */
INLINE void NAME(look_at_part)(const double *x, const Selection *s, const NAME(guesses) *all, double *part,
                               double *room) {
    const int64_t members = all->sampled, apart = s->count / members;
    int64_t rank[2 * MOST_GUESSES];
    double stands[2 * MOST_GUESSES], way[MOST_GUESSES];
    for (int64_t i = 0; i < members; i++) room[i] = x[i * apart];
    for (int64_t g = 0; g < all->guesses; g++) {
        const double place = (double)s->rank[all->guess[g].begin] / (double)s->count * (double)(members - 1);
        rank[2 * g] = (int64_t)place, way[g] = place - (double)rank[2 * g];
        rank[2 * g + 1] = rank[2 * g] + 1 < members ? rank[2 * g] + 1 : rank[2 * g];
    }
    NAME(select_row)(room, members, 2 * all->guesses, rank, stands, room + members);
    for (int64_t g = 0; g < all->guesses; g++) part[g] = stands[2 * g] + way[g] * (stands[2 * g + 1] - stands[2 * g]);
}

/* Where to look in the next row. A row is likely to resemble those before, as the levels of the same bodies at the
 * next time do. In long rows some members tell how the ranks have moved; in short ones, how they moved before. */
INLINE void NAME(guess_next)(const double *x, const Selection *s, NAME(guesses) *all, const double *found,
                             double *room) {
    const double *last = found - s->ranks, *before = all->rows > 1 ? last - s->ranks : last;
    double part[MOST_GUESSES];
    if (all->sampled) NAME(look_at_part)(x, s, all, part, room);
    for (int64_t g = 0; all->rows && g < all->guesses; g++) {
        NAME(guess) *own = all->guess + g;
        const double *from = last + own->begin, *to = last + own->end - 1;
        if (!(own->width > 0.0)) own->width = FIRST_WIDTH * (last[s->ranks - 1] - last[0]);
        if (all->sampled && part[g] > 0.0 && all->part[g] > 0.0) {
            const double grown = part[g] / all->part[g];
            own->width *= grown;
            own->low = *from * grown - own->width, own->high = *to * grown + own->width;
        } else {
            own->low = 2.0 * *from - before[own->begin] - own->width;
            own->high = 2.0 * *to - before[own->end - 1] + own->width;
        }
    }
    if (all->sampled) memcpy(all->part, part, sizeof part);
}

/* The numbers of the ranks in one more row, into `found`, right behind what was found in the rows before. A guess that
 * fails costs time and no more. */
static TARGET void NAME(select_next)(const double *x, const Selection *s, NAME(guesses) *all, double *found,
                                     double *room) {
    if (all->guesses) NAME(guess_next)(x, s, all, found, room);
    NAME(guess) open[MOST_GUESSES];
    int64_t missed = all->rows++ ? all->guesses : 0;
    const int guessed = missed > 0;
    for (int64_t g = 0; g < missed; g++) open[g] = all->guess[g], open[g].next_width = &all->guess[g].width;
    for (int64_t tries = 0; tries < MOST_TRIES && missed; tries++) {
        /* Five shares are what bands have unless they are asked for others; a constant count spares the loop. */
        const double shrink = all->sampled ? LONG_SHRINK : WIDTH_SHRINK;
        missed = missed == 5 ? NAME(select_near)(5, x, s->count, open, s->rank, shrink, found, room)
                             : NAME(select_near)(missed, x, s->count, open, s->rank, shrink, found, room);
    }
    for (int64_t g = 0; g < missed; g++) *open[g].next_width = open[g].width;
    if (missed || !guessed) NAME(select_row)(x, s->count, s->ranks, s->rank, found, room);
}

static TARGET void NAME(select)(const Selection *s, double *room) {
    for (;;) {
        const int64_t begin = TAKE(s->next, s->task), end = begin + s->task < s->rows ? begin + s->task : s->rows;
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
