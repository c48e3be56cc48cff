/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a shard: what is whole is read, what is not is an error, never a shorter file. */
#include "tables.h"

#include "table/source.h"
#include <fcntl.h>

/* Reads a file to its end by `size` bytes at a time. */
static int read_by(const char *path, bool ahead, size_t size, struct buffer *out,
                   struct error *err) {
    struct source *source;
    char bytes[4096];
    size_t n = 1;
    buffer_clear(out);
    err->code = 0;
    int code = source_open(&source, path, err);
    if (code)
        return code;
    if (ahead)
        source_read_ahead(source);
    while (!code && n > 0) {
        code = source_read(source, bytes, size, &n, err);
        buffer_append(out, bytes, n);
    }
    if (!code)
        assert_int_equal(source_consumed(source), source_size(source));
    source_close(source);
    return code;
}

/* A thread that decodes changes nothing, neither the bytes nor the error behind them. */
static int read_all(const char *path, size_t size, struct buffer *out, struct error *err) {
    struct buffer other = {0};
    struct error other_err = {0};
    const int code = read_by(path, false, size, out, err);
    assert_int_equal(read_by(path, true, size, &other, &other_err), code);
    assert_int_equal(other.length, out->length);
    if (out->length > 0)
        assert_memory_equal(other.bytes, out->bytes, out->length);
    if (code)
        assert_string_equal(other_err.text, err->text);
    buffer_free(&other);
    return code;
}

static void expect_whole(struct text file, struct text expected) {
    struct buffer out = {0};
    struct error err = {0};
    const char *path = tables_write("x", file);
    static const size_t sizes[] = {1, 7, 4096};
    for (size_t i = 0; i < 3; i++) {
        if (read_all(path, sizes[i], &out, &err))
            fail_msg("%s", err.text);
        assert_int_equal(out.length, expected.length);
        assert_memory_equal(out.bytes ? out.bytes : "", expected.bytes, expected.length);
    }
    buffer_free(&out);
}

static void expect_error(struct text file, int code, const char *message) {
    struct buffer out = {0};
    struct error err = {0};
    const char *path = tables_write("x", file);
    assert_int_equal(read_all(path, 4096, &out, &err), code);
    assert_string_equal(tables_name(err.text), message);
    buffer_free(&out);
}

/* Long enough for the decoders to give it out in several pieces, not too regular to be packed. */
static struct text sample(void) {
    static char bytes[3000];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = "abc,\n0123456789"[(state >> 24) % 15];
    }
    return (struct text){bytes, sizeof bytes};
}

typedef void packer(struct buffer *out, struct text bytes);

static packer *const packers[] = {tables_gzip, tables_zstd};
static const char *const kinds[] = {"gzip", "zstd"};

static void reads_plain_files(void **state) {
    (void)state;
    expect_whole(text_of("a,b\n1,2\n"), text_of("a,b\n1,2\n"));
    expect_whole(text_of("x"), text_of("x"));
    expect_whole(text_of(""), text_of(""));
    expect_whole(text_of("\x1f"), text_of("\x1f")); /* half a magic is none */
    expect_whole(text_of("BZhang,PAR1\n"), text_of("BZhang,PAR1\n"));
    expect_whole(sample(), sample());
}

static void reads_compressed_files(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct buffer packed = {0}, expected = {0};
        for (int members = 1; members <= 3; members++) { /* each is added to those before */
            packers[kind](&packed, sample());
            buffer_append(&expected, sample().bytes, sample().length);
            expect_whole((struct text){packed.bytes, packed.length},
                         (struct text){expected.bytes, expected.length});
            packers[kind](&packed, text_of("")); /* an empty one changes nothing */
        }
        buffer_free(&packed);
        buffer_free(&expected);
    }
}

static void reads_zstd_behind_a_skippable_frame(void **state) {
    (void)state;
    struct buffer packed = {0};
    buffer_append(&packed, "\x50\x2A\x4D\x18\x03\0\0\0xyz", 11);
    tables_zstd(&packed, sample());
    expect_whole((struct text){packed.bytes, packed.length}, sample());
    buffer_free(&packed);
}

/* Every cut is noticed, and what came before it is a true beginning. */
static void refuses_truncated_files(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct buffer packed = {0}, out = {0};
        struct error err = {0};
        packers[kind](&packed, sample());
        size_t first = packed.length;
        packers[kind](&packed, sample());
        for (size_t length = 4; length < packed.length; length++) {
            const char *path = tables_write("x", (struct text){packed.bytes, length});
            int code = read_all(path, 512, &out, &err);
            if (length == first) {
                assert_int_equal(code, 0);
                continue;
            }
            if (code != ERROR_DATA)
                fail_msg("%s of %zu bytes cut to %zu: found code %d", kinds[kind], packed.length,
                         length, code);
            size_t n = out.length < sample().length ? out.length : sample().length;
            assert_memory_equal(out.bytes ? out.bytes : "", sample().bytes, n);
        }
        char expected[200];
        snprintf(expected, sizeof expected,
                 "x: found the end of the file inside the %s data, expected more: the file is cut "
                 "short",
                 kinds[kind]);
        expect_error((struct text){packed.bytes, first / 2}, ERROR_DATA, expected);
        expect_error((struct text){packed.bytes, first - 1}, ERROR_DATA, expected);
        buffer_free(&packed);
        buffer_free(&out);
    }
}

/* Where a stream breaks must not depend on how many bytes are asked for at a time. */
static void expect_same_break(const char *path, const struct buffer *out, const struct error *err) {
    struct buffer other = {0};
    struct error other_err = {0};
    static const size_t sizes[] = {1, 100, 2999};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(read_all(path, sizes[i], &other, &other_err), err->code);
        assert_string_equal(other_err.text, err->text);
        assert_int_equal(other.length, out->length);
        assert_memory_equal(other.bytes ? other.bytes : "", out->bytes ? out->bytes : "",
                            out->length);
    }
    buffer_free(&other);
}

/* A changed byte is an error or, in a part of the header that says nothing, without effect. */
static void notices_damage(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        struct buffer packed = {0}, out = {0};
        struct error err = {0};
        packers[kind](&packed, sample());
        size_t harmless = 0;
        for (size_t at = 4; at < packed.length; at++) {
            packed.bytes[at] ^= 0x20;
            const char *path = tables_write("x", (struct text){packed.bytes, packed.length});
            if (read_all(path, 4096, &out, &err) == 0) {
                harmless++;
                assert_int_equal(out.length, sample().length);
                assert_memory_equal(out.bytes, sample().bytes, out.length);
            } else if (at % 16 == 0) {
                expect_same_break(path, &out, &err);
            }
            packed.bytes[at] ^= 0x20;
        }
        assert_true(harmless <= 6); /* gzip: the time (4), the system and the level */
        buffer_free(&packed);
        buffer_free(&out);
    }
}

static void refuses_bytes_behind_the_end(void **state) {
    (void)state;
    static const char *const tails[] = {"a,b\n", "\n", "\x1f", "\x1f\x8c"};
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < 4; i++) {
            struct buffer packed = {0}, out = {0};
            struct error err = {0};
            packers[kind](&packed, sample());
            buffer_text(&packed, tails[i]);
            const char *path = tables_write("x", (struct text){packed.bytes, packed.length});
            assert_int_equal(read_all(path, 4096, &out, &err), ERROR_DATA);
            buffer_free(&packed);
            buffer_free(&out);
        }
        struct buffer packed = {0};
        char expected[100];
        packers[kind](&packed, sample());
        buffer_text(&packed, "rest of the file");
        snprintf(expected, sizeof expected, "x: found other bytes behind the end of the %s data",
                 kinds[kind]);
        expect_error((struct text){packed.bytes, packed.length}, ERROR_DATA, expected);
        buffer_free(&packed);
    }
}

static void names_files_of_another_kind(void **state) {
    (void)state;
    static const struct {
        struct text start;
        const char *what;
    } strangers[] = {
        {{"PK\x03\x04rest....", 12}, "a zip archive or an .xlsx workbook"},
        {{"\xFD"
          "7zXZ\0rest",
          10},
         "xz data"},
        {{"BZh91AY&SYrest", 14}, "bzip2 data"},
        {{"PAR1\x15\x04rest", 10}, "a Parquet file"},
        {{"\xD0\xCF\x11\xE0\xA1\xB1rest", 10}, "an .xls workbook"},
    };
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        char expected[200];
        snprintf(expected, sizeof expected, "x: found %s, expected CSV, plain or by gzip or zstd",
                 strangers[i].what);
        expect_error(strangers[i].start, ERROR_DATA, expected);
    }
}

/* Mapped, this would be a fault; read, it must not pass for the end. */
static void notices_a_file_that_shrinks(void **state) {
    (void)state;
    struct buffer big = {0};
    for (int i = 0; i < 100; i++)
        buffer_append(&big, sample().bytes, sample().length);
    const char *path = tables_write("shrinking", (struct text){big.bytes, big.length});
    struct source *source;
    struct error err = {0};
    char bytes[1000];
    size_t n;
    assert_int_equal(source_open(&source, path, &err), 0);
    assert_int_equal(source_read(source, bytes, sizeof bytes, &n, &err), 0);
    assert_int_equal(truncate(path, 200000), 0);
    int code = 0;
    for (n = 1; !code && n > 0;)
        code = source_read(source, bytes, sizeof bytes, &n, &err);
    assert_int_equal(code, ERROR_SYSTEM);
    assert_string_equal(tables_name(err.text),
                        "shrinking: found 200000 bytes, expected 300000: the file became shorter "
                        "while it was read");
    source_close(source);
    buffer_free(&big);
}

/* Through a table: the rows before the broken place count for nothing, and a bad row before it is
 * the first error. */
/* Far more than the buffers between the two threads hold, and closed at any point. */
static void closes_what_is_read_ahead(void **state) {
    (void)state;
    struct buffer plain = {0}, packed = {0};
    char bytes[4096];
    for (int i = 0; i < 4000000; i += 8)
        buffer_format(&plain, "%07d\n", i);
    tables_gzip(&packed, (struct text){plain.bytes, plain.length});
    const char *path = tables_write("x", (struct text){packed.bytes, packed.length});
    for (size_t reads = 0; reads < 1000; reads = 3 * reads + 1) {
        struct source *source;
        struct error err = {0};
        size_t n = 0, at = 0;
        assert_int_equal(source_open(&source, path, &err), 0);
        source_read_ahead(source);
        for (size_t i = 0; i < reads; i++, at += n) {
            assert_int_equal(source_read(source, bytes, sizeof bytes, &n, &err), 0);
            assert_memory_equal(bytes, plain.bytes + at, n);
        }
        source_close(source);
    }
    buffer_free(&plain);
    buffer_free(&packed);
}

/* Whoever has seen enough does not wait for the rest of a slow pipe. */
static void does_not_wait_for_a_pipe(void **state) {
    (void)state;
    enum { SENT = 200 * 1024 }; /* more than is read on opening, less than fills the buffers */
    struct buffer plain = {0}, packed = {0};
    struct error err = {0};
    struct source *source;
    int ends[2], kept = dup(STDIN_FILENO);
    char byte;
    size_t n;
    for (uint32_t i = 0; i < 200000; i++)
        buffer_format(&plain, "%u\n", i * 2654435761U);
    tables_gzip(&packed, (struct text){plain.bytes, plain.length});
    assert_true(packed.length > SENT);
    assert_int_equal(pipe(ends), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, SENT) >= SENT);
    assert_int_equal(write(ends[1], packed.bytes, SENT), SENT);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    alarm(60); /* otherwise the test would wait as well */
    assert_int_equal(source_open(&source, "-", &err), 0);
    source_read_ahead(source);
    assert_int_equal(source_read(source, &byte, 1, &n, &err), 0);
    assert_true(n == 1 && byte == '0');
    source_close(source);
    alarm(0);
    dup2(kept, STDIN_FILENO);
    close(kept);
    close(ends[0]);
    close(ends[1]);
    buffer_free(&plain);
    buffer_free(&packed);
}

static void a_truncated_table_is_an_error(void **state) {
    (void)state;
    static const struct table_column columns[] = {{.name = "a", .type = TABLE_INTEGER}};
    struct buffer csv = {0}, packed = {0}, shown = {0};
    buffer_text(&csv, "a\n");
    for (int i = 0; i < 3000; i++)
        buffer_format(&csv, "%d\n", i * 7919 % 3001);
    for (int bad = 0; bad < 2; bad++) {
        if (bad)
            memcpy(csv.bytes + 4, "x", 1);
        buffer_clear(&packed);
        tables_gzip(&packed, (struct text){csv.bytes, csv.length});
        const char *path = tables_write("t.csv.gz", (struct text){packed.bytes, packed.length / 2});
        struct table_options options = {.files = &path, .n_files = 1};
        for (options.threads = 1; options.threads <= 4; options.threads++) {
            for (options.block_bytes = 1; options.block_bytes < 5000; options.block_bytes += 611) {
                tables_show(&shown, &options, columns, 1);
                assert_string_equal(
                    shown.bytes,
                    bad ? "error 1: t.csv.gz:3:1: found 'x917' in column 'a', expected plain "
                          "digits, without unit or symbol\n"
                        : "error 1: t.csv.gz: found the end of the file inside the gzip data, "
                          "expected more: the file is cut short\n");
            }
        }
    }
    buffer_free(&csv);
    buffer_free(&packed);
    buffer_free(&shown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_plain_files),
        cmocka_unit_test(reads_compressed_files),
        cmocka_unit_test(reads_zstd_behind_a_skippable_frame),
        cmocka_unit_test(refuses_truncated_files),
        cmocka_unit_test(notices_damage),
        cmocka_unit_test(refuses_bytes_behind_the_end),
        cmocka_unit_test(names_files_of_another_kind),
        cmocka_unit_test(notices_a_file_that_shrinks),
        cmocka_unit_test(closes_what_is_read_ahead),
        cmocka_unit_test(does_not_wait_for_a_pipe),
        cmocka_unit_test(a_truncated_table_is_an_error),
    };
    return cmocka_run_group_tests_name("table-sources", tests, tables_setup, tables_teardown);
}
