/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switching between sets of platforms.
 *
 *   1. States while counting: numbers of sets of platforms
 *   2. The moves of one user
 *   3. Who stays gone
 *   4. Which platforms are told apart
 *   5. States as they are shown
 *   6. Listing
 *   7. In and out of each platform
 */
#include "users/switching.h"

#include "base/buffer.h"
#include "base/dictionary.h"
#include "users/transitions.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. States while counting ---------------------------------------------------------------- */

/* Behind these two come the platforms, each alone, by rank, and behind them the sets of several, in
 * the order in which the worker met them: their text is the array of ranks. By share of time the
 * states of time-share.h come in place of both. */
enum { NEW, GONE, ALONE };
#define ABSENT UINT32_MAX /* there in name only: no time was spent */

struct counting {
    const struct presence *presence;
    const decimal *sole;
    uint32_t n_platforms;
    uint32_t n_single; /* states of one platform */
    bool between;
    size_t from, to; /* steps, with `between` */
    struct time_share_counts time;
    struct dictionary sets;
    struct transitions counts;
    uint32_t *set; /* scratch: the platforms of one step */
};

static int state_of(struct counting *counting, const struct presence_stay *stays, size_t n,
                    uint32_t *ret, struct error *err) {
    if (counting->sole) {
        const struct time_share share = time_share_of(stays, n, *counting->sole);
        time_share_count(&counting->time, &share);
        *ret = share.spent ? ALONE + time_share_state(&share) : ABSENT;
        return 0;
    }
    if (n == 1) {
        *ret = ALONE + stays[0].platform;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        counting->set[i] = stays[i].platform;
    const struct text key = {(const char *)counting->set, n * sizeof *counting->set};
    uint32_t code;
    if (dictionary_add(&counting->sets, key, &code, err))
        return err->code;
    *ret = ALONE + counting->n_single + code;
    return 0;
}

/* ---- 2. The moves of one user ---------------------------------------------------------------- */

static void counting_destroy(void *state) {
    struct counting *counting = state;
    if (!counting)
        return;
    dictionary_free(&counting->sets);
    transitions_free(&counting->counts);
    free(counting->set);
    free(counting);
}

static int counting_begin(void *context, void **ret_state, struct error *err) {
    const struct counting *like = context;
    struct counting *counting = malloc(sizeof *counting);
    if (!counting)
        return error_memory(err);
    *counting = *like;
    counting->set = malloc((like->n_platforms + 1) * sizeof *counting->set);
    if (!counting->set) {
        free(counting);
        return error_memory(err);
    }
    *ret_state = counting;
    return 0;
}

static size_t stays_in_step(const struct presence_user *user, size_t i) {
    size_t end = i + 1;
    while (end < user->n && user->stays[end].step == user->stays[i].step)
        end++;
    return end - i;
}

static int count(struct counting *counting, size_t step, uint32_t from, uint32_t to,
                 struct error *err) {
    return transitions_add(&counting->counts, (int32_t)step, from, to, 1, err);
}

/* From each step to the next, but for those from (gone) to (gone). */
static int add_all(struct counting *counting, const struct presence_user *user, struct error *err) {
    const size_t n_steps = presence_steps(counting->presence);
    uint32_t state = NEW, next = NEW;
    size_t step = 0; /* of `state` */
    for (size_t i = 0, n; i < user->n; i += n) {
        n = stays_in_step(user, i);
        if (state_of(counting, user->stays + i, n, &next, err))
            return err->code;
        if (next == ABSENT)
            continue;
        const size_t now = user->stays[i].step;
        if (state != NEW && now > step + 1) {
            if (count(counting, step + 1, state, GONE, err))
                return err->code;
            state = GONE;
        }
        if (now > 0 && count(counting, now, state, next, err))
            return err->code;
        state = next;
        step = now;
    }
    return state != NEW && step + 1 < n_steps ? count(counting, step + 1, state, GONE, err) : 0;
}

static bool is_there(const struct counting *counting, const struct presence_stay *stays, size_t n) {
    return !counting->sole || time_share_of(stays, n, *counting->sole).spent;
}

/* The state in one step: never seen up to it, gone, or there. */
static int state_in(struct counting *counting, const struct presence_user *user, size_t step,
                    uint32_t *ret, struct error *err) {
    *ret = NEW;
    for (size_t i = 0, n; i < user->n && user->stays[i].step <= step; i += n) {
        const struct presence_stay *stays = user->stays + i;
        n = stays_in_step(user, i);
        uint32_t here = GONE;
        if (stays->step == step ? state_of(counting, stays, n, &here, err) : 0)
            return err->code;
        if (here != ABSENT && is_there(counting, stays, n))
            *ret = here;
    }
    return 0;
}

static int counting_add(void *state, const struct presence_user *user, struct error *err) {
    struct counting *counting = state;
    if (!counting->between)
        return add_all(counting, user, err);
    uint32_t from = NEW, to = NEW;
    if (state_in(counting, user, counting->from, &from, err) ||
        state_in(counting, user, counting->to, &to, err))
        return err->code;
    return to == NEW ? 0 : count(counting, counting->to, from, to, err);
}

static int counting_merge(void *into_state, void *from_state, struct error *err) {
    struct counting *into = into_state;
    const struct counting *from = from_state;
    const uint32_t alone = ALONE + from->n_single;
    uint32_t *states = malloc((alone + from->sets.count) * sizeof *states);
    if (!states)
        return error_memory(err);
    for (uint32_t i = 0; i < alone; i++)
        states[i] = i;
    int status = dictionary_merge(&into->sets, &from->sets, states + alone, err);
    for (uint32_t i = 0; i < from->sets.count && !status; i++)
        states[alone + i] += alone;
    if (!status)
        status = transitions_merge(&into->counts, &from->counts, states, err);
    time_share_add(&into->time, &from->time);
    free(states);
    return status;
}

/* ---- 3. Who stays gone ----------------------------------------------------------------------- */

/* Who left comes back or stays gone: no need to have counted it user by user, period by period. */
static int add_those_who_stay_gone(struct counting *counting, struct error *err) {
    const size_t n_steps = presence_steps(counting->presence);
    int64_t *leave = calloc(n_steps + 1, sizeof *leave), *back = calloc(n_steps + 1, sizeof *back);
    if (!leave || !back) {
        free(leave);
        free(back);
        return error_memory(err);
    }
    const struct transition *move;
    for (size_t place = 0; transitions_next(&counting->counts, &place, &move);) {
        if (move->to == GONE)
            leave[move->period] += (int64_t)move->users;
        if (move->from == GONE)
            back[move->period] += (int64_t)move->users;
    }
    int64_t gone = 0;
    int status = 0;
    for (size_t step = 0; step < n_steps && !status; step++) {
        const int64_t stay = gone - back[step];
        if (stay > 0)
            status = transitions_add(&counting->counts, (int32_t)step, GONE, GONE, stay, err);
        gone = stay + leave[step];
    }
    free(leave);
    free(back);
    return status;
}

/* ---- 4. Which platforms are told apart ------------------------------------------------------- */

/* Puts the platforms of a state while counting into counting->set; returns how many they are. A key
 * of a dictionary stands at any address, so it is copied before it is read as numbers. */
static size_t members(const struct counting *counting, uint32_t state) {
    if (state < ALONE)
        return 0;
    if (state < ALONE + counting->n_single) {
        counting->set[0] = counting->sole ? time_share_platform(state - ALONE) : state - ALONE;
        return 1;
    }
    const struct text key = dictionary_name(&counting->sets, state - ALONE - counting->n_single);
    memcpy(counting->set, key.bytes, key.length);
    return key.length / sizeof *counting->set;
}

static void count_users(const struct counting *counting, uint32_t state, int64_t users,
                        int64_t *platforms) {
    const size_t n = members(counting, state);
    for (size_t i = 0; i < n; i++)
        platforms[counting->set[i]] += users;
}

/* shown[rank] = number of the platform as it is shown, by name, the last being (other). */
static int choose_platforms(const struct counting *counting,
                            const struct switching_options *options, struct switching *ret,
                            uint32_t *shown, struct error *err) {
    const uint32_t n = counting->n_platforms;
    int64_t *users = calloc(n + (size_t)1, sizeof *users);
    ret->platforms = calloc(n + (size_t)1, sizeof *ret->platforms);
    if (!users || !ret->platforms) {
        free(users);
        return error_memory(err);
    }
    const struct transition *move;
    const size_t first = counting->between ? counting->to : 1;
    for (size_t place = 0; transitions_next(&counting->counts, &place, &move);) {
        count_users(counting, move->to, (int64_t)move->users, users);
        if ((size_t)move->period == first)
            count_users(counting, move->from, (int64_t)move->users, users);
    }
    uint32_t own = 0;
    int status =
        presence_choose(counting->presence, users, options->top, shown, &own, &ret->others, err);
    free(users);
    ret->n_platforms = own;
    for (uint32_t rank = 0; rank < n && !status; rank++) {
        if (shown[rank] < own)
            ret->platforms[shown[rank]] = presence_platform(counting->presence, rank);
        else
            ret->n_platforms = own + 1;
    }
    if (ret->n_platforms > own)
        ret->platforms[own] = text_of(SWITCHING_OTHER);
    return status;
}

/* The presence goes before the result does. */
static int own_names(struct switching *switching, struct error *err) {
    for (uint32_t i = 0; i < switching->n_platforms; i++) {
        struct text *name = &switching->platforms[i];
        if (text_is(*name, SWITCHING_NEW) || text_is(*name, SWITCHING_GONE))
            return error_set(err, ERROR_DATA,
                             "found a platform called '%.*s', which is the name of a state; "
                             "expected platforms only: leave such rows out",
                             (int)name->length, name->bytes);
        name->bytes = arena_text(&switching->arena, name->bytes, name->length);
        if (!name->bytes)
            return error_memory(err);
    }
    return 0;
}

/* ---- 5. States as they are shown ------------------------------------------------------------- */

/* A state while counting, on its way to the one that is shown. */
struct naming {
    struct switching *switching;
    const char *join;
    bool by_share;
    struct dictionary sets; /* of the platforms as they are shown; by share: one, and if mostly */
    struct buffer text;
    uint32_t *set;
};

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The number, in naming->sets, of the set that these platforms are as they are shown. */
static int show_set(struct naming *naming, const uint32_t *ranks, size_t n, const uint32_t *shown,
                    uint32_t *ret, struct error *err) {
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        naming->set[i] = shown[ranks[i]];
    qsort(naming->set, n, sizeof *naming->set, by_number);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || naming->set[kept - 1] != naming->set[i])
            naming->set[kept++] = naming->set[i];
    const struct text key = {(const char *)naming->set, kept * sizeof *naming->set};
    return dictionary_add(&naming->sets, key, ret, err);
}

/* By share of time: the same of the one platform, and whether they are there mostly. */
static int show_share(struct naming *naming, uint32_t state, const uint32_t *shown, uint32_t *ret,
                      struct error *err) {
    const uint32_t pair[] = {shown[time_share_platform(state)], time_share_mostly(state)};
    const struct text key = {(const char *)pair, sizeof pair};
    return dictionary_add(&naming->sets, key, ret, err);
}

static int own_name(struct naming *naming, struct switching_state *state, struct error *err) {
    if (buffer_check(&naming->text, err))
        return err->code;
    state->name.length = naming->text.length;
    state->name.bytes =
        arena_text(&naming->switching->arena, naming->text.bytes, naming->text.length);
    return state->name.bytes ? 0 : error_memory(err);
}

static int name_state(struct naming *naming, uint32_t code, struct switching_state *ret,
                      struct error *err) {
    struct switching *switching = naming->switching;
    const struct text key = dictionary_name(&naming->sets, code);
    uint32_t *platforms = arena_alloc(&switching->arena, key.length);
    if (!platforms)
        return error_memory(err);
    memcpy(platforms, key.bytes, key.length);
    ret->platforms = platforms;
    buffer_clear(&naming->text);
    if (naming->by_share) {
        ret->n = 1;
        ret->mostly = platforms[1];
        time_share_name(&naming->text, switching->platforms[platforms[0]], ret->mostly);
        return own_name(naming, ret, err);
    }
    ret->n = key.length / sizeof *platforms;
    for (size_t i = 0; i < ret->n; i++) {
        const struct text name = switching->platforms[platforms[i]];
        if (i > 0)
            buffer_text(&naming->text, naming->join);
        buffer_append(&naming->text, name.bytes, name.length);
    }
    return own_name(naming, ret, err);
}

/* A state and the code that it had before it was sorted. */
struct named {
    struct switching_state state;
    uint32_t code;
};

static int by_name(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    const bool last = text_is(x->state.name, SWITCHING_OTHER);
    if (last != text_is(y->state.name, SWITCHING_OTHER))
        return last ? 1 : -1;
    return text_compare(x->state.name, y->state.name);
}

/* Platforms are numbered by name, (other) last. */
static int by_share(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    const uint32_t p = x->state.platforms[0], q = y->state.platforms[0];
    return p != q ? (p > q) - (p < q) : x->state.mostly - y->state.mostly;
}

/* Sorts the states, and makes codes[set] their number. */
static int sort_states(struct naming *naming, uint32_t *codes, struct error *err) {
    struct switching *switching = naming->switching;
    const uint32_t n = naming->sets.count;
    struct named *named = calloc(n + 1, sizeof *named);
    switching->states = calloc(n + 2, sizeof *switching->states);
    if (!named || !switching->states) {
        free(named);
        return error_memory(err);
    }
    int status = 0;
    for (uint32_t i = 0; i < n && !status; i++) {
        named[i].code = i;
        status = name_state(naming, i, &named[i].state, err);
    }
    if (!status)
        qsort(named, n, sizeof *named, naming->by_share ? by_share : by_name);
    for (uint32_t i = 0; i < n && !status; i++) {
        const struct text name = named[i].state.name;
        if (i > 0 && text_equal(named[i - 1].state.name, name))
            status = error_set(err, ERROR_DATA,
                               "'%.*s' is a platform, or several, and reads the same: choose "
                               "another mark than '%s' to join the names of platforms",
                               (int)name.length, name.bytes, naming->join);
        switching->states[i] = named[i].state;
        codes[named[i].code] = i;
    }
    if (!status) {
        switching->states[n].name = text_of(SWITCHING_NEW);
        switching->states[n + 1].name = text_of(SWITCHING_GONE);
        switching->n_states = n + 2;
    }
    free(named);
    return status;
}

static bool occurs(const struct counting *counting, uint32_t state, const bool *seen) {
    return state >= ALONE + counting->n_single || seen[state];
}

/* numbers[state while counting] = number of the state as it is shown. */
static int show_states(const struct counting *counting, struct naming *naming,
                       const uint32_t *shown, uint32_t *numbers, struct error *err) {
    const uint32_t n = ALONE + counting->n_single + counting->sets.count;
    bool *seen = calloc(n, sizeof *seen);
    uint32_t *codes = calloc(n, sizeof *codes); /* no more sets than states */
    int status = 0;
    const struct transition *move;
    if (!seen || !codes) {
        free(seen);
        free(codes);
        return error_memory(err);
    }
    for (size_t place = 0; transitions_next(&counting->counts, &place, &move);)
        seen[move->from] = seen[move->to] = true;
    for (uint32_t state = ALONE; state < n && !status; state++) {
        if (!occurs(counting, state, seen))
            continue;
        status = naming->by_share ? show_share(naming, state - ALONE, shown, &numbers[state], err)
                                  : show_set(naming, counting->set, members(counting, state), shown,
                                             &numbers[state], err);
    }
    if (!status)
        status = sort_states(naming, codes, err);
    for (uint32_t state = ALONE; state < n && !status; state++)
        if (occurs(counting, state, seen))
            numbers[state] = codes[numbers[state]];
    if (!status) {
        numbers[NEW] = naming->switching->n_states - 2;
        numbers[GONE] = naming->switching->n_states - 1;
    }
    free(seen);
    free(codes);
    return status;
}

/* ---- 6. Listing ------------------------------------------------------------------------------ */

static int in_order(const void *left, const void *right, void *context) {
    const struct transition *a = left, *b = right;
    (void)context;
    if (a->period != b->period)
        return a->period < b->period ? -1 : 1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (a->to > b->to) - (a->to < b->to);
}

static void add_up(struct switching_move *moves, size_t n) {
    for (size_t start = 0, end; start < n; start = end) {
        int64_t all = 0;
        for (end = start; end < n && moves[end].from == moves[start].from &&
                          period_compare(moves[end].period, moves[start].period) == 0;
             end++)
            all += moves[end].users;
        for (size_t i = start; i < end; i++)
            moves[i].all = all;
    }
}

static int list(const struct counting *counting, const struct transitions *counts,
                struct switching *ret, struct error *err) {
    struct transition *sorted = transitions_sort(counts, in_order, NULL);
    ret->moves = calloc(counts->used + 1, sizeof *ret->moves);
    if (!sorted || !ret->moves) {
        free(sorted);
        return error_memory(err);
    }
    ret->n = counts->used;
    for (size_t i = 0; i < ret->n; i++)
        ret->moves[i] = (struct switching_move){
            .period = presence_period(counting->presence, (size_t)sorted[i].period),
            .from = sorted[i].from,
            .to = sorted[i].to,
            .users = (int64_t)sorted[i].users,
        };
    add_up(ret->moves, ret->n);
    free(sorted);
    return 0;
}

static int finish(const struct counting *counting, const struct switching_options *options,
                  struct switching *ret, struct error *err) {
    const uint32_t n = ALONE + counting->n_single + counting->sets.count;
    uint32_t *shown = calloc(counting->n_platforms + 1, sizeof *shown);
    uint32_t *numbers = calloc(n, sizeof *numbers);
    struct transitions counts = {0};
    struct naming naming = {.switching = ret,
                            .join = options->join ? options->join : "+",
                            .by_share = options->sole != NULL,
                            .set = calloc(counting->n_platforms + 1, sizeof(uint32_t))};
    int status = ERROR_SYSTEM;
    if (!shown || !numbers || !naming.set)
        error_memory(err);
    else
        status = choose_platforms(counting, options, ret, shown, err);
    if (!status)
        status = own_names(ret, err);
    if (!status)
        status = show_states(counting, &naming, shown, numbers, err);
    if (!status)
        status = transitions_merge(&counts, &counting->counts, numbers, err);
    if (!status)
        status = list(counting, &counts, ret, err);
    dictionary_free(&naming.sets);
    buffer_free(&naming.text);
    free(naming.set);
    transitions_free(&counts);
    free(shown);
    free(numbers);
    return status;
}

static int find_steps(struct counting *like, const struct period *between, struct error *err) {
    size_t *const steps[2] = {&like->from, &like->to};
    for (int i = 0; i < 2; i++)
        if (!presence_find(like->presence, between[i], steps[i])) {
            const size_t n = presence_steps(like->presence);
            char name[CALENDAR_TEXT], first[CALENDAR_TEXT] = "", last[CALENDAR_TEXT] = "";
            period_format(between[i], name);
            if (n == 0)
                return error_set(err, ERROR_DATA, "found no period %s, as there is none", name);
            period_format(presence_period(like->presence, 0), first);
            period_format(presence_period(like->presence, n - 1), last);
            return error_set(err, ERROR_DATA,
                             "found no period %s in the data, expected two of those from %s to %s",
                             name, first, last);
        }
    like->between = true;
    return 0;
}

int switching_count(struct presence *presence, const struct switching_options *options,
                    struct switching *ret, struct error *err) {
    static const struct presence_fold fold = {counting_begin, counting_add, counting_merge,
                                              counting_destroy};
    const uint32_t platforms = presence_platforms(presence);
    struct counting like = {.presence = presence,
                            .sole = options->sole,
                            .n_platforms = platforms,
                            .n_single = options->sole ? TIME_SHARE_STATES * platforms : platforms};
    void *counting = NULL;
    *ret = (struct switching){0};
    int status = options->between ? find_steps(&like, options->between, err) : 0;
    if (!status && options->sole)
        status = time_share_check(presence, err);
    if (!status)
        status = presence_fold(presence, &fold, &like, &counting, err);
    if (!status && !options->between)
        status = add_those_who_stay_gone(counting, err);
    if (!status) {
        ret->time = ((const struct counting *)counting)->time;
        status = finish(counting, options, ret, err);
    }
    counting_destroy(counting);
    if (status)
        switching_free(ret);
    return status;
}

void switching_free(struct switching *switching) {
    free(switching->states);
    free(switching->platforms);
    free(switching->moves);
    arena_free(&switching->arena);
    *switching = (struct switching){0};
}

/* ---- 7. In and out of each platform ---------------------------------------------------------- */

/* Whether the platform is in the state, and the user's part in it. */
static bool is_on(const struct switching_state *state, uint32_t platform, double *ret_part) {
    for (size_t i = 0; i < state->n; i++)
        if (state->platforms[i] == platform) {
            *ret_part = 1 / (double)state->n;
            return true;
        }
    *ret_part = 0;
    return false;
}

static void add_move(const struct switching *switching, const struct switching_move *move,
                     struct switching_balance *balance) {
    const struct switching_state *from = &switching->states[move->from];
    const struct switching_state *to = &switching->states[move->to];
    const bool new = move->from == switching->n_states - 2;
    double before, now;
    const bool was = is_on(from, balance->platform, &before);
    const bool is = is_on(to, balance->platform, &now);
    balance->before += was ? move->users : 0;
    balance->users += is ? move->users : 0;
    balance->newcomers += is && new ? move->users : 0;
    balance->returned += is && !new && from->n == 0 ? move->users : 0;
    balance->joined += is && !was && from->n > 0 ? move->users : 0;
    balance->moved += was && !is && to->n > 0 ? move->users : 0;
    balance->gone += was && to->n == 0 ? move->users : 0;
    balance->share_before += (double)move->users * before;
    balance->share += (double)move->users * now;
}

/* All who were active, before and now, and in either. */
struct market {
    double before, now, either;
};

static struct market sum_market(const struct switching *switching,
                                const struct switching_move *moves, size_t n) {
    struct market market = {0};
    for (size_t i = 0; i < n; i++) {
        const bool before = switching->states[moves[i].from].n > 0;
        const bool now = switching->states[moves[i].to].n > 0;
        market.before += before ? (double)moves[i].users : 0;
        market.now += now ? (double)moves[i].users : 0;
        market.either += before || now ? (double)moves[i].users : 0;
    }
    return market;
}

static double squared_error(const struct switching *switching, const struct switching_move *moves,
                            size_t n, const struct market *market,
                            const struct switching_balance *balance) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const struct switching_state *from = &switching->states[moves[i].from];
        const struct switching_state *to = &switching->states[moves[i].to];
        double before, now;
        is_on(from, balance->platform, &before);
        is_on(to, balance->platform, &now);
        const double d = (now - (to->n > 0) * balance->share) / market->now -
                         (before - (from->n > 0) * balance->share_before) / market->before;
        sum += (double)moves[i].users * d * d;
    }
    return sum * market->either / (market->either - 1);
}

static void balance_platform(const struct switching *switching, const struct switching_move *moves,
                             size_t n, const struct market *market, double confidence,
                             struct switching_balance *balance) {
    for (size_t i = 0; i < n; i++)
        add_move(switching, &moves[i], balance);
    balance->share_before /= market->before; /* 0 / 0 is nan */
    balance->share /= market->now;
    balance->displacement = balance->share - balance->share_before;
    balance->lower = balance->upper = NAN;
    const double error = sqrt(squared_error(switching, moves, n, market, balance));
    const double z = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2);
    if (!(error > 1e-12)) /* as rounding leaves it */
        return;
    balance->lower = fmax(balance->displacement - z * error, -1);
    balance->upper = fmin(balance->displacement + z * error, 1);
}

int switching_balances(const struct switching *switching, double confidence,
                       struct switching_balance **ret, size_t *ret_n, struct error *err) {
    const uint32_t platforms = switching->n_platforms;
    size_t periods = 0, at = 0;
    for (size_t i = 0; i < switching->n; i++)
        periods += i == 0 ||
                   period_compare(switching->moves[i].period, switching->moves[i - 1].period) != 0;
    struct switching_balance *balances = calloc(periods * platforms + 1, sizeof *balances);
    if (!balances)
        return error_memory(err);
    for (size_t start = 0, end; start < switching->n; start = end) {
        const struct switching_move *moves = switching->moves + start;
        for (end = start + 1;
             end < switching->n && period_compare(switching->moves[end].period, moves->period) == 0;
             end++)
            ;
        const struct market market = sum_market(switching, moves, end - start);
        for (uint32_t platform = 0; platform < platforms; platform++, at++) {
            balances[at] =
                (struct switching_balance){.period = moves->period, .platform = platform};
            balance_platform(switching, moves, end - start, &market, confidence, &balances[at]);
        }
    }
    *ret = balances;
    *ret_n = at;
    return 0;
}
