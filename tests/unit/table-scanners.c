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

static const struct table_column columns[] = {
    {.name = "a", .type = TABLE_INTEGER, .missing = true},
    {.name = "b", .type = TABLE_TEXT, .missing = true},
};

static void show_by(bool libcsv_only, struct buffer *out, const struct table_options *options) {
    struct error err = {0};
    struct table *table = NULL;
    buffer_clear(out);
    int code = table_open(&table, options, &err);
    if (!code)
        code = table_bind(table, columns, 2, &err);
    if (!code) {
        table->layout.libcsv_only = libcsv_only;
        code = tables_fold(out, table, columns, 2, &err);
    }
    if (code)
        tables_error(out, &err);
    else
        tables_summary(out, table);
    table_close(table);
}

static void whole_tables_agree(void **state) {
    (void)state;
    static const char alphabet[] = "1,,\n\n\r \0\xC3\xA9";
    uint64_t seed = 7;
    struct buffer direct = {0}, by_libcsv = {0};
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
        show_by(false, &direct, &options);
        show_by(true, &by_libcsv, &options);
        assert_string_equal(direct.bytes, by_libcsv.bytes);
    }
    buffer_free(&direct);
    buffer_free(&by_libcsv);
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
        cmocka_unit_test(counts_bytes),
        cmocka_unit_test(refuses_records_above_the_limit),
    };
    return cmocka_run_group_tests_name("table-scanners", tests, tables_setup, tables_teardown);
}
