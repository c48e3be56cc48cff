/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad rows: which one stops a run, and what becomes of those that are skipped. */
#include "tables.h"

static const struct table_column columns[] = {
    {.name = "user", .type = TABLE_TEXT},
    {.name = "start", .type = TABLE_INTEGER},
    {.name = "end", .type = TABLE_INTEGER, .missing = true},
};
enum { USER, START, END, COLUMNS };

/* ---- A subject that turns rows down ---------------------------------------------------------- */

/* Sums, over the good rows, end - start, which must not be negative. */
struct total {
    int64_t sum;
    int64_t rows;
};

static int total_begin(void *context, void **ret_state, struct error *err) {
    (void)context;
    *ret_state = calloc(1, sizeof(struct total));
    return *ret_state ? 0 : error_memory(err);
}

static int total_rows(struct total *total, const struct table_batch *batch, struct error *err) {
    for (size_t row = 0; row < batch->rows; row++) {
        int64_t start = batch->columns[START].integer[row], end = batch->columns[END].integer[row];
        if (!table_missing(batch, END, row) && end < start) {
            int code =
                table_reject(batch, row, END, err, "found end %lld, expected one not before %lld",
                             (long long)end, (long long)start);
            if (code)
                return code;
            continue;
        }
        total->sum += table_missing(batch, END, row) ? 0 : end - start;
        total->rows++;
    }
    return 0;
}

static int total_add(void *state, const struct table_batch *batch, struct error *err) {
    return total_rows(state, batch, err);
}

static int total_merge(void *into, void *from, struct error *err) {
    (void)err;
    struct total *a = into, *b = from;
    a->sum += b->sum;
    a->rows += b->rows;
    return 0;
}

static const struct table_fold total_fold = {total_begin, total_add, total_merge, free};

static int total_by(enum tables_way way, struct table *table, struct total *ret,
                    struct error *err) {
    if (way == TABLES_READ) {
        const struct table_batch *batch;
        int code = table_read(table, &batch, err);
        return code ? code : total_rows(ret, batch, err);
    }
    void *state;
    int code = table_fold(table, &total_fold, NULL, &state, err);
    if (!code) {
        *ret = *(struct total *)state;
        free(state);
    }
    return code;
}

static void run(enum tables_way way, const struct table_options *options, struct buffer *out) {
    struct error err = {0};
    struct table *table = NULL;
    struct output *rejects = NULL;
    struct total total = {0};
    buffer_clear(out);
    int code = table_open(&table, options, &err);
    if (!code)
        code = table_bind(table, columns, COLUMNS, &err);
    if (!code)
        code = total_by(way, table, &total, &err);
    if (!code) {
        buffer_format(out, "sum %lld of %lld\n", (long long)total.sum, (long long)total.rows);
        tables_summary(out, table);
        code = table_take_rejects(table, &rejects, &err);
    }
    if (!code && rejects) {
        code = output_commit(&rejects, &err);
        if (!code)
            code = buffer_read_file(out, options->rejects, &err);
        unlink(options->rejects);
    }
    if (code)
        tables_error(out, &err);
    table_close(table);
}

/* By fold and by read, by one thread and several, in large blocks and small: the same. */
static void expect(const char *const *paths, size_t n_files, enum table_bad_rows bad_rows,
                   const char *rejects, const char *expected) {
    static const size_t sizes[] = {1, 10, 64, 0};
    struct buffer out = {0};
    for (int threads = 1; threads <= 4; threads++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            const struct table_options options = {.files = paths,
                                                  .n_files = n_files,
                                                  .bad_rows = bad_rows,
                                                  .rejects = rejects,
                                                  .threads = threads,
                                                  .block_bytes = sizes[i]};
            run(TABLES_FOLD, &options, &out);
            assert_string_equal(out.bytes, expected);
            run(TABLES_READ, &options, &out);
            assert_string_equal(out.bytes, expected);
        }
    }
    buffer_free(&out);
}

/* In the folder of the test, so that names in the rejects are short. */
static int enter(void **state) {
    return tables_setup(state) || chdir(tables_folder) ? -1 : 0;
}

static int leave(void **state) {
    return chdir("/") ? -1 : tables_teardown(state);
}

static const char *const one[] = {"p.csv"};

static void keeps_skipped_rows_as_they_stood(void **state) {
    (void)state;
    tables_write("p.csv", text_of("user,start,end\n"
                                  "a,1,5\n"
                                  "b,x,5\r\n"
                                  "c,3\n"
                                  "\n"
                                  "\"d,\"\"\nd\",9,1\n"
                                  "e\xFF,1,2\n"
                                  "f,2,\n"
                                  "g,2,1\n"
                                  "\"h,1,2\n"));
    const char *rows = "sum 4 of 2\n"
                       "rows 2, bad 6, blank 1, first: p.csv:3:2: found 'x' in column 'start', "
                       "expected a whole number\n";
    expect(one, 1, TABLE_SKIP, NULL, rows);
    struct buffer expected = {0};
    buffer_text(&expected, rows);
    buffer_text(
        &expected,
        "file,line,column,reason,record\n"
        "p.csv,3,2,\"found 'x' in column 'start', expected a whole number\",\"b,x,5\"\n"
        "p.csv,4,,\"found 2 fields, expected 3 (user,start,end)\",\"c,3\"\n"
        "p.csv,6,3,\"found end 1, expected one not before 9\",\"\"\"d,\"\"\"\"\nd\"\",9,1\"\n"
        "p.csv,8,1,\"found 'e\\xFF' in column 'user': bytes that are not UTF-8, expected UTF-8 "
        "(convert the file with iconv -t UTF-8)\",\"e\xFF,1,2\"\n"
        "p.csv,10,3,\"found end 1, expected one not before 2\",\"g,2,1\"\n"
        "p.csv,11,1,\"found a quote that opens and is not closed, expected one more before the end "
        "of the file\",\"\"\"h,1,2\n\"\n");
    expect(one, 1, TABLE_SKIP, "r.csv", expected.bytes);
    buffer_free(&expected);
}

static void keeps_a_nul_in_a_skipped_row(void **state) {
    (void)state;
    tables_write("p.csv", (struct text){"user,start,end\na\0,1,5\n", 22});
    const struct table_options options = {
        .files = one, .n_files = 1, .bad_rows = TABLE_SKIP, .rejects = "r.csv"};
    struct error err = {0};
    struct buffer bytes = {0}, out = {0};
    struct table *table;
    struct output *rejects;
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_bind(table, columns, COLUMNS, &err), 0);
    assert_int_equal(tables_fold(&out, table, columns, COLUMNS, &err), 0);
    assert_int_equal(table_take_rejects(table, &rejects, &err), 0);
    assert_int_equal(output_commit(&rejects, &err), 0);
    table_close(table);
    assert_int_equal(buffer_read_file(&bytes, "r.csv", &err), 0);
    static const char expected[] = "file,line,column,reason,record\n"
                                   "p.csv,2,,\"found a NUL byte, expected text\",\"a\0,1,5\"\n";
    assert_int_equal(bytes.length, sizeof expected - 1);
    assert_memory_equal(bytes.bytes, expected, bytes.length);
    buffer_free(&bytes);
    buffer_free(&out);
}

static void without_bad_rows_there_is_a_header(void **state) {
    (void)state;
    tables_write("p.csv", text_of("user,start,end\na,1,5\n"));
    expect(one, 1, TABLE_SKIP, "r.csv",
           "sum 4 of 1\nrows 1, bad 0, blank 0\nfile,line,column,reason,record\n");
}

static void shards_keep_their_order_and_names(void **state) {
    (void)state;
    static const char *const paths[] = {"b, c.csv", "a.csv"};
    tables_write("b, c.csv", text_of("user,start,end\na,5,1\nb,1,5\nc\n"));
    tables_write("a.csv", text_of("user,start,end\nd\ne,1,x\nf,5,1"));
    expect(paths, 2, TABLE_SKIP, "r.csv",
           "sum 4 of 1\n"
           "rows 1, bad 5, blank 0, first: b, c.csv:2:3: found end 1, expected one not before 5\n"
           "file,line,column,reason,record\n"
           "\"b, c.csv\",2,3,\"found end 1, expected one not before 5\",\"a,5,1\"\n"
           "\"b, c.csv\",4,,\"found 1 field, expected 3 (user,start,end)\",\"c\"\n"
           "a.csv,2,,\"found 1 field, expected 3 (user,start,end)\",\"d\"\n"
           "a.csv,3,3,\"found 'x' in column 'end', expected a whole number\",\"e,1,x\"\n"
           "a.csv,4,3,\"found end 1, expected one not before 5\",\"f,5,1\"\n");
}

/* The subject sees a row only after the whole block is parsed; what it finds earlier in the file
 * still comes first. */
static void stops_at_the_first_error_in_the_input(void **state) {
    (void)state;
    tables_write("p.csv", text_of("user,start,end\na,1,5\nb,5,1\nc,x,1\nd\n"));
    const struct table_options options = {.files = one, .n_files = 1};
    struct buffer out = {0};
    for (int threads = 1; threads <= 4; threads++) {
        for (size_t bytes = 0; bytes < 50; bytes++) {
            struct table_options each = options;
            each.threads = threads;
            each.block_bytes = bytes;
            run(TABLES_FOLD, &each, &out);
            assert_string_equal(out.bytes,
                                "error 1: p.csv:3:3: found end 1, expected one not before 5\n");
            /* table_read has no subject while it reads */
            run(TABLES_READ, &each, &out);
            assert_string_equal(out.bytes, "error 1: p.csv:4:2: found 'x' in column 'start', "
                                           "expected a whole number\n");
        }
    }
    buffer_free(&out);
}

/* Errors everywhere, threads in any order: always the same one. */
static void many_errors_many_threads(void **state) {
    (void)state;
    struct buffer csv = {0}, out = {0};
    buffer_text(&csv, "user,start,end\n");
    for (int i = 0; i < 2000; i++)
        buffer_text(&csv, i < 1000 ? "a,1,2\n" : i % 2 ? "a,1,x\n" : "a,2,1\n");
    tables_write("p.csv", (struct text){csv.bytes, csv.length});
    for (int round = 0; round < 100; round++) {
        const struct table_options options = {.files = one,
                                              .n_files = 1,
                                              .threads = 1 + round % 8,
                                              .block_bytes = (size_t)(1 + round * 37 % 500)};
        run(TABLES_FOLD, &options, &out);
        assert_string_equal(out.bytes,
                            "error 1: p.csv:1002:3: found end 1, expected one not before 2\n");
    }
    buffer_free(&csv);
    buffer_free(&out);
}

/* Shards are read side by side, and the later ones have their errors at once: still the first in
 * the order of the input is told, and with TABLE_SKIP found. */
static void the_first_error_of_many_shards(void **state) {
    (void)state;
    static const char *const names[] = {"s0.csv", "s1.csv", "s2.csv", "s3.csv", "s4.csv"};
    const char *paths[5];
    struct buffer csv = {0}, packed = {0}, out = {0};
    for (int shard = 0; shard < 5; shard++) {
        buffer_clear(&csv);
        buffer_clear(&packed);
        buffer_text(&csv, "user,start,end\n");
        for (int i = 0; i < 1500; i++)
            buffer_text(&csv, shard > 1 || (shard == 1 && i == 1400) ? "a,x,2\n" : "a,1,2\n");
        tables_gzip(&packed, (struct text){csv.bytes, csv.length});
        const struct buffer *file = shard % 2 ? &packed : &csv;
        paths[shard] = tables_write(names[shard], (struct text){file->bytes, file->length});
    }
    for (int round = 0; round < 100; round++) {
        struct table_options options = {.files = paths,
                                        .n_files = 5,
                                        .threads = 1 + round % 8,
                                        .block_bytes = (size_t)(200 + round * 37 % 500)};
        run(TABLES_FOLD, &options, &out);
        assert_string_equal(out.bytes, "error 1: s1.csv:1402:2: found 'x' in column 'start', "
                                       "expected a whole number\n");
        if (round % 10 > 0)
            continue;
        options.bad_rows = TABLE_SKIP;
        run(TABLES_FOLD, &options, &out);
        assert_string_equal(out.bytes,
                            "sum 2999 of 2999\nrows 2999, bad 4501, blank 0, first: s1.csv:1402:2: "
                            "found 'x' in column 'start', expected a whole number\n");
    }
    buffer_free(&csv);
    buffer_free(&packed);
    buffer_free(&out);
}

static void many_rejects_many_threads(void **state) {
    (void)state;
    struct buffer csv = {0}, expected = {0};
    buffer_text(&csv, "user,start,end\n");
    buffer_text(&expected, "sum 500 of 500\n"
                           "rows 500, bad 1500, blank 0, first: p.csv:3: found 1 field, expected 3 "
                           "(user,start,end)\nfile,line,column,reason,record\n");
    for (int i = 0, line = 2; i < 2000; i++, line++) {
        switch (i % 4) {
        case 0:
            buffer_format(&csv, "%d,1,2\n", i);
            break;
        case 1:
            buffer_format(&csv, "%d\n", i);
            buffer_format(&expected,
                          "p.csv,%d,,\"found 1 field, expected 3 (user,start,end)\",\"%d\"\n", line,
                          i);
            break;
        case 2:
            buffer_format(&csv, "%d,2,1\n", i);
            buffer_format(&expected,
                          "p.csv,%d,3,\"found end 1, expected one not before 2\",\"%d,2,1\"\n",
                          line, i);
            break;
        default: /* over two lines */
            buffer_format(&csv, "%d,\"\n\",1\n", i);
            buffer_format(&expected,
                          "p.csv,%d,2,\"found '\\x0A' in column 'start', expected a whole number\","
                          "\"%d,\"\"\n\"\",1\"\n",
                          line++, i);
            break;
        }
    }
    tables_write("p.csv", (struct text){csv.bytes, csv.length});
    expect(one, 1, TABLE_SKIP, "r.csv", expected.bytes);
    buffer_free(&csv);
    buffer_free(&expected);
}

/* Half a file of rejects must not be left by a run that fails for another reason. */
static void a_failed_run_leaves_no_rejects(void **state) {
    (void)state;
    struct buffer packed = {0}, out = {0};
    tables_gzip(&packed, text_of("user,start,end\na,b,c\na,1,2\n"));
    tables_write("p.csv", (struct text){packed.bytes, packed.length - 1});
    const struct table_options options = {
        .files = one, .n_files = 1, .bad_rows = TABLE_SKIP, .rejects = "failed.csv"};
    run(TABLES_FOLD, &options, &out);
    assert_string_equal(out.bytes,
                        "error 1: p.csv: found the end of the file inside the gzip data, "
                        "expected more: the file is cut short\n");
    assert_int_equal(access("failed.csv", F_OK), -1);
    buffer_free(&packed);
    buffer_free(&out);
}

static void says_where_rows_stand(void **state) {
    (void)state;
    tables_write("p.csv", text_of("note,user,start\n\nx,a,1\n\"\n\",b,2\n"));
    const struct table_options options = {.files = one, .n_files = 1};
    const struct table_column some[] = {{.name = "start", .type = TABLE_INTEGER},
                                        {.name = "user", .type = TABLE_TEXT},
                                        {.name = "end", .type = TABLE_DATE, .optional = true}};
    struct error err = {0};
    struct table *table;
    const struct table_batch *batch;
    char where[TABLE_WHERE];
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_bind(table, some, 3, &err), 0);
    assert_int_equal(table_read(table, &batch, &err), 0);
    assert_int_equal(batch->rows, 2);
    assert_ptr_equal(batch->table, table);
    table_where(batch, 0, -1, where);
    assert_string_equal(where, "p.csv:3");
    table_where(batch, 1, 0, where);
    assert_string_equal(where, "p.csv:4:3");
    table_where(batch, 1, 1, where);
    assert_string_equal(where, "p.csv:4:2");
    table_where(batch, 1, 2, where); /* a column the file has not */
    assert_string_equal(where, "p.csv:4");
    table_close(table);
}

static void shortens_long_names(void **state) {
    (void)state;
    struct buffer path = {0};
    for (int i = 0; i < 300; i++)
        buffer_text(&path, "./");
    buffer_text(&path, "p.csv");
    tables_write("p.csv", text_of("user,start,end\na\n"));
    const char *file = path.bytes;
    const struct table_options options = {.files = &file, .n_files = 1};
    struct buffer out = {0};
    run(TABLES_FOLD, &options, &out);
    assert_memory_equal(out.bytes, "error 1: ...", 12);
    assert_non_null(strstr(out.bytes, "./p.csv:2: found 1 field, expected 3 (user,start,end)"));
    buffer_free(&path);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_skipped_rows_as_they_stood),
        cmocka_unit_test(keeps_a_nul_in_a_skipped_row),
        cmocka_unit_test(without_bad_rows_there_is_a_header),
        cmocka_unit_test(shards_keep_their_order_and_names),
        cmocka_unit_test(stops_at_the_first_error_in_the_input),
        cmocka_unit_test(many_errors_many_threads),
        cmocka_unit_test(the_first_error_of_many_shards),
        cmocka_unit_test(many_rejects_many_threads),
        cmocka_unit_test(a_failed_run_leaves_no_rejects),
        cmocka_unit_test(says_where_rows_stand),
        cmocka_unit_test(shortens_long_names),
    };
    return cmocka_run_group_tests_name("table-rejects", tests, enter, leave);
}
