/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: whatever bytes a file holds, the answer depends neither on the scanner nor on where
 * the blocks are cut nor on the threads; and nothing is read or written out of bounds. The first
 * byte of the input chooses the size of the blocks. */
#include "table/inside.h"

#include "base/buffer.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct table_column columns[] = {
    {.name = "a", .type = TABLE_TEXT, .missing = true},
    {.name = "b", .type = TABLE_DECIMAL, .missing = true},
};

struct way {
    size_t block_bytes;
    int threads;
    bool libcsv_only;
    enum index_level level;
};

/* All that can be seen of the rows. */
static void show_rows(struct buffer *out, const struct table_batch *batch) {
    for (size_t row = 0; row < batch->rows; row++) {
        char where[TABLE_WHERE];
        struct text text = batch->columns[0].text[row];
        table_where(batch, row, 0, where);
        buffer_format(out, "%s %d %d %lld ", where, table_missing(batch, 0, row),
                      table_missing(batch, 1, row), (long long)batch->columns[1].decimal[row]);
        buffer_append(out, text.bytes, text.length);
        buffer_byte(out, '\n');
    }
}

static void show(struct buffer *out, const char *path, enum table_bad_rows bad_rows,
                 struct way way) {
    const struct table_options options = {.files = &path,
                                          .n_files = 1,
                                          .bad_rows = bad_rows,
                                          .threads = way.threads,
                                          .block_bytes = way.block_bytes};
    struct error err = {0};
    struct table *table = NULL;
    const struct table_batch *batch;
    struct table_summary summary;
    int code = table_open(&table, &options, &err);
    if (!code)
        code = table_bind(table, columns, 2, &err);
    if (!code) {
        table->layout.libcsv_only = way.libcsv_only;
        table->layout.level = way.level;
        code = table_read(table, &batch, &err);
    }
    if (code) {
        buffer_format(out, "%d %s", code, err.text);
    } else {
        show_rows(out, batch);
        table_summarise(table, &summary);
        buffer_format(out, "%llu %llu %llu %s", (unsigned long long)summary.rows,
                      (unsigned long long)summary.bad_rows, (unsigned long long)summary.blank_lines,
                      summary.first_bad);
    }
    table_close(table);
}

static void compare(const char *path, enum table_bad_rows bad_rows, struct way a, struct way b) {
    struct buffer x = {0}, y = {0};
    show(&x, path, bad_rows, a);
    show(&y, path, bad_rows, b);
    if (x.failed || y.failed || x.length != y.length || memcmp(x.bytes, y.bytes, x.length) != 0)
        abort();
    buffer_free(&x);
    buffer_free(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char path[64];
    if (size == 0)
        return 0;
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    if (file < 0 || write(file, bytes + 1, size - 1) != (ssize_t)size - 1)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    struct way other = {(size_t)bytes[0] + 1, 1 + bytes[0] % 4, true, INDEX_PORTABLE};
    for (int level = 0; level < INDEX_LEVELS; level++) {
        if (!index_supports((enum index_level)level))
            continue;
        struct way plain = {0, 1, false, (enum index_level)level};
        compare(path, TABLE_STOP, plain, other);
        compare(path, TABLE_SKIP, plain, other);
    }
    close(file);
    return 0;
}
