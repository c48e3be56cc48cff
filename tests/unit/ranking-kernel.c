/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel against a plain score and a full sort. */
#include "worlds.h"

#include "base/random.h"
#include "ranking/kernel.h"

struct shelf_of_items {
    size_t n, d, blocks;
    float *x, *biases, *user;
};

/* Coordinates and biases are small whole numbers over 4, so that many scores are equal. */
static float coarse(struct random_stream *stream) {
    return (float)((int)random_below(stream, 9) - 4) / 4;
}

static struct shelf_of_items draw_shelf(size_t n, size_t d, uint32_t seed) {
    struct random_stream stream;
    random_open(&stream, seed, 0, 0, 0, 0);
    struct shelf_of_items shelf = {n, d, kernel_blocks(n), NULL, NULL, NULL};
    shelf.x = calloc(shelf.blocks * KERNEL_LANES * (d + 1), sizeof(float));
    shelf.biases = calloc(shelf.blocks * KERNEL_LANES, sizeof(float));
    shelf.user = calloc(d + 1, sizeof(float));
    for (size_t k = 0; k < d; k++)
        shelf.user[k] = coarse(&stream);
    for (size_t i = 0; i < shelf.blocks * KERNEL_LANES; i++) {
        shelf.biases[i] = i < n ? coarse(&stream) : -INFINITY;
        for (size_t k = 0; k < d; k++)
            shelf.x[kernel_at(i, d, k)] = i < n ? coarse(&stream) : 0;
    }
    return shelf;
}

static void free_shelf(struct shelf_of_items *shelf) {
    free(shelf->x);
    free(shelf->biases);
    free(shelf->user);
}

struct scored {
    float score;
    uint32_t position;
};

static int by_score(const void *a, const void *b) {
    const struct scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->position < y->position ? -1 : 1;
}

static float plain_score(const struct shelf_of_items *shelf, size_t i) {
    float score = shelf->biases[i];
    for (size_t k = 0; k < shelf->d; k++)
        score = fmaf(shelf->user[k], shelf->x[kernel_at(i, shelf->d, k)], score);
    return score;
}

/* In two calls, the later blocks first, which must not matter. */
static void expect_top_of_sort(size_t n, size_t d, size_t wanted, uint32_t seed) {
    struct shelf_of_items shelf = draw_shelf(n, d, seed);
    struct scored *all = calloc(n, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = (struct scored){plain_score(&shelf, i), (uint32_t)i};
    qsort(all, n, sizeof *all, by_score);
    struct kernel_top top;
    size_t half = shelf.blocks / 2;
    kernel_begin(&top, wanted);
    kernel_scan(shelf.user, d, shelf.x, shelf.biases, half, shelf.blocks - half, &top);
    kernel_scan(shelf.user, d, shelf.x, shelf.biases, 0, half, &top);
    assert_int_equal(top.found, n < wanted ? n : wanted);
    for (size_t i = 0; i < top.found; i++) {
        assert_int_equal(kernel_position(&top, i), all[i].position);
        assert_true(kernel_score(&top, i) == all[i].score);
    }
    free(all);
    free_shelf(&shelf);
}

static void top_equals_sort(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 15, 16, 17, 100, 512, 513, 1200};
    static const size_t lengths[] = {0, 1, 3, 16};
    static const size_t wanted[] = {1, 2, 10, 16, 77, KERNEL_TOP};
    uint32_t seed = 0;
    for (size_t a = 0; a < sizeof sizes / sizeof *sizes; a++)
        for (size_t b = 0; b < sizeof lengths / sizeof *lengths; b++)
            for (size_t c = 0; c < sizeof wanted / sizeof *wanted; c++)
                expect_top_of_sort(sizes[a], lengths[b], wanted[c], seed++);
}

/* (1 + 2^-12)^2 is 1 + 2^-11 + 2^-24, which single precision rounds to 1 + 2^-11: only a fused
 * multiply-add from -1 keeps the last term. And 1 + 2^-24 is 1, added twice too, although the sum
 * of both is 1 + 2^-23. */
static void order_of_operations(void **state) {
    (void)state;
    float user[2] = {1 + 0x1p-12f, 0}, x[2 * KERNEL_LANES] = {0}, biases[KERNEL_LANES] = {0};
    for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
        struct kernel_top top;
        user[0] = 1 + 0x1p-12f, user[1] = 0;
        x[kernel_at(3, 2, 0)] = 1 + 0x1p-12f;
        for (size_t i = 0; i < KERNEL_LANES; i++)
            biases[i] = i == 3 ? -1 : -2;
        kernel_begin(&top, 1);
        kernel_scan_at((enum kernel_level)level, user, 2, x, biases, 0, 1, &top);
        assert_int_equal(kernel_position(&top, 0), 3);
        assert_true(kernel_score(&top, 0) == 0x1p-11f + 0x1p-24f);
        user[0] = user[1] = 0x1p-12f;
        x[kernel_at(3, 2, 0)] = x[kernel_at(3, 2, 1)] = 0x1p-12f;
        biases[3] = 1;
        kernel_begin(&top, 1);
        kernel_scan_at((enum kernel_level)level, user, 2, x, biases, 0, 1, &top);
        assert_true(kernel_score(&top, 0) == 1.0f);
        x[kernel_at(3, 2, 1)] = 0;
    }
}

/* Every implementation that this machine has gives the same bits, for scores of all sizes. */
static void levels_agree(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 7, 16, 32, 100};
    static const size_t wanted[] = {1, 10, 32, 33};
    for (uint32_t seed = 0; seed < 48; seed++) {
        size_t n = 1 + seed * 31, d = lengths[seed % 6], best = wanted[seed % 4];
        struct shelf_of_items shelf = draw_shelf(n, d, seed);
        struct random_stream stream;
        random_open(&stream, seed, 1, 0, 0, 0);
        for (size_t i = 0; i < shelf.blocks * KERNEL_LANES * d; i++)
            shelf.x[i] = (float)(random_uniform(&stream) - 0.5);
        for (size_t k = 0; k < d; k++)
            shelf.user[k] = (float)(10 * random_uniform(&stream) - 5);
        struct kernel_top plain, other;
        kernel_begin(&plain, best);
        kernel_scan_at(KERNEL_PLAIN, shelf.user, d, shelf.x, shelf.biases, 0, shelf.blocks, &plain);
        for (int level = KERNEL_AVX2; level <= (int)kernel_level(); level++) {
            kernel_begin(&other, best);
            kernel_scan_at((enum kernel_level)level, shelf.user, d, shelf.x, shelf.biases, 0,
                           shelf.blocks, &other);
            assert_int_equal(plain.found, other.found);
            assert_memory_equal(plain.keys, other.keys, plain.found * sizeof *plain.keys);
        }
        free_shelf(&shelf);
    }
}

/* Requests in any order, far apart or close together, across the end of the shelf: each as by
 * itself. */
static void many_equal_one(void **state) {
    (void)state;
    enum { MOST = 11 };
    static const size_t blocks[] = {1, 3, 20, 40, 75};
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (uint32_t seed = 0; seed < 150; seed++) {
        size_t all = blocks[seed % 5], d = seed % 4 * 6, m = 1 + seed % MOST;
        size_t n = 1 + random_below(&stream, (uint32_t)all), wanted = 1 + seed % 40;
        struct shelf_of_items shelf = draw_shelf(all * KERNEL_LANES - seed % 16, d, seed);
        struct kernel_top tops[MOST];
        struct kernel_request requests[MOST];
        float *users = calloc(MOST * (d + 1), sizeof *users);
        for (size_t i = 0; i < MOST * (d + 1); i++)
            users[i] = coarse(&stream);
        for (size_t i = 0; i < m; i++) {
            bool near = seed % 3 > 0 && i > 0; /* at most two blocks on */
            size_t first = near ? requests[i - 1].first + random_below(&stream, 3)
                                : random_below(&stream, (uint32_t)all);
            requests[i] = (struct kernel_request){users + i * (d + 1), first % all, &tops[i]};
        }
        for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
            for (size_t i = 0; i < m; i++)
                kernel_begin(&tops[i], wanted);
            kernel_scan_many_at((enum kernel_level)level, requests, m, d, shelf.x, shelf.biases,
                                all, n);
            for (size_t i = 0; i < m; i++) {
                struct kernel_top one;
                size_t first = requests[i].first, straight = n < all - first ? n : all - first;
                kernel_begin(&one, wanted);
                kernel_scan(requests[i].user, d, shelf.x, shelf.biases, first, straight, &one);
                kernel_scan(requests[i].user, d, shelf.x, shelf.biases, 0, n - straight, &one);
                assert_int_equal(one.found, tops[i].found);
                assert_memory_equal(one.keys, tops[i].keys, one.found * sizeof *one.keys);
            }
        }
        free(users);
        free_shelf(&shelf);
    }
}

static void odd_scores(void **state) {
    (void)state;
    float biases[KERNEL_LANES] = {[0] = NAN,   [1] = -INFINITY, [2] = -0.0f, [3] = 0.0f,
                                  [4] = 1e38f, [5] = INFINITY,  [6] = -1e38f};
    for (int i = 7; i < KERNEL_LANES; i++)
        biases[i] = -INFINITY;
    static const uint32_t expected[] = {5, 4, 2, 3, 6};
    struct kernel_top top;
    for (int level = KERNEL_PLAIN; level <= (int)kernel_level(); level++) {
        kernel_begin(&top, KERNEL_LANES);
        kernel_scan_at((enum kernel_level)level, NULL, 0, NULL, biases, 0, 1, &top);
        assert_int_equal(top.found, 5);
        for (size_t i = 0; i < top.found; i++)
            assert_int_equal(kernel_position(&top, i), expected[i]);
    }
    kernel_begin(&top, 4);
    for (uint32_t i = 0; i < KERNEL_LANES; i++)
        kernel_offer(&top, biases[i], i);
    assert_int_equal(top.found, 4);
    for (size_t i = 0; i < top.found; i++)
        assert_int_equal(kernel_position(&top, i), expected[i]);
}

/* Metamorphic: items in another order give the same scores, in the same order. */
static void permuted_items(void **state) {
    (void)state;
    enum { N = 300, D = 8, WANTED = 20 };
    struct shelf_of_items shelf = draw_shelf(N, D, 99), turned = draw_shelf(N, D, 99);
    for (size_t i = 0; i < N; i++) {
        turned.biases[(i * 7 + 5) % N] = shelf.biases[i]; /* 7 and 300 have no common factor */
        for (size_t k = 0; k < D; k++)
            turned.x[kernel_at((i * 7 + 5) % N, D, k)] = shelf.x[kernel_at(i, D, k)];
    }
    struct kernel_top top, other;
    kernel_begin(&top, WANTED);
    kernel_begin(&other, WANTED);
    kernel_scan(shelf.user, D, shelf.x, shelf.biases, 0, shelf.blocks, &top);
    kernel_scan(shelf.user, D, turned.x, turned.biases, 0, turned.blocks, &other);
    assert_int_equal(top.found, other.found);
    for (size_t i = 0; i < top.found; i++)
        assert_true(kernel_score(&top, i) == kernel_score(&other, i));
    free_shelf(&shelf);
    free_shelf(&turned);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(top_equals_sort), cmocka_unit_test(order_of_operations),
        cmocka_unit_test(odd_scores),      cmocka_unit_test(permuted_items),
        cmocka_unit_test(levels_agree),    cmocka_unit_test(many_equal_one),
    };
    return cmocka_run_group_tests_name("ranking-kernel", tests, NULL, NULL);
}
