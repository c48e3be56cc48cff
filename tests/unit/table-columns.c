/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headers: finding columns, calling them otherwise, several shards. */
#include "tables.h"

static const struct table_column user[] = {{.name = "user", .type = TABLE_TEXT}};

static void expect(const char *const *csvs, size_t n_files, const struct table_options *like,
                   const struct table_column *columns, size_t n, const char *expected) {
    static const char *const names[] = {"a.csv", "b.csv", "c.csv"};
    struct buffer shown = {0};
    const char *paths[3];
    struct table_options options = like ? *like : (struct table_options){0};
    for (size_t i = 0; i < n_files; i++)
        paths[i] = tables_write(names[i], text_of(csvs[i]));
    options.files = paths;
    options.n_files = n_files;
    tables_show(&shown, &options, columns, n);
    assert_string_equal(shown.bytes, expected);
    buffer_free(&shown);
}

static void expect_user(const char *csv, const struct table_options *options,
                        const char *expected) {
    expect(&csv, 1, options, user, 1, expected);
}

static void suggests_the_nearest_header(void **state) {
    (void)state;
    expect_user("users,platform\n1,2\n", NULL,
                "error 1: a.csv:1: no column 'user'; did you mean 'users'? (or name it: --column "
                "user=HEADER); found: users, platform\n");
    expect_user("\nid,platform\n1,2\n", NULL,
                "error 1: a.csv:2: no column 'user' (or name it: --column user=HEADER); found: id, "
                "platform\n");
    expect_user("User\n1\n", NULL,
                "error 1: a.csv:1: no column 'user'; did you mean 'User'? (or name it: --column "
                "user=HEADER); found: User\n");
}

static void suggests_a_delimiter(void **state) {
    (void)state;
    expect_user("user;platform\n1;2\n", NULL,
                "error 1: a.csv:1: no column 'user'; found one column: is the delimiter another "
                "(--delimiter ';')?; found: user;platform\n");
    expect_user("user\tplatform\n1\t2\n", NULL,
                "error 1: a.csv:1: no column 'user'; found one column: is the delimiter another "
                "(--delimiter tab)?; found: user\\x09platform\n");
    const struct table_options semicolon = {.delimiter = ';'};
    expect_user("user,platform\n1,2\n", &semicolon,
                "error 1: a.csv:1: no column 'user'; found one column: is the delimiter another "
                "(--delimiter ,)?; found: user,platform\n");
}

static void lists_many_headers_shortly(void **state) {
    (void)state;
    struct buffer csv = {0};
    for (int i = 0; i < 1000; i++)
        buffer_format(&csv, "%scolumn%d", i ? "," : "", i);
    struct error err = {0};
    const char *path = tables_write("many.csv", (struct text){csv.bytes, csv.length});
    const struct table_options options = {.files = &path, .n_files = 1};
    struct table *table;
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_bind(table, user, 1, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "found: column0, column1, column2, "));
    assert_string_equal(err.text + strlen(err.text) - 5, ", ...");
    assert_true(strlen(err.text) < 600);
    table_close(table);
    buffer_free(&csv);
}

static void calls_columns_otherwise(void **state) {
    (void)state;
    static const char *const renames[] = {"user=user id", "platform=app"};
    static const struct table_column both[] = {{.name = "user", .type = TABLE_TEXT},
                                               {.name = "platform", .type = TABLE_TEXT}};
    const char *csv = "app, user id ,user\na,b,c\n";
    struct table_options options = {.columns = renames, .n_columns = 2};
    expect(&csv, 1, &options, both, 2, "a.csv:2|[b]|[a]\nrows 1, bad 0, blank 0\n");
    options.n_columns = 1;
    expect_user(
        "platform,userid,user\na,b,c\n", &options,
        "error 1: a.csv:1: no column 'user id', which --column says is 'user'; did you mean "
        "'userid'? (or name it: --column user=HEADER); found: platform, userid, user\n");
    static const char *const odd[] = {"user=a=b"}; /* the first '=' parts the two */
    options = (struct table_options){.columns = odd, .n_columns = 1};
    expect_user("a=b\nx\n", &options, "a.csv:2|[x]\nrows 1, bad 0, blank 0\n");
}

/* A NAME that nobody reads, most often a slip, is never passed over. */
static void names_that_are_not_read(void **state) {
    (void)state;
    static const char *const renames[] = {"user=id", "usr=name", "group=g"};
    struct table_options options = {.columns = renames, .n_columns = 2};
    expect_user("id,name\na,b\n", &options,
                "error 2: --column: found 'usr=name', but no column 'usr' is read here; did you "
                "mean 'user'?; expected one of: user\n");
    options.columns = renames + 2;
    options.n_columns = 1;
    expect_user("user,g\na,b\n", &options,
                "error 2: --column: found 'group=g', but no column 'group' is read here; expected "
                "one of: user\n");
    /* To ask whether the file has it is to know it. */
    struct error err = {0};
    struct table *table;
    const char *path = tables_write("a.csv", text_of("user,g\na,b\n"));
    options.files = &path;
    options.n_files = 1;
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_true(table_has(table, "group"));
    assert_int_equal(table_bind(table, user, 1, &err), 0);
    table_close(table);
}

static void checks_renames(void **state) {
    (void)state;
    static const char *const wrong[] = {"user", "=x", "user=", "user= "};
    for (size_t i = 0; i < 4; i++) {
        char expected[100];
        struct table_options options = {.columns = &wrong[i], .n_columns = 1};
        snprintf(expected, sizeof expected, "error 2: --column: found '%s', expected NAME=HEADER\n",
                 wrong[i]);
        expect_user("user\n1\n", &options, expected);
    }
    static const char *const twice[] = {"user=a", "user=b"};
    const struct table_options options = {.columns = twice, .n_columns = 2};
    expect_user("a,b\n1,2\n", &options,
                "error 2: --column: found 'user=a' and 'user=b', expected one header for 'user'\n");
}

static void refuses_a_header_twice_only_when_used(void **state) {
    (void)state;
    expect_user("user,x,x\n1,2,3\n", NULL, "a.csv:2|[1]\nrows 1, bad 0, blank 0\n");
    expect_user("user,x, user\n1,2,3\n", NULL,
                "error 1: a.csv:1: found column 'user' 2 times, expected it once\n");
}

static void allows_headers_without_a_name(void **state) {
    (void)state;
    expect_user(",user,\n1,2,3\n", NULL, "a.csv:2|[2]\nrows 1, bad 0, blank 0\n");
}

static void trims_and_unquotes_headers(void **state) {
    (void)state;
    expect_user(" user \t,x\n1,2\n", NULL, "a.csv:2|[1]\nrows 1, bad 0, blank 0\n");
    expect_user("\"user\",\"two\nlines\"\n1,2\n", NULL, "a.csv:3|[1]\nrows 1, bad 0, blank 0\n");
    expect_user("\"user\"x,y\n", NULL,
                "error 1: a.csv:1: found a misplaced quote in the header, expected a whole name in "
                "quotes and its own quotes doubled\n");
}

static void fills_absent_optional_columns(void **state) {
    (void)state;
    const struct table_column columns[] = {
        {.name = "minutes", .type = TABLE_DECIMAL, .optional = true},
        {.name = "user", .type = TABLE_TEXT},
        {.name = "segment", .type = TABLE_TEXT, .optional = true},
    };
    const char *csv = "user\nx\ny\n";
    expect(&csv, 1, NULL, columns, 3,
           "a.csv:2|NA|[x]|NA\na.csv:3|NA|[y]|NA\nrows 2, bad 0, blank 0\n");
    csv = "user,minutes\nx,1.5\n"; /* present, it is as required as any */
    expect(&csv, 1, NULL, columns, 3, "a.csv:2|1.5|[x]|NA\nrows 1, bad 0, blank 0\n");
    csv = "user,minutes\nx,\n";
    expect(&csv, 1, NULL, columns, 3,
           "error 1: a.csv:2:2: found an empty cell in column 'minutes', expected a decimal "
           "number\n");
}

static void says_what_is_there(void **state) {
    (void)state;
    struct error err = {0};
    struct table *table;
    const struct text *names;
    static const char *const renames[] = {"group=plan"};
    const char *path = tables_write("a.csv", text_of(" user ,,plan\n"));
    const struct table_options options = {
        .files = &path, .n_files = 1, .columns = renames, .n_columns = 1};
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_headers(table, &names), 3);
    assert_true(text_is(names[0], "user") && text_is(names[1], "") && text_is(names[2], "plan"));
    assert_true(table_has(table, "user"));
    assert_true(table_has(table, "group"));
    assert_true(table_has(table, "plan"));
    assert_false(table_has(table, "users"));
    table_close(table);
}

static void counts_rows_without_columns(void **state) {
    (void)state;
    const char *csv = "a,b\n1,2\n3,4\n";
    expect(&csv, 1, NULL, NULL, 0, "a.csv:2\na.csv:3\nrows 2, bad 0, blank 0\n");
}

static void joins_shards_with_the_same_header(void **state) {
    (void)state;
    const char *const csvs[] = {"user,x\n1,\n", " user , \"x\"\r\n2,\n\n3,", "\"user\",x\n"};
    const char *const good[] = {"user,x\n1,\n", " user , x\r\n2,\n\n3,", "\"user\",x\n"};
    expect(good, 3, NULL, user, 1,
           "a.csv:2|[1]\nb.csv:2|[2]\nb.csv:4|[3]\nrows 3, bad 0, blank 1\n");
    expect(csvs, 3, NULL, user, 1,
           "error 1: b.csv:1: found a misplaced quote in the header, expected a whole name in "
           "quotes and its own quotes doubled\n");
}

static void names_the_first_difference_of_shards(void **state) {
    (void)state;
    char expected[300];
    const char *const renamed[] = {"user,x\n1,2\n", "user,y\n1,2\n"};
    snprintf(expected, sizeof expected,
             "error 1: b.csv:1:2: found column 'y', expected 'x' as in %s\n", tables_path("a.csv"));
    expect(renamed, 2, NULL, user, 1, expected);
    const char *const more[] = {"user,x\n1,2\n", "\nuser,x,z\n1,2,3\n"};
    snprintf(expected, sizeof expected,
             "error 1: b.csv:2: found 3 columns, expected 2 as in %s; 'z' is one too many\n",
             tables_path("a.csv"));
    expect(more, 2, NULL, user, 1, expected);
    const char *const fewer[] = {"user,x\n1,2\n", "user\n1\n"};
    snprintf(expected, sizeof expected,
             "error 1: b.csv:1: found 1 column, expected 2 as in %s; 'x' is the first that lacks\n",
             tables_path("a.csv"));
    expect(fewer, 2, NULL, user, 1, expected);
    const char *const empty[] = {"user,x\n1,2\n", ""};
    expect(empty, 2, NULL, user, 1, "error 1: b.csv:1: found no line, expected a header\n");
}

static void refuses_standard_input_twice(void **state) {
    (void)state;
    const char *const files[] = {"-", "a.csv", "-"};
    const struct table_options options = {.files = files, .n_files = 3};
    struct error err = {0};
    struct table *table;
    assert_int_equal(table_open(&table, &options, &err), ERROR_USAGE);
    assert_string_equal(err.text, "found standard input ('-') twice, expected it once");
}

static void reads_once(void **state) {
    (void)state;
    const char *path = tables_write("a.csv", text_of("user\n1\n"));
    const struct table_options options = {.files = &path, .n_files = 1};
    struct error err = {0};
    struct table *table;
    const struct table_batch *batch;
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_read(table, &batch, &err), ERROR_SYSTEM); /* nothing bound yet */
    err.code = 0;
    assert_int_equal(table_bind(table, user, 1, &err), 0);
    assert_int_equal(table_read(table, &batch, &err), 0);
    assert_int_equal(table_read(table, &batch, &err), ERROR_SYSTEM);
    table_close(table);
}

static void reports_files_that_cannot_be_read(void **state) {
    (void)state;
    struct error err = {0};
    struct table *table;
    const char *path = "/nonexistent/x.csv";
    const struct table_options options = {.files = &path, .n_files = 1};
    assert_int_equal(table_open(&table, &options, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot open '/nonexistent/x.csv': No such file or directory");
    err.code = 0;
    path = "/tmp";
    assert_int_equal(table_open(&table, &options, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot read '/tmp': Is a directory");
    table_close(NULL);
}

/* A thousand shards need no thousand descriptors. */
static void takes_more_shards_than_descriptors(void **state) {
    (void)state;
    enum { SHARDS = 3000 };
    const char *path = tables_write("a.csv", text_of("user\n1\n"));
    const char **paths = calloc(SHARDS, sizeof *paths);
    assert_non_null(paths);
    for (int i = 0; i < SHARDS; i++)
        paths[i] = path;
    const struct table_options options = {.files = paths, .n_files = SHARDS, .threads = 4};
    struct error err = {0};
    struct table *table;
    const struct table_batch *batch;
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(table_bind(table, user, 1, &err), 0);
    assert_int_equal(table_read(table, &batch, &err), 0);
    assert_int_equal(batch->rows, SHARDS);
    table_close(table);
    free(paths);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggests_the_nearest_header),
        cmocka_unit_test(suggests_a_delimiter),
        cmocka_unit_test(lists_many_headers_shortly),
        cmocka_unit_test(calls_columns_otherwise),
        cmocka_unit_test(names_that_are_not_read),
        cmocka_unit_test(checks_renames),
        cmocka_unit_test(refuses_a_header_twice_only_when_used),
        cmocka_unit_test(allows_headers_without_a_name),
        cmocka_unit_test(trims_and_unquotes_headers),
        cmocka_unit_test(fills_absent_optional_columns),
        cmocka_unit_test(says_what_is_there),
        cmocka_unit_test(counts_rows_without_columns),
        cmocka_unit_test(joins_shards_with_the_same_header),
        cmocka_unit_test(names_the_first_difference_of_shards),
        cmocka_unit_test(refuses_standard_input_twice),
        cmocka_unit_test(reads_once),
        cmocka_unit_test(reports_files_that_cannot_be_read),
        cmocka_unit_test(takes_more_shards_than_descriptors),
    };
    return cmocka_run_group_tests_name("table-columns", tests, tables_setup, tables_teardown);
}
