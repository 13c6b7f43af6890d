/* Modes of a whole model from its volumes and flows, LANES bodies at a time. Included after symmetric.h.
 *
 * The same cascade as in modes.py: every network becomes independent first-order states by its symmetric
 * eigenproblem, a state is fed by earlier ones, and passing a mode on divides by the difference of two rates
 * (partial fractions). A body whose rates lie too near each other for that is marked, and left to modes.py.
 */

#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef struct {
    int states;
    uint32_t ancestors[MOST_STATES];               /* whose drug passes through a state, as bits */
    VEC rate[MOST_STATES], term[MOST_STATES][MOST_STATES], product[MOST_STATES];
} NAME(cascade);

typedef struct {
    int count, state[MOST_FLOWS];
    VEC gain[MOST_FLOWS];
} NAME(flows);

INLINE VEC NAME(gather)(const double *x, int64_t width, int64_t column, int64_t first, int64_t count) {
    VEC v;
    for (int b = 0; b < LANES; b++) v[b] = x[(first + (b < count ? b : count - 1)) * width + column];
    return v;
}

/* One more state of this rate, which holds `given` at time 0 and is fed by flows out of earlier states. */
INLINE int NAME(add_state)(NAME(cascade) *c, VEC rate, const NAME(flows) *in, VEC given) {
    const int own = c->states++;
    uint32_t ancestors = 0;
    for (int f = 0; f < in->count; f++) ancestors |= c->ancestors[in->state[f]] | 1u << in->state[f];
    c->ancestors[own] = ancestors;
    c->rate[own] = rate;
    c->product[own] = NAME(fill)(1.0);
    VEC start = given;
    for (int k = 0; k < own; k++) {
        c->term[own][k] = NAME(fill)(0.0);
        if (!(ancestors >> k & 1)) continue;
        VEC fed = NAME(fill)(0.0);
        for (int f = 0; f < in->count; f++)
            if (in->state[f] >= k) fed = in->gain[f] * c->term[in->state[f]][k] + fed;
        const VEC apart = rate - c->rate[k];
        const VEC part = fed / apart;
        c->term[own][k] = part;
        start = start - part;
        const VEC size = (VEC)((IVEC)apart & INT64_MAX);
        const VEC larger = NAME(choose)(rate > c->rate[k], rate, c->rate[k]);
        VEC factor = size / (larger * NAME(fill)(GAP_COUNTED));
        factor = NAME(choose)(factor < NAME(fill)(1.0), factor, NAME(fill)(1.0));
        c->product[own] = c->product[own] * factor;
        c->product[k] = c->product[k] * factor;
    }
    c->term[own][own] = start;
    return own;
}

/* The eigenproblem of one network: rates, and each mode's share (places, modes) in each compartment. */
INLINE void NAME(spectrum)(const NetworkData *net, VEC *rate, VEC *share, int64_t first, int64_t count) {
    const int n = net->places;
    VEC a[MOST_ROWS * MOST_ROWS], root[MOST_ROWS];
    for (int q = 0; q < n * n; q++) a[q] = NAME(fill)(0.0);
    for (int i = 0; i < n; i++) {
        a[i * n + i] = NAME(gather)(net->loss, n, i, first, count);
        root[i] = NAME(root)(NAME(gather)(net->volume, n, i, first, count));
    }
    for (int p = 0; p < net->pairs; p++) {
        const int i = (int)net->pair[2 * p], j = (int)net->pair[2 * p + 1];
        const VEC flow = NAME(gather)(net->exchange, net->pairs, p, first, count);
        a[i * n + i] = a[i * n + i] + flow;
        a[j * n + j] = a[j * n + j] + flow;
        a[i * n + j] = a[i * n + j] - flow;
        a[j * n + i] = a[j * n + i] - flow;
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            a[i * n + j] = i == j ? a[i * n + i] / NAME(gather)(net->volume, n, i, first, count)
                                  : a[i * n + j] / (root[i] * root[j]);
    NAME(diagonalize)(n, a, share);
    for (int m = 0; m < n; m++) {
        rate[m] = a[m * n + m];
        for (int i = 0; i < n; i++) share[i * n + m] = share[i * n + m] / root[i];
    }
}

INLINE void NAME(modes_block)(const ModelData *d, int64_t first, int64_t count) {
    /* Counts alone are set: to clear the whole would take as long as what is computed in it. */
    NAME(cascade) c;
    NAME(flows) nothing, entering, in;
    c.states = nothing.count = entering.count = 0;
    VEC share[MOST_NETWORKS][MOST_ROWS * MOST_ROWS], rate[MOST_ROWS];
    int begin[MOST_NETWORKS];
    VEC given = NAME(gather)(d->fraction, 1, 0, first, count);
    if (d->absorption) {
        const VEC emptying = NAME(gather)(d->absorption, 1, 0, first, count);
        entering.state[0] = NAME(add_state)(&c, emptying, &nothing, given);
        entering.gain[0] = emptying;
        entering.count = 1;
    }
    for (int k = 0; k < d->networks; k++) {
        const NetworkData *net = d->network + k;
        NAME(spectrum)(net, rate, share[k], first, count);
        begin[k] = c.states;
        for (int m = 0; m < net->places; m++) {
            in.count = 0;
            VEC held = NAME(fill)(0.0);
            if (k == d->into) {
                const VEC part = share[k][d->into_place * net->places + m];
                if (!d->absorption) held = given * part;
                for (int f = 0; f < entering.count; f++)
                    in.state[in.count] = entering.state[f], in.gain[in.count++] = entering.gain[f] * part;
            }
            for (int f = 0; f < d->feeds; f++) {
                const FeedData *feed = d->feed + f;
                if (feed->into != k) continue;
                const int from = feed->source, n = d->network[from].places;
                const VEC formed = NAME(gather)(feed->formation, 1, 0, first, count);
                const VEC part = share[k][feed->into_place * net->places + m];
                for (int s = 0; s < n; s++) {
                    in.state[in.count] = begin[from] + s;
                    in.gain[in.count++] = formed * share[from][feed->source_place * n + s] * part;
                }
            }
            NAME(add_state)(&c, rate[m], &in, held);
        }
    }
    int reading[MOST_STATES];
    for (int o = 0; o < d->outputs; o++) {
        const OutletData *outlet = d->outlet + o;
        const int k = outlet->network, n = d->network[k].places;
        reading[o] = -1;
        if (!outlet->delay) continue;
        const VEC delay = NAME(gather)(outlet->delay, 1, 0, first, count);
        in.count = n;
        for (int s = 0; s < n; s++)
            in.state[s] = begin[k] + s, in.gain[s] = delay * share[k][outlet->place * n + s];
        reading[o] = NAME(add_state)(&c, delay, &in, NAME(fill)(0.0));
    }
    VEC least = NAME(fill)(1.0);
    for (int s = 0; s < c.states; s++) {
        least = NAME(choose)(c.product[s] < least, c.product[s], least);
        for (int64_t b = 0; b < count; b++) d->decay[(first + b) * c.states + s] = c.rate[s][b];
    }
    for (int64_t b = 0; b < count; b++) d->simple[first + b] = least[b] >= SMALLEST_PRODUCT;
    for (int o = 0; o < d->outputs; o++) {
        const OutletData *outlet = d->outlet + o;
        const int k = outlet->network, n = d->network[k].places;
        for (int l = 0; l < c.states; l++) {
            VEC sum = NAME(fill)(0.0);
            if (reading[o] >= l)
                sum = c.term[reading[o]][l] * NAME(fill)(outlet->gain);
            else if (reading[o] < 0)
                for (int s = 0; s < n; s++)
                    if (begin[k] + s >= l) {
                        const VEC read = share[k][outlet->place * n + s] * NAME(fill)(outlet->gain);
                        sum = read * c.term[begin[k] + s][l] + sum;
                    }
            for (int64_t b = 0; b < count; b++)
                d->residue[((first + b) * d->outputs + o) * c.states + l] = sum[b];
        }
    }
}

static TARGET void NAME(modes)(const ModelData *d) {
    for (int64_t first = 0; first < d->bodies; first += LANES)
        NAME(modes_block)(d, first, d->bodies - first < LANES ? d->bodies - first : LANES);
}

#undef VEC
#undef IVEC
#undef INLINE
