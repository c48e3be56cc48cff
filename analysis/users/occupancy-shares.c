/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From shares of time to moves between states.
 *
 *   1. The path of one user
 *   2. All users, in the order of what they did
 *   3. Which platforms are told apart
 *   4. States
 *   5. Moves
 */
#include "users/occupancy.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>

/* ---- 1. The path of one user ----------------------------------------------------------------- */

/* In which state from which period on. The last one of a path is WATCHED. */
struct turn {
    uint32_t group; /* of the user: in every one of a path */
    uint32_t age;   /* periods since the user's first */
    uint32_t state;
};

#define GONE    (UINT32_MAX - 1) /* behind all states of time-share.h */
#define WATCHED UINT32_MAX       /* up to here */

struct walk {
    const struct presence *presence;
    decimal sole;
    struct turn *turns; /* path after path */
    size_t n, capacity;
    size_t users, unwatched;
    uint32_t group; /* of the user at hand */
    int64_t *there; /* by platform: users mostly there, summed over periods */
    struct time_share_counts time;
};

static int add_turn(struct walk *walk, uint32_t age, uint32_t state, struct error *err) {
    if (age > 0 && walk->turns[walk->n - 1].state == state)
        return 0;
    if (array_reserve((void **)&walk->turns, &walk->capacity, walk->n + 1, sizeof *walk->turns,
                      err))
        return err->code;
    walk->turns[walk->n++] = (struct turn){walk->group, age, state};
    return 0;
}

static uint32_t age_at(const struct walk *walk, size_t first, size_t step) {
    return (uint32_t)(presence_period(walk->presence, step).index -
                      presence_period(walk->presence, first).index);
}

/* A period is gone unless the next one with time follows at once. */
static int walk_on(struct walk *walk, size_t first, size_t last, size_t now, uint32_t state,
                   struct error *err) {
    if (now > last + 1 && add_turn(walk, age_at(walk, first, last + 1), GONE, err))
        return err->code;
    return add_turn(walk, age_at(walk, first, now), state, err);
}

/* That of the first row with any time. */
static uint32_t group_of(const struct presence_stay *stays) {
    while (stays->amount == 0)
        stays++;
    return stays->group;
}

static int walk_add(void *state, const struct presence_user *user, struct error *err) {
    struct walk *walk = state;
    const size_t end = presence_steps(walk->presence) - 1;
    size_t first = end, last = end;
    bool any = false;
    for (size_t i = 0, n; i < user->n; i += n) {
        const size_t now = user->stays[i].step;
        for (n = 1; i + n < user->n && user->stays[i + n].step == now; n++)
            ;
        const struct time_share share = time_share_of(user->stays + i, n, walk->sole);
        time_share_count(&walk->time, &share);
        if (!share.spent)
            continue;
        walk->there[share.platform]++;
        if (!any) {
            first = last = now;
            walk->group = group_of(user->stays + i);
        }
        any = true;
        if (first < end && walk_on(walk, first, last, now, time_share_state(&share), err))
            return err->code;
        last = now;
    }
    if (first == end) { /* in the last period, or not at all */
        walk->unwatched += any;
        return 0;
    }
    walk->users++;
    if (last < end && add_turn(walk, age_at(walk, first, last + 1), GONE, err))
        return err->code;
    return add_turn(walk, age_at(walk, first, end), WATCHED, err);
}

/* ---- 2. All users, in the order of what they did --------------------------------------------- */

static int walk_begin(void *context, void **ret_state, struct error *err) {
    struct walk *walk = malloc(sizeof *walk);
    if (!walk)
        return error_memory(err);
    *walk = *(const struct walk *)context;
    walk->there = calloc(presence_platforms(walk->presence) + (size_t)1, sizeof *walk->there);
    if (!walk->there) {
        free(walk);
        return error_memory(err);
    }
    *ret_state = walk;
    return 0;
}

static void walk_destroy(void *state) {
    struct walk *walk = state;
    if (!walk)
        return;
    free(walk->turns);
    free(walk->there);
    free(walk);
}

static int walk_merge(void *into_state, void *from_state, struct error *err) {
    struct walk *into = into_state;
    const struct walk *from = from_state;
    if (array_reserve((void **)&into->turns, &into->capacity, into->n + from->n + 1,
                      sizeof *into->turns, err))
        return err->code;
    if (from->n > 0)
        memcpy(into->turns + into->n, from->turns, from->n * sizeof *from->turns);
    into->n += from->n;
    into->users += from->users;
    into->unwatched += from->unwatched;
    for (uint32_t i = 0; i < presence_platforms(into->presence); i++)
        into->there[i] += from->there[i];
    time_share_add(&into->time, &from->time);
    return 0;
}

/* Of one user. */
struct path {
    uint32_t group;
    const struct turn *turns;
};

/* Paths that compare as equal are equal: their order cannot show. */
static int compare_paths(const void *left, const void *right) {
    const struct path *x = left, *y = right;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    for (const struct turn *a = x->turns, *b = y->turns;; a++, b++) {
        if (a->age != b->age)
            return a->age < b->age ? -1 : 1;
        if (a->state != b->state)
            return a->state < b->state ? -1 : 1;
        if (a->state == WATCHED)
            return 0;
    }
}

/* One for each of walk->users; the caller frees them. */
static int order_users(const struct walk *walk, struct path **ret, struct error *err) {
    struct path *paths = calloc(walk->users + 1, sizeof *paths);
    *ret = paths;
    if (!paths)
        return error_memory(err);
    size_t user = 0;
    for (size_t i = 0; i < walk->n; i++)
        if (i == 0 || walk->turns[i - 1].state == WATCHED)
            paths[user++] = (struct path){walk->turns[i].group, &walk->turns[i]};
    if (user > 0)
        qsort(paths, user, sizeof *paths, compare_paths);
    return 0;
}

/* ---- 3. Which platforms are told apart ------------------------------------------------------- */

/* From here on platforms, in states too, are numbers by name, (other) being the last. */
struct shown {
    uint32_t *numbers; /* by rank */
    struct text *names;
    uint32_t n;
};

static void shown_free(struct shown *shown) {
    free(shown->numbers);
    free(shown->names);
}

/* A path loses its moves from one of the others to another. */
static void put_together(struct walk *walk, const uint32_t *numbers) {
    size_t kept = 0;
    for (size_t i = 0; i < walk->n; i++) {
        struct turn turn = walk->turns[i];
        if (turn.state < GONE)
            turn.state = TIME_SHARE_STATES * numbers[time_share_platform(turn.state)] +
                         time_share_mostly(turn.state);
        if (turn.age == 0 || turn.state != walk->turns[kept - 1].state)
            walk->turns[kept++] = turn;
    }
    walk->n = kept;
}

static int tell_apart(struct walk *walk, size_t top, struct shown *ret, size_t *ret_others,
                      struct error *err) {
    const uint32_t n = presence_platforms(walk->presence);
    *ret = (struct shown){.numbers = calloc(n + (size_t)1, sizeof *ret->numbers),
                          .names = calloc(n + (size_t)1, sizeof *ret->names)};
    if (!ret->numbers || !ret->names)
        return error_memory(err);
    uint32_t own = 0;
    if (presence_choose(walk->presence, walk->there, top, ret->numbers, &own, ret_others, err))
        return err->code;
    for (uint32_t rank = 0; rank < n; rank++)
        ret->names[ret->numbers[rank]] = ret->numbers[rank] < own
                                             ? presence_platform(walk->presence, rank)
                                             : text_of(PRESENCE_OTHER);
    ret->n = own + 1;
    put_together(walk, ret->numbers);
    return 0;
}

/* ---- 4. States ------------------------------------------------------------------------------- */

/* Those that occur get the next number; numbers[state] has room for all states but GONE. */
static int number_states(struct occupancy_paths *paths, const struct walk *walk,
                         const struct shown *shown, uint16_t *numbers, uint16_t *ret_gone,
                         struct error *err) {
    const uint32_t all = TIME_SHARE_STATES * shown->n;
    struct buffer name = {0};
    bool gone = false;
    int status = 0;
    for (size_t i = 0; i < walk->n; i++) {
        gone = gone || walk->turns[i].state == GONE;
        if (walk->turns[i].state < all)
            numbers[walk->turns[i].state] = 1;
    }
    for (uint32_t state = 0; state <= all && !status; state++) {
        uint32_t number = 0;
        if (state < all ? !numbers[state] : !gone)
            continue;
        buffer_clear(&name);
        if (state < all)
            time_share_name(&name, shown->names[time_share_platform(state)],
                            time_share_mostly(state));
        else
            buffer_text(&name, OCCUPANCY_GONE);
        status = buffer_check(&name, err);
        if (!status)
            status =
                dictionary_add(&paths->names, (struct text){name.bytes, name.length}, &number, err);
        if (!status && number >= OCCUPANCY_MOST_STATES)
            status = error_set(err, ERROR_DATA,
                               "more than %d states, expected fewer: two for each platform, "
                               "solely and mostly there; --top puts small platforms together",
                               OCCUPANCY_MOST_STATES);
        *(state < all ? &numbers[state] : ret_gone) = (uint16_t)number;
    }
    buffer_free(&name);
    paths->states = paths->names.count;
    paths->order = malloc((paths->states + 1) * sizeof *paths->order);
    if (!status && !paths->order)
        return error_memory(err);
    for (uint32_t s = 0; s < paths->states && !status; s++)
        paths->order[s] = s;
    return status;
}

/* ---- 5. Moves -------------------------------------------------------------------------------- */

/* As the curves want them: who was last seen behind the others. */
static int compare_moves(const void *left, const void *right) {
    const struct occupancy_move *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    const int last = (a->to == OCCUPANCY_NONE) - (b->to == OCCUPANCY_NONE);
    return last ? last : (a->subject > b->subject) - (a->subject < b->subject);
}

static void make_moves(struct occupancy_paths *paths, const struct walk *walk,
                       const struct path *users, const uint16_t *numbers, uint16_t gone) {
    size_t n = 0;
    for (size_t user = 0; user < walk->users; user++) {
        const uint32_t group = users[user].group;
        const uint32_t subject = (uint32_t)paths->subjects[group]++;
        uint16_t before = OCCUPANCY_NONE;
        for (const struct turn *turn = users[user].turns; turn;
             turn = turn->state == WATCHED ? NULL : turn + 1) {
            const uint16_t to = turn->state == WATCHED ? OCCUPANCY_NONE
                                : turn->state == GONE  ? gone
                                                       : numbers[turn->state];
            paths->moves[n++] = (struct occupancy_move){(int32_t)turn->age, subject, before, to};
            before = to;
            if ((int32_t)turn->age > paths->last_day)
                paths->last_day = (int32_t)turn->age;
        }
        paths->starts[group + 1] = n;
    }
    for (size_t g = 0; g < paths->groups; g++) {
        const size_t start = paths->starts[g];
        paths->starts[g + 1] = paths->subjects[g] > 0 ? paths->starts[g + 1] : start;
        if (paths->subjects[g] > 0)
            qsort(paths->moves + start, paths->starts[g + 1] - start, sizeof *paths->moves,
                  compare_moves);
    }
    paths->unwatched = walk->unwatched;
    paths->time = walk->time;
    paths->horizon = paths->last_day + 1;
}

static int build(struct occupancy_paths *paths, struct walk *walk, size_t top, struct error *err) {
    struct shown shown = {0};
    struct path *users = NULL;
    uint16_t *numbers = NULL, gone = 0;
    int status = tell_apart(walk, top, &shown, &paths->others, err);
    if (!status) {
        numbers = calloc((size_t)TIME_SHARE_STATES * shown.n + 1, sizeof *numbers);
        paths->groups = presence_groups(walk->presence);
        paths->starts = calloc(paths->groups + 1, sizeof *paths->starts);
        paths->subjects = calloc(paths->groups + 1, sizeof *paths->subjects);
        paths->moves = malloc((walk->n + 1) * sizeof *paths->moves);
        status = numbers && paths->starts && paths->subjects && paths->moves
                     ? number_states(paths, walk, &shown, numbers, &gone, err)
                     : error_memory(err);
    }
    if (!status)
        status = order_users(walk, &users, err);
    if (!status)
        make_moves(paths, walk, users, numbers, gone);
    free(users);
    free(numbers);
    shown_free(&shown);
    return status;
}

int occupancy_paths_of_shares(struct occupancy_paths *ret, struct presence *presence, decimal sole,
                              size_t top, struct error *err) {
    static const struct presence_fold fold = {walk_begin, walk_add, walk_merge, walk_destroy};
    struct walk like = {.presence = presence, .sole = sole};
    void *walk = NULL;
    *ret = (struct occupancy_paths){0};
    int status = time_share_check(presence, err);
    if (!status)
        status = presence_fold(presence, &fold, &like, &walk, err);
    if (!status)
        status = build(ret, walk, top, err);
    walk_destroy(walk);
    if (status)
        occupancy_paths_free(ret);
    return status;
}
