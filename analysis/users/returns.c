/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First absences and second stays. */
#include "users/returns.h"

#include "base/buffer.h"
#include "users/exits.h"
#include <stdlib.h>
#include <string.h>

struct builder {
    const struct histories *histories;
    struct exits back, again;
    struct history_spell *spells; /* of one user, by platform and start */
    size_t capacity;
};

static int compare_by_platform(const void *left, const void *right) {
    const struct history_spell *a = left, *b = right;
    if (a->platform != b->platform)
        return a->platform < b->platform ? -1 : 1;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->end != b->end)
        return a->end < b->end ? -1 : 1;
    return (a->group > b->group) - (a->group < b->group);
}

/* Spells on one platform that overlap or touch, from spells[*at] on, which moves behind them. */
static struct history_spell take_stay(const struct history_spell *spells, size_t n, size_t *at) {
    struct history_spell stay = spells[(*at)++];
    for (; *at < n && spells[*at].start <= stay.end; (*at)++) {
        const struct history_spell *more = &spells[*at];
        stay.open = stay.open || more->open;
        stay.end = more->end > stay.end ? more->end : stay.end;
    }
    return stay;
}

static int count(struct exits *exits, uint32_t group, int32_t from, int32_t to, bool event,
                 struct error *err) {
    decimal time = ((decimal)to - from) * DECIMAL_ONE;
    return exits_add(exits, group, event ? EXITS_EVENT : EXITS_CENSORED, time, 1, err);
}

/* One user on one platform. */
static int add_platform(struct builder *b, const struct history_spell *spells, size_t n,
                        struct error *err) {
    size_t at = 0;
    const struct history_spell first = take_stay(spells, n, &at);
    if (first.open)
        return 0;
    if (at == n)
        return count(&b->back, first.group, first.end, b->histories->as_of, false, err);
    const struct history_spell second = take_stay(spells, n, &at);
    int status = count(&b->back, first.group, first.end, second.start, true, err);
    return status ? status
                  : count(&b->again, first.group, second.start,
                          second.open ? b->histories->as_of : second.end, !second.open, err);
}

static int add_user(struct builder *b, size_t from, size_t to, struct error *err) {
    size_t n = to - from;
    if (array_reserve((void **)&b->spells, &b->capacity, n, sizeof *b->spells, err))
        return err->code;
    memcpy(b->spells, b->histories->spells + from, n * sizeof *b->spells);
    qsort(b->spells, n, sizeof *b->spells, compare_by_platform);
    int status = 0;
    for (size_t i = 0, j; i < n && !status; i = j) {
        for (j = i; j < n && b->spells[j].platform == b->spells[i].platform;)
            j++;
        status = add_platform(b, b->spells + i, j - i, err);
    }
    return status;
}

/* A tally has codes of a dictionary where histories have numbers by name. */
static int make_tables(const struct histories *histories, struct exits *exits, const char *event,
                       struct tally *tally, struct exit_tables *ret, struct error *err) {
    uint32_t code;
    tally->exits = *exits;
    *exits = (struct exits){0};
    tally->order = calloc(1, sizeof *tally->order);
    if (!tally->order)
        return error_memory(err);
    int status = dictionary_add(&tally->destinations, text_of(event), &code, err);
    for (uint32_t g = 0; g < histories->groups.count && !status; g++)
        status = dictionary_add(&tally->groups, histories_group(histories, g), &code, err);
    return status ? status : exit_tables_build(ret, tally, err);
}

int returns_build(struct returns *ret, const struct histories *histories, struct error *err) {
    struct builder b = {.histories = histories};
    *ret = (struct returns){0};
    int status = 0;
    for (size_t from = 0, to; from < histories->n && !status; from = to) {
        to = histories_end(histories, from);
        status = add_user(&b, from, to, err);
    }
    if (!status)
        status = make_tables(histories, &b.back, "came back", &ret->counts[0], &ret->back, err);
    if (!status)
        status = make_tables(histories, &b.again, "left again", &ret->counts[1], &ret->again, err);
    exits_free(&b.back);
    exits_free(&b.again);
    free(b.spells);
    if (status)
        returns_free(ret);
    return status;
}

void returns_free(struct returns *returns) {
    exit_tables_free(&returns->back);
    exit_tables_free(&returns->again);
    tally_free(&returns->counts[0]);
    tally_free(&returns->counts[1]);
}
