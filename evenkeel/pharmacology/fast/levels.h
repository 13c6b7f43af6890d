/* The kernels, written once and compiled for one instruction set per inclusion (see kernels.c).
 *
 * Before inclusion LANES (2, 4 or 8 doubles in a vector), NAME(x) and TARGET must be defined.
 * A vector holds LANES bodies, never LANES times: what is computed for a body then depends neither on the
 * bodies around it nor on the other output times, so that chunks, threads and grids cannot change a bit of it.
 * A product and a sum stand in one expression only as a * b + c, so that there is one way to fuse them.
 */

typedef double NAME(vec) __attribute__((vector_size(LANES * 8)));
typedef int64_t NAME(ivec) __attribute__((vector_size(LANES * 8)));
typedef uint64_t NAME(uvec) __attribute__((vector_size(LANES * 8)));
#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE VEC NAME(fill)(double x) {
#if LANES == 2
    return (VEC){x, x};
#elif LANES == 4
    return (VEC){x, x, x, x};
#else
    return (VEC){x, x, x, x, x, x, x, x};
#endif
}

/* Lanes of `yes` where the mask is set, else of `no`. */
INLINE VEC NAME(choose)(IVEC mask, VEC yes, VEC no) {
    return (VEC)(((IVEC)yes & mask) | ((IVEC)no & ~mask));
}

/* exp(x) and exp(x) - 1, each to about 2e-16 of itself, for x <= 0; below -708 exp is 0.
 * x = k ln 2 + r with |r| <= ln(2)/2; the Taylor series of exp(r) - 1 to r^13 leaves 4e-18. ln 2 in two
 * parts, the first with 20 zero bits at its end, so that k times it is exact without a fused product. */
INLINE void NAME(exp_both)(VEC x, VEC *exp_x, VEC *expm1_x) {
    const VEC shift = NAME(fill)(0x1.8p52);
    const IVEC gone = x < NAME(fill)(-708.0);
    x = NAME(choose)(gone, NAME(fill)(-708.0), x);
    VEC shifted = x * NAME(fill)(0x1.71547652b82fep0) + shift;
    VEC k = shifted - shift;
    VEC r = k * NAME(fill)(-0x1.62e42fee00000p-1) + x;
    r = k * NAME(fill)(-0x1.a39ef35793c76p-33) + r;
    VEC p = NAME(fill)(1.0 / 6227020800.0);
    p = p * r + NAME(fill)(1.0 / 479001600.0);
    p = p * r + NAME(fill)(1.0 / 39916800.0);
    p = p * r + NAME(fill)(1.0 / 3628800.0);
    p = p * r + NAME(fill)(1.0 / 362880.0);
    p = p * r + NAME(fill)(1.0 / 40320.0);
    p = p * r + NAME(fill)(1.0 / 5040.0);
    p = p * r + NAME(fill)(1.0 / 720.0);
    p = p * r + NAME(fill)(1.0 / 120.0);
    p = p * r + NAME(fill)(1.0 / 24.0);
    p = p * r + NAME(fill)(1.0 / 6.0);
    p = p * r + NAME(fill)(0.5);
    VEC square = r * r;
    p = p * square + r;
    IVEC exponent = (IVEC)shifted << 52;
    VEC power = (VEC)(exponent + (IVEC)NAME(fill)(1.0));
    VEC grown = power * p + power;
    *exp_x = (VEC)((IVEC)grown & ~gone);
    *expm1_x = power * p + (power - NAME(fill)(1.0));
}

/* What one unit of rate leaves in a mode after `length` (min): (1 - exp(-decay length)) / decay. */
INLINE VEC NAME(filled)(VEC decay, VEC inverse, double length, VEC expm1_x) {
    return NAME(choose)(decay == NAME(fill)(0.0), NAME(fill)(length), -expm1_x * inverse);
}

/* LANES vectors over bodies into LANES rows over times. */
INLINE void NAME(transpose)(VEC *v) {
#if LANES == 2
    VEC a = v[0], b = v[1];
    v[0] = SHUFFLE(a, b, 0, 2);
    v[1] = SHUFFLE(a, b, 1, 3);
#elif LANES == 4
    VEC a = SHUFFLE(v[0], v[1], 0, 4, 2, 6), b = SHUFFLE(v[0], v[1], 1, 5, 3, 7);
    VEC c = SHUFFLE(v[2], v[3], 0, 4, 2, 6), d = SHUFFLE(v[2], v[3], 1, 5, 3, 7);
    v[0] = SHUFFLE(a, c, 0, 1, 4, 5);
    v[1] = SHUFFLE(b, d, 0, 1, 4, 5);
    v[2] = SHUFFLE(a, c, 2, 3, 6, 7);
    v[3] = SHUFFLE(b, d, 2, 3, 6, 7);
#else
    VEC u[8], w[8];
    UNROLL for (int i = 0; i < 8; i += 2) {
        u[i] = SHUFFLE(v[i], v[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        u[i + 1] = SHUFFLE(v[i], v[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4)
        UNROLL for (int half = 0; half < 2; half++) {
            w[i + half] = SHUFFLE(u[i + half], u[i + 2 + half], 0, 1, 8, 9, 4, 5, 12, 13);
            w[i + 2 + half] = SHUFFLE(u[i + half], u[i + 2 + half], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    UNROLL for (int i = 0; i < 4; i++) {
        v[i] = SHUFFLE(w[i], w[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        v[i + 4] = SHUFFLE(w[i], w[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
#endif
}

/* Copy past the caches, which then need not fetch what is only overwritten. */
INLINE void NAME(stream)(double *to, const double *from, int64_t count) {
    int64_t i = 0;
#if defined(X86)
    while (i < count && ((uintptr_t)(to + i) & (LANES * 8 - 1))) to[i] = from[i], i++;
    for (; i + LANES <= count; i += LANES) {
#if LANES == 2
        _mm_stream_pd(to + i, _mm_loadu_pd(from + i));
#elif LANES == 4
        _mm256_stream_pd(to + i, _mm256_loadu_pd(from + i));
#else
        _mm512_stream_pd(to + i, _mm512_loadu_pd(from + i));
#endif
    }
#endif
    for (; i < count; i++) to[i] = from[i];
}

/* For each mode t^order / order! exp(-decay t) at one offset t, and with `filled` its integral from 0 to t, each
 * `apart` places from the next mode's. */
INLINE void NAME(courses)(const Work *w, const VEC *decay, const VEC *inverse, double t, VEC *held, VEC *filled,
                          int64_t apart) {
    for (int64_t j = 0; j < w->modes; j++) {
        if (w->order[j]) {
            held[j * apart] = held[(j - 1) * apart] * NAME(fill)(t / (double)w->order[j]);
            if (filled) filled[j * apart] = (filled[(j - 1) * apart] - held[j * apart]) * inverse[j];
        } else {
            VEC lost;
            NAME(exp_both)(-decay[j] * t, &held[j * apart], &lost);
            if (filled) filled[j * apart] = NAME(filled)(decay[j], inverse[j], t, lost);
        }
    }
}

/* The drug in each mode just after each change of input, for LANES bodies: state (steps, modes). A mode of order p
 * in its cluster is fed by the one of order p - 1, the first by the input. `room` holds 2 modes. */
INLINE void NAME(states)(const Work *w, const VEC *decay, const VEC *inverse, VEC *state, VEC *room) {
    const int64_t m = w->modes;
    VEC *held = room, *filled = room + m;
    for (int64_t j = 0; j < m; j++) state[j] = NAME(fill)(w->order[j] ? 0.0 : w->bolus[0]);
    for (int64_t i = 0; i + 1 < w->steps; i++) {
        const VEC rate = NAME(fill)(w->rate[i]), bolus = NAME(fill)(w->bolus[i + 1]);
        const VEC *before = state + i * m;
        VEC *after = state + (i + 1) * m;
        NAME(courses)(w, decay, inverse, w->change_at[i + 1] - w->change_at[i], held,
                      w->rate[i] != 0.0 ? filled : NULL, 1);
        for (int64_t j = 0; j < m; j++) {
            const int64_t first = j - w->order[j];
            VEC next = before[j] * held[first];
            for (int64_t lower = 1; lower <= w->order[j]; lower++)
                next = before[j - lower] * held[first + lower] + next;
            if (w->rate[i] != 0.0) next = rate * filled[j] + next;
            after[j] = w->order[j] ? next : next + bolus;
        }
    }
}

/* Tables over the offsets of one stretch of times: held (modes, offsets), filled (modes, offsets). */
INLINE void NAME(tables)(const Work *w, const Stretch *s, const VEC *decay, const VEC *inverse, VEC *held,
                         VEC *filled) {
    const int64_t offsets = s->offsets;
    for (int64_t j = 0; j < w->modes; j++, held += offsets, filled += offsets) {
        if (w->order[j]) {
            const double order = (double)w->order[j];
            for (int64_t u = 0; u < offsets; u++) {
                held[u] = held[u - offsets] * NAME(fill)(s->offset[u] / order);
                if (s->runs_in[u]) filled[u] = (filled[u - offsets] - held[u]) * inverse[j];
            }
            continue;
        }
        const VEC own = decay[j], own_inverse = inverse[j];
        for (int64_t u = 0; u < offsets; u++) {
            VEC lost;
            NAME(exp_both)(-own * s->offset[u], &held[u], &lost);
        }
        for (int64_t u = 0; u < offsets; u++)
            if (s->runs_in[u]) {
                VEC unused, lost;
                NAME(exp_both)(-own * s->offset[u], &unused, &lost);
                filled[u] = NAME(filled)(own, own_inverse, s->offset[u], lost);
            }
    }
}

/* What multiplies the course of each mode of each output (outputs, modes) after one change: its own amount, and
 * those of higher order in its cluster. */
INLINE void NAME(amounts)(const Work *w, const VEC *weight, const VEC *state, VEC *amount) {
    for (int64_t o = 0; o < w->outputs; o++)
        for (int64_t q = 0; q < w->used_count[o]; q++) {
            const int64_t j = w->used[o * w->modes + q];
            VEC sum = weight[o * w->modes + j] * state[j - w->order[j]];
            for (int64_t higher = j + 1; higher < w->modes && w->order[higher]; higher++)
                sum = weight[o * w->modes + higher] * state[higher - w->order[j]] + sum;
            amount[o * w->modes + j] = sum;
        }
}

/* LANES times of one run (one step of input) of one output. */
INLINE void NAME(some_levels)(const Work *w, int64_t offsets, int64_t output, const VEC *weight, double rate,
                              const VEC *amount, const VEC *held, const VEC *filled, const int64_t *index,
                              VEC *level) {
    const VEC *row[LANES];
    VEC sum[LANES];
    UNROLL for (int t = 0; t < LANES; t++) sum[t] = NAME(fill)(0.0), row[t] = held + index[t];
    for (int64_t q = 0; q < w->used_count[output]; q++) {
        const int64_t j = w->used[output * w->modes + q];
        const VEC factor = amount[output * w->modes + j];
        UNROLL for (int t = 0; t < LANES; t++) sum[t] = factor * row[t][j * offsets] + sum[t];
    }
    if (rate != 0.0) {
        const int64_t further = filled - held;
        for (int64_t q = 0; q < w->used_count[output]; q++) {
            const int64_t j = w->used[output * w->modes + q];
            const VEC factor = weight[output * w->modes + j] * NAME(fill)(rate);
            UNROLL for (int t = 0; t < LANES; t++) sum[t] = factor * row[t][j * offsets + further] + sum[t];
        }
    }
    UNROLL for (int t = 0; t < LANES; t++) level[t] = sum[t];
}

/* Write `left` of LANES vectors, each of one time, to where their bodies stand next to each other. */
INLINE void NAME(write_by_time)(const Work *w, const VEC *level, int64_t left, double *to, int64_t count) {
    if (left == LANES && count == LANES && !w->add) {
        UNROLL for (int t = 0; t < LANES; t++) memcpy(to + t * w->bodies, &level[t], sizeof(VEC));
        return;
    }
    double each[LANES][LANES];
    UNROLL for (int t = 0; t < LANES; t++) memcpy(each[t], &level[t], sizeof(VEC));
    for (int64_t t = 0; t < left; t++)
        for (int64_t b = 0; b < count; b++)
            to[t * w->bodies + b] = w->add ? to[t * w->bodies + b] + each[t][b] : each[t][b];
}

/* Write `left` of LANES vectors, each of one time, into a row for each body. */
INLINE void NAME(write_rows)(const Work *w, VEC *level, int64_t left, double *to) {
    const int64_t row = w->outputs * w->times;
    NAME(transpose)(level);
    if (left == LANES) {
        UNROLL for (int b = 0; b < LANES; b++) memcpy(to + b * row, &level[b], sizeof(VEC));
        return;
    }
    double each[LANES][LANES];
    UNROLL for (int b = 0; b < LANES; b++) memcpy(each[b], &level[b], sizeof(VEC));
    for (int64_t b = 0; b < LANES; b++)
        for (int64_t t = 0; t < left; t++) to[b * row + t] = each[b][t];
}

/* The levels of LANES bodies at one stretch of times. By body: into `rows` (LANES, outputs, times of the whole
 * work). By time: straight into the result, whose bodies stand next to each other. */
INLINE void NAME(stretch)(const Work *w, const Stretch *s, const VEC *weight, const VEC *state, const VEC *held,
                          const VEC *filled, VEC *amount, double *rows, int64_t first, int64_t count) {
    for (int64_t r = 0; r < s->runs; r++) {
        const Run run = s->run[r];
        if (run.step >= 0) NAME(amounts)(w, weight, state + run.step * w->modes, amount);
        for (int64_t t = run.begin; t < run.end; t += LANES) {
            const int64_t left = run.end - t < LANES ? run.end - t : LANES;
            const int64_t *index = s->index + (t - s->begin);
            int64_t padded[LANES];
            if (left < LANES) {
                for (int64_t i = 0; i < LANES; i++) padded[i] = index[i < left ? i : left - 1];
                index = padded;
            }
            for (int64_t o = 0; o < w->outputs; o++) {
                VEC level[LANES];
                if (run.step < 0)
                    UNROLL for (int i = 0; i < LANES; i++) level[i] = NAME(fill)(0.0);
                else
                    NAME(some_levels)(w, s->offsets, o, weight, w->rate[run.step], amount, held, filled, index, level);
                if (w->by_time)
                    NAME(write_by_time)(w, level, left, w->out + (o * w->times + t) * w->bodies + first, count);
                else
                    NAME(write_rows)(w, level, left, rows + o * w->times + t);
            }
        }
    }
}

/* Everything for the bodies first .. first + count (count <= LANES). */
INLINE void NAME(block)(const Work *w, double *scratch, int64_t first, int64_t count) {
    const int64_t m = w->modes, row = w->outputs * w->times;
    VEC *decay = (VEC *)scratch, *inverse = decay + m, *weight = inverse + m;
    VEC *state = weight + w->outputs * m, *held = state + w->steps * m, *filled = held + m * w->offsets_high;
    VEC *room = filled + m * w->offsets_high, *amount = room + 2 * m;
    double *rows = (double *)(((uintptr_t)(amount + w->outputs * m) + 63) & ~(uintptr_t)63);
    double *to = w->out + first * row;
    /* The rows lie against the cache lines as their copies will, so that the copy is aligned on both sides. */
    rows += ((uintptr_t)to & 63) / 8;
    for (int b = 0; b < LANES; b++) {
        const int64_t n = first + (b < count ? b : count - 1);
        const double scale = w->dose_scale[n];
        for (int64_t j = 0; j < m; j++) decay[j][b] = w->decay[n * m + j];
        for (int64_t q = 0; q < w->outputs * m; q++) weight[q][b] = w->residue[n * w->outputs * m + q] * scale;
    }
    for (int64_t j = 0; j < m; j++) inverse[j] = NAME(fill)(1.0) / decay[j];
    NAME(states)(w, decay, inverse, state, room);
    for (int64_t i = 0; i < w->stretches; i++) {
        const Stretch *s = w->stretch + i;
        NAME(tables)(w, s, decay, inverse, held, filled);
        NAME(stretch)(w, s, weight, state, held, filled, amount, rows, first, count);
    }
    if (w->by_time) return;
    if (w->add)
        for (int64_t i = 0; i < count * row; i++) to[i] += rows[i];
    else if (w->streams)
        NAME(stream)(to, rows, count * row);
    else
        memcpy(to, rows, (size_t)(count * row) * 8);
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
        for (int64_t first = begin; first < end; first += LANES)
            NAME(block)(w, scratch, first, end - first < LANES ? end - first : LANES);
    }
#if defined(X86)
    _mm_sfence();
    _mm_setcsr(kept);
#endif
}

#undef VEC
#undef IVEC
#undef INLINE
