/* The fit of one person to measured levels, as in individual.py, posterior.py and sensitivities.py: the same
 * objective, the same exact derivatives through the modes, the same steps.
 *
 * The system is block-triangular: groups of states that exchange drug both ways, each of which becomes
 * symmetric when amounts are scaled by the root of a volume, and groups fed by earlier ones. The eigenvectors of
 * the whole follow from those of the groups. Where two groups share a decay rate they do not exist, and the
 * caller is told to go the slower way.
 */

#include "platform.h"

#include <math.h>

#define MOST_STATES 16
#define MOST_PARAMETERS 16
#define MOST_SWEEPS 50

/* Answers of ek_fit. */
#define FOUND 0
#define MODES_TOO_ALIKE 1
#define NOT_AT_REST 2
#define EMPTY_READING 3
#define NO_MEMORY 4

/* As in posterior.py and sensitivities.py. */
#define STEP_SQUARED 1e-8
#define MOST_STEPS 100
#define ROUNDING 1e-12
#define COINCIDENT 1e-6
#define CONDITION_LIMIT 1e5
#define SMALL_EXPONENT 0.05

/* A LogLinearSystem, what was given, and the prior. Arrays as there, in C order; the steps and boluses of all
 * inlets one after the other. */
typedef struct {
    int64_t states, rates, parameters, readings, inlets, steps, boluses;
    const double *pattern, *log_rate, *rate_power;
    const int64_t *reading_state;
    const double *log_scale, *reading_power;
    const int64_t *inlet_state, *inlet_steps, *inlet_boluses;
    const double *log_fraction, *inlet_power;
    const double *step_rate, *lasting, *after;
    const double *bolus, *since_bolus;
    const double *precision;
} Model;

typedef struct {
    int64_t group[MOST_STATES]; /* of each state; a group comes after those that feed it */
    int64_t order[MOST_STATES]; /* the states by group */
    int64_t from[MOST_STATES];  /* a neighbor of the same group that comes earlier in `order`, or -1 */
} Groups;

typedef double Square[MOST_STATES][MOST_STATES];

typedef struct {
    double decay[MOST_STATES];
    Square vectors, inverse;
} Eigen;

static double dot(const double *a, const double *b, int64_t count) {
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static void fill_matrix(const Model *m, const double *rate, Square matrix) {
    for (int64_t i = 0; i < m->states; i++)
        for (int64_t j = 0; j < m->states; j++)
            matrix[i][j] = dot(m->pattern + (i * m->states + j) * m->rates, rate, m->rates);
}

/* Which states exchange drug both ways, and in which order the groups feed each other. */
static void find_groups(int64_t n, Square matrix, Groups *g) {
    char reaches[MOST_STATES][MOST_STATES]; /* reaches[i][j]: drug in j can come to i */
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) reaches[i][j] = i == j || matrix[i][j] != 0.0;
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) reaches[i][j] |= reaches[i][k] && reaches[k][j];
    int64_t placed = 0, groups = 0;
    char done[MOST_STATES] = {0};
    while (placed < n) {
        for (int64_t i = 0; i < n; i++) {
            if (done[i]) continue;
            char fed = 0; /* by a group that has no place yet */
            for (int64_t j = 0; j < n; j++) fed |= !done[j] && reaches[i][j] && !reaches[j][i];
            if (fed) continue;
            const int64_t first = placed;
            g->order[placed] = i, g->from[i] = -1, g->group[i] = groups, done[i] = 1, placed++;
            for (int64_t at = first; at < placed; at++)
                for (int64_t j = 0; j < n; j++) {
                    const int64_t k = g->order[at];
                    if (done[j] || !(reaches[i][j] && reaches[j][i]) || matrix[k][j] == 0.0) continue;
                    g->order[placed] = j, g->from[j] = k, g->group[j] = groups, done[j] = 1, placed++;
                }
            groups++;
            break;
        }
    }
}

/* Eigenvalues on the diagonal of `a` and eigenvectors in the columns of `q`: Jacobi's rotations. */
static int rotate_to_diagonal(int64_t n, Square a, Square q) {
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
        double off = 0.0, on = 0.0;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) *(i == j ? &on : &off) += a[i][j] * a[i][j];
        if (off <= 1e-32 * on) return 1;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i + 1; j < n; j++) {
                if (a[i][j] == 0.0) continue;
                const double theta = (a[j][j] - a[i][i]) / (2.0 * a[i][j]);
                const double t = (theta < 0 ? -1.0 : 1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
                const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (int64_t k = 0; k < n; k++) {
                    const double x = a[k][i], y = a[k][j];
                    a[k][i] = c * x - s * y, a[k][j] = s * x + c * y;
                }
                for (int64_t k = 0; k < n; k++) {
                    const double x = a[i][k], y = a[j][k];
                    a[i][k] = c * x - s * y, a[j][k] = s * x + c * y;
                    const double u = q[k][i], v = q[k][j];
                    q[k][i] = c * u - s * v, q[k][j] = s * u + c * v;
                }
                a[i][j] = a[j][i] = 0.0;
            }
    }
    return 0;
}

static int solve_modes(int64_t n, Square matrix, const Groups *g, Eigen *e) {
    double scale[MOST_STATES];
    Square inner = {{0}}, turn = {{0}}, coupled, half, lower = {{0}}, back = {{0}};
    for (int64_t at = 0; at < n; at++) {
        const int64_t i = g->order[at], k = g->from[i];
        if (k >= 0 && !(matrix[i][k] / matrix[k][i] > 0.0)) return 0;
        scale[i] = k < 0 ? 1.0 : scale[k] * sqrt(matrix[i][k] / matrix[k][i]);
    }
    for (int64_t i = 0; i < n; i++) {
        turn[i][i] = 1.0;
        for (int64_t j = 0; j < n; j++)
            if (g->group[i] == g->group[j]) inner[i][j] = matrix[i][j] * scale[j] / scale[i];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            if (fabs(inner[i][j] - inner[j][i]) > 1e-9 * fabs(inner[i][j])) return 0;
            inner[i][j] = inner[j][i] = 0.5 * (inner[i][j] + inner[j][i]);
        }
    if (!rotate_to_diagonal(n, inner, turn)) return 0;
    double fastest = 0.0;
    for (int64_t i = 0; i < n; i++) {
        e->decay[i] = inner[i][i];
        if (!(e->decay[i] > 0.0)) return 0;
        if (e->decay[i] > fastest) fastest = e->decay[i];
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            if (fabs(e->decay[i] - e->decay[j]) <= COINCIDENT * fastest) return 0;
    /* How a mode of one group drives those of another. */
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            half[i][j] = 0.0;
            for (int64_t k = 0; k < n; k++) half[i][j] += matrix[i][k] * scale[k] * turn[k][j];
        }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            coupled[i][j] = 0.0;
            if (g->group[i] != g->group[j])
                for (int64_t k = 0; k < n; k++) coupled[i][j] += turn[k][i] / scale[k] * half[k][j];
        }
    for (int64_t a = 0; a < n; a++) {
        const int64_t i = g->order[a];
        lower[i][i] = back[i][i] = 1.0;
        for (int64_t b = a + 1; b < n; b++) {
            const int64_t r = g->order[b];
            double driven = 0.0;
            for (int64_t c = a; c < b; c++) driven += coupled[r][g->order[c]] * lower[g->order[c]][i];
            if (driven != 0.0) lower[r][i] = driven / (e->decay[i] - e->decay[r]);
        }
    }
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = a + 1; b < n; b++) {
            const int64_t i = g->order[a], r = g->order[b];
            double sum = 0.0;
            for (int64_t c = a; c < b; c++) sum += lower[r][g->order[c]] * back[g->order[c]][i];
            back[r][i] = -sum;
        }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) {
            double forth = 0.0, inverse = 0.0;
            for (int64_t k = 0; k < n; k++) forth += turn[i][k] * lower[k][j], inverse += back[i][k] * turn[j][k];
            e->vectors[i][j] = scale[i] * forth;
            e->inverse[i][j] = inverse / scale[j];
        }
    for (int64_t i = 0; i < n; i++) {
        double column = 0.0, row = 0.0;
        for (int64_t k = 0; k < n; k++)
            column += e->vectors[k][i] * e->vectors[k][i], row += e->inverse[i][k] * e->inverse[i][k];
        if (!(column * row < CONDITION_LIMIT * CONDITION_LIMIT)) return 0;
    }
    return 1;
}

/* Integrals over u from 0 to `length` of exp(-decay u) and of u exp(-decay u). */
static void entered(double decay, double length, double *amount, double *moment) {
    const double x = decay * length, fallen = -expm1(-x);
    *amount = fallen / decay;
    if (x >= SMALL_EXPONENT) {
        *moment = (fallen - x * (1.0 - fallen)) / (decay * decay);
        return;
    }
    double series = 1.0 / 45360.0;
    series = series * -x + 1.0 / 5760.0;
    series = series * -x + 1.0 / 840.0;
    series = series * -x + 1.0 / 144.0;
    series = series * -x + 1.0 / 30.0;
    series = series * -x + 1.0 / 8.0;
    series = series * -x + 1.0 / 3.0;
    series = series * -x + 1.0 / 2.0;
    *moment = length * length * series;
}

/* What each mode holds of a unit through one inlet at one reading, and the derivative by its decay rate. */
static void respond(const Model *m, const double *decay, int64_t reading, int64_t step, int64_t steps,
                    int64_t bolus, int64_t boluses, double *response, double *slope) {
    for (int64_t j = 0; j < m->states; j++) {
        response[j] = slope[j] = 0.0;
        for (int64_t i = step; i < step + steps; i++) {
            const double after = m->after[reading * m->steps + i], lasting = m->lasting[reading * m->steps + i];
            if (lasting <= 0.0) continue;
            double amount, moment;
            entered(decay[j], lasting, &amount, &moment);
            const double left = m->step_rate[i] * exp(-decay[j] * after);
            response[j] += left * amount;
            slope[j] -= left * (after * amount + moment);
        }
        for (int64_t i = bolus; i < bolus + boluses; i++) {
            const double since = m->since_bolus[reading * m->boluses + i];
            if (since < 0.0) continue;
            const double left = m->bolus[i] * exp(-decay[j] * since);
            response[j] += left;
            slope[j] -= left * since;
        }
    }
}

/* Levels (readings) and their derivatives by the log of each parameter (readings, parameters). */
static int find_levels(const Model *m, const Groups *g, const double *deviation, double *rate, double *level,
                       double *derivative) {
    const int64_t n = m->states, p = m->parameters;
    Square matrix;
    Eigen e;
    for (int64_t k = 0; k < m->rates; k++)
        rate[k] = exp(m->log_rate[k] + dot(m->rate_power + k * p, deviation, p));
    fill_matrix(m, rate, matrix);
    if (!solve_modes(n, matrix, g, &e)) return 0;
    for (int64_t r = 0; r < m->readings; r++) {
        const double scale = exp(m->log_scale[r] + dot(m->reading_power + r * p, deviation, p));
        double *slopes = derivative + r * p, total = 0.0, row[MOST_STATES];
        Square turned = {{0}};
        for (int64_t i = 0; i < n; i++) row[i] = scale * e.vectors[m->reading_state[r]][i];
        for (int64_t i = 0; i < p; i++) slopes[i] = 0.0;
        int64_t step = 0, bolus = 0;
        for (int64_t u = 0; u < m->inlets; u++) {
            const double fraction = exp(m->log_fraction[u] + dot(m->inlet_power + u * p, deviation, p));
            double response[MOST_STATES], slope[MOST_STATES], held[MOST_STATES], share = 0.0;
            respond(m, e.decay, r, step, m->inlet_steps[u], bolus, m->inlet_boluses[u], response, slope);
            step += m->inlet_steps[u], bolus += m->inlet_boluses[u];
            for (int64_t i = 0; i < n; i++) {
                held[i] = fraction * e.inverse[i][m->inlet_state[u]];
                share += row[i] * response[i] * held[i];
            }
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j < n; j++) {
                    const double gap = e.decay[i] - e.decay[j];
                    const double divided = i == j ? slope[i] : (response[i] - response[j]) / gap;
                    turned[i][j] += row[i] * divided * held[j];
                }
            for (int64_t i = 0; i < p; i++) slopes[i] += share * m->inlet_power[u * p + i];
            total += share;
        }
        /* Back from the modes to the states, then along each rate. */
        Square half, whole;
        for (int64_t a = 0; a < n; a++)
            for (int64_t j = 0; j < n; j++) {
                half[a][j] = 0.0;
                for (int64_t i = 0; i < n; i++) half[a][j] += e.inverse[i][a] * turned[i][j];
            }
        for (int64_t a = 0; a < n; a++)
            for (int64_t b = 0; b < n; b++) whole[a][b] = dot(half[a], e.vectors[b], n);
        for (int64_t k = 0; k < m->rates; k++) {
            double along = 0.0;
            for (int64_t a = 0; a < n; a++)
                for (int64_t b = 0; b < n; b++) along += m->pattern[(a * n + b) * m->rates + k] * whole[a][b];
            for (int64_t i = 0; i < p; i++) slopes[i] += along * rate[k] * m->rate_power[k * p + i];
        }
        for (int64_t i = 0; i < p; i++) slopes[i] += total * m->reading_power[r * p + i];
        level[r] = total;
    }
    return 1;
}

/* Cholesky: `a` (n, n) becomes its lower root. 0 when it is not positive definite. */
static int root(int64_t n, double *a) {
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = j; i < n; i++) {
            double sum = a[i * n + j];
            for (int64_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0.0)) return 0;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    return 1;
}

static void solve_with_root(int64_t n, const double *lower, double *x) {
    for (int64_t i = 0; i < n; i++) {
        for (int64_t k = 0; k < i; k++) x[i] -= lower[i * n + k] * x[k];
        x[i] /= lower[i * n + i];
    }
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < n; k++) x[i] -= lower[k * n + i] * x[k];
        x[i] /= lower[i * n + i];
    }
}

/* Misfits over the SD (readings) and their derivatives, from levels; the objective, or infinity where a level
 * has vanished. */
static double weigh(const Model *m, const double *deviation, const double *log_measured, const double *sd,
                    const double *level, double *off, double *slope) {
    const int64_t p = m->parameters;
    double objective = 0.0;
    for (int64_t r = 0; r < m->readings; r++) {
        if (!(level[r] > 0.0)) return INFINITY;
        off[r] = (log(level[r]) - log_measured[r]) / sd[r];
        for (int64_t i = 0; i < p; i++) slope[r * p + i] /= level[r] * sd[r];
        objective += off[r] * off[r];
    }
    for (int64_t i = 0; i < p; i++) objective += deviation[i] * dot(m->precision + i * p, deviation, p);
    return objective;
}

/* The posterior for levels whose logs are `log_measured` (readings), with the SD `sd` (readings).
 *
 * Into `deviation` (parameters), `covariance` (parameters, parameters), `predicted` (readings), `objective` (1)
 * and `steps` (1); in EMPTY_READING's case `steps` is the reading that no drug can have reached. */
EXPORT int32_t ek_fit(const Model *m, const double *log_measured, const double *sd, double *deviation,
                      double *covariance, double *predicted, double *objective, int64_t *steps) {
    const int64_t p = m->parameters, n = m->readings;
    if (m->states > MOST_STATES || p > MOST_PARAMETERS) return MODES_TOO_ALIKE;
    Arena arena = {.count = 0};
    double *rate = TAKE_SPACE(&arena, m->rates, double);
    double *off = TAKE_SPACE(&arena, n, double), *off_there = TAKE_SPACE(&arena, n, double);
    double *slope = TAKE_SPACE(&arena, n * p, double), *slope_there = TAKE_SPACE(&arena, n * p, double);
    double *level = TAKE_SPACE(&arena, n, double);
    double downhill[MOST_PARAMETERS], move[MOST_PARAMETERS], there[MOST_PARAMETERS];
    double curvature[MOST_PARAMETERS * MOST_PARAMETERS], held[MOST_PARAMETERS * MOST_PARAMETERS];
    int32_t answer = NO_MEMORY;
    if (!rate || !off || !off_there || !slope || !slope_there || !level) goto end;
    Groups groups;
    Square matrix;
    for (int64_t i = 0; i < p; i++) deviation[i] = 0.0;
    for (int64_t k = 0; k < m->rates; k++) rate[k] = exp(m->log_rate[k]);
    fill_matrix(m, rate, matrix);
    find_groups(m->states, matrix, &groups);
    answer = MODES_TOO_ALIKE;
    if (!find_levels(m, &groups, deviation, rate, predicted, slope)) goto end;
    answer = EMPTY_READING;
    for (int64_t r = 0; r < n; r++) {
        *steps = r;
        if (!(predicted[r] > 0.0)) goto end;
    }
    *objective = weigh(m, deviation, log_measured, sd, predicted, off, slope);
    double held_back = 0.0;
    for (*steps = 0; *steps < MOST_STEPS; (*steps)++) {
        for (int64_t i = 0; i < p; i++) {
            downhill[i] = dot(m->precision + i * p, deviation, p);
            for (int64_t r = 0; r < n; r++) downhill[i] += slope[r * p + i] * off[r];
            for (int64_t j = 0; j < p; j++) {
                double sum = m->precision[i * p + j];
                for (int64_t r = 0; r < n; r++) sum += slope[r * p + i] * slope[r * p + j];
                curvature[i * p + j] = sum;
                held[i * p + j] = sum + held_back * m->precision[i * p + j];
            }
        }
        answer = NOT_AT_REST;
        if (!root(p, held)) goto end;
        for (int64_t i = 0; i < p; i++) move[i] = -downhill[i];
        solve_with_root(p, held, move);
        const double expected_fall = -dot(downhill, move, p);
        if (expected_fall < STEP_SQUARED) {
            if (!root(p, curvature)) goto end;
            for (int64_t i = 0; i < p; i++) deviation[i] += move[i];
            for (int64_t r = 0; r < n; r++) predicted[r] *= exp(sd[r] * dot(slope + r * p, move, p));
            *objective -= expected_fall;
            for (int64_t i = 0; i < p; i++) {
                double *row = covariance + i * p;
                for (int64_t j = 0; j < p; j++) row[j] = i == j ? 1.0 : 0.0;
                solve_with_root(p, curvature, row);
            }
            answer = FOUND;
            goto end;
        }
        for (int64_t i = 0; i < p; i++) there[i] = deviation[i] + move[i];
        answer = MODES_TOO_ALIKE;
        if (!find_levels(m, &groups, there, rate, level, slope_there)) goto end;
        const double objective_there = weigh(m, there, log_measured, sd, level, off_there, slope_there);
        if (objective_there <= *objective * (1.0 + ROUNDING)) {
            memcpy(deviation, there, (size_t)p * sizeof(double));
            memcpy(off, off_there, (size_t)n * sizeof(double));
            memcpy(slope, slope_there, (size_t)(n * p) * sizeof(double));
            memcpy(predicted, level, (size_t)n * sizeof(double));
            *objective = objective_there;
            held_back = held_back > 1e-3 ? held_back / 10.0 : 0.0;
        } else {
            held_back = 10.0 * held_back > 1.0 ? 10.0 * held_back : 1.0;
        }
        answer = NOT_AT_REST;
    }
end:
    release(&arena);
    return answer;
}
