/* Levels of many bodies at equal distances of time, each from the one before. Included after levels.h and select.h.
 *
 * While a rate holds, a mode goes from one time to the next by one product and one sum, which are exact for a rate
 * that is constant in between. Each leap begins with exponentials, so rounding adds up over one leap alone. Only for
 * modes that are plain exponentials. All bodies go through a few times together, whose rows then lie in the cache.
 */

#define VEC NAME(vec)
#define INLINE static inline __attribute__((always_inline)) TARGET

/* What a block of LANES bodies needs: vectors for each mode, and the changes' states, in one stretch of memory. */
typedef struct { VEC *decay, *inverse, *kept, *gained, *amount, *added, *room, *weight, *state; } NAME(flight);

INLINE NAME(flight) NAME(flight_of)(const Work *w, double *scratch, int64_t block) {
    const int64_t m = w->modes;
    VEC *v = (VEC *)scratch + block * AHEAD_VECTORS(m, w->outputs, w->steps);
    return (NAME(flight)){v,         v + m,     v + 2 * m, v + 3 * m,                  v + 4 * m,
                          v + 5 * m, v + 6 * m, v + 10 * m, v + (10 + w->outputs) * m};
}

INLINE void NAME(prepare)(const Work *w, double every, NAME(flight) f, int64_t first, int64_t count) {
    const int64_t m = w->modes;
    for (int b = 0; b < LANES; b++) {
        const int64_t n = first + (b < count ? b : count - 1);
        for (int64_t j = 0; j < m; j++) f.decay[j][b] = w->decay[n * m + j];
        for (int64_t q = 0; q < w->outputs * m; q++) f.weight[q][b] = w->residue[n * w->outputs * m + q];
    }
    for (int64_t j = 0; j < m; j++) f.inverse[j] = NAME(fill)(1.0) / f.decay[j];
    NAME(states)(w, f.decay, f.inverse, f.state, f.room);
    NAME(courses)(w, f.decay, f.inverse, every, f.kept, f.gained);
}

/* What each mode holds at the first time of a leap, and gains from one time to the next. */
INLINE void NAME(begin_leap)(const Work *w, const Leap *l, NAME(flight) f) {
    const int64_t m = w->modes;
    for (int64_t j = 0; j < m; j++) f.amount[j] = f.added[j] = NAME(fill)(0.0);
    if (l->step < 0) return;
    const VEC rate = NAME(fill)(w->rate[l->step]);
    NAME(courses)(w, f.decay, f.inverse, l->offset, f.room, f.room + m);
    for (int64_t j = 0; j < m; j++) {
        f.amount[j] = f.state[l->step * m + j] * f.room[j];
        f.amount[j] = rate * f.room[m + j] + f.amount[j];
        f.added[j] = rate * f.gained[j];
    }
}

/* Levels at the next times into rows (outputs, `apart`, bodies), and the amounts at the time after them. `m` is a
 * constant for models of the usual sizes, so that amounts stay in registers. */
INLINE void NAME(fly_modes)(const int64_t m, const Work *w, NAME(flight) f, int64_t times, int64_t apart, double *rows,
                            int64_t first, int64_t count) {
    VEC amount[MOST_STATES], kept[MOST_STATES], added[MOST_STATES];
    UNROLL_ALL for (int64_t j = 0; j < m; j++) amount[j] = f.amount[j], kept[j] = f.kept[j], added[j] = f.added[j];
    for (int64_t t = 0; t < times; t++) {
        for (int64_t o = 0; o < w->outputs; o++) {
            const VEC *weight = f.weight + o * m;
            double *to = rows + (o * apart + t) * w->bodies + first;
            VEC level = weight[0] * amount[0];
            UNROLL_ALL for (int64_t j = 1; j < m; j++) level = weight[j] * amount[j] + level;
            if (count == LANES) memcpy(to, &level, sizeof level);
            else for (int64_t b = 0; b < count; b++) to[b] = level[b];
        }
        UNROLL_ALL for (int64_t j = 0; j < m; j++) amount[j] = amount[j] * kept[j] + added[j];
    }
    UNROLL_ALL for (int64_t j = 0; j < m; j++) f.amount[j] = amount[j];
}

INLINE void NAME(fly)(const Work *w, NAME(flight) f, int64_t times, int64_t apart, double *rows, int64_t first,
                      int64_t count) {
#define FLY(m) case m: NAME(fly_modes)(m, w, f, times, apart, rows, first, count); break
    switch (w->modes) {
        FLY(4); FLY(6); FLY(8); FLY(9);
        default: NAME(fly_modes)(w->modes, w, f, times, apart, rows, first, count);
    }
#undef FLY
}

/* Either the levels themselves into w->out, or the members of some ranks of each row of them; see ek_ahead. */
static TARGET void NAME(ahead)(const Work *w, const Leap *leap, int64_t leaps, double every, double *scratch,
                               double *rows, double *room, int64_t rows_high, const Selection *s) {
#if defined(X86)
    const unsigned int kept = _mm_getcsr();
    _mm_setcsr(kept | 0x8040);
#endif
    NAME(guesses) all[MOST_STATES];
    for (int64_t o = 0; o < w->outputs; o++) NAME(begin_guesses)(all + o, s);
    const int64_t blocks = (w->bodies + LANES - 1) / LANES;
    for (int64_t k = 0; k < blocks; k++) {
        const int64_t left = w->bodies - k * LANES;
        NAME(prepare)(w, every, NAME(flight_of)(w, scratch, k), k * LANES, left < LANES ? left : LANES);
    }
    for (int64_t i = 0; i < leaps; i++)
        for (int64_t t = 0; t < leap[i].count; t += rows_high) {
            const int64_t times = leap[i].count - t < rows_high ? leap[i].count - t : rows_high;
            const int64_t begin = leap[i].begin + t;
            double *to = s->ranks ? rows : w->out + begin * w->bodies;
            const int64_t apart = s->ranks ? times : w->times;
            for (int64_t k = 0; k < blocks; k++) {
                const int64_t left = w->bodies - k * LANES;
                const NAME(flight) f = NAME(flight_of)(w, scratch, k);
                if (!t) NAME(begin_leap)(w, leap + i, f);
                NAME(fly)(w, f, times, apart, to, k * LANES, left < LANES ? left : LANES);
            }
            for (int64_t o = 0; s->ranks && o < w->outputs; o++)
                for (int64_t at = 0; at < times; at++)
                    NAME(select_next)(rows + (o * times + at) * w->bodies, s, all + o,
                                      s->found + (o * w->times + begin + at) * s->ranks, room);
        }
#if defined(X86)
    _mm_setcsr(kept);
#endif
}

#undef VEC
#undef INLINE
