/* The output times split into stretches whose tables stay in the cache, and each run of times with the place of its
 * offsets in the table. Runs that lie alike after their changes of input share a place, and so their exponentials.
 */

static int64_t round_up(int64_t count, int64_t to) { return (count + to - 1) / to * to; }

/* Whether the `count` times from `first` on lie as long after their changes as those from `other` on. */
static int alike(const int64_t *offset_of_time, int64_t first, int64_t other, int64_t count) {
    return !memcmp(offset_of_time + first, offset_of_time + other, (size_t)count * sizeof *offset_of_time);
}

/* Give a run its piece of the table: one with the same offsets, one that begins with them or that they begin with, or
 * else a new one. Until all are known `at` is the number of the piece. Returns 0 where the run would not fit. */
static int place_run(Stretch *s, Run run, const int64_t *offset_of_time, int64_t apart, int64_t fitting) {
    if (s->runs == MOST_RUNS) return 0;
    if (run.step >= 0) {
        const int64_t count = run.end - run.begin, oldest = s->pieces > MOST_SHARED ? s->pieces - MOST_SHARED : 0;
        for (run.at = s->pieces - 1; run.at >= oldest; run.at--) {
            const Piece *p = s->piece + run.at;
            if (alike(offset_of_time, p->first, run.begin, p->count < count ? p->count : count)) break;
        }
        if (run.at < oldest) run.at = s->pieces;
        Piece piece = run.at < s->pieces ? s->piece[run.at] : (Piece){0};
        if (count > piece.count) {
            const int64_t width = round_up(count, apart);
            if (s->runs && s->width - piece.width + width > fitting) return 0;
            s->width += width - piece.width;
            piece.first = run.begin, piece.count = count, piece.width = width;
        }
        piece.runs_in |= run.runs_in;
        s->piece[run.at] = piece;
        s->pieces += run.at == s->pieces;
    }
    s->run[s->runs++] = run;
    return 1;
}

/* Lay the pieces out one after the other, each filled up with its last offset. */
static void lay_out(Stretch *s, const int64_t *offset_of_time, const double *offset) {
    int64_t at = 0;
    for (Piece *p = s->piece; p < s->piece + s->pieces; at += p->width, p++) {
        p->at = at;
        for (int64_t i = 0; i < p->width; i++)
            s->offset[at + i] = offset[offset_of_time[p->first + (i < p->count ? i : p->count - 1)]];
    }
    for (Run *run = s->run; run < s->run + s->runs; run++)
        if (run->step >= 0) run->at = s->piece[run->at].at;
}

static int cut_stretches(Work *w, int64_t lanes, const int64_t *step_of_time, const int64_t *offset_of_time,
                         const double *offset, Arena *arena) {
    const int64_t apart = w->by_time ? 1 : lanes;
    int64_t fitting = TABLE_BYTES / (w->modes * (w->by_time ? lanes : 1) * 16);
    if (fitting < 8) fitting = 8;
    w->stretch = TAKE_SPACE(arena, w->times, Stretch);
    Run *run = TAKE_SPACE(arena, w->times, Run);
    Piece *piece = TAKE_SPACE(arena, w->times, Piece);
    double *own = TAKE_SPACE(arena, w->times * apart, double);
    if (!w->stretch || !run || !piece || !own) return 0;
    for (int64_t t = 0; t < w->times;) {
        Stretch *s = w->stretch + w->stretches++;
        *s = (Stretch){.begin = t, .offset = own, .run = run, .piece = piece};
        while (t < w->times) {
            Run next = {.begin = t, .end = t, .step = step_of_time[t]};
            while (next.end < w->times && step_of_time[next.end] == next.step && next.end - t < fitting) next.end++;
            next.runs_in = next.step >= 0 && w->rate[next.step] != 0.0;
            if (!place_run(s, next, offset_of_time, apart, fitting)) break;
            t = next.end;
        }
        s->end = t;
        lay_out(s, offset_of_time, offset);
        if (s->width > w->width_high) w->width_high = s->width;
        if (s->runs > w->runs_high) w->runs_high = s->runs;
        own += s->width, run += s->runs, piece += s->pieces;
    }
    return 1;
}
