/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A whole table as texts. */
#include "table/table.h"
#include <stdlib.h>

struct request {
    struct arena names; /* NUL-terminated headers */
    struct table_column *columns;
    const char **headers;
    size_t n;
};

static int request_all(struct request *request, const struct table *table, struct error *err) {
    const struct text *headers;
    request->n = table_headers(table, &headers);
    request->columns = calloc(request->n + 1, sizeof *request->columns);
    request->headers = calloc(request->n + 1, sizeof *request->headers);
    if (!request->columns || !request->headers)
        return error_memory(err);
    for (size_t i = 0; i < request->n; i++) {
        request->headers[i] = arena_text(&request->names, headers[i].bytes, headers[i].length);
        if (!request->headers[i])
            return error_memory(err);
        request->columns[i] =
            (struct table_column){.name = request->headers[i], .type = TABLE_TEXT, .missing = true};
    }
    return 0;
}

static int copy_cells(const struct table_batch *batch, size_t columns, struct sheet *sheet,
                      struct error *err) {
    for (size_t row = 0; row < batch->rows; row++)
        for (size_t i = 0; i < columns; i++)
            if (sheet_cell(sheet, batch->columns[i].text[row], err))
                return err->code;
    return 0;
}

int table_read_sheet(struct table *table, struct sheet *sheet, struct error *err) {
    struct request request = {0};
    const struct table_batch *batch;
    int code = request_all(&request, table, err);
    if (!code)
        code = table_bind(table, request.columns, request.n, err);
    if (!code)
        code = table_read(table, &batch, err);
    if (!code)
        code = sheet_start(sheet, request.headers, request.n, err);
    if (!code)
        code = copy_cells(batch, request.n, sheet, err);
    arena_free(&request.names);
    free(request.columns);
    free(request.headers);
    return code;
}
