/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading what the other tools measured, and drawing a replication's settings from it.
 *
 * Contents: defaults; what is refused; ARPU; classes of users, and languages; tiers; moves between
 * them; survival; flows; destinations; checking; drawing; describing. */
#include "ranking/calibrate.h"

#include "base/number.h"
#include "base/random.h"
#include "ranking/purpose.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More creators than there can be; the sums of a file of any length fit. */
static const int64_t MOST_CREATORS = INT64_C(1000000000000);

/* Least rate of leaving: a shock can push only those who could leave. */
static const double LEAST_RATE = 1e-6, MOST_RATE = 0.99;

/* ---- Defaults -------------------------------------------------------------------------------- */

/* Assumed: rates per month of about the size that creator panels show, most of all at the bottom,
 * where people come and go. */
static const struct {
    const char *name;
    struct tier_rates rates;
} default_tiers[] = {
    {"nano", {.share = 0.60, .promoted = 0.020, .demoted = 0.000, .left = 0.040}},
    {"micro", {.share = 0.25, .promoted = 0.015, .demoted = 0.030, .left = 0.020}},
    {"mid", {.share = 0.10, .promoted = 0.015, .demoted = 0.030, .left = 0.010}},
    {"macro", {.share = 0.04, .promoted = 0.010, .demoted = 0.030, .left = 0.010}},
    {"mega", {.share = 0.01, .promoted = 0.000, .demoted = 0.030, .left = 0.010}},
};

/* Newcomers make up for what flows out of each tier, beyond what flows in from its neighbours. */
static void balance(struct tier_rates *rates, size_t n) {
    for (size_t k = 0; k < n; k++) {
        double out = rates[k].share * (rates[k].promoted + rates[k].demoted + rates[k].left);
        double up = k > 0 ? rates[k - 1].share * rates[k - 1].promoted : 0;
        double down = k + 1 < n ? rates[k + 1].share * rates[k + 1].demoted : 0;
        rates[k].entered = fmax(0, out - up - down);
    }
}

void calibrate_default(struct calibration *ret) {
    *ret = (struct calibration){.n_tiers = sizeof default_tiers / sizeof *default_tiers};
    for (size_t k = 0; k < ret->n_tiers; k++) {
        ret->tier_names[k] = default_tiers[k].name;
        ret->rates[k] = default_tiers[k].rates;
    }
    balance(ret->rates, ret->n_tiers);
}

void calibrate_free(struct calibration *calibration) {
    arena_free(&calibration->arena);
    buffer_free(&calibration->remarks);
}

/* ---- What is refused, and what is odd -------------------------------------------------------- */

static int refuse(const struct table_batch *batch, size_t row, int column, const char *name,
                  const char *expected, struct error *err) {
    char where[TABLE_WHERE];
    table_where(batch, row, column, where);
    return error_set(err, ERROR_DATA, "%s: %s is %.10g, expected %s", where, name,
                     batch->columns[column].number[row], expected);
}

/* Some names that stand in columns, each once. */
enum { NAMES = 32 };
struct found_names {
    const char *names[NAMES]; /* live as the calibration */
    size_t n;
};

static int find_names(struct calibration *calibration, const struct table_batch *batch,
                      const int *columns, size_t n_columns, struct found_names *ret,
                      struct error *err) {
    ret->n = 0;
    for (size_t row = 0; row < batch->rows; row++)
        for (size_t k = 0; k < n_columns; k++) {
            struct text name = batch->columns[columns[k]].text[row];
            size_t i = 0;
            while (i < ret->n && !text_is(name, ret->names[i]))
                i++;
            if (i < ret->n || ret->n == NAMES || name.length == 0)
                continue;
            ret->names[ret->n] = arena_text(&calibration->arena, name.bytes, name.length);
            if (!ret->names[ret->n++])
                return error_memory(err);
        }
    return 0;
}

/* Whether a platform is one of those that stand in a state, "RedNote+TikTok". */
static bool state_holds(struct text state, const char *platform) {
    while (state.length > 0) {
        const char *plus = memchr(state.bytes, '+', state.length);
        size_t length = plus ? (size_t)(plus - state.bytes) : state.length;
        if (text_is((struct text){state.bytes, length}, platform))
            return true;
        size_t step = plus ? length + 1 : length;
        state.bytes += step;
        state.length -= step;
    }
    return false;
}

/* A file that says nothing of a platform leaves it as the scenario says; one that seems to spell
 * its name otherwise was most likely meant to say something. */
static int remark_names(struct calibration *calibration, const struct table_batch *batch,
                        const int *columns, size_t n_columns, const char *file,
                        const char *const platforms[PLATFORMS], struct error *err) {
    struct found_names found;
    if (find_names(calibration, batch, columns, n_columns, &found, err))
        return err->code;
    for (int p = 0; p < PLATFORMS; p++) {
        bool there = false;
        for (size_t i = 0; i < found.n; i++)
            there = there || state_holds(text_of(found.names[i]), platforms[p]) ||
                    (strncmp(found.names[i], platforms[p], strlen(platforms[p])) == 0 &&
                     found.names[i][strlen(platforms[p])] == ',');
        const char *near = text_nearest(text_of(platforms[p]), found.names, found.n);
        if (!there && found.n < NAMES && near && strcmp(near, platforms[1 - p]) != 0)
            buffer_format(&calibration->remarks, "%s: no platform '%s', did you mean '%s'\n", file,
                          platforms[p], near);
    }
    return buffer_check(&calibration->remarks, err);
}

/* Neither platform is there. */
static int no_platform(struct calibration *calibration, const struct table_batch *batch, int column,
                       const char *says, struct error *err) {
    struct found_names found;
    struct buffer list = {0};
    if (find_names(calibration, batch, &column, 1, &found, err))
        return err->code;
    for (size_t i = 0; i < found.n && i < 5; i++)
        buffer_format(&list, "%s'%s'", i > 0 ? ", " : "", found.names[i]);
    if (found.n == 0)
        buffer_text(&list, "none");
    if (!buffer_check(&list, err))
        error_set(err, ERROR_DATA,
                  "%s, expected at least one of them (--platforms names them); found %s%s", says,
                  list.bytes, found.n > 5 ? " and others" : "");
    buffer_free(&list);
    return err->code;
}

/* ---- ARPU ------------------------------------------------------------------------------------ */

enum { A_PLATFORM, A_PERIOD, A_ARPU, A_LOWER, A_UPPER, A_USERS, A_CLASS, A_COLUMNS };

static const struct table_column arpu_columns[A_COLUMNS] = {
    [A_PLATFORM] = {.name = "platform", .type = TABLE_TEXT, .missing = true},
    [A_PERIOD] = {.name = "period", .type = TABLE_PERIOD},
    [A_ARPU] = {.name = "arpu", .type = TABLE_NUMBER, .missing = true},
    [A_LOWER] = {.name = "arpu_lower", .type = TABLE_NUMBER, .missing = true, .optional = true},
    [A_UPPER] = {.name = "arpu_upper", .type = TABLE_NUMBER, .missing = true, .optional = true},
    [A_USERS] = {.name = "users", .type = TABLE_NUMBER, .missing = true, .optional = true},
};

/* Rows with an ARPU, put together by their users. */
struct arpu_sums {
    size_t rows;
    double users, revenue, variance; /* of the revenue */
};

static void add_arpu(struct arpu_sums *sums, const struct table_batch *batch, size_t row,
                     double z) {
    double users = table_missing(batch, A_USERS, row) ? 1 : batch->columns[A_USERS].number[row];
    bool interval = !table_missing(batch, A_LOWER, row) && !table_missing(batch, A_UPPER, row);
    double width =
        interval ? batch->columns[A_UPPER].number[row] - batch->columns[A_LOWER].number[row] : 0;
    double error = users * width / (2 * z);
    sums->rows++;
    sums->users += users;
    sums->revenue += users * batch->columns[A_ARPU].number[row];
    sums->variance += error * error;
}

static struct estimate mean_arpu(const struct arpu_sums *sums) {
    if (!(sums->users > 0))
        return (struct estimate){0};
    return (struct estimate){true, sums->revenue / sums->users, sqrt(sums->variance) / sums->users};
}

/* Whether a row has an ARPU of this platform. */
static bool is_arpu_of(const struct table_batch *batch, size_t row, const char *platform) {
    return text_is(batch->columns[A_PLATFORM].text[row], platform) &&
           !table_missing(batch, A_ARPU, row);
}

/* The range is that of arpu_a. */
static int check_arpu(const struct table_batch *batch, size_t row, struct error *err) {
    const struct table_cells *columns = batch->columns;
    double arpu = columns[A_ARPU].number[row];
    if (!(arpu >= 0 && arpu <= 1e6))
        return refuse(batch, row, A_ARPU, "arpu", "0 to 1000000", err);
    if (!table_missing(batch, A_USERS, row) && !(columns[A_USERS].number[row] >= 0))
        return refuse(batch, row, A_USERS, "users", "0 or more", err);
    if (!table_missing(batch, A_LOWER, row) && !(columns[A_LOWER].number[row] <= arpu))
        return refuse(batch, row, A_LOWER, "arpu_lower", "at most the arpu", err);
    if (!table_missing(batch, A_UPPER, row) && !(columns[A_UPPER].number[row] >= arpu))
        return refuse(batch, row, A_UPPER, "arpu_upper", "at least the arpu", err);
    return 0;
}

/* false if the platform has no row. */
static bool last_period(const struct table_batch *batch, const char *platform, struct period *ret) {
    bool found = false;
    for (size_t row = 0; row < batch->rows; row++) {
        struct period period = batch->columns[A_PERIOD].period[row];
        if (is_arpu_of(batch, row, platform) && (!found || period_compare(period, *ret) > 0)) {
            *ret = period;
            found = true;
        }
    }
    return found;
}

/* The class of a row, a new one if need be. */
static int class_of_row(struct calibration *calibration, const struct table_batch *batch,
                        size_t row, size_t *ret, struct error *err) {
    struct text name = batch->columns[A_CLASS].text[row];
    char where[TABLE_WHERE];
    table_where(batch, row, A_CLASS, where);
    if (table_missing(batch, A_USERS, row))
        return error_set(err, ERROR_DATA,
                         "%s: a class without a number of users, expected how many there are",
                         where);
    for (*ret = 0; *ret < calibration->n_classes; (*ret)++)
        if (text_is(name, calibration->classes[*ret].name))
            return 0;
    if (calibration->n_classes == WORLD_CLASSES)
        return error_set(err, ERROR_DATA, "%s: class '%.*s' is one too many, expected at most %d",
                         where, (int)name.length, name.bytes, WORLD_CLASSES);
    const char *copy = arena_text(&calibration->arena, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    calibration->classes[calibration->n_classes++].name = copy;
    return 0;
}

/* What a platform's last period says of it, and of each class. */
static int sum_arpu(struct calibration *calibration, const struct table_batch *batch, int p,
                    const char *platform, bool classes, double z, struct error *err) {
    struct arpu_sums all = {0}, sums[WORLD_CLASSES] = {0};
    struct period last;
    if (!last_period(batch, platform, &last))
        return 0;
    for (size_t row = 0; row < batch->rows; row++) {
        size_t k = 0;
        if (!is_arpu_of(batch, row, platform) ||
            period_compare(batch->columns[A_PERIOD].period[row], last) != 0)
            continue;
        if (check_arpu(batch, row, err))
            return err->code;
        if (classes && class_of_row(calibration, batch, row, &k, err))
            return err->code;
        add_arpu(&all, batch, row, z);
        add_arpu(&sums[k], batch, row, z);
    }
    calibration->arpu[p] = mean_arpu(&all);
    for (size_t k = 0; k < calibration->n_classes; k++) {
        calibration->classes[k].users[p] = sums[k].users;
        calibration->classes[k].arpu[p] = mean_arpu(&sums[k]);
    }
    return 0;
}

static int read_arpu_panel(struct calibration *calibration, struct table *table,
                           const char *const platforms[PLATFORMS], const char *class,
                           double confidence, struct error *err) {
    const struct table_batch *batch;
    struct table_column columns[A_COLUMNS];
    memcpy(columns, arpu_columns, sizeof columns);
    columns[A_CLASS] = (struct table_column){.name = class, .type = TABLE_TEXT};
    if (table_bind(table, columns, class ? A_COLUMNS : A_CLASS, err) ||
        table_read(table, &batch, err))
        return err->code;
    double z = gsl_cdf_ugaussian_Pinv((1 + confidence) / 2);
    for (int p = 0; p < PLATFORMS; p++)
        if (sum_arpu(calibration, batch, p, platforms[p], class != NULL, z, err))
            return err->code;
    static const int names = A_PLATFORM;
    if (calibration->arpu[PLATFORM_A].given || calibration->arpu[PLATFORM_B].given)
        return remark_names(calibration, batch, &names, 1, "ARPU", platforms, err);
    char says[600];
    snprintf(says, sizeof says, "ARPU: no row of platform '%s' or '%s' with users",
             platforms[PLATFORM_A], platforms[PLATFORM_B]);
    return no_platform(calibration, batch, A_PLATFORM, says, err);
}

static int read_arpu_scenario(struct calibration *calibration, struct table *table,
                              struct error *err) {
    static const struct table_column columns[] = {
        {.name = "month", .type = TABLE_INTEGER},
        {.name = "users_lost", .type = TABLE_NUMBER},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, 2, err) || table_read(table, &batch, err))
        return err->code;
    if (batch->rows == 0)
        return error_set(err, ERROR_DATA, "ARPU: no rows, expected one for each month");
    size_t first = 0;
    for (size_t row = 1; row < batch->rows; row++)
        if (batch->columns[0].integer[row] < batch->columns[0].integer[first])
            first = row;
    double lost = batch->columns[1].number[first];
    if (lost < 0) {
        char where[TABLE_WHERE];
        table_where(batch, first, 1, where);
        return error_set(err, ERROR_DATA, "%s: users_lost is below 0, expected 0 or more", where);
    }
    calibration->shock_users = (struct estimate){true, lost, 0};
    return 0;
}

int calibrate_read_arpu(struct calibration *calibration, struct table *table,
                        const char *const platforms[PLATFORMS], const char *class,
                        double confidence, struct error *err) {
    if (table_has(table, "month") && table_has(table, "users_lost"))
        return read_arpu_scenario(calibration, table, err);
    return read_arpu_panel(calibration, table, platforms, class, confidence, err);
}

/* ---- Classes of users ------------------------------------------------------------------------ */

/* The last of the scenario's classes that anybody may be in. */
size_t calibrate_classes(const struct calibration *calibration, const struct scenario *scenario) {
    static const char *const shares[SCENARIO_CLASSES] = {NULL, "class_2_share", "class_3_share",
                                                         "class_4_share"};
    size_t n = SCENARIO_CLASSES;
    if (calibration->n_classes > 0)
        return calibration->n_classes;
    while (n > 1 && !(scenario_most(scenario, shares[n - 1]) > 0))
        n--;
    return n;
}

const char *calibrate_class_name(const struct calibration *calibration, size_t class) {
    static const char *const names[SCENARIO_CLASSES] = {"class 1", "class 2", "class 3", "class 4"};
    return calibration->n_classes > 0 ? calibration->classes[class].name : names[class];
}

/* The last one that anybody may have. */
size_t calibrate_languages(const struct scenario *scenario) {
    static const char *const kinds[] = {"users_a", "users_b", "creators_a", "creators_b"};
    for (size_t n = SCENARIO_LANGUAGES; n > 1; n--)
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            char name[32];
            snprintf(name, sizeof name, "language_%zu_%s", n, kinds[i]);
            if (scenario_most(scenario, name) > 0)
                return n;
        }
    return 1;
}

/* ---- Tiers ----------------------------------------------------------------------------------- */

enum {
    T_TIER,
    T_PERIOD,
    T_CREATORS,
    T_ENTERED,
    T_PROMOTED_IN,
    T_DEMOTED_IN,
    T_PROMOTED,
    T_DEMOTED,
    T_LEFT,
    T_COLUMNS
};

static const struct table_column tier_columns[T_COLUMNS] = {
    [T_TIER] = {.name = "tier", .type = TABLE_TEXT},
    [T_PERIOD] = {.name = "period", .type = TABLE_PERIOD},
    [T_CREATORS] = {.name = "creators", .type = TABLE_INTEGER},
    [T_ENTERED] = {.name = "entered", .type = TABLE_INTEGER, .missing = true},
    [T_PROMOTED_IN] = {.name = "promoted_in", .type = TABLE_INTEGER, .missing = true},
    [T_DEMOTED_IN] = {.name = "demoted_in", .type = TABLE_INTEGER, .missing = true},
    [T_PROMOTED] = {.name = "promoted_out", .type = TABLE_INTEGER, .missing = true},
    [T_DEMOTED] = {.name = "demoted_out", .type = TABLE_INTEGER, .missing = true},
    [T_LEFT] = {.name = "left", .type = TABLE_INTEGER, .missing = true},
};

/* The tier of a row, a new one if need be; (all) is a sum of others and is left out. */
static int tier_of(struct calibration *calibration, struct text name, size_t *ret,
                   struct error *err) {
    for (*ret = 0; *ret < calibration->n_tiers; (*ret)++)
        if (text_is(name, calibration->tier_names[*ret]))
            return 0;
    if (calibration->n_tiers == WORLD_TIERS)
        return error_set(err, ERROR_DATA, "tiers: more than %d, expected at most %d", WORLD_TIERS,
                         WORLD_TIERS);
    const char *copy = arena_text(&calibration->arena, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    calibration->tier_names[calibration->n_tiers++] = copy;
    return 0;
}

static bool has_flows(const struct table_batch *batch, size_t row) {
    for (int column = T_ENTERED; column < T_COLUMNS; column++)
        if (table_missing(batch, (size_t)column, row))
            return false;
    return true;
}

/* Creators in the tier in the period before, from creators = before + came in - went out. */
static int64_t before(const struct table_batch *batch, size_t row, int64_t *ret_out) {
    const struct table_cells *columns = batch->columns;
    int64_t in = columns[T_ENTERED].integer[row] + columns[T_PROMOTED_IN].integer[row] +
                 columns[T_DEMOTED_IN].integer[row];
    *ret_out = columns[T_PROMOTED].integer[row] + columns[T_DEMOTED].integer[row] +
               columns[T_LEFT].integer[row];
    return columns[T_CREATORS].integer[row] - in + *ret_out;
}

/* The column of a count that cannot be, or of flows that the counts of creators rule out; -1 if
 * none is. */
static int impossible(const struct table_batch *batch, size_t row) {
    for (int column = T_CREATORS; column < T_COLUMNS; column++)
        if (batch->columns[column].integer[row] < 0 ||
            batch->columns[column].integer[row] > MOST_CREATORS)
            return column;
    int64_t out, present = before(batch, row, &out);
    return has_flows(batch, row) && present < out ? T_CREATORS : -1;
}

static void count_flows(struct tier_counts *counts, const struct table_batch *batch, size_t row) {
    const struct table_cells *columns = batch->columns;
    int64_t out;
    counts->at_risk += before(batch, row, &out);
    counts->promoted += columns[T_PROMOTED].integer[row];
    counts->demoted += columns[T_DEMOTED].integer[row];
    counts->left += columns[T_LEFT].integer[row];
    counts->entered += columns[T_ENTERED].integer[row];
}

static int read_tier_row(struct calibration *calibration, const struct table_batch *batch,
                         size_t row, struct period last, struct error *err) {
    struct text name = batch->columns[T_TIER].text[row];
    if (text_is(name, "(all)"))
        return 0;
    int wrong = impossible(batch, row);
    if (wrong >= 0)
        return table_reject(
            batch, row, wrong, err,
            "%s is %lld, expected counts that agree: before + entered + promoted_in "
            "+ demoted_in - promoted_out - demoted_out - left = creators",
            tier_columns[wrong].name, (long long)batch->columns[wrong].integer[row]);
    size_t tier;
    if (tier_of(calibration, name, &tier, err))
        return err->code;
    struct tier_counts *counts = &calibration->counts[tier];
    if (period_compare(batch->columns[T_PERIOD].period[row], last) == 0)
        counts->latest += batch->columns[T_CREATORS].integer[row];
    if (has_flows(batch, row))
        count_flows(counts, batch, row);
    return 0;
}

/* How many came into a tier from others. */
static int64_t came_into(const struct calibration *calibration, size_t k) {
    const struct tier_counts *counts = calibration->counts;
    int64_t sum = 0;
    for (size_t j = 0; j < calibration->n_tiers && calibration->moves_measured; j++)
        sum += j != k ? calibration->moves[j][k] : 0;
    if (calibration->moves_measured)
        return sum;
    sum += k > 0 ? counts[k - 1].promoted : 0;
    return sum + (k + 1 < calibration->n_tiers ? counts[k + 1].demoted : 0);
}

/* The first cell of some columns that names a tier: where it is, or "" where none does. */
static void find_tier(const struct table_batch *batch, const int *columns, size_t n,
                      const char *tier, char ret[TABLE_WHERE]) {
    for (size_t row = 0; row < batch->rows; row++)
        for (size_t k = 0; k < n; k++)
            if (text_is(batch->columns[columns[k]].text[row], tier)) {
                table_where(batch, row, columns[k], ret);
                return;
            }
    ret[0] = '\0';
}

/* A tier in which nobody ever was, and which nobody came into. */
static int check_reachable(const struct calibration *calibration, const struct table_batch *batch,
                           const int *columns, size_t n, struct error *err) {
    const struct tier_counts *counts = calibration->counts;
    for (size_t k = 0; k < calibration->n_tiers; k++) {
        if (counts[k].latest + counts[k].at_risk + counts[k].entered + came_into(calibration, k))
            continue;
        char where[TABLE_WHERE];
        find_tier(batch, columns, n, calibration->tier_names[k], where);
        return error_set(
            err, ERROR_DATA,
            "%s%sno one can reach tier '%s': nobody was in it, entered it, was promoted "
            "or demoted into it, expected at least one",
            where, where[0] ? ": " : "", calibration->tier_names[k]);
    }
    return 0;
}

static int check_tiers(const struct calibration *calibration, struct error *err) {
    int64_t at_risk = 0, latest = 0;
    for (size_t k = 0; k < calibration->n_tiers; k++) {
        at_risk += calibration->counts[k].at_risk;
        latest += calibration->counts[k].latest;
    }
    if (at_risk == 0 || latest == 0)
        return error_set(err, ERROR_DATA,
                         "tiers: no creators with flows since a period before, expected the "
                         "output of tier-growth over at least two periods");
    const char *lowest = calibration->tier_names[0];
    const char *highest = calibration->tier_names[calibration->n_tiers - 1];
    if (calibration->counts[0].demoted > 0 ||
        calibration->counts[calibration->n_tiers - 1].promoted > 0)
        return error_set(err, ERROR_DATA,
                         "tiers: demotions from the first tier, '%s', or promotions from the last, "
                         "'%s', expected the tiers from the lowest up",
                         lowest, highest);
    return 0;
}

int calibrate_read_tiers(struct calibration *calibration, struct table *table, struct error *err) {
    const struct table_batch *batch;
    if (table_bind(table, tier_columns, T_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    calibration->n_tiers = 0;
    calibration->tiers_measured = true;
    memset(calibration->counts, 0, sizeof calibration->counts);
    struct period last = {0};
    for (size_t row = 0; row < batch->rows; row++) {
        struct period period = batch->columns[T_PERIOD].period[row];
        if (row == 0 || period_compare(period, last) > 0)
            last = period;
    }
    for (size_t row = 0; row < batch->rows; row++)
        if (read_tier_row(calibration, batch, row, last, err))
            return err->code;
    static const int names = T_TIER;
    return check_tiers(calibration, err) ? err->code
                                         : check_reachable(calibration, batch, &names, 1, err);
}

/* ---- Moves between tiers --------------------------------------------------------------------- */

enum { M_FROM, M_TO, M_CREATORS, M_STEP, M_COLUMNS };

static const struct table_column move_columns[M_COLUMNS] = {
    [M_FROM] = {.name = "from", .type = TABLE_TEXT},
    [M_TO] = {.name = "to", .type = TABLE_TEXT},
    [M_CREATORS] = {.name = "creators", .type = TABLE_INTEGER},
    [M_STEP] = {.name = "step", .type = TABLE_TEXT, .missing = true},
};

/* (new), (gone), (from X), (to X): outside. */
static bool is_outside(struct text place) {
    return place.length > 0 && place.bytes[0] == '(';
}

/* A tier of the table of moves. Where tier-growth named the tiers, it has to be one of them. */
static int tier_of_move(struct calibration *calibration, const struct table_batch *batch,
                        size_t row, int column, bool named, size_t *ret, struct error *err) {
    struct text name = batch->columns[column].text[row];
    size_t before = calibration->n_tiers;
    if (tier_of(calibration, name, ret, err))
        return err->code;
    if (!named || calibration->n_tiers == before)
        return 0;
    calibration->n_tiers = before;
    const char *near = text_nearest(name, calibration->tier_names, before);
    char where[TABLE_WHERE];
    table_where(batch, row, column, where);
    return error_set(err, ERROR_DATA, "%s: tier '%.*s' is not one of those of --tiers, %s%s%s",
                     where, (int)name.length, name.bytes,
                     near ? "did you mean '" : "expected the same tiers in both", near ? near : "",
                     near ? "'" : "");
}

static int read_move(struct calibration *calibration, const struct table_batch *batch, size_t row,
                     bool named, int64_t arrived[WORLD_TIERS], struct error *err) {
    const struct table_cells *columns = batch->columns;
    struct text from = columns[M_FROM].text[row], to = columns[M_TO].text[row];
    int64_t n = columns[M_CREATORS].integer[row];
    size_t j = 0, k = 0;
    if (n < 0 || n > MOST_CREATORS)
        return table_reject(batch, row, M_CREATORS, err, "creators is %lld, expected 0 to %lld",
                            (long long)n, (long long)MOST_CREATORS);
    if (!is_outside(from) && tier_of_move(calibration, batch, row, M_FROM, named, &j, err))
        return err->code;
    if (!is_outside(to) && tier_of_move(calibration, batch, row, M_TO, named, &k, err))
        return err->code;
    if (!is_outside(to) &&
        text_equal(columns[M_STEP].text[row], columns[M_STEP].text[batch->rows - 1]))
        arrived[k] += n;
    if (is_outside(from)) {
        calibration->counts[k].entered += is_outside(to) ? 0 : n;
        return 0;
    }
    calibration->counts[j].at_risk += n;
    if (is_outside(to))
        calibration->counts[j].left += n;
    else
        calibration->moves[j][k] += n;
    return 0;
}

/* Who moved up and down, and whether all was said that is needed. */
static int add_moves(struct calibration *calibration, struct error *err) {
    int64_t at_risk = 0, left = 0, entered = 0;
    for (size_t j = 0; j < calibration->n_tiers; j++) {
        struct tier_counts *counts = &calibration->counts[j];
        for (size_t k = 0; k < calibration->n_tiers; k++) {
            counts->promoted += k > j ? calibration->moves[j][k] : 0;
            counts->demoted += k < j ? calibration->moves[j][k] : 0;
        }
        at_risk += counts->at_risk, left += counts->left, entered += counts->entered;
    }
    if (at_risk == 0)
        return error_set(err, ERROR_DATA,
                         "mobility: nobody made a step from a tier, expected the output of "
                         "tier-mobility over at least two periods");
    return 0;
}

/* Without rows to or from outside nothing is known of who leaves and comes. */
static int check_outside(const struct table_batch *batch, struct error *err) {
    for (size_t row = 0; row < batch->rows; row++)
        if (is_outside(batch->columns[M_FROM].text[row]) ||
            is_outside(batch->columns[M_TO].text[row]))
            return 0;
    return error_set(err, ERROR_DATA,
                     "mobility: no row from '(new)' or to '(gone)', expected the output of "
                     "tier-mobility without --stayers");
}

int calibrate_read_mobility(struct calibration *calibration, struct table *table,
                            struct error *err) {
    const struct table_batch *batch;
    int64_t arrived[WORLD_TIERS] = {0};
    bool named = calibration->tiers_measured;
    if (table_bind(table, move_columns, M_COLUMNS, err) || table_read(table, &batch, err) ||
        check_outside(batch, err))
        return err->code;
    if (!named)
        calibration->n_tiers = 0;
    for (size_t k = 0; k < WORLD_TIERS; k++)
        calibration->counts[k] =
            (struct tier_counts){.latest = named ? calibration->counts[k].latest : 0};
    memset(calibration->moves, 0, sizeof calibration->moves);
    for (size_t row = 0; row < batch->rows; row++)
        if (read_move(calibration, batch, row, named, arrived, err))
            return err->code;
    for (size_t k = 0; k < calibration->n_tiers && !named; k++)
        calibration->counts[k].latest = arrived[k];
    calibration->tiers_measured = calibration->moves_measured = true;
    static const int names[] = {M_FROM, M_TO};
    return add_moves(calibration, err) ? err->code
                                       : check_reachable(calibration, batch, names, 2, err);
}

/* ---- Survival -------------------------------------------------------------------------------- */

enum { S_GROUP, S_TIME, S_SURVIVAL, S_ERROR, S_COLUMNS };

static const struct table_column survival_columns[S_COLUMNS] = {
    [S_GROUP] = {.name = "group", .type = TABLE_TEXT, .missing = true},
    [S_TIME] = {.name = "time", .type = TABLE_NUMBER},
    [S_SURVIVAL] = {.name = "survival", .type = TABLE_NUMBER},
    [S_ERROR] = {.name = "std_error", .type = TABLE_NUMBER, .missing = true},
};

static int check_survival(const struct table_batch *batch, size_t row, struct error *err) {
    double survival = batch->columns[S_SURVIVAL].number[row];
    if (!(batch->columns[S_TIME].number[row] >= 0))
        return refuse(batch, row, S_TIME, "time", "0 or more", err);
    if (!(survival >= 0 && survival <= 1))
        return refuse(batch, row, S_SURVIVAL, "survival", "0 to 1", err);
    if (!table_missing(batch, S_ERROR, row) && !(batch->columns[S_ERROR].number[row] >= 0))
        return refuse(batch, row, S_ERROR, "std_error", "0 or more", err);
    return 0;
}

/* The mean hazard up to the time at which its relative error is least. Returns whether the group
 * has any row. */
static bool find_hazard(const struct table_batch *batch, const char *group, struct estimate *ret) {
    bool found = false;
    *ret = (struct estimate){.error = INFINITY};
    for (size_t row = 0; row < batch->rows; row++) {
        if (!text_is(batch->columns[S_GROUP].text[row], group))
            continue;
        found = true;
        double time = batch->columns[S_TIME].number[row];
        double survival = batch->columns[S_SURVIVAL].number[row];
        if (table_missing(batch, S_ERROR, row) || !(time > 0 && survival > 0 && survival < 1))
            continue;
        double hazard = -log(survival);
        double error = batch->columns[S_ERROR].number[row] / (survival * hazard);
        if (error < ret->error)
            *ret = (struct estimate){true, log(hazard / time), error};
    }
    return found;
}

/* Of a class on a platform, or else of the class wherever it is. Returns whether there is any. */
static int find_class_hazard(const struct table_batch *batch, const char *platform,
                             const char *class, bool *any, struct estimate *ret,
                             struct error *err) {
    struct buffer both = {0};
    buffer_format(&both, "%s, %s", platform, class);
    int code = buffer_check(&both, err);
    if (!code && (find_hazard(batch, both.bytes, ret) || find_hazard(batch, class, ret)))
        *any = true;
    buffer_free(&both);
    return code;
}

int calibrate_read_survival(struct calibration *calibration, struct table *table,
                            const char *const platforms[PLATFORMS], struct error *err) {
    const struct table_batch *batch;
    if (table_bind(table, survival_columns, S_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++)
        if (check_survival(batch, row, err))
            return err->code;
    struct estimate all;
    bool any = find_hazard(batch, "(all)", &all);
    for (int p = 0; p < PLATFORMS; p++) {
        if (find_hazard(batch, platforms[p], &calibration->log_hazard[p]))
            any = true;
        else
            calibration->log_hazard[p] = all;
        for (size_t k = 0; k < calibration->n_classes; k++) {
            struct class_measured *class = &calibration->classes[k];
            if (find_class_hazard(batch, platforms[p], class->name, &any, &class->log_hazard[p],
                                  err))
                return err->code;
        }
    }
    static const int names = S_GROUP;
    if (any)
        return remark_names(calibration, batch, &names, 1, "survival", platforms, err);
    char says[600];
    snprintf(says, sizeof says, "survival: no group '%s', '%s' or '(all)'", platforms[PLATFORM_A],
             platforms[PLATFORM_B]);
    return no_platform(calibration, batch, S_GROUP, says, err);
}

/* ---- Flows ----------------------------------------------------------------------------------- */

enum { F_FROM, F_TO, F_USERS, F_TRANSITIONS, F_COLUMNS };

static const struct table_column flow_columns[F_COLUMNS] = {
    [F_FROM] = {.name = "from", .type = TABLE_TEXT},
    [F_TO] = {.name = "to", .type = TABLE_TEXT},
    [F_USERS] = {.name = "users", .type = TABLE_INTEGER, .missing = true, .optional = true},
    [F_TRANSITIONS] = {
        .name = "transitions", .type = TABLE_INTEGER, .missing = true, .optional = true}};

static int read_flow(struct calibration *calibration, const struct table_batch *batch, size_t row,
                     const char *const platforms[PLATFORMS], struct error *err) {
    struct text from = batch->columns[F_FROM].text[row], to = batch->columns[F_TO].text[row];
    int column = table_missing(batch, F_USERS, row) ? F_TRANSITIONS : F_USERS;
    if (table_missing(batch, (size_t)column, row))
        return 0;
    int64_t n = batch->columns[column].integer[row];
    if (n < 0)
        return table_reject(batch, row, column, err, "%s is %lld, expected 0 or more",
                            flow_columns[column].name, (long long)n);
    for (int p = 0; p < PLATFORMS; p++) {
        if (!text_is(from, platforms[p]) || state_holds(to, platforms[p]))
            continue;
        calibration->departed[p] += (double)n;
        if (state_holds(to, platforms[PLATFORM_A + PLATFORM_B - p]))
            calibration->switched[p] += (double)n;
    }
    return 0;
}

int calibrate_read_flows(struct calibration *calibration, struct table *table,
                         const char *const platforms[PLATFORMS], struct error *err) {
    const struct table_batch *batch;
    if (!table_has(table, "users") && !table_has(table, "transitions"))
        return error_set(err, ERROR_DATA,
                         "flows: no column 'users' or 'transitions', expected the output of "
                         "churn-flows");
    if (table_bind(table, flow_columns, F_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++)
        if (read_flow(calibration, batch, row, platforms, err))
            return err->code;
    calibration->departures = "churn-flows";
    if (!(calibration->departed[PLATFORM_A] + calibration->departed[PLATFORM_B] > 0))
        return error_set(err, ERROR_DATA,
                         "flows: nobody left '%s' or '%s', expected someone who did",
                         platforms[PLATFORM_A], platforms[PLATFORM_B]);
    static const int names[] = {F_FROM, F_TO};
    return remark_names(calibration, batch, names, 2, "flows", platforms, err);
}

/* ---- Destinations ---------------------------------------------------------------------------- */

enum { D_GROUP, D_TIME, D_DESTINATION, D_INCIDENCE, D_ERROR, D_COLUMNS };

static const struct table_column destination_columns[D_COLUMNS] = {
    [D_GROUP] = {.name = "group", .type = TABLE_TEXT, .missing = true},
    [D_TIME] = {.name = "time", .type = TABLE_NUMBER},
    [D_DESTINATION] = {.name = "destination", .type = TABLE_TEXT, .missing = true},
    [D_INCIDENCE] = {.name = "incidence", .type = TABLE_NUMBER},
    [D_ERROR] = {.name = "std_error", .type = TABLE_NUMBER, .missing = true},
};

/* Rows of one group and time. */
struct incidences {
    double time, gone, switched; /* sums of incidence: of all who left, of those on the other */
    double spread, error;        /* sums of I (1 - I), and of squared standard errors */
};

/* As many users as would have shown these errors had all been seen to the end; leavers are the more
 * certain the more there are of them. */
static void use_incidences(struct calibration *calibration, int p, const struct incidences *sums) {
    double users = sums->error > 0 ? sums->spread / sums->error : 0;
    if (users * sums->gone <= calibration->departed[p])
        return;
    calibration->departed[p] = users * sums->gone;
    calibration->switched[p] = users * sums->switched;
}

/* Rows of a time stand together. Shares of the same users add up to 1 at most, but for rounding. */
static int read_incidences(struct calibration *calibration, const struct table_batch *batch, int p,
                           const char *const platforms[PLATFORMS], struct error *err) {
    struct incidences sums = {.time = NAN};
    for (size_t row = 0; row < batch->rows; row++) {
        struct text to = batch->columns[D_DESTINATION].text[row];
        if (!text_is(batch->columns[D_GROUP].text[row], platforms[p]) ||
            table_missing(batch, D_ERROR, row) || state_holds(to, platforms[p]))
            continue;
        double incidence = batch->columns[D_INCIDENCE].number[row];
        double error = batch->columns[D_ERROR].number[row];
        double time = batch->columns[D_TIME].number[row];
        if (time != sums.time) {
            use_incidences(calibration, p, &sums);
            sums = (struct incidences){.time = time};
        }
        sums.gone += incidence;
        if (sums.gone > 1 + 1e-6)
            return refuse(batch, row, D_INCIDENCE, "incidence",
                          "those of a platform and time to add up to at most 1", err);
        sums.switched += state_holds(to, platforms[PLATFORM_A + PLATFORM_B - p]) ? incidence : 0;
        sums.spread += incidence * (1 - incidence);
        sums.error += error * error;
    }
    use_incidences(calibration, p, &sums);
    return 0;
}

int calibrate_read_destinations(struct calibration *calibration, struct table *table,
                                const char *const platforms[PLATFORMS], struct error *err) {
    const struct table_batch *batch;
    if (table_bind(table, destination_columns, D_COLUMNS, err) || table_read(table, &batch, err))
        return err->code;
    for (size_t row = 0; row < batch->rows; row++) {
        double incidence = batch->columns[D_INCIDENCE].number[row];
        if (!(incidence >= 0 && incidence <= 1))
            return refuse(batch, row, D_INCIDENCE, "incidence", "0 to 1", err);
        if (!table_missing(batch, D_ERROR, row) && !(batch->columns[D_ERROR].number[row] >= 0))
            return refuse(batch, row, D_ERROR, "std_error", "0 or more", err);
    }
    for (int p = 0; p < PLATFORMS; p++)
        if (read_incidences(calibration, batch, p, platforms, err))
            return err->code;
    calibration->departures = "churn-destinations";
    if (!(calibration->departed[PLATFORM_A] + calibration->departed[PLATFORM_B] > 0))
        return error_set(
            err, ERROR_DATA,
            "destinations: no group '%s' or '%s' with leavers and the standard error of an "
            "incidence, expected the output of churn-destinations --group platform",
            platforms[PLATFORM_A], platforms[PLATFORM_B]);
    static const int names[] = {D_GROUP, D_DESTINATION};
    return remark_names(calibration, batch, names, 2, "destinations", platforms, err);
}

/* ---- Checking -------------------------------------------------------------------------------- */

int calibrate_check(const struct calibration *calibration, const struct scenario *scenario,
                    struct error *err) {
    double elsewhere =
        scenario_value(scenario, "user_share_b") + scenario_value(scenario, "user_share_none");
    double people = scenario_value(scenario, "users") * scenario_value(scenario, "user_weight") *
                    (1 - elsewhere);
    double shock = calibration->shock_users.given ? calibration->shock_users.value
                                                  : scenario_most(scenario, "shock_users");
    if (calibration->n_classes > 0 && calibrate_classes(&(struct calibration){0}, scenario) > 1)
        return error_set(err, ERROR_DATA,
                         "classes of users in the scenario (class_2_share) and in the ARPU table, "
                         "expected one of them");
    if (shock <= people || !(scenario_most(scenario, "shock_period") > 0))
        return 0;
    char found[NUMBER_TEXT], most[NUMBER_TEXT];
    number_format(shock, found);
    number_format(people, most);
    return error_set(err, ERROR_DATA,
                     "a shock to %s users, expected at most the %s that platform A has (users "
                     "times user_weight times the share on A)",
                     found, most);
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static double draw_normal(const struct estimate *estimate, uint32_t seed, uint32_t replication,
                          uint32_t entity, uint32_t purpose) {
    struct random_stream stream;
    random_open(&stream, seed, replication, entity, 0, purpose);
    return estimate->value + gsl_ran_gaussian_ziggurat(random_gsl(&stream), estimate->error);
}

/* The row of a tier: one share for each tier, and one for leaving. */
static void draw_moves(const struct calibration *calibration, size_t k, uint32_t seed,
                       uint32_t replication, struct tier_rates *ret) {
    double weights[WORLD_TIERS + 1], shares[WORLD_TIERS + 1] = {0};
    size_t n = calibration->n_tiers;
    for (size_t j = 0; j < n; j++)
        weights[j] = (double)calibration->moves[k][j] + 0.5;
    weights[n] = (double)calibration->counts[k].left + 0.5;
    struct random_stream stream;
    random_open(&stream, seed, replication, (uint32_t)k, 0, DRAW_MOBILITY);
    gsl_ran_dirichlet(random_gsl(&stream), n + 1, weights, shares);
    ret->left = shares[n];
    ret->promoted = ret->demoted = 0;
    for (size_t j = 0; j < n; j++) {
        ret->to[j] = shares[j];
        ret->promoted += j > k ? shares[j] : 0;
        ret->demoted += j < k ? shares[j] : 0;
    }
}

/* Promotion from the highest tier and demotion from the lowest cannot be: they take no part. */
static void draw_mobility(const struct calibration *calibration, size_t k, uint32_t seed,
                          uint32_t replication, struct tier_rates *ret) {
    const struct tier_counts *counts = &calibration->counts[k];
    double stayed = (double)(counts->at_risk - counts->promoted - counts->demoted - counts->left);
    double weights[4] = {stayed + 0.5, (double)counts->left + 0.5};
    double shares[4] = {0};
    size_t n = 2, up = 0, down = 0;
    if (k + 1 < calibration->n_tiers)
        weights[up = n++] = (double)counts->promoted + 0.5;
    if (k > 0)
        weights[down = n++] = (double)counts->demoted + 0.5;
    struct random_stream stream;
    random_open(&stream, seed, replication, (uint32_t)k, 0, DRAW_MOBILITY);
    gsl_ran_dirichlet(random_gsl(&stream), n, weights, shares);
    ret->left = shares[1];
    ret->promoted = up ? shares[up] : 0;
    ret->demoted = down ? shares[down] : 0;
}

static void draw_tiers(const struct calibration *calibration, uint32_t seed, uint32_t replication,
                       struct settings *ret) {
    int64_t at_risk = 0;
    for (size_t k = 0; k < calibration->n_tiers; k++)
        at_risk += calibration->counts[k].at_risk;
    for (size_t k = 0; k < calibration->n_tiers; k++) {
        struct random_stream stream;
        random_open(&stream, seed, replication, (uint32_t)k, 0, DRAW_ENTRY);
        ret->tiers[k].share = calibrate_share(calibration, k);
        ret->tiers[k].entered =
            gsl_ran_gamma(random_gsl(&stream), (double)calibration->counts[k].entered + 0.5, 1) /
            (double)at_risk;
        (calibration->moves_measured ? draw_moves : draw_mobility)(calibration, k, seed,
                                                                   replication, &ret->tiers[k]);
    }
}

static double draw_switch(const struct calibration *calibration, uint32_t seed,
                          uint32_t replication, int p) {
    struct random_stream stream;
    random_open(&stream, seed, replication, (uint32_t)p, 0, DRAW_SWITCH);
    return gsl_ran_beta(random_gsl(&stream), calibration->switched[p] + 0.5,
                        calibration->departed[p] - calibration->switched[p] + 0.5);
}

static double rate_between(double rate) {
    return fmin(fmax(rate, LEAST_RATE), MOST_RATE);
}

/* The streams of class k on platform p are those of entity p + PLATFORMS k. */
static double draw_leave(const struct estimate *log_hazard, double days, uint32_t seed,
                         uint32_t replication, uint32_t entity) {
    double hazard = exp(draw_normal(log_hazard, seed, replication, entity, DRAW_HAZARD));
    return rate_between(-expm1(-hazard * days));
}

/* Rounded to the millionth: from here on money is exact. */
static double money_of(double amount) {
    decimal money = 0;
    decimal_from_double(fmax(0, amount), &money);
    return decimal_to_double(money);
}

static double draw_arpu(const struct estimate *arpu, uint32_t seed, uint32_t replication,
                        uint32_t entity) {
    return money_of(draw_normal(arpu, seed, replication, entity, DRAW_ARPU));
}

/* Classes as multiples of the first, about the means that the platforms have. */
static void share_out_classes(struct settings *ret) {
    const struct parameters *set = &ret->parameters;
    double share[SCENARIO_CLASSES] = {1}, spends[SCENARIO_CLASSES] = {1};
    double leaves[SCENARIO_CLASSES] = {1}, spent = 0, left = 0;
    for (size_t k = 1; k < ret->n_classes; k++) {
        share[k] = set->class_share[k], share[0] -= share[k];
        spends[k] = set->class_arpu[k], leaves[k] = set->class_leave[k];
    }
    for (size_t k = 0; k < ret->n_classes; k++)
        spent += share[k] * spends[k], left += share[k] * leaves[k];
    for (size_t k = 0; k < ret->n_classes; k++) {
        struct class_rates *class = &ret->classes[k];
        for (int homes = 0; homes < HOMES; homes++)
            class->share[homes] = share[k];
        for (int p = 0; p < PLATFORMS; p++) {
            class->arpu[p] = spent > 0 ? money_of(set->arpu[p] * (spends[k] / spent)) : 0;
            class->leave[p] = left > 0 ? rate_between(set->user_leave[p] * (leaves[k] / left))
                                       : set->user_leave[p];
        }
    }
}

/* Who is on one platform only is as given there, n[p] being how many these are; others are as both
 * together. */
static void mix_languages(double given[PLATFORMS][SCENARIO_LANGUAGES], const double n[PLATFORMS],
                          double ret[HOMES][WORLD_LANGUAGES]) {
    double all = n[PLATFORM_A] + n[PLATFORM_B];
    double to_a = all > 0 ? n[PLATFORM_A] / all : 0.5;
    for (int p = 0; p < PLATFORMS; p++) {
        given[p][0] = 1;
        for (size_t k = 1; k < SCENARIO_LANGUAGES; k++)
            given[p][0] -= given[p][k];
        memcpy(ret[1 << p], given[p], sizeof given[p]);
    }
    for (size_t k = 0; k < WORLD_LANGUAGES; k++)
        ret[HOME_NONE][k] = ret[HOME_BOTH][k] =
            given[PLATFORM_B][k] + to_a * (given[PLATFORM_A][k] - given[PLATFORM_B][k]);
}

static void share_out_languages(const struct scenario *scenario, struct settings *ret) {
    struct parameters *set = &ret->parameters;
    const double users[PLATFORMS] = {
        1 - set->user_share_b - set->user_share_both - set->user_share_none, set->user_share_b};
    const double creators[PLATFORMS] = {1 - set->creator_share_b - set->creator_share_both,
                                        set->creator_share_b};
    ret->n_languages = calibrate_languages(scenario);
    mix_languages(set->language_users, users, ret->languages.users);
    mix_languages(set->language_creators, creators, ret->languages.creators);
    memcpy(ret->languages.read, set->language_read, sizeof ret->languages.read);
}

/* Users of one platform only are as those of its rows; others as those of both together. */
static double measured_share(const struct calibration *calibration, size_t class, uint8_t homes) {
    double own = 0, all = 0;
    for (int use = 0; use < 2 && !(all > 0); use++) /* a platform without rows: as the other */
        for (int p = 0; p < PLATFORMS; p++)
            for (size_t k = 0; k < calibration->n_classes; k++) {
                bool here = use == 1 || homes == HOME_NONE || home_on(homes, p);
                double users = here ? calibration->classes[k].users[p] : 0;
                own += k == class ? users : 0;
                all += users;
            }
    return own / all;
}

/* A class that a platform has no row of has the mean there. */
static void draw_classes(const struct calibration *calibration, uint32_t seed, uint32_t replication,
                         struct settings *ret) {
    struct parameters *set = &ret->parameters;
    double mean[PLATFORMS] = {0}, leave[PLATFORMS] = {0};
    for (size_t k = 0; k < ret->n_classes; k++) {
        const struct class_measured *measured = &calibration->classes[k];
        struct class_rates *class = &ret->classes[k];
        for (int homes = 0; homes < HOMES; homes++)
            class->share[homes] = measured_share(calibration, k, (uint8_t)homes);
        for (int p = 0; p < PLATFORMS; p++) {
            uint32_t entity = (uint32_t)p + PLATFORMS * (uint32_t)k;
            class->arpu[p] = measured->arpu[p].given
                                 ? draw_arpu(&measured->arpu[p], seed, replication, entity)
                                 : set->arpu[p];
            class->leave[p] = measured->log_hazard[p].given
                                  ? draw_leave(&measured->log_hazard[p], set->period_days, seed,
                                               replication, entity)
                                  : set->user_leave[p];
            mean[p] += class->share[1 << p] * class->arpu[p];
            leave[p] += class->share[1 << p] * class->leave[p];
        }
    }
    for (int p = 0; p < PLATFORMS; p++)
        set->arpu[p] = mean[p], set->user_leave[p] = leave[p];
}

void calibrate_draw(const struct calibration *calibration, const struct scenario *scenario,
                    uint32_t seed, uint32_t replication, struct settings *ret) {
    *ret = (struct settings){.n_tiers = calibration->n_tiers};
    struct parameters *set = &ret->parameters;
    scenario_draw(scenario, seed, replication, set);
    for (int p = 0; p < PLATFORMS; p++) {
        if (calibration->arpu[p].given)
            set->arpu[p] = draw_arpu(&calibration->arpu[p], seed, replication, (uint32_t)p);
        if (calibration->log_hazard[p].given)
            set->user_leave[p] = draw_leave(&calibration->log_hazard[p], set->period_days, seed,
                                            replication, (uint32_t)p);
        ret->switched[p] =
            calibration->departed[p] > 0 ? draw_switch(calibration, seed, replication, p) : NAN;
    }
    ret->n_classes = calibrate_classes(calibration, scenario);
    if (calibration->n_classes > 0)
        draw_classes(calibration, seed, replication, ret);
    else
        share_out_classes(ret);
    share_out_languages(scenario, ret);
    if (calibration->shock_users.given)
        set->shock_users = calibration->shock_users.value;
    if (calibration->tiers_measured)
        draw_tiers(calibration, seed, replication, ret);
    else
        memcpy(ret->tiers, calibration->rates, sizeof ret->tiers);
}

double calibrate_share(const struct calibration *calibration, size_t tier) {
    int64_t all = 0;
    if (!calibration->tiers_measured)
        return calibration->rates[tier].share;
    for (size_t k = 0; k < calibration->n_tiers; k++)
        all += calibration->counts[k].latest;
    return (double)calibration->counts[tier].latest / (double)all;
}

/* ---- Describing ------------------------------------------------------------------------------ */

static void describe_platform(const struct calibration *calibration,
                              const struct scenario *scenario, int p, const char *name,
                              struct buffer *ret) {
    const struct estimate *arpu = &calibration->arpu[p], *hazard = &calibration->log_hazard[p];
    if (arpu->given)
        buffer_format(ret, "%s: ARPU %.6g, standard error %.2g (arpu-loss)\n", name, arpu->value,
                      arpu->error);
    if (hazard->given) {
        double days = scenario_value(scenario, "period_days");
        buffer_format(ret,
                      "%s: users leave at %.4g per period of %.6g days, relative error of the "
                      "hazard %.2g (churn-survival)\n",
                      name, -expm1(-exp(hazard->value) * days), days, hazard->error);
    }
}

static void describe_class(const struct calibration *calibration, size_t k,
                           const struct scenario *scenario, const char *const platforms[PLATFORMS],
                           struct buffer *ret) {
    const struct class_measured *class = &calibration->classes[k];
    double days = scenario_value(scenario, "period_days");
    for (int p = 0; p < PLATFORMS; p++) {
        if (class->arpu[p].given)
            buffer_format(ret, "%s, %s: %.6g users, ARPU %.6g, standard error %.2g\n", platforms[p],
                          class->name, class->users[p], class->arpu[p].value, class->arpu[p].error);
        if (class->log_hazard[p].given)
            buffer_format(ret, "%s, %s: users leave at %.4g per period of %.6g days\n",
                          platforms[p], class->name,
                          -expm1(-exp(class->log_hazard[p].value) * days), days);
    }
}

static void describe_flow(const struct calibration *calibration, int p, const char *name,
                          struct buffer *ret) {
    if (calibration->departed[p] > 0)
        buffer_format(ret, "%s: of %.6g who left %.6g went to the other platform (%s)\n", name,
                      calibration->departed[p], calibration->switched[p], calibration->departures);
}

static void describe_tier(const struct calibration *calibration, size_t k, struct buffer *ret) {
    const char *name = calibration->tier_names[k];
    const struct tier_counts *counts = &calibration->counts[k];
    const struct tier_rates *rates = &calibration->rates[k];
    if (calibration->tiers_measured)
        buffer_format(ret,
                      "tier %s: %lld creators; of %lld at risk %lld promoted, %lld demoted, %lld "
                      "left; %lld entered (%s)\n",
                      name, (long long)counts->latest, (long long)counts->at_risk,
                      (long long)counts->promoted, (long long)counts->demoted,
                      (long long)counts->left, (long long)counts->entered,
                      calibration->moves_measured ? "tier-mobility" : "tier-growth");
    else
        buffer_format(ret,
                      "tier %s: share %g; per period %g promoted, %g demoted, %g left, newcomers "
                      "%g of all (assumed)\n",
                      name, rates->share, rates->promoted, rates->demoted, rates->left,
                      rates->entered);
}

void calibrate_describe(const struct calibration *calibration, const struct scenario *scenario,
                        const char *const platforms[PLATFORMS], struct buffer *ret) {
    for (int p = 0; p < PLATFORMS; p++) {
        describe_platform(calibration, scenario, p, platforms[p], ret);
        describe_flow(calibration, p, platforms[p], ret);
    }
    for (size_t k = 0; k < calibration->n_classes; k++)
        describe_class(calibration, k, scenario, platforms, ret);
    if (calibration->shock_users.given)
        buffer_format(ret, "the shock pushes %.6g users off %s (arpu-loss)\n",
                      calibration->shock_users.value, platforms[PLATFORM_A]);
    for (size_t k = 0; k < calibration->n_tiers; k++)
        describe_tier(calibration, k, ret);
}
