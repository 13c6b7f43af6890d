/* Levels of many bodies, each body's in rows of its own: a vector holds LANES times of one output of one body, and goes
 * as it is to where they stand. Included after levels.h.
 */

#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

#if LANES == 8
/* Writes levels one after the other past the caches, which then need not fetch what is only overwritten, and always a
 * whole line: what does not fill one is carried to the next. */
typedef struct {
    double *to;    /* a line */
    VEC carried;   /* its first numbers, `full` of them; those before `begin` are not ours */
    int64_t full, begin;
} NAME(pen);

INLINE NAME(pen) NAME(pen_at)(double *to) {
    const int64_t full = (int64_t)((uintptr_t)to & 63) / 8;
    return (NAME(pen)){.to = to - full, .full = full, .begin = full};
}

/* The first `count` of these levels. */
INLINE void NAME(put)(NAME(pen) *pen, VEC level, int64_t count) {
    const __mmask8 ours = (__mmask8)((1 << pen->full) - 1);
    const IVEC turned = ((IVEC){0, 1, 2, 3, 4, 5, 6, 7} - pen->full) & 7;
    const VEC next = (VEC)_mm512_permutexvar_pd((__m512i)turned, (__m512d)level);
    const VEC line = (VEC)_mm512_mask_blend_pd(ours, (__m512d)next, (__m512d)pen->carried);
    pen->full += count;
    pen->carried = line;
    if (pen->full < 8) return;
    if (pen->begin) _mm512_mask_storeu_pd(pen->to, (__mmask8)(0xff << pen->begin), (__m512d)line), pen->begin = 0;
    else _mm512_stream_pd(pen->to, (__m512d)line);
    pen->to += 8, pen->full -= 8, pen->carried = next;
}

/* What is left in hand. */
INLINE void NAME(lay_down)(const NAME(pen) *pen) {
    const int rest = ((1 << pen->full) - 1) & (0xff << pen->begin);
    _mm512_mask_storeu_pd(pen->to, (__mmask8)rest, (__m512d)pen->carried);
}
#else
typedef struct { int unused; } NAME(pen);
#endif

/* The levels of one run, LANES times to a vector: by the pen, or else to `on`, in whole vectors as far as `end`. */
INLINE void NAME(run_of)(const int64_t count, const VEC *factor, const VEC *gain, const VEC *const *course, int64_t at,
                         int64_t further, int64_t left, double *on, const double *end, NAME(pen) *pen) {
#if LANES == 8
    if (pen) {
        NAME(pen) own = *pen;
        for (; left > 0; left -= 2 * LANES, at += 2) {
            VEC level[2];
            NAME(add_up)(2, count, factor, gain, course, at, further, level);
            NAME(put)(&own, level[0], left < LANES ? left : LANES);
            if (left > LANES) NAME(put)(&own, level[1], left < 2 * LANES ? left - LANES : LANES);
        }
        *pen = own;
        return;
    }
#else
    (void)pen;
#endif
    for (; left > 0; left -= 2 * LANES, at += 2, on += 2 * LANES) {
        VEC level[2];
        NAME(add_up)(2, count, factor, gain, course, at, further, level);
        if (on + 2 * LANES <= end) {
            memcpy(on, &level[0], sizeof(VEC));
            memcpy(on + LANES, &level[1], sizeof(VEC));
        } else {
            double every[2 * LANES];
            memcpy(every, &level[0], sizeof(VEC));
            memcpy(every + LANES, &level[1], sizeof(VEC));
            memcpy(on, every, (size_t)left * 8);
        }
    }
}

/* One output of one body at a stretch of times, as a sum over `count` modes: a constant for models of the usual sizes,
 * so that what multiplies them stays in registers. `amount` holds it as `amounts` left it, each number LANES from the
 * next. What a run writes beyond its end is overwritten by the next run. */
INLINE void NAME(row_of)(const int64_t count, const Work *w, const Stretch *s, const int64_t *used,
                         const double *amount, const VEC *held, double *to, NAME(pen) *pen) {
    const int64_t places = s->width / LANES, further = w->modes * places, each = w->outputs * w->modes * LANES;
    const VEC *course[MOST_MODES];
    VEC factor[MOST_MODES], gain[MOST_MODES];
    UNROLL for (int64_t q = 0; q < count; q++) course[q] = held + used[q] * places;
    for (const Run *run = s->run, *end = run + s->runs; run < end; run++, amount += 2 * each) {
        const int64_t at = run->at / LANES, left = run->end - run->begin;
        double *on = to + run->begin;
        if (run->step < 0 || !count) {
#if LANES == 8
            if (pen) {
                for (int64_t t = 0; t < left; t += LANES)
                    NAME(put)(pen, NAME(fill)(0.0), left - t < LANES ? left - t : LANES);
                continue;
            }
#endif
            for (int64_t t = 0; t < left; t++) on[t] = 0.0;
            continue;
        }
        UNROLL for (int64_t q = 0; q < count; q++) factor[q] = NAME(fill)(amount[q * LANES]);
        if (!run->runs_in) {
            NAME(run_of)(count, factor, NULL, course, at, 0, left, on, to + s->end, pen);
            continue;
        }
        UNROLL for (int64_t q = 0; q < count; q++) gain[q] = NAME(fill)(amount[each + q * LANES]);
        NAME(run_of)(count, factor, gain, course, at, further, left, on, to + s->end, pen);
    }
}

INLINE void NAME(row)(const Work *w, const Stretch *s, int64_t o, const double *amount, const VEC *held, double *to,
                      NAME(pen) *pen) {
    const int64_t *used = w->used + o * w->modes;
#define ROW(n) case n: NAME(row_of)(n, w, s, used, amount, held, to, pen); break
    switch (w->used_count[o]) {
        ROW(1); ROW(2); ROW(3); ROW(4); ROW(5); ROW(6);
        default: NAME(row_of)(w->used_count[o], w, s, used, amount, held, to, pen);
    }
#undef ROW
}

/* All outputs of the body at `to` at a stretch of times. What is added to the result stands `aside` first. */
INLINE void NAME(rows)(const Work *w, const Stretch *s, const double *amount, const VEC *held, double *aside,
                       double *to, NAME(pen) *pen) {
    for (int64_t o = 0; o < w->outputs; o++, amount += w->modes * LANES, to += w->times) {
        if (w->streams) NAME(row)(w, s, o, amount, held, to, pen);
        else NAME(row)(w, s, o, amount, held, w->add ? aside : to, NULL);
        if (w->add)
            for (int64_t t = s->begin; t < s->end; t++) to[t] += aside[t];
    }
}

/* Everything for the bodies first .. first + count (count <= LANES). */
INLINE void NAME(block)(const Work *w, double *scratch, int64_t first, int64_t count, NAME(pen) *pen) {
    const int64_t m = w->modes, row = w->outputs * w->times;
    VEC *decay = (VEC *)scratch, *inverse = decay + m, *weight = inverse + m, *room = weight + w->outputs * m;
    VEC *state = room + 4 * m, *amount = state + w->steps * m, *held = amount + 2 * w->runs_high * w->outputs * m;
    for (int b = 0; b < LANES; b++) {
        const int64_t n = first + (b < count ? b : count - 1);
        const double scale = w->dose_scale[n];
        for (int64_t j = 0; j < m; j++) decay[j][b] = w->decay[n * m + j];
        for (int64_t q = 0; q < w->outputs * m; q++) weight[q][b] = w->residue[n * w->outputs * m + q] * scale;
    }
    for (int64_t j = 0; j < m; j++) inverse[j] = NAME(fill)(1.0) / decay[j];
    NAME(states)(w, decay, inverse, state, room);
    for (const Stretch *s = w->stretch; s < w->stretch + w->stretches; s++) {
        for (int64_t r = 0; r < s->runs; r++)
            if (s->run[r].step >= 0) {
                VEC *own = amount + 2 * r * w->outputs * m;
                NAME(amounts)(w, s->run[r].step, weight, state, own, own + w->outputs * m);
            }
        if (w->by_time) {
            NAME(tables)(w, s, 1, (double *)decay, (double *)inverse, held);
            NAME(by_time)(w, s, amount, held, first, count);
            continue;
        }
        for (int64_t b = 0; b < count; b++) {
            NAME(tables)(w, s, 0, (double *)decay + b, (double *)inverse + b, held);
            NAME(rows)(w, s, (double *)amount + b, held, scratch + w->aside, w->out + (first + b) * row, pen);
        }
    }
}

/* One thread's part: blocks of bodies until none is left. */
static TARGET void NAME(levels)(const Work *w, double *scratch) {
#if defined(X86)
    /* Numbers below 1e-307 count as 0 in here: arithmetic on them is a hundred times slower, and tells nothing. */
    const unsigned int kept = _mm_getcsr();
    _mm_setcsr(kept | 0x8040);
#endif
    for (;;) {
        const int64_t begin = TAKE(w->next, TASK_BODIES);
        if (begin >= w->bodies) break;
        const int64_t end = begin + TASK_BODIES < w->bodies ? begin + TASK_BODIES : w->bodies;
#if LANES == 8
        NAME(pen) pen = NAME(pen_at)(w->out + begin * w->outputs * w->times);
#else
        NAME(pen) pen;
#endif
        for (int64_t first = begin; first < end; first += LANES)
            NAME(block)(w, scratch, first, end - first < LANES ? end - first : LANES, &pen);
#if LANES == 8
        if (w->streams) NAME(lay_down)(&pen);
#endif
    }
#if defined(X86)
    _mm_sfence();
    _mm_setcsr(kept);
#endif
}

#undef VEC
#undef IVEC
#undef INLINE
