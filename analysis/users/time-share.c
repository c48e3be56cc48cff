/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States by share of time. */
#include "users/time-share.h"

#include <string.h>

#define MOSTLY "mostly "

/* Amounts are below 2^63 and a user has fewer than 2^16 platforms: the products are below 2^99. */
struct time_share time_share_of(const struct presence_stay *stays, size_t n, decimal sole) {
    struct time_share share = {0};
    int128 all = 0, most = 0;
    for (size_t i = 0, end; i < n; i = end) {
        const uint32_t platform = stays[i].platform;
        int128 time = 0;
        for (end = i; end < n && stays[end].platform == platform; end++)
            time += stays[end].amount;
        all += time;
        if (time > most) {
            most = time;
            share = (struct time_share){.spent = true, .platform = platform};
        } else if (time == most && time > 0) {
            share.tied = true;
            share.platform = platform < share.platform ? platform : share.platform;
        }
    }
    share.sole = share.spent && most * DECIMAL_ONE >= all * sole;
    return share;
}

void time_share_name(struct buffer *name, struct text platform, bool mostly) {
    if (mostly)
        buffer_text(name, MOSTLY);
    buffer_append(name, platform.bytes, platform.length);
}

/* Ranks are by name. */
static bool is_platform(const struct presence *presence, struct text name) {
    uint32_t low = 0, high = presence_platforms(presence);
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = text_compare(presence_platform(presence, middle), name);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

int time_share_check(const struct presence *presence, struct error *err) {
    const size_t prefix = strlen(MOSTLY);
    for (uint32_t i = 0; i < presence_platforms(presence); i++) {
        const struct text name = presence_platform(presence, i);
        if (text_is(name, "(gone)"))
            return error_set(err, ERROR_DATA,
                             "found a platform called '%.*s', which is the name of a state; "
                             "expected platforms only: leave such rows out",
                             (int)name.length, name.bytes);
        if (name.length <= prefix || memcmp(name.bytes, MOSTLY, prefix) != 0)
            continue;
        const struct text rest = {name.bytes + prefix, name.length - prefix};
        if (is_platform(presence, rest) || text_is(rest, PRESENCE_OTHER))
            return error_set(err, ERROR_DATA,
                             "found a platform called '%.*s', which is what users who are mostly "
                             "on '%.*s' are called; expected another name",
                             (int)name.length, name.bytes, (int)rest.length, rest.bytes);
    }
    return 0;
}

void time_share_count(struct time_share_counts *counts, const struct time_share *share) {
    counts->tied += share->tied;
    counts->idle += !share->spent;
}

void time_share_add(struct time_share_counts *into, const struct time_share_counts *from) {
    into->tied += from->tied;
    into->idle += from->idle;
}
