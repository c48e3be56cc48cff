/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer does not depend on where the blocks are cut, how many threads read them, how the table
 * is split into shards, whether it is compressed or where it comes from. */
#include "tables.h"

#include <fcntl.h>
#include <pthread.h>

#define BYTES(literal)                                                                             \
    { literal, sizeof(literal) - 1 }

/* Line ends, quotes and blank lines wherever they could be taken for something else. */
static const struct text hostile[] = {
    BYTES("a,b\n1,2\n3,4\n"),
    BYTES("a,b\r\n1,2\r\n\r\n3,4"),
    BYTES("a,b\n\"\n\",2\n\"\r\n\n\",\"\"\"\n\"\"\"\n3,4\n"),
    BYTES("\"a\",\"b\"\n\"x\"\"\n\"\"y\",\"\n\"\n\n\"\",\"\"\n\"z\",\n"),
    BYTES("\xEF\xBB\xBF\n\r\na,b\n,\n\"\",\"\"\n\n\n"),
    BYTES("a,b\n1,2,3\n1\n\n1,\"2\"3\n1,2\n\"\n\"\"\n\"\n3,4\n"),
    BYTES("a,b\n1,\0\n2,\xFF\n3,\"\xC3\xA9\"\n4,\xE5\xB0\x8F\r\n"),
    BYTES("a,b\n5\" disk,2\n3,4\n\n5,6\"\n7,8\n"),
    BYTES("a,b\n1,\"2\n3,4\n5,6\n7,8"),
    BYTES("a,b\n1,2\r\r\n\r1,\r\n\"1\r\",\"\r\n\r\"\r\n3,4\r"),
    BYTES("a,b\n\"1\",\"2\"\n\n\"3\",\"4\"\"\"\n\"5\",\"6\n"),
    BYTES("a,b\n"),
    BYTES("a,b"),
    BYTES("\n\n\r\n"),
    BYTES(""),
    BYTES("\"a\n"),
    BYTES("a,b\n\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\n\",1\n2,3\n"),
};
enum { HOSTILE = sizeof hostile / sizeof hostile[0] };

static const struct table_column columns[] = {
    {.name = "a", .type = TABLE_TEXT, .missing = true},
    {.name = "b", .type = TABLE_TEXT, .missing = true},
    {.name = "b", .type = TABLE_CATEGORY, .missing = true},
};

static struct table_options options_for(const char *const *paths, size_t n,
                                        enum table_bad_rows bad_rows) {
    return (struct table_options){.files = paths,
                                  .n_files = n,
                                  .bad_rows = bad_rows,
                                  .rejects =
                                      bad_rows == TABLE_SKIP ? tables_path("rejects") : NULL};
}

static void expect_same(const struct buffer *found, const struct buffer *expected,
                        const struct table_options *options) {
    if (strcmp(found->bytes, expected->bytes) != 0)
        fail_msg("blocks of %zu, %d threads, %s: found\n%sexpected\n%s", options->block_bytes,
                 options->threads, options->bad_rows == TABLE_SKIP ? "skip" : "stop", found->bytes,
                 expected->bytes);
}

static void try_all(struct text csv, enum table_bad_rows bad_rows) {
    static const int threads[] = {1, 3, 2, 4, 8};
    struct buffer expected = {0}, shown = {0};
    const char *path = tables_write("h.csv", csv);
    struct table_options options = options_for(&path, 1, bad_rows);
    tables_show(&expected, &options, columns, 3);
    for (options.block_bytes = 1; options.block_bytes <= csv.length + 2; options.block_bytes++) {
        /* Every cut by one thread and by three, a few by all. */
        bool few = options.block_bytes > 1 && options.block_bytes != 7;
        for (size_t i = 0; i < (few ? 2 : sizeof threads / sizeof threads[0]); i++) {
            options.threads = threads[i];
            tables_show(&shown, &options, columns, 3);
            expect_same(&shown, &expected, &options);
        }
    }
    buffer_free(&expected);
    buffer_free(&shown);
}

static void every_cut_of_hostile_files_that_stop(void **state) {
    (void)state;
    for (size_t i = 0; i < HOSTILE; i++)
        try_all(hostile[i], TABLE_STOP);
}

static void every_cut_of_hostile_files_that_skip(void **state) {
    (void)state;
    for (size_t i = 0; i < HOSTILE; i++)
        try_all(hostile[i], TABLE_SKIP);
}

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t draw(uint64_t *state, size_t below) {
    return (size_t)((next_bits(state) >> 33) % below);
}

static void random_bytes_at_random_cuts(void **state) {
    (void)state;
    static const char alphabet[] = "ab,,,\"\"\"\n\n\n\r\0\xC3\xA9";
    uint64_t seed = 20250119;
    struct buffer expected = {0}, shown = {0};
    for (int round = 0; round < 1500; round++) {
        char bytes[80] = "a,b\n";
        size_t length = 4 + draw(&seed, sizeof bytes - 4);
        for (size_t i = 4; i < length; i++)
            bytes[i] = alphabet[draw(&seed, sizeof alphabet - 1)];
        const char *path = tables_write("r.csv", (struct text){bytes, length});
        struct table_options options = options_for(&path, 1, round % 2 ? TABLE_SKIP : TABLE_STOP);
        tables_show(&expected, &options, columns, 3);
        for (int i = 0; i < 3; i++) {
            options.block_bytes = 1 + draw(&seed, length);
            options.threads = 1 + (int)draw(&seed, 4);
            tables_show(&shown, &options, columns, 3);
            expect_same(&shown, &expected, &options);
        }
    }
    buffer_free(&expected);
    buffer_free(&shown);
}

/* ---- Larger tables --------------------------------------------------------------------------- */

enum { ROWS = 3000 };

/* Rows of many lengths, some quoted, some over several lines. */
static void write_rows(struct buffer *csv, int from, int to) {
    buffer_text(csv, "a,b\n");
    for (int i = from; i < to; i++) {
        int dots = i * 7919 % 61;
        if (i % 10 == 3)
            buffer_format(csv, "\"%d\n%*s\",\"\"\"%d\"\"\"\n", i, dots, "", i);
        else
            buffer_format(csv, "%d%.*s,%d\r\n", i, dots,
                          "............................................................", i);
    }
}

/* Without the places, which differ between shards. */
static void strip_places(struct buffer *shown) {
    struct buffer rows = {0};
    for (char *line = shown->bytes; *line;) {
        char *end = strchr(line, '\n');
        char *bar = memchr(line, '|', (size_t)(end - line));
        bool place = strncmp(line, "s-", 2) == 0;
        buffer_append(&rows, place && bar ? bar : line,
                      (size_t)(end + 1 - (place && bar ? bar : line)));
        line = end + 1;
    }
    buffer_free(shown);
    *shown = rows;
}

static void one_file_or_seven_shards(void **state) {
    (void)state;
    static const int cuts[] = {0, 1, 2, 500, 501, 1700, 2999, ROWS};
    struct buffer csv = {0}, expected = {0}, shown = {0};
    char names[7][16];
    const char *paths[7];
    write_rows(&csv, 0, ROWS);
    const char *path = tables_write("s-all", (struct text){csv.bytes, csv.length});
    struct table_options options = {.files = &path, .n_files = 1};
    tables_show(&expected, &options, columns, 3);
    strip_places(&expected);
    for (int i = 0; i < 7; i++) {
        snprintf(names[i], sizeof names[i], "s-%d", i);
        buffer_clear(&csv);
        write_rows(&csv, cuts[i], cuts[i + 1]);
        paths[i] = tables_write(names[i], (struct text){csv.bytes, csv.length});
    }
    for (int threads = 1; threads <= 8; threads++) {
        options = (struct table_options){
            .files = paths, .n_files = 7, .threads = threads, .block_bytes = 1000};
        tables_show(&shown, &options, columns, 3);
        strip_places(&shown);
        assert_string_equal(shown.bytes, expected.bytes);
    }
    buffer_free(&csv);
    buffer_free(&expected);
    buffer_free(&shown);
}

static void plain_or_compressed(void **state) {
    (void)state;
    struct buffer csv = {0}, packed = {0}, expected = {0}, shown = {0};
    write_rows(&csv, 0, ROWS);
    struct text all = {csv.bytes, csv.length};
    struct text half = {csv.bytes, csv.length / 2};
    struct text rest = {csv.bytes + csv.length / 2, csv.length - csv.length / 2};
    const char *path = tables_write("c.csv", all);
    struct table_options options = {.files = &path, .n_files = 1};
    tables_show(&expected, &options, columns, 3);
    for (int way = 0; way < 4; way++) {
        buffer_clear(&packed);
        void (*pack)(struct buffer *, struct text) = way % 2 ? tables_zstd : tables_gzip;
        if (way < 2) {
            pack(&packed, all);
        } else { /* members that part in the middle of a row */
            pack(&packed, half);
            pack(&packed, (struct text){"", 0});
            pack(&packed, rest);
        }
        path = tables_write("c.csv", (struct text){packed.bytes, packed.length});
        for (options.threads = 1; options.threads <= 4; options.threads++) {
            options.block_bytes = options.threads % 2 ? 777 : 0;
            tables_show(&shown, &options, columns, 3);
            expect_same(&shown, &expected, &options);
        }
    }
    buffer_free(&csv);
    buffer_free(&packed);
    buffer_free(&expected);
    buffer_free(&shown);
}

/* ---- Standard input and pipes ---------------------------------------------------------------- */

struct feed {
    int to;
    struct text bytes;
};

/* In pieces of odd sizes, as a pipe gives them. */
static void *feed_pipe(void *argument) {
    struct feed *feed = argument;
    size_t at = 0, piece = 1;
    while (at < feed->bytes.length) {
        size_t n = feed->bytes.length - at < piece ? feed->bytes.length - at : piece;
        ssize_t written = write(feed->to, feed->bytes.bytes + at, n);
        if (written <= 0)
            break;
        at += (size_t)written;
        piece = piece * 3 % 5003 + 1;
    }
    close(feed->to);
    return NULL;
}

static void show_from_standard_input(struct buffer *shown, struct text bytes, bool by_pipe,
                                     struct table_options *options) {
    int ends[2] = {-1, -1}, kept = dup(STDIN_FILENO);
    pthread_t thread;
    struct feed feed = {.bytes = bytes};
    if (by_pipe) {
        assert_int_equal(pipe(ends), 0);
        feed.to = ends[1];
    } else {
        ends[0] = open(tables_write("in.csv", bytes), O_RDONLY);
    }
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    if (by_pipe)
        assert_int_equal(pthread_create(&thread, NULL, feed_pipe, &feed), 0);
    tables_show_by(TABLES_FOLD, shown, options, columns, 3);
    if (by_pipe)
        pthread_join(thread, NULL);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

static void standard_input(void **state) {
    (void)state;
    struct buffer csv = {0}, packed = {0}, expected = {0}, shown = {0};
    write_rows(&csv, 0, ROWS);
    struct text all = {csv.bytes, csv.length};
    const char *path = tables_write("<stdin>", all);
    struct table_options options = {.files = &path, .n_files = 1};
    tables_show(&expected, &options, columns, 3);
    tables_gzip(&packed, all);
    static const char *const dash[] = {"-"};
    for (int way = 0; way < 8; way++) {
        options = (struct table_options){
            .threads = 1 + way % 4, .block_bytes = 5000, .files = dash, .n_files = way % 2};
        struct text bytes = way < 4 ? all : (struct text){packed.bytes, packed.length};
        show_from_standard_input(&shown, bytes, way % 4 < 2, &options);
        expect_same(&shown, &expected, &options);
    }
    /* A message calls it by a name of its own. */
    show_from_standard_input(&shown, (struct text)BYTES("a,b\n1\n"), true, &options);
    assert_string_equal(shown.bytes, "error 1: <stdin>:2: found 1 field, expected 2 (a,b)\n");
    buffer_free(&csv);
    buffer_free(&packed);
    buffer_free(&expected);
    buffer_free(&shown);
}

/* ---- Progress -------------------------------------------------------------------------------- */

struct seen {
    uint64_t done, total;
    int calls;
};

static void see(void *context, uint64_t done, uint64_t total) {
    struct seen *seen = context;
    assert_true(done >= seen->done); /* never backwards, whichever thread calls */
    *seen = (struct seen){done, total, seen->calls + 1};
}

static void reports_progress(void **state) {
    (void)state;
    struct buffer csv = {0}, packed = {0}, shown = {0};
    write_rows(&csv, 0, ROWS);
    tables_gzip(&packed, (struct text){csv.bytes, csv.length});
    const char *paths[] = {tables_write("p1", (struct text){csv.bytes, csv.length}),
                           tables_write("p2", (struct text){packed.bytes, packed.length})};
    struct seen seen = {0};
    const struct table_options options = {.files = paths,
                                          .n_files = 2,
                                          .threads = 4,
                                          .block_bytes = 2000,
                                          .progress = see,
                                          .progress_context = &seen};
    tables_show_by(TABLES_FOLD, &shown, &options, columns, 3);
    assert_int_equal(seen.total, csv.length + packed.length); /* as they lie on the disk */
    assert_int_equal(seen.done, seen.total);
    assert_true(seen.calls > 10);
    buffer_free(&csv);
    buffer_free(&packed);
    buffer_free(&shown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_of_hostile_files_that_stop),
        cmocka_unit_test(every_cut_of_hostile_files_that_skip),
        cmocka_unit_test(random_bytes_at_random_cuts),
        cmocka_unit_test(one_file_or_seven_shards),
        cmocka_unit_test(plain_or_compressed),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(reports_progress),
    };
    return cmocka_run_group_tests_name("table-blocks", tests, tables_setup, tables_teardown);
}
