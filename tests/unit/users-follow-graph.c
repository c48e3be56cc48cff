/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exposure along a follow graph: by hand, and day by day by its definition on random graphs. */
#include "users/follow-graph.h"

#include "base/buffer.h"
#include "base/calendar.h"
#include "base/random.h"
#include <math.h>

#include "tables.h"

static int read_exposure(const char *spells, const char *graph, int32_t lag,
                         struct follow_exposure *ret, struct error *err) {
    const char *paths[] = {tables_write("spells.csv", text_of(spells)),
                           tables_write("graph.csv", text_of(graph))};
    struct table *tables[2] = {NULL, NULL};
    const struct follow_graph_options options = {.lag = lag};
    const struct table_options how[2] = {{.files = &paths[0], .n_files = 1},
                                         {.files = &paths[1], .n_files = 1}};
    int status = 0;
    for (int i = 0; i < 2 && !status; i++)
        status = table_open(&tables[i], &how[i], err);
    if (!status)
        status = follow_graph_read(tables[0], tables[1], &options, ret, err);
    table_close(tables[0]);
    table_close(tables[1]);
    return status;
}

static double day_of(const char *date) {
    int32_t day;
    assert_true(calendar_parse_date(text_of(date), &day));
    return day * (double)DECIMAL_ONE;
}

/* a follows b and c; b leaves on the 5th, comes back on the 9th; c leaves on the 7th; a on the
 * 12th. */
static void by_hand(void **state) {
    (void)state;
    struct follow_exposure got;
    struct error err = {0};
    assert_int_equal(read_exposure("user,start,end\n"
                                   "a,2025-01-01,2025-01-12\n"
                                   "b,,2025-01-05\n"
                                   "c,2025-01-02,2025-01-07\n"
                                   "b,2025-01-09,\n"
                                   "d,2025-01-03,2025-01-03\n",
                                   "follower,followed\na,b\na,c\na,b\na,stranger\n", 1, &got, &err),
                     0);
    /* a: (1, 5] 0, (5, 7] 1, (7, 9] 2, (9, 12] 1; then b, twice, and c. */
    const char *const times[] = {"2025-01-05", "2025-01-07", "2025-01-09", "2025-01-12"};
    const double counts[] = {0, 1, 2, 1};
    assert_int_equal(got.n, 7);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(got.user[i], 0);
        assert_true(got.time[i] == day_of(times[i]));
        assert_true(got.count[i] == counts[i] && got.share[i] == counts[i] / 2);
        assert_int_equal(got.status[i], i == 3);
        assert_true(got.entry[i] == (i ? got.time[i - 1] : day_of("2025-01-01")));
    }
    assert_true(got.entry[4] == INT64_MIN && got.status[4] == 1);
    assert_int_equal(got.users, 3);
    assert_int_equal(got.spells, 4);
    assert_int_equal(got.leavers, 3);
    assert_int_equal(got.edges, 2);
    assert_int_equal(got.unknown, 1);
    assert_int_equal(got.never_at_risk, 1);
    follow_exposure_free(&got);
}

static void what_makes_no_sense(void **state) {
    (void)state;
    struct follow_exposure got;
    struct error self = {0}, order = {0};
    assert_int_equal(
        read_exposure("user,end\na,2025-01-02\n", "follower,followed\na,a\n", 1, &got, &self),
        ERROR_DATA);
    assert_non_null(strstr(self.text, "graph.csv:2:2: 'a' follows 'a', expected somebody else"));
    assert_int_equal(read_exposure("user,start,end\na,2025-01-05,2025-01-02\n",
                                   "follower,followed\n", 1, &got, &order),
                     ERROR_DATA);
    assert_non_null(strstr(order.text, "spells.csv:2:3: "));
}

/* ---- By definition --------------------------------------------------------------------------- */

enum { USERS = 12, DAYS = 30 };

struct life {
    int start[2], end[2]; /* days; up to two spells, the second one later; end 0: none */
    int spells;
};

static bool there(const struct life *life, int day) {
    for (int i = 0; i < life->spells; i++)
        if (life->start[i] <= day && (!life->end[i] || day < life->end[i]))
            return true;
    return false;
}

/* Has been there, has left, and is not there. */
static bool gone(const struct life *life, int day) {
    return life->spells > 0 && life->end[0] && life->end[0] <= day && !there(life, day);
}

static void draw_lives(struct random_stream *draws, struct life *lives, struct buffer *csv) {
    buffer_text(csv, "user,start,end\n");
    for (int u = 0; u < USERS; u++) {
        struct life *life = &lives[u];
        *life = (struct life){.spells = 1 + (int)random_below(draws, 2)};
        int day = 1;
        for (int i = 0; i < life->spells; i++) {
            life->start[i] = day + (int)random_below(draws, 6);
            day = life->start[i] + 1 + (int)random_below(draws, 8);
            /* Only the last spell may have no end. */
            life->end[i] = i + 1 == life->spells && random_below(draws, 2) ? 0 : day;
            day++;
            buffer_format(csv, "u%d,2025-01-%02d,", u, life->start[i]);
            if (life->end[i])
                buffer_format(csv, "2025-01-%02d", life->end[i]);
            buffer_text(csv, "\n");
        }
    }
    buffer_format(csv, "u0,2025-01-%d,\n", DAYS); /* the last look, never at risk */
}

static void as_defined(void **state) {
    (void)state;
    int32_t first;
    assert_true(calendar_parse_date(text_of("2025-01-01"), &first));
    for (uint32_t run = 0; run < 200; run++) {
        struct random_stream draws;
        struct life lives[USERS];
        bool follows[USERS][USERS] = {{false}};
        struct buffer spells = {0}, graph = {0};
        struct follow_exposure got;
        struct error err = {0};
        random_open(&draws, 9, run, 0, 0, 0);
        const int lag = 1 + (int)random_below(&draws, 3);
        draw_lives(&draws, lives, &spells);
        buffer_text(&graph, "follower,followed\n");
        for (int a = 0; a < USERS; a++)
            for (int b = 0; b < USERS; b++)
                if (a != b && random_below(&draws, 3) == 0) {
                    follows[a][b] = true;
                    buffer_format(&graph, "u%d,u%d\n", a, b);
                }
        assert_int_equal(read_exposure(spells.bytes, graph.bytes, lag, &got, &err), 0);
        size_t days = 0;
        for (size_t i = 0; i < got.n; i++) {
            const int user = (int)got.user[i]; /* all of them have rows, in the order of the file */
            const int entry = (int)(got.entry[i] / DECIMAL_ONE) - first + 1;
            const int time = (int)(got.time[i] / DECIMAL_ONE) - first + 1;
            assert_true(entry < time);
            for (int day = entry + 1; day <= time; day++, days++) {
                int count = 0, all = 0;
                for (int b = 0; b < USERS; b++) {
                    all += follows[user][b];
                    count += follows[user][b] && gone(&lives[b], day - lag);
                }
                if (got.count[i] != count)
                    fail_msg("run %u, user %d, day %d: found %g, expected %d", run, user, day,
                             got.count[i], count);
                assert_true(got.share[i] == (all ? (double)count / all : 0));
                assert_true(there(&lives[user], day - 1));
            }
            assert_int_equal(got.status[i],
                             !there(&lives[user], time) && time < DAYS + 1 &&
                                 (time == lives[user].end[0] || time == lives[user].end[1]));
        }
        size_t expected = 0;
        for (int u = 0; u < USERS; u++)
            for (int day = 1; day < DAYS; day++)
                expected += there(&lives[u], day);
        assert_int_equal(days, expected);
        follow_exposure_free(&got);
        buffer_free(&spells);
        buffer_free(&graph);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(what_makes_no_sense),
        cmocka_unit_test(as_defined),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
