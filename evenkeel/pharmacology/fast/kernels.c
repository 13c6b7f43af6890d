/* Levels over time of many bodies with a linear model, for evenkeel.pharmacology.simulate.
 *
 * The same sums as `simulate.evaluate` in NumPy: each output is a sum over modes, each mode is carried exactly
 * from one change of the input to the next, and exp is computed once for each mode and distinct offset from a
 * change (superposition in closed form, as in any textbook of linear systems). No Python here: plain arrays,
 * C-contiguous, float64 and int64. The caller checks shapes and values; see fast/__init__.py.
 */

#include "platform.h"

#define SUMMED 4                 /* vectors of columns at a time: what is added to stays in registers */
#define TALLIED 64               /* columns at a time: each has its own pages, of which the processor remembers few */
#define MOST_MODES 256           /* as _MODES_HIGH in models.py */
#define MOST_RUNS 64             /* in a stretch of times */
#define MOST_SHARED 16           /* pieces of a table that are looked through for the offsets of a run */
#define TASK_BODIES 64           /* bodies that a thread takes at a time; a multiple of every vector */
#define TABLE_BYTES (1 << 19)    /* what two tables of exponentials may fill, so that they stay in the cache */
#define STREAM_BYTES (4 << 20)   /* from this size on a result does not fit the cache anyway */
#define ROWS_BYTES (3 << 17)     /* rows of levels that are made and then ordered while they are in the cache */
#define AHEAD_VECTORS(modes, outputs, steps) ((modes) * (10 + (outputs) + (steps))) /* for a block of bodies */
#define MOST_ROWS 8              /* of a symmetric matrix */
#define NEGLIGIBLE (0x1p-52 / 8) /* beside what stands on the diagonal, as in modes.py */
#define MOST_SWEEPS 40           /* of rotations, which converge in less than ten */
#define MOST_STATES 16           /* of a whole model */
#define MOST_NETWORKS 4
#define MOST_FLOWS (MOST_NETWORKS * MOST_ROWS + 1) /* into one state */
#define GAP_COUNTED 0.1          /* as _GAP_COUNTED in modes.py */
#define SMALLEST_PRODUCT 2e-2    /* stricter than modes.py, so that both answers agree within 1e-10 */
#define MOST_BINS 2048           /* of a histogram: a row's tallies stay in the first cache */
#define MOST_RANKS 64            /* wanted of one row */
#define MOST_GUESSES 8           /* of where ranks are in a row */
#define MOST_NEAR 64             /* numbers in a guess that are compared with each other */
#define LEAST_GUESSED 256        /* numbers in a row below which guessing does not pay */
#define LEAST_SAMPLED 4096       /* numbers in a row from which on a 64th of them tells where to look */
#define MOST_SAMPLED 2048        /* of them at most */
/* How guesses adapt, chosen by trying on the standard work. None of it has any influence on what is found. */
#define FIRST_WIDTH 0.01         /* of a guess, as a part of the way from the first rank to the last */
#define WIDTH_SHRINK 0.97        /* after a row where the guess held */
#define LONG_SHRINK 0.99         /* the same in rows where some members tell where to look */
#define MOST_TRIES 3             /* before a row is ordered without guessing */
#define TASK_ROWS 8              /* rows that a thread orders at a time, at least; the first without guessing */
#define MOST_TASK_ROWS 64

typedef struct { int64_t begin, end, step, at; int runs_in; } Run; /* times begin .. end have the same step of input;
                                                                    * their offsets stand in the table from `at` on */

typedef struct { int64_t first, count, at, width; int runs_in; } Piece; /* of a table: offsets of the times from `first`
                                                                         * on; runs_in where any use of them runs in */

typedef struct { /* some of the output times, with their table of offsets */
    int64_t begin, end, width, runs, pieces;
    double *offset; /* (width,) */
    Run *run;       /* (runs,) */
    Piece *piece;   /* (pieces,) */
} Stretch;

typedef struct { int64_t begin, count, step; double offset; } Leap; /* times begin .. begin + count, the first so
                                                                      * long after the change of their step */

typedef struct {
    int64_t bodies, modes, outputs, steps, times, stretches, width_high, runs_high, aside;
    const double *decay, *residue, *change_at, *rate, *bolus, *dose_scale;
    const int64_t *order;       /* (modes,) the power of time that a mode is multiplied with */
    int64_t *used, *used_count; /* (outputs, modes) and (outputs,): the modes that an output has at all */
    Stretch *stretch;
    double *out;
    int add, by_time, streams;
    Counter *next;
} Work;

typedef struct {
    int places, pairs;
    const int64_t *pair; /* (pairs, 2) */
    const double *volume, *exchange, *loss;
} NetworkData;

typedef struct { int source, source_place, into, into_place; const double *formation; } FeedData;

typedef struct { int network, place; double gain; const double *delay; } OutletData;

typedef struct { /* a model; see ek_modes */
    int64_t bodies;
    int networks, feeds, outputs, into, into_place;
    NetworkData network[MOST_NETWORKS];
    FeedData feed[MOST_NETWORKS];
    OutletData outlet[MOST_STATES];
    const double *fraction, *absorption;
    double *decay, *residue;
    unsigned char *simple;
} ModelData;

typedef struct {
    int64_t rows, count, ranks, task;
    const double *values; /* (rows, count) */
    const int64_t *rank;  /* (ranks,) ascending */
    double *found;        /* (rows, ranks) */
    Counter *next;
} Selection;

static inline int64_t key_of(double x) {
    int64_t bits;
    memcpy(&bits, &x, 8);
    return bits ^ ((bits >> 63) & INT64_MAX);
}

static inline int64_t bin_of(double x, int64_t low, int shift) {
    return (int64_t)(((uint64_t)key_of(x) - (uint64_t)low) >> shift);
}

/* The number of one rank, by parting in place around a pivot (Hoare's FIND); most have a few hundred members. */
static double pick(double *x, int64_t count, int64_t rank) {
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const double a = x[low], b = x[low + (high - low) / 2], c = x[high];
        const double pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i <= j) {
                const double kept = x[i];
                x[i++] = x[j];
                x[j--] = kept;
            }
        }
        if (rank <= j) high = j;
        else if (rank >= i) low = i;
        else break;
    }
    return x[rank];
}

#include "stretches.h"

#define LANES 2
#define NAME(x) x##_base
#define TARGET
#include "levels.h"
#include "rows.h"
#include "symmetric.h"
#include "modes.h"
#include "select.h"
#include "ahead.h"
#include "summary.h"
#undef LANES
#undef NAME
#undef TARGET

#if defined(X86)
#define LANES 4
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma,popcnt")))
#include "levels.h"
#include "rows.h"
#include "symmetric.h"
#include "modes.h"
#include "select.h"
#include "ahead.h"
#include "summary.h"
#undef LANES
#undef NAME
#undef TARGET
#define LANES 8
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl,popcnt")))
#include "levels.h"
#include "rows.h"
#include "symmetric.h"
#include "modes.h"
#include "select.h"
#include "ahead.h"
#include "summary.h"
#undef LANES
#undef NAME
#undef TARGET
#endif

EXPORT int32_t ek_version(void) { return EK_VERSION; }

/* The best instruction set of this machine that was built in: 0 plain, 1 AVX2, 2 AVX-512. */
EXPORT int32_t ek_instructions(void) {
#if defined(X86)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        return 2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 1;
#endif
    return 0;
}

EXPORT int32_t ek_threads(void) { return HAS_THREADS; }

static int64_t lanes_of(int32_t instructions) { return instructions == 2 ? 8 : instructions == 1 ? 4 : 2; }

/* A weight of zero adds nothing, so a course that an output has in no body may be left out of the sum. The course
 * of a mode counts where it or one of higher order in its cluster has a weight. */
static int find_used(Work *w, Arena *arena) {
    const int64_t weights = w->outputs * w->modes;
    w->used = TAKE_SPACE(arena, weights, int64_t);
    w->used_count = TAKE_SPACE(arena, w->outputs, int64_t);
    unsigned char *some = TAKE_SPACE(arena, weights, unsigned char);
    if (!w->used || !w->used_count || !some) return 0;
    for (int64_t n = 0; n < w->bodies; n++)
        for (int64_t q = 0; q < weights; q++) some[q] |= w->residue[n * weights + q] != 0.0;
    for (int64_t o = 0; o < w->outputs; o++, some += w->modes)
        for (int64_t j = 0; j < w->modes; j++) {
            int counts = 0;
            for (int64_t of = j; of == j || (of < w->modes && w->order[of]); of++) counts |= some[of];
            if (counts) w->used[o * w->modes + w->used_count[o]++] = j;
        }
    return 1;
}

typedef struct { const Work *work; int32_t instructions; double *scratch; } Part;

static void *run_part(void *argument) {
    Part *part = argument;
#if defined(X86)
    if (part->instructions == 2) levels_avx512(part->work, part->scratch);
    else if (part->instructions == 1) levels_avx2(part->work, part->scratch);
    else
#endif
        levels_base(part->work, part->scratch);
    return NULL;
}

/* Levels of all bodies at all times. Shapes: order (modes,); decay (bodies, modes); residue (bodies, outputs, modes);
 * change_at, rate, bolus (steps,); step_of_time (-1 before any drug), offset_of_time (times,), a place in offset;
 * dose_scale (bodies,); out (bodies, outputs, times), or with by_time (outputs, times, bodies).
 * Returns 0, or 1 when there is no memory to work in. */
EXPORT int32_t ek_levels(int64_t bodies, int64_t modes, int64_t outputs, const int64_t *order,
                         const double *decay, const double *residue,
                         int64_t steps, const double *change_at, const double *rate, const double *bolus,
                         int64_t times, const int64_t *step_of_time, const int64_t *offset_of_time,
                         const double *offset, const double *dose_scale, double *out,
                         int32_t add, int32_t by_time, int32_t threads, int32_t instructions) {
    if (!bodies || !outputs || !times) return 0;
    if (modes > MOST_MODES) return 1;
    Counter next = COUNTER_AT_ZERO;
    Arena arena = {0};
    Work w = {.bodies = bodies, .modes = modes, .outputs = outputs, .steps = steps, .times = times,
              .order = order, .decay = decay, .residue = residue, .change_at = change_at, .rate = rate, .bolus = bolus,
              .dose_scale = dose_scale, .out = out, .add = add, .by_time = by_time, .next = &next};
    const int64_t lanes = lanes_of(instructions);
    int32_t failed = 1;
    if (cut_stretches(&w, lanes, step_of_time, offset_of_time, offset, &arena) && find_used(&w, &arena)) {
        /* By time, lines are whole where each row begins with one. */
        w.streams = lanes == 8 && !add && bodies * outputs * times * 8 >= STREAM_BYTES &&
                    (by_time ? !(((uintptr_t)out | bodies * 8) & 63) : w.stretches == 1);
        /* Whole vectors are read, and so some places beyond the last of a table. */
        const int64_t vectors = modes * (6 + outputs + steps + 2 * w.runs_high * outputs) + lanes;
        w.aside = lanes * vectors + 2 * modes * w.width_high * (by_time ? lanes : 1);
        const int64_t scratch = w.aside + (add ? times : 0) + lanes;
        Part part[MOST_THREADS];
        if (threads > MOST_THREADS) threads = MOST_THREADS;
        if (threads > (bodies + TASK_BODIES - 1) / TASK_BODIES)
            threads = (int32_t)((bodies + TASK_BODIES - 1) / TASK_BODIES);
        const int64_t apart = (scratch + 7) / 8 * 8;
        double *room = take_space(&arena, apart * threads, 8);
        for (int32_t i = 0; i < threads; i++)
            part[i] = (Part){&w, instructions, room + i * apart};
        if (room) run_all(run_part, part, sizeof(Part), threads), failed = 0;
    }
    release(&arena);
    return failed;
}

/* Levels of all bodies, from time to time, each `every` after the one before. Shapes as above, and begin, length, step
 * (-1 before any drug) and offset (leaps,), whose times follow one another and have one rate throughout. Without
 * ranks: levels into out (outputs, times, bodies). With ranks as in ek_select: what they are in each row of the levels
 * into out (outputs, times, ranks). Returns 0, or 1 when there is no memory to work in or too many ranks. */
EXPORT int32_t ek_ahead(int64_t bodies, int64_t modes, int64_t outputs, const double *decay, const double *residue,
                        int64_t steps, const double *change_at, const double *rate, const double *bolus,
                        int64_t leaps, const int64_t *begin, const int64_t *length, const int64_t *step,
                        const double *offset, double every, int64_t times, int64_t ranks, const int64_t *rank,
                        double *out, int32_t instructions) {
    if (ranks > MOST_RANKS || modes > MOST_STATES || outputs > MOST_STATES || !modes) return 1;
    const int64_t lanes = lanes_of(instructions), blocks = (bodies + lanes - 1) / lanes;
    int64_t rows_high = ROWS_BYTES / (outputs * bodies * 8);
    if (rows_high < 4) rows_high = 4;
    if (rows_high > times) rows_high = times;
    Arena arena = {0};
    int64_t *order = TAKE_SPACE(&arena, modes, int64_t);
    Leap *leap = TAKE_SPACE(&arena, leaps, Leap);
    double *scratch = TAKE_SPACE(&arena, lanes * blocks * AHEAD_VECTORS(modes, outputs, steps), double);
    double *rows = TAKE_SPACE(&arena, ranks ? rows_high * outputs * bodies : 0, double);
    double *room = TAKE_SPACE(&arena, ranks ? bodies + lanes : 0, double);
    const Selection chosen = {.count = bodies, .ranks = ranks, .rank = rank, .found = out};
    Work w = {.bodies = bodies, .modes = modes, .outputs = outputs, .steps = steps, .times = times, .order = order,
              .decay = decay, .residue = residue, .change_at = change_at, .rate = rate, .bolus = bolus, .out = out};
    int32_t failed = 1;
    if (order && leap && scratch && rows && room) {
        for (int64_t i = 0; i < leaps; i++) leap[i] = (Leap){begin[i], length[i], step[i], offset[i]};
#if defined(X86)
        if (instructions == 2) ahead_avx512(&w, leap, leaps, every, scratch, rows, room, rows_high, &chosen);
        else if (instructions == 1) ahead_avx2(&w, leap, leaps, every, scratch, rows, room, rows_high, &chosen);
        else
#endif
            ahead_base(&w, leap, leaps, every, scratch, rows, room, rows_high, &chosen);
        failed = 0;
    }
    release(&arena);
    return failed;
}

/* Reads whole numbers one after the other, each within 0 .. high - 1, or notes that one is not. */
static int64_t read_next(const int64_t **at, int64_t high, int *sound) {
    const int64_t value = *(*at)++;
    if (value < 0 || value >= high) *sound = 0;
    return *sound ? value : 0;
}

/* Modes of a model. `program`: the number of networks, and for each its compartments and exchanges, and each
 * exchange's two compartments; where the entry leads, network and compartment, and 1 if through a depot; the
 * number of feeds, and for each network and compartment of its source and of its target; the number of outputs,
 * and for each network and compartment and 1 if it is delayed. `column`: for each network its volume, exchange
 * and loss (bodies, ...); the entry's fraction and, through a depot, its absorption (bodies,); each feed's
 * formation; each delayed output's delay. `gain` (outputs,). Into decay (bodies, states), residue (bodies,
 * outputs, states) and simple (bodies,), 0 where rates are too near. Returns 1 when the model is too large. */
EXPORT int32_t ek_modes(int64_t bodies, int64_t states, const int64_t *program, const double *const *column,
                        const double *gain, double *decay, double *residue, unsigned char *simple,
                        int32_t instructions) {
    ModelData d = {.bodies = bodies, .decay = decay, .residue = residue, .simple = simple};
    int sound = states <= MOST_STATES;
    int64_t own = 0;
    d.networks = (int)read_next(&program, MOST_NETWORKS + 1, &sound);
    for (int k = 0; k < d.networks && sound; k++) {
        NetworkData *net = d.network + k;
        net->places = (int)read_next(&program, MOST_ROWS + 1, &sound);
        net->pairs = (int)read_next(&program, MOST_ROWS * MOST_ROWS, &sound);
        net->pair = program;
        for (int p = 0; p < 2 * net->pairs && sound; p++) read_next(&program, net->places, &sound);
        net->volume = *column++, net->exchange = *column++, net->loss = *column++;
        own += net->places;
    }
    d.into = (int)read_next(&program, d.networks, &sound);
    d.into_place = (int)read_next(&program, d.network[d.into].places, &sound);
    const int depot = (int)read_next(&program, 2, &sound);
    d.fraction = *column++;
    if (depot) d.absorption = *column++, own++;
    d.feeds = (int)read_next(&program, MOST_NETWORKS + 1, &sound);
    for (int f = 0; f < d.feeds && sound; f++) {
        FeedData *feed = d.feed + f;
        feed->source = (int)read_next(&program, d.networks, &sound);
        feed->source_place = (int)read_next(&program, d.network[feed->source].places, &sound);
        feed->into = (int)read_next(&program, d.networks, &sound);
        feed->into_place = (int)read_next(&program, d.network[feed->into].places, &sound);
        feed->formation = *column++;
        sound = sound && feed->source < feed->into;
    }
    d.outputs = (int)read_next(&program, MOST_STATES + 1, &sound);
    for (int o = 0; o < d.outputs && sound; o++) {
        OutletData *outlet = d.outlet + o;
        outlet->network = (int)read_next(&program, d.networks, &sound);
        outlet->place = (int)read_next(&program, d.network[outlet->network].places, &sound);
        outlet->gain = gain[o];
        if (read_next(&program, 2, &sound)) outlet->delay = *column++, own++;
    }
    if (!sound || own != states) return 1;
#if defined(X86)
    if (instructions == 2) modes_avx512(&d);
    else if (instructions == 1) modes_avx2(&d);
    else
#endif
        modes_base(&d);
    return 0;
}

typedef struct { const Selection *selection; int32_t instructions; double *room; } SelectPart;

static void *run_select_part(void *argument) {
    SelectPart *part = argument;
#if defined(X86)
    if (part->instructions == 2) select_avx512(part->selection, part->room);
    else if (part->instructions == 1) select_avx2(part->selection, part->room);
    else
#endif
        select_base(part->selection, part->room);
    return NULL;
}

/* The numbers of the wanted ranks (ranks,), ascending from 0, in each row of values (rows, count); none of the
 * values may be a NaN. Into found (rows, ranks). Returns 0, or 1 when there is no memory or too many ranks. */
EXPORT int32_t ek_select(int64_t rows, int64_t count, const double *values, int64_t ranks, const int64_t *rank,
                         double *found, int32_t threads, int32_t instructions) {
    if (!rows || !ranks) return 0;
    if (ranks > MOST_RANKS || !count) return 1;
    Counter next = COUNTER_AT_ZERO;
    Arena arena = {0};
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads > (rows + TASK_ROWS - 1) / TASK_ROWS) threads = (int32_t)((rows + TASK_ROWS - 1) / TASK_ROWS);
    int64_t task = (rows + 4 * threads - 1) / (4 * threads);
    task = task < TASK_ROWS ? TASK_ROWS : task > MOST_TASK_ROWS ? MOST_TASK_ROWS : task;
    const Selection selection = {rows, count, ranks, task, values, rank, found, &next};
    SelectPart part[MOST_THREADS];
    int32_t failed = 0;
    for (int32_t i = 0; i < threads; i++) {
        part[i] = (SelectPart){&selection, instructions, TAKE_SPACE(&arena, count + lanes_of(instructions), double)};
        failed |= !part[i].room;
    }
    if (!failed) run_all(run_select_part, part, sizeof(SelectPart), threads);
    release(&arena);
    return failed;
}

/* Adds to sum and squares, and lowers low and raises high, all (columns,), by values (rows, columns). */
EXPORT void ek_moments(int64_t rows, int64_t columns, const double *values, double *sum, double *squares,
                       double *low, double *high) {
#if defined(X86)
    const int32_t instructions = ek_instructions();
    if (instructions == 2) moments_avx512(rows, columns, values, sum, squares, low, high);
    else if (instructions == 1) moments_avx2(rows, columns, values, sum, squares, low, high);
    else
#endif
        moments_base(rows, columns, values, sum, squares, low, high);
}

/* Counts values (rows, columns) in counts (columns, places): the bits of a number above `dropped`, less
 * `first_place`, are its place; what lies below or above all places is counted in the first or the last.
 * Lowers low and raises high (columns,) to the places that are used. */
EXPORT void ek_tally(int64_t rows, int64_t columns, const double *values, int64_t dropped, int64_t first_place,
                     int64_t places, uint32_t *counts, int64_t *low, int64_t *high) {
#if defined(X86)
    const int32_t instructions = ek_instructions();
    if (instructions == 2)
        tally_columns_avx512(rows, columns, values, dropped, first_place, places, counts, low, high);
    else if (instructions == 1)
        tally_columns_avx2(rows, columns, values, dropped, first_place, places, counts, low, high);
    else
#endif
        tally_columns_base(rows, columns, values, dropped, first_place, places, counts, low, high);
}

/* For each column of counts (columns, places), of which those from low to high (columns,) may differ from 0, the places
 * that hold the numbers of the ranks (ranks,), ascending from 0: into place (columns, ranks). */
EXPORT void ek_ranks(int64_t columns, int64_t places, const uint32_t *counts, const int64_t *low, const int64_t *high,
                     int64_t ranks, const int64_t *rank, int64_t *place) {
    for (int64_t c = 0; c < columns; c++, counts += places, place += ranks) {
        int64_t below = 0, r = 0;
        for (int64_t p = low[c]; p <= high[c] && r < ranks; p++) {
            below += counts[p];
            while (r < ranks && rank[r] < below) place[r++] = p;
        }
    }
}

/* The counts in use of each column (see ek_ranks), one column after the other, into packed. Returns the largest count,
 * which must not be more than 65,535 for packed to hold them all. */
EXPORT int64_t ek_pack(int64_t columns, int64_t places, const uint32_t *counts, const int64_t *low,
                       const int64_t *high, uint16_t *packed) {
    uint32_t most = 0;
    for (int64_t c = 0; c < columns; c++, counts += places)
        for (int64_t p = low[c]; p <= high[c]; p++) {
            most = counts[p] > most ? counts[p] : most;
            *packed++ = (uint16_t)counts[p];
        }
    return most;
}

/* Adds counts that were packed, whose places in use are from low to high (columns,). */
EXPORT void ek_unpack(int64_t columns, int64_t places, uint32_t *counts, const int64_t *low, const int64_t *high,
                      const uint16_t *packed) {
    for (int64_t c = 0; c < columns; c++, counts += places)
        for (int64_t p = low[c]; p <= high[c]; p++) counts[p] += *packed++;
}
