/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two ways of splitting a record agree with each other, and with the grammar of RFC 4180
 * written out as a small machine. */
#include "tables.h"

#include "table/count.h"
#include "table/inside.h"

static uint64_t next_bits(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

static size_t draw(uint64_t *state, size_t below) {
    return (size_t)((next_bits(state) >> 33) % below);
}

/* ---- The grammar ----------------------------------------------------------------------------- */

enum { MOST_FIELDS = 64 };

struct fields {
    enum split split;
    size_t count; /* whole ones, before what is wrong */
    char bytes[256];
    struct text fields[MOST_FIELDS];
};

/* record = field *(delimiter field); field = *plain / quote *(other / 2quote) quote, where plain is
 * neither quote nor delimiter. Line ends are ordinary bytes here: a record is cut already. */
static void split_by_grammar(struct fields *fields, struct text record, char delimiter) {
    size_t at = 0, used = 0;
    fields->count = 0;
    for (;;) {
        size_t start = used;
        bool quoted = at < record.length && record.bytes[at] == '"';
        at += quoted;
        for (;; at++) {
            bool end = at == record.length;
            char byte = end ? '\0' : record.bytes[at];
            if (quoted && end) {
                fields->split = SPLIT_UNCLOSED;
                return;
            }
            if (quoted && byte == '"') {
                at++;
                if (at < record.length && record.bytes[at] == '"') {
                    fields->bytes[used++] = '"';
                    continue;
                }
                if (at < record.length && record.bytes[at] != delimiter) {
                    fields->split = SPLIT_BEHIND_QUOTE;
                    return;
                }
                break;
            }
            if (!quoted && (end || byte == delimiter))
                break;
            if (!quoted && byte == '"') {
                fields->split = SPLIT_QUOTE_INSIDE;
                return;
            }
            fields->bytes[used++] = byte;
        }
        fields->fields[fields->count++] = (struct text){fields->bytes + start, used - start};
        if (at == record.length)
            break;
        at++; /* the delimiter */
    }
    fields->split = SPLIT_GOOD;
}

static void fail_record(const char *what, struct text record) {
    print_error("%s: ", what);
    for (size_t i = 0; i < record.length; i++)
        print_error("%02x ", (unsigned char)record.bytes[i]);
    fail_msg("see the record above");
}

static void expect_as_grammar(struct splitter *splitter, struct text record, bool quotes) {
    struct error err = {0};
    struct fields fields;
    split_by_grammar(&fields, record, splitter->delimiter);
    assert_int_equal(splitter_start(splitter, record.length, &err), 0);
    enum split split = splitter_split(splitter, record.bytes, record.length, quotes);
    if (split != fields.split || splitter->count != fields.count)
        fail_record("another outcome", record);
    for (size_t i = 0; split == SPLIT_GOOD && i < fields.count; i++)
        if (!text_equal(splitter->fields[i], fields.fields[i]))
            fail_record("another field", record);
}

static void random_records(const char *alphabet, size_t letters, char delimiter, bool both) {
    struct splitter splitter;
    struct error err = {0};
    uint64_t seed = 4180;
    assert_int_equal(splitter_open(&splitter, delimiter, MOST_FIELDS, NULL, &err), 0);
    for (int round = 0; round < 100000; round++) {
        char *bytes = test_malloc(24); /* on the heap: a read past its end is caught */
        size_t length = draw(&seed, 24);
        for (size_t i = 0; i < length; i++)
            bytes[i] = alphabet[draw(&seed, letters)];
        struct text record = {bytes, length};
        expect_as_grammar(&splitter, record, true);
        if (both)
            expect_as_grammar(&splitter, record, false);
        test_free(bytes);
    }
    splitter_close(&splitter);
}

static void both_ways_agree_without_quotes(void **state) {
    (void)state;
    static const char alphabet[] = "a,, \t\r\n\0\xFF";
    random_records(alphabet, sizeof alphabet - 1, ',', true);
    random_records(alphabet, sizeof alphabet - 1, '\t', true);
    random_records(alphabet, sizeof alphabet - 1, '\xFF', true);
}

static void libcsv_agrees_with_the_grammar(void **state) {
    (void)state;
    static const char alphabet[] = "a,\"\"\" \n\r\0";
    random_records(alphabet, sizeof alphabet - 1, ',', false);
    random_records("a,\"", 3, ',', false);
    random_records("\" ", 2, ' ', false);
}

/* Every string of up to eight of the bytes that matter. */
static void every_short_record(void **state) {
    (void)state;
    static const char letters[] = {'x', ',', '"', '\n'};
    struct splitter splitter;
    struct error err = {0};
    assert_int_equal(splitter_open(&splitter, ',', MOST_FIELDS, NULL, &err), 0);
    for (size_t length = 0; length <= 8; length++) {
        for (unsigned number = 0; number < 1U << (2 * length); number++) {
            char bytes[8];
            for (size_t i = 0; i < length; i++)
                bytes[i] = letters[number >> (2 * i) & 3];
            struct text record = {bytes, length};
            expect_as_grammar(&splitter, record, true);
            if (length > 0 && !memchr(bytes, '"', length))
                expect_as_grammar(&splitter, record, false);
        }
    }
    splitter_close(&splitter);
}

/* What has no room is counted, what is not wanted is empty. */
static void keeps_only_what_is_wanted(void **state) {
    (void)state;
    static const bool wanted[] = {true, false, true};
    struct splitter splitter;
    struct error err = {0};
    const char *record = "\"a\",\"b\",\"c\",\"d\"";
    assert_int_equal(splitter_open(&splitter, ',', 3, wanted, &err), 0);
    assert_int_equal(splitter_start(&splitter, strlen(record), &err), 0);
    assert_int_equal(splitter_split(&splitter, record, strlen(record), true), SPLIT_GOOD);
    assert_int_equal(splitter.count, 4);
    assert_true(text_is(splitter.fields[0], "a") && text_is(splitter.fields[2], "c"));
    assert_int_equal(splitter.fields[1].length, 0);
    splitter_close(&splitter);
}

/* ---- Whole tables ---------------------------------------------------------------------------- */

/* How a table is read: libcsv for every record, or directly with an index of this level. */
struct way {
    bool libcsv_only;
    enum index_level level;
};

static void show_by(struct way way, struct buffer *out, const struct table_options *options,
                    const struct table_column *columns, size_t n) {
    struct error err = {0};
    struct table *table = NULL;
    buffer_clear(out);
    int code = table_open(&table, options, &err);
    if (!code)
        code = table_bind(table, columns, n, &err);
    if (!code) {
        table->layout.libcsv_only = way.libcsv_only;
        table->layout.level = way.level;
        code = tables_fold(out, table, columns, n, &err);
    }
    if (code)
        tables_error(out, &err);
    else
        tables_summary(out, table);
    table_close(table);
}

static void expect_same_by_every_way(const struct table_options *options,
                                     const struct table_column *columns, size_t n) {
    struct buffer direct = {0}, by_libcsv = {0};
    show_by((struct way){true, INDEX_PORTABLE}, &by_libcsv, options, columns, n);
    for (int level = 0; level < INDEX_LEVELS; level++)
        if (index_supports((enum index_level)level)) {
            show_by((struct way){false, (enum index_level)level}, &direct, options, columns, n);
            assert_string_equal(direct.bytes, by_libcsv.bytes);
        }
    buffer_free(&direct);
    buffer_free(&by_libcsv);
}

static void whole_tables_agree(void **state) {
    (void)state;
    static const struct table_column columns[] = {
        {.name = "a", .type = TABLE_INTEGER, .missing = true},
        {.name = "b", .type = TABLE_TEXT, .missing = true},
    };
    static const char alphabet[] = "1,,\n\n\r \0\xC3\xA9";
    uint64_t seed = 7;
    for (int round = 0; round < 3000; round++) {
        char bytes[60] = "a,b\n";
        size_t length = 4 + draw(&seed, sizeof bytes - 4);
        for (size_t i = 4; i < length; i++)
            bytes[i] = alphabet[draw(&seed, sizeof alphabet - 1)];
        const char *path = tables_write("w.csv", (struct text){bytes, length});
        const struct table_options options = {.files = &path,
                                              .n_files = 1,
                                              .block_bytes = 1 + draw(&seed, 64),
                                              .bad_rows = round % 2 ? TABLE_SKIP : TABLE_STOP};
        expect_same_by_every_way(&options, columns, 2);
    }
}

/* Columns of every type, some of them wanted, some absent; most cells are good. */
static const struct table_column typed[] = {
    {.name = "day", .type = TABLE_DATE, .missing = true},
    {.name = "text", .type = TABLE_TEXT},
    {.name = "absent", .type = TABLE_TEXT, .missing = true, .optional = true},
    {.name = "count", .type = TABLE_INTEGER, .missing = true},
    {.name = "money", .type = TABLE_DECIMAL, .missing = true},
    {.name = "period", .type = TABLE_PERIOD, .missing = true},
    {.name = "none", .type = TABLE_DECIMAL, .missing = true, .optional = true},
    {.name = "score", .type = TABLE_NUMBER, .missing = true},
    {.name = "text", .type = TABLE_CATEGORY, .missing = true},
    {.name = "count", .type = TABLE_CATEGORY, .missing = true},
    {.name = "nobody", .type = TABLE_CATEGORY, .missing = true, .optional = true},
};

static const char *const good_cells[6][8] = {
    {"a", "bc", " d ", "\xE5\xB0\x8F", "0012", "-", "x y", "e"},
    {"0", "12", "-3", "+4", " 7\t", "12345678", "123456789", "007"},
    {"0", "0.5", "1.25", "-.5", "1234567.", "12345678.9", " 3 ", "1e2"},
    {"2025-01-19", "0001-01-01", "9999-12-31", "2024-02-29", "2025-01-19T10:00", " 2025-01-19",
     "2025-01-19 ", "1970-01-01"},
    {"2025", "2025-01", "2025-Q1", "2025-W03", "2025-01-19", " 2024", "2024-12", "2024"},
    {"0", "0.1", "1e-3", "-7", "123456.7", ".5", "5.", "1234567890123"},
};

static const char *const bad_cells[] = {"",     " ",  ".",   "NA",       "1.2.3",     "2025-02-30",
                                        "\xFF", "1-", "1,5", "1234567.", "0000-01-01"};

/* One time in `bad` a cell is drawn from those that are bad in some column at least. */
static const char *draw_cell(uint64_t *seed, size_t field, size_t bad) {
    if (draw(seed, bad) == 0)
        return bad_cells[draw(seed, sizeof bad_cells / sizeof bad_cells[0])];
    return good_cells[field][draw(seed, 8)];
}

static void whole_tables_of_every_type_agree(void **state) {
    (void)state;
    static const char *const na[] = {"NA", "0"};
    uint64_t seed = 11;
    for (size_t round = 0; round < 2000; round++) {
        struct buffer csv = {0};
        const size_t rows = draw(&seed, 40), bad = round % 3 ? 1000 : 20;
        const char *end = round % 5 == 0 ? "\r\n" : "\n";
        buffer_format(&csv, "text,count,money,day,period,score%s", end);
        for (size_t row = 0; row < rows; row++)
            for (size_t field = 0; field < 6; field++)
                buffer_format(&csv, "%s%s", draw_cell(&seed, field, bad), field < 5 ? "," : end);
        if (round % 7 == 0 && csv.bytes[csv.length - 1] == '\n')
            csv.length--;
        const char *path = tables_write("t.csv", (struct text){csv.bytes, csv.length});
        const struct table_options options = {.files = &path,
                                              .n_files = 1,
                                              .block_bytes = 1 + draw(&seed, 700),
                                              .na = na,
                                              .n_na = round % 4 == 0 ? 2 : 0,
                                              .bad_rows = round % 2 ? TABLE_SKIP : TABLE_STOP};
        expect_same_by_every_way(&options, typed, sizeof typed / sizeof typed[0]);
        buffer_free(&csv);
    }
}

/* ---- Counting -------------------------------------------------------------------------------- */

static void counts_bytes(void **state) {
    (void)state;
    static char bytes[5000]; /* more than 255 vectors, at every alignment */
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = draw(&seed, 3) ? '\n' : "\"\0\xFF\x0B"[draw(&seed, 4)];
    for (size_t from = 0; from < 20; from++) {
        for (size_t length = 0; length < 5000 - from; length += length < 300 ? 1 : 997) {
            size_t lines = 0, ascii = true;
            for (size_t i = 0; i < length; i++) {
                lines += bytes[from + i] == '\n';
                ascii &= (unsigned char)bytes[from + i] < 0x80;
            }
            assert_int_equal(count_byte(bytes + from, length, '\n'), lines);
            assert_int_equal(count_is_ascii(bytes + from, length), ascii);
        }
    }
    memset(bytes, '\n', sizeof bytes); /* no lane may overflow */
    assert_int_equal(count_byte(bytes, sizeof bytes, '\n'), sizeof bytes);
    bytes[17] = '\x80';
    assert_false(count_is_ascii(bytes, 18));
    assert_true(count_is_ascii(bytes, 17));
}

/* ---- Records that are too long --------------------------------------------------------------- */

static int cut_all(const char *path, size_t block_bytes, size_t longest, struct buffer *out,
                   struct error *err) {
    struct cut *cut;
    struct block block = {0};
    buffer_clear(out);
    err->code = 0;
    int code = cut_open(&cut, path, block_bytes, longest, err);
    assert_int_equal(code, 0);
    while (!(code = cut_next(cut, &block, err)) && block.length > 0) {
        assert_true(block.length <= longest);
        buffer_append(out, block.bytes, block.length);
    }
    assert_true(block.capacity <= longest);
    block_free(&block);
    cut_close(cut);
    return code;
}

/* The limit is 1 GiB; a lower one shows the same in less memory. */
static void refuses_records_above_the_limit(void **state) {
    (void)state;
    struct buffer csv = {0}, out = {0};
    struct error err = {0};
    buffer_text(&csv, "a\nb\n");
    for (int i = 0; i < 300; i++)
        buffer_byte(&csv, 'x');
    buffer_text(&csv, "\nc\n");
    const char *path = tables_write("long.csv", (struct text){csv.bytes, csv.length});
    for (size_t block_bytes = 1; block_bytes < 400; block_bytes++) {
        assert_int_equal(cut_all(path, block_bytes, 301, &out, &err), 0);
        assert_int_equal(out.length, csv.length);
        assert_int_equal(cut_all(path, block_bytes, 300, &out, &err), ERROR_DATA);
        assert_int_equal(out.length, 4); /* what precedes it is given out */
        assert_string_equal(tables_name(err.text),
                            "long.csv:3: found a record of more than 300 bytes, expected a shorter "
                            "one");
    }
    buffer_clear(&csv);
    buffer_text(&csv, "a\n\"b\nc\nd\ne\nf\ng\nh\n");
    path = tables_write("open.csv", (struct text){csv.bytes, csv.length});
    assert_int_equal(cut_all(path, 4, 10, &out, &err), ERROR_DATA);
    assert_string_equal(
        tables_name(err.text),
        "open.csv:2: found a record of more than 10 bytes, expected a shorter one: a "
        "quote opens and is not closed");
    path = tables_write("mac.csv", text_of("a,b\r1,2\r3,4\r5,6\r"));
    assert_int_equal(cut_all(path, 4, 10, &out, &err), ERROR_DATA);
    assert_string_equal(tables_name(err.text),
                        "mac.csv:1: found a record of more than 10 bytes, expected a shorter one: "
                        "lines must end in LF or CR LF, not in CR alone");
    buffer_free(&csv);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_agree_without_quotes),
        cmocka_unit_test(libcsv_agrees_with_the_grammar),
        cmocka_unit_test(every_short_record),
        cmocka_unit_test(keeps_only_what_is_wanted),
        cmocka_unit_test(whole_tables_agree),
        cmocka_unit_test(whole_tables_of_every_type_agree),
        cmocka_unit_test(counts_bytes),
        cmocka_unit_test(refuses_records_above_the_limit),
    };
    return cmocka_run_group_tests_name("table-scanners", tests, tables_setup, tables_teardown);
}
