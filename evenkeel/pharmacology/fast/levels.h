/* The kernels, written once and compiled for one instruction set per inclusion (see kernels.c).
 *
 * Before inclusion LANES (2, 4 or 8 doubles in a vector), NAME(x) and TARGET must be defined.
 * A vector holds LANES bodies, or LANES times of one body: no number is made from two of its places, and a vector
 * that is not full is computed whole. What is computed for a body at a time then depends neither on the bodies around
 * it nor on the other times, so that chunks, threads and grids cannot change a bit of it. A product and a sum stand in
 * one expression only as a * b + c, so that there is one way to fuse them.
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

/* The lesser and the greater of two in each lane. */
INLINE IVEC NAME(lesser)(IVEC a, IVEC b) {
    return (IVEC)NAME(choose)(a < b, (VEC)a, (VEC)b);
}

INLINE IVEC NAME(greater)(IVEC a, IVEC b) {
    return (IVEC)NAME(choose)(a > b, (VEC)a, (VEC)b);
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

/* The number as it is: a product that is not fused with a sum it later goes into, since the compiler might do so in one
 * place and not in another. */
INLINE VEC NAME(rounded)(VEC x) {
#if defined(X86) && LANES == 8
    __asm__("" : "+v"(x));
#elif defined(X86)
    __asm__("" : "+x"(x));
#elif defined(__aarch64__)
    __asm__("" : "+w"(x));
#else
    __asm__("" : "+m"(x));
#endif
    return x;
}

/* exp(x) and exp(x) - 1, each to less than 1e-15 of itself, for x <= 0 that is `rounded`. */
#if LANES == 8
/* x = k/16 ln 2 + r with |r| <= ln(2)/32. Adding 1.5 * 2^48 to x / ln 2 leaves k in the last bits, of which the lowest
 * four choose among the powers of 2 from 1 up to 2, each with the part of itself that its double leaves. The polynomial
 * meets (exp(r) - 1) / r at the Chebyshev points of its range. What would be below 2^-1022 is 0. */
INLINE void NAME(exp_both)(VEC x, VEC *exp_x, VEC *expm1_x) {
    const VEC low = {0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
                     0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0};
    const VEC high = {0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
                      0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0};
    const VEC low_rest = {0.0, 8.18932e-17, -2.79391e-17, 7.82657e-17,
                          3.34846e-17, 3.75085e-17, 1.95726e-17, 5.68648e-17};
    const VEC high_rest = {-6.83581e-17, -2.35911e-17, 5.15483e-17, 1.53414e-17,
                           4.87516e-17, 1.68549e-17, 1.79013e-17, -5.54507e-17};
    const VEC shift = NAME(fill)(0x1.8p48);
    x = (VEC)_mm512_max_pd((__m512d)x, (__m512d)NAME(fill)(-1000.0));
    const VEC shifted = x * NAME(fill)(0x1.71547652b82fep0) + shift;
    const VEC k = shifted - shift;
    const VEC root = (VEC)_mm512_permutex2var_pd((__m512d)low, (__m512i)shifted, (__m512d)high);
    const VEC rest = (VEC)_mm512_permutex2var_pd((__m512d)low_rest, (__m512i)shifted, (__m512d)high_rest);
    VEC r = k * NAME(fill)(-0x1.62e42fee00000p-1) + x;
    r = k * NAME(fill)(-0x1.a39ef35793c76p-33) + r;
    VEC p = NAME(fill)(0x1.6c17ed4cc4834p-10);
    p = p * r + NAME(fill)(0x1.11123cf1dba3ap-7);
    p = p * r + NAME(fill)(0x1.55555554e9468p-5);
    p = p * r + NAME(fill)(0x1.555555547d378p-3);
    p = p * r + NAME(fill)(0x1.0000000000001p-1);
    p = p * r + NAME(fill)(0x1.0000000000003p+0);
    p = p * r + rest;
    const VEC power = (VEC)_mm512_scalef_pd((__m512d)root, (__m512d)k);
    *exp_x = power * p + power;
    *expm1_x = power * p + (power - NAME(fill)(1.0));
}
#else
/* x = k ln 2 + r with |r| <= ln(2)/2; the Taylor series of exp(r) - 1 to r^13 leaves 4e-18. ln 2 in two
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
#endif

/* t^order / order! exp(-decay t) of one mode at offsets t, and with `filled` its integral from 0 to t: what one unit of
 * rate leaves in the mode. What belongs to the mode below it in its cluster lies `under` places before. */
INLINE void NAME(course)(int64_t order, VEC decay, VEC inverse, VEC t, VEC *held, VEC *filled, int64_t under) {
    if (order) {
        *held = NAME(rounded)(held[-under] * (t / NAME(fill)((double)order)));
        if (filled) *filled = (filled[-under] - *held) * inverse;
        return;
    }
    VEC lost;
    NAME(exp_both)(NAME(rounded)(-decay * t), held, &lost);
    if (filled) *filled = NAME(choose)(decay == NAME(fill)(0.0), t, -lost * inverse);
}

/* The courses of all modes at one offset, and with `filled` their integrals. */
INLINE void NAME(courses)(const Work *w, const VEC *decay, const VEC *inverse, double t, VEC *held, VEC *filled) {
    for (int64_t j = 0; j < w->modes; j++)
        NAME(course)(w->order[j], decay[j], inverse[j], NAME(fill)(t), held + j, filled ? filled + j : NULL, 1);
}

/* The drug in each mode just after each change of input, for LANES bodies: state (steps, modes). A mode of order p
 * in its cluster is fed by the one of order p - 1, the first by the input. `room` holds 4 modes: courses over the last
 * two lengths, since drug is often given for one length of time again and again. */
INLINE void NAME(states)(const Work *w, const VEC *decay, const VEC *inverse, VEC *state, VEC *room) {
    const int64_t m = w->modes;
    double known[2] = {-1.0, -1.0};
    int fills[2] = {0, 0};
    for (int64_t j = 0; j < m; j++) state[j] = NAME(fill)(w->order[j] ? 0.0 : w->bolus[0]);
    for (int64_t i = 0; i + 1 < w->steps; i++) {
        const VEC rate = NAME(fill)(w->rate[i]), bolus = NAME(fill)(w->bolus[i + 1]);
        const int runs_in = w->rate[i] != 0.0, k = i & 1;
        const double length = w->change_at[i + 1] - w->change_at[i];
        const VEC *before = state + i * m;
        VEC *after = state + (i + 1) * m, *held = room + 2 * k * m, *filled = held + m;
        if (length != known[k] || runs_in > fills[k]) {
            NAME(courses)(w, decay, inverse, length, held, runs_in ? filled : NULL);
            known[k] = length, fills[k] = runs_in;
        }
        for (int64_t j = 0; j < m; j++) {
            const int64_t first = j - w->order[j];
            VEC next = before[j] * held[first];
            for (int64_t lower = 1; lower <= w->order[j]; lower++)
                next = before[j - lower] * held[first + lower] + next;
            if (runs_in) next = rate * filled[j] + next;
            after[j] = w->order[j] ? next : next + bolus;
        }
    }
}

/* What multiplies the course of each used mode of each output after the change of a run (outputs, modes): its own
 * amount, and those of higher order in its cluster. With drug running in also `gain`, which multiplies its integral. */
INLINE void NAME(amounts)(const Work *w, int64_t step, const VEC *weight, const VEC *state, VEC *amount, VEC *gain) {
    const int runs_in = w->rate[step] != 0.0;
    const VEC rate = NAME(fill)(w->rate[step]);
    state += step * w->modes;
    for (int64_t o = 0; o < w->outputs; o++, weight += w->modes, amount += w->modes, gain += w->modes)
        for (int64_t q = 0; q < w->used_count[o]; q++) {
            const int64_t j = w->used[o * w->modes + q];
            VEC sum = weight[j] * state[j - w->order[j]];
            for (int64_t higher = j + 1; higher < w->modes && w->order[higher]; higher++)
                sum = weight[higher] * state[higher - w->order[j]] + sum;
            amount[q] = sum;
            if (runs_in) gain[q] = weight[j] * rate;
        }
}

INLINE VEC NAME(offset_at)(const Stretch *s, int by_time, int64_t i) {
    return by_time ? NAME(fill)(s->offset[i]) : ((const VEC *)s->offset)[i];
}

/* Tables over `places` offsets: held (modes, places) and after it filled (modes, places), which counts only where drug
 * runs in. Either each vector holds LANES offsets of one body, whose rates then lie LANES apart; or LANES bodies at one
 * offset. */
INLINE void NAME(tables)(const Work *w, const Stretch *s, const int by_time, const double *decay, const double *inverse,
                         VEC *held) {
    const int64_t each = by_time ? 1 : LANES, places = s->width / each;
    for (int64_t j = 0; j < w->modes; j++, held += places) {
        VEC own, own_inverse, *filled = held + w->modes * places;
        if (by_time) own = ((const VEC *)decay)[j], own_inverse = ((const VEC *)inverse)[j];
        else own = NAME(fill)(decay[j * LANES]), own_inverse = NAME(fill)(inverse[j * LANES]);
        for (const Piece *p = s->piece; p < s->piece + s->pieces; p++) {
            const int64_t end = (p->at + p->width) / each;
            const int plain = !w->order[j] && !p->runs_in; /* as most are; a loop of its own is faster */
            for (int64_t i = p->at / each; plain && i < end; i++)
                NAME(course)(0, own, own_inverse, NAME(offset_at)(s, by_time, i), held + i, NULL, 0);
            for (int64_t i = p->at / each; !plain && i < end; i++)
                NAME(course)(w->order[j], own, own_inverse, NAME(offset_at)(s, by_time, i), held + i,
                             p->runs_in ? filled + i : NULL, places);
        }
    }
}

/* Some of the sums of one output at one run, for LANES bodies or LANES times: `course` holds where the table has each
 * mode that counts, and what multiplies it is in `factor`, and for its integral, `further` on, in `gain` if any. */
INLINE void NAME(add_up)(const int sums, const int64_t count, const VEC *factor, const VEC *gain,
                         const VEC *const *course, int64_t at, int64_t further, VEC *sum) {
    UNROLL for (int i = 0; i < sums; i++) sum[i] = NAME(fill)(0.0);
    UNROLL for (int64_t q = 0; q < count; q++)
        UNROLL for (int i = 0; i < sums; i++) sum[i] = factor[q] * course[q][at + i] + sum[i];
    if (!gain) return;
    UNROLL for (int64_t q = 0; q < count; q++)
        UNROLL for (int i = 0; i < sums; i++) sum[i] = gain[q] * course[q][at + i + further] + sum[i];
}

/* One output of LANES bodies at `some` times that follow one another, straight into the result. */
INLINE void NAME(some_by_time)(const int some, const Work *w, int64_t used, const VEC *factor, const VEC *gain,
                               const VEC *const *course, int64_t at, int64_t further, double *to, int64_t count) {
    VEC level[LANES < 4 ? 4 : LANES];
    NAME(add_up)(some, used, factor, gain, course, at, further, level);
#if LANES == 8
    if (w->streams && count == LANES) {
        UNROLL for (int i = 0; i < some; i++) _mm512_stream_pd(to + i * w->bodies, (__m512d)level[i]);
        return;
    }
#endif
    if (count == LANES && !w->add) {
        UNROLL for (int i = 0; i < some; i++) memcpy(to + i * w->bodies, &level[i], sizeof(VEC));
        return;
    }
    double every[LANES < 4 ? 4 : LANES][LANES];
    UNROLL for (int i = 0; i < some; i++) memcpy(every[i], &level[i], sizeof(VEC));
    for (int64_t i = 0; i < some; i++)
        for (int64_t b = 0; b < count; b++)
            to[i * w->bodies + b] = w->add ? to[i * w->bodies + b] + every[i][b] : every[i][b];
}

/* The levels of LANES bodies at a stretch of times; in the result bodies stand next to each other. */
INLINE void NAME(by_time)(const Work *w, const Stretch *s, const VEC *amount, const VEC *held, int64_t first,
                          int64_t count) {
    const int64_t each = w->outputs * w->modes, further = w->modes * s->width;
    for (int64_t o = 0; o < w->outputs; o++) {
        const VEC *course[MOST_MODES];
        for (int64_t q = 0; q < w->used_count[o]; q++) course[q] = held + w->used[o * w->modes + q] * s->width;
        for (int64_t r = 0; r < s->runs; r++) {
            const Run run = s->run[r];
            const VEC *factor = amount + 2 * r * each + o * w->modes, *gain = run.runs_in ? factor + each : NULL;
            const int64_t used = run.step < 0 ? 0 : w->used_count[o];
            int64_t at = run.at, left = run.end - run.begin;
            double *to = w->out + (o * w->times + run.begin) * w->bodies + first;
            while (left) {
#define SOME(n) NAME(some_by_time)(n, w, used, factor, gain, course, at, further, to, count), done = n
                int64_t done;
                if (left >= LANES) SOME(LANES);
                else if (left >= 4) SOME(4);
                else if (left >= 2) SOME(2);
                else SOME(1);
#undef SOME
                left -= done, at += done, to += done * w->bodies;
            }
        }
    }
}

#undef VEC
#undef IVEC
#undef INLINE
