/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors by cluster against their definition, Greenwood, and numeric derivatives. R's own values
 * are compared in tests/truth. */
#include "users/robust.h"

#include "base/random.h"
#include "users/hazard.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

enum { SPELLS = 240, CLUSTERS = 60 };

/* Records by cluster, and the life table of the same spells. */
struct sample {
    struct tally_record records[SPELLS];
    struct life_tables lives;
};

static void draw(struct sample *sample, uint32_t run, size_t clusters, bool late, bool weighted) {
    struct random_stream draws;
    struct lived lived[SPELLS];
    random_open(&draws, 31, run, 0, 0, 0);
    for (size_t i = 0; i < SPELLS; i++) {
        double entry = (double)random_below(&draws, 20);
        lived[i] = (struct lived){.time = entry + 1 + (double)random_below(&draws, 40),
                                  .left = random_below(&draws, 4) > 0,
                                  .late = late && i % 3 > 0,
                                  .entry = entry,
                                  .weight = 1 + weighted * (int64_t)random_below(&draws, 3)};
        sample->records[i] =
            (struct tally_record){.entry = lived_time(entry),
                                  .time = lived_time(lived[i].time),
                                  .weight = lived[i].weight,
                                  .kind = lived[i].left ? EXITS_EVENT : EXITS_CENSORED,
                                  .cluster = (uint32_t)(i * clusters / SPELLS),
                                  .late = lived[i].late};
    }
    sample->lives = lives_of(lived, SPELLS, 1);
}

static bool at_risk(const struct tally_record *record, decimal time) {
    return time <= record->time && (!record->late || record->entry < time);
}

/* Sums over all spells at each time, straight from the definition. */
static double plain_variance(const struct sample *sample, size_t upto, bool hazard) {
    const struct life_table *table = &sample->lives.tables[0];
    double influence[SPELLS] = {0}, sum = 0;
    for (size_t row = 0; row <= upto; row++) {
        double n = (double)table->rows[row].at_risk, d = (double)table->rows[row].events;
        for (size_t i = 0; i < SPELLS && d > 0; i++) {
            const struct tally_record *record = &sample->records[i];
            decimal time = table->rows[row].time;
            double y = at_risk(record, time) ? 1 : 0;
            double left = record->kind == EXITS_EVENT && record->time == time ? 1 : 0;
            influence[record->cluster] +=
                (double)record->weight * (left - y * d / n) / (hazard ? n : n - d);
        }
    }
    for (size_t c = 0; c < SPELLS; c++)
        sum += influence[c] * influence[c];
    return sum;
}

static void is_its_definition(void **state) {
    (void)state;
    static struct sample sample;
    for (uint32_t run = 0; run < 8; run++) {
        struct error err = {0};
        struct robust robust;
        draw(&sample, run, run < 4 ? CLUSTERS : 5, run % 2 == 1, run > 1);
        const struct life_table *table = &sample.lives.tables[0];
        double *found = malloc((table->n + 1) * sizeof *found);
        assert_int_equal(robust_begin(&robust, table, sample.records, SPELLS, &err), 0);
        assert_int_equal(robust.clusters, run < 4 ? CLUSTERS : 5);
        for (int hazard = 0; hazard < 2; hazard++) {
            assert_int_equal(robust_variances(&robust, hazard ? ROBUST_HAZARD : ROBUST_LOG_SURVIVAL,
                                              found, &err),
                             0);
            for (size_t i = 0; i < table->n; i++)
                if (hazard || !isnan(found[i]))
                    assert_near(found[i], plain_variance(&sample, i, hazard), 1e-10, "variance");
        }
        free(found);
        robust_end(&robust);
        life_tables_free(&sample.lives);
    }
}

/* One spell a cluster, no late entry: Greenwood, and of the mean Klein & Moeschberger's error. */
static void alone_is_greenwood(void **state) {
    (void)state;
    static struct sample sample;
    struct error err = {0};
    struct robust robust;
    struct survival_curve curve;
    const struct survival_options options = {.confidence = 0.95};
    draw(&sample, 99, SPELLS, false, false);
    const struct life_table *table = &sample.lives.tables[0];
    double *found = malloc((table->n + 1) * sizeof *found);
    assert_int_equal(robust_begin(&robust, table, sample.records, SPELLS, &err), 0);
    assert_int_equal(robust_variances(&robust, ROBUST_LOG_SURVIVAL, found, &err), 0);
    assert_int_equal(survival_fit(&curve, table, &options, &err), 0);
    for (size_t i = 0; i < table->n; i++)
        if (!isnan(curve.steps[i].std_error))
            assert_near(curve.steps[i].survival * sqrt(found[i]), curve.steps[i].std_error, 1e-11,
                        "error");
    double error;
    decimal horizon = lived_time(33.5);
    assert_int_equal(robust_mean_error(&robust, &curve, horizon, &error, &err), 0);
    assert_near(error, survival_restricted_mean(&curve, horizon).std_error, 1e-12, "of the mean");
    free(found);
    survival_free(&curve);
    robust_end(&robust);
    life_tables_free(&sample.lives);
}

static double mean_without(const struct sample *sample, const double *weights, decimal horizon) {
    const struct life_table *table = &sample->lives.tables[0];
    double survival = 1, area = 0;
    decimal before = 0;
    for (size_t row = 0; row < table->n && table->rows[row].time <= horizon; row++) {
        double n = 0, d = 0;
        for (size_t i = 0; i < SPELLS; i++) {
            const struct tally_record *record = &sample->records[i];
            double w = weights[record->cluster] * (double)record->weight;
            n += at_risk(record, table->rows[row].time) ? w : 0;
            d += record->kind == EXITS_EVENT && record->time == table->rows[row].time ? w : 0;
        }
        area += survival * decimal_to_double(table->rows[row].time - before);
        before = table->rows[row].time;
        survival *= 1 - d / n;
    }
    return area + survival * decimal_to_double(horizon - before);
}

/* The influence on the restricted mean is its derivative by the cluster's weight: central
 * differences of step 1e-4 are off by some 1e-8. */
static void mean_is_its_derivative(void **state) {
    (void)state;
    static struct sample sample;
    struct error err = {0};
    struct robust robust;
    struct survival_curve curve;
    const struct survival_options options = {.confidence = 0.95};
    const decimal horizon = lived_time(25.5);
    draw(&sample, 7, CLUSTERS, true, true);
    const struct life_table *table = &sample.lives.tables[0];
    assert_int_equal(robust_begin(&robust, table, sample.records, SPELLS, &err), 0);
    assert_int_equal(survival_fit(&curve, table, &options, &err), 0);
    double found, sum = 0, weights[SPELLS];
    assert_int_equal(robust_mean_error(&robust, &curve, horizon, &found, &err), 0);
    for (size_t c = 0; c < SPELLS; c++)
        weights[c] = 1;
    assert_near(mean_without(&sample, weights, horizon),
                survival_restricted_mean(&curve, horizon).mean, 1e-12, "mean");
    for (size_t c = 0; c < CLUSTERS; c++) {
        weights[c] = 1 + 1e-4;
        double more = mean_without(&sample, weights, horizon);
        weights[c] = 1 - 1e-4;
        double less = mean_without(&sample, weights, horizon);
        weights[c] = 1;
        sum += (more - less) / 2e-4 * ((more - less) / 2e-4);
    }
    assert_near(found, sqrt(sum), 1e-6, "error");
    survival_free(&curve);
    robust_end(&robust);
    life_tables_free(&sample.lives);
}

static void nobody(void **state) {
    (void)state;
    struct error err = {0};
    struct life_tables lives = lives_of(NULL, 0, 1);
    struct robust robust;
    double none = -1;
    assert_int_equal(robust_begin(&robust, &lives.tables[0], NULL, 0, &err), 0);
    assert_int_equal(robust_variances(&robust, ROBUST_HAZARD, &none, &err), 0);
    assert_true(none == -1);
    robust_end(&robust);
    life_tables_free(&lives);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_its_definition),
        cmocka_unit_test(alone_is_greenwood),
        cmocka_unit_test(mean_is_its_derivative),
        cmocka_unit_test(nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
