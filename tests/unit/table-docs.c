/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/csv.md shows files and what is said of them: each is tried. */
#include "tables.h"

static const struct table_column columns[] = {
    {.name = "user", .type = TABLE_TEXT},
    {.name = "users", .type = TABLE_INTEGER, .optional = true},
    {.name = "revenue", .type = TABLE_DECIMAL, .optional = true},
    {.name = "score", .type = TABLE_NUMBER, .optional = true},
    {.name = "date", .type = TABLE_DATE, .optional = true},
    {.name = "period", .type = TABLE_PERIOD, .optional = true},
};

/* The bytes that "\n", "\r", "\0" and "\xNN" stand for. */
static void unescape(struct buffer *bytes, const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\\') {
            buffer_byte(bytes, text[i]);
            continue;
        }
        char hex[3] = {0};
        switch (text[++i]) {
        case 'n':
            buffer_byte(bytes, '\n');
            break;
        case 'r':
            buffer_byte(bytes, '\r');
            break;
        case '0':
            buffer_byte(bytes, '\0');
            break;
        case 'x':
            memcpy(hex, text + i + 1, 2);
            buffer_byte(bytes, (char)strtol(hex, NULL, 16));
            i += 2;
            break;
        default:
            fail_msg("unknown escape in '%.*s'", (int)length, text);
        }
    }
}

static void try(const char *file, size_t length, const char *message, size_t message_length) {
    struct buffer bytes = {0}, shown = {0}, expected = {0};
    unescape(&bytes, file, length);
    const char *path = tables_write("FILE", (struct text){bytes.bytes, bytes.length});
    const struct table_options options = {.files = &path, .n_files = 1};
    buffer_format(&expected, "error 1: %.*s\n", (int)message_length, message);
    tables_show(&shown, &options, columns, sizeof columns / sizeof columns[0]);
    assert_string_equal(shown.bytes, expected.bytes);
    buffer_free(&bytes);
    buffer_free(&shown);
    buffer_free(&expected);
}

/* Rows of the page that read: | `file` | `FILE:... message` | ... */
static void every_message_is_as_the_page_says(void **state) {
    (void)state;
    struct buffer page = {0};
    struct error err = {0};
    const char *tests = getenv("TESTS");
    char path[1024];
    snprintf(path, sizeof path, "%s/../docs/csv.md", tests ? tests : "tests");
    if (buffer_read_file(&page, path, &err))
        fail_msg("%s", err.text);
    int tried = 0;
    for (char *line = page.bytes; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        char *file = strncmp(line, "| `", 3) == 0 ? line + 3 : NULL;
        char *end = file ? strstr(file, "` | `FILE:") : NULL;
        if (!end || end > strchr(line, '\n'))
            continue;
        char *message = end + 5;
        try(file, (size_t)(end - file), message, (size_t)(strstr(message, "` |") - message));
        tried++;
    }
    assert_true(tried > 30);
    buffer_free(&page);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_as_the_page_says),
    };
    return cmocka_run_group_tests_name("table-docs", tests, tables_setup, tables_teardown);
}
