/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The creator panel.
 *
 *   1. Reading: each worker files its rows into buckets, by the hash of the creator
 *   2. Joining: the platforms and periods of all workers get common numbers
 *   3. Gathering: each bucket is sorted by creator, platform and period, in the cache
 *   4. Refusing: the places of what stands twice or is of another kind
 *   5. Names that may be the same person's
 */
#include "creators/panel.h"

#include "base/buffer.h"
#include "base/workers.h"
#include "creators/name.h"
#include "creators/quantity.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL /* names are short: the call would cost as much as the hash */
#include <xxhash.h>

/* Platform, group and amounts follow where they are wanted. */
enum {
    CREATOR,
    PERIOD,
    FOLLOWERS,
    FIXED_COLUMNS,
    MOST_COLUMNS = FIXED_COLUMNS + 2 + PANEL_AMOUNTS
};

/* ---- 1. Reading ------------------------------------------------------------------------------ */

/* As narrow as can be: writing and reading these is what most of the time goes into. Platform and
 * period are numbered by the part until a bucket is gathered. */
struct record {
    uint64_t creator_high;
    uint32_t creator_low;
    uint32_t ordinal;   /* of the row within its part; see struct run */
    uint32_t followers; /* or MANY */
    uint16_t platform;
    uint16_t period;
};

/* Four thousand million followers or more, which no creator has but some columns do, are kept
 * beside the records. */
#define MANY UINT32_MAX

struct many {
    uint32_t ordinal;
    int64_t followers;
};

/* A panel of 10^6 creators and 24 periods has 600 kB in each: what a core's cache holds. */
enum { BUCKET_BITS = 10, BUCKETS = 1 << BUCKET_BITS, BLOCK_RECORDS = 170 };

struct block {
    _Alignas(4096) struct record records[BLOCK_RECORDS]; /* a page */
    struct block *before;
};

/* Blocks are taken from chunks of the size of a large page. */
enum { CHUNK_BYTES = 1 << 21, CHUNK_BLOCKS = CHUNK_BYTES / sizeof(struct block) };

struct chunks {
    struct chunk {
        struct block *blocks;
    } * items;
    size_t n, capacity;
    size_t used; /* blocks of the last one */
};

struct bucket {
    struct block *last;    /* those before it are full */
    uint32_t blocks, used; /* records of the last one */
};

/* The rows of one batch, which are numbered one after another in their part. Their places cost
 * nothing if they stand on consecutive lines, four bytes a row if not. */
struct run {
    size_t sequence;
    uint32_t first;           /* ordinal of its first row */
    bool even;                /* all rows of the batch stand on consecutive lines */
    struct table_place place; /* of the first row of the batch */
    uint32_t *lines;          /* of each row, below that; NULL: row after row */
};

/* Where a row stands in the input: rows are ordered by sequence, then row. */
struct origin {
    size_t sequence, row;
    struct table_place place;
};

enum { KINDS = PERIOD_DAY + 1 };

/* The earliest row with a period of some kind. */
struct first_row {
    bool found;
    struct origin origin;
    struct period period;
};

/* Every period index, of whatever kind, is at least the smallest day and at most the largest. */
enum { PERIOD_INDICES = CALENDAR_MAX_DAY - CALENDAR_MIN_DAY + 1 };

/* The names of one column as a part numbers them: those that stand in rows of the panel. */
struct names {
    struct dictionary dictionary;
    uint16_t *numbers; /* [code of the table + 1] = number + 1, or 0: not met yet */
    size_t n_numbers, capacity;
    uint16_t *common; /* [number] = number in the panel; from joining */
};

/* Names that folding may change, each with the creator it becomes. */
struct odd_names {
    struct dictionary dictionary;
    struct panel_creator *folded; /* [code] */
    size_t capacity;
    struct buffer buffer;
};

/* What one worker has read. */
struct part {
    struct part *next;
    struct bucket buckets[BUCKETS];
    struct chunks chunks;
    uint32_t rows;
    struct run *runs;
    size_t n_runs, runs_capacity;
    struct many *many; /* ascending by ordinal */
    size_t n_many, many_capacity;
    struct names platforms, groups;
    struct odd_names odd;
    int64_t *amounts[PANEL_AMOUNTS]; /* [ordinal], where they are wanted */
    size_t amounts_capacity[PANEL_AMOUNTS];
    uint16_t *row_groups; /* [ordinal] = code, where they are wanted */
    size_t row_groups_capacity;
    uint16_t *period_codes; /* [index - CALENDAR_MIN_DAY]: code + 1, or 0; mostly never touched */
    int32_t *periods;       /* [code] = index */
    size_t n_periods, periods_capacity;
    struct first_row kinds[KINDS];
    uint16_t *common_periods; /* [code] = number in the panel; from joining */
};

/* The fold's state: the parts of all workers merged so far. */
struct reading {
    const struct panel_options *options;
    struct table_column columns[MOST_COLUMNS];
    size_t n_columns;
    bool timeless;                   /* there is no column period, and none is wanted */
    size_t platform, group, amounts; /* where they stand in columns; 0: not wanted */
    struct part *parts;
};

/* Asks for large pages, each of which one fault brings instead of hundreds. If there are none, it
 * is only slower. */
static void prefer_large_pages(void *memory, size_t bytes) {
    enum { PAGE = 4096 };
    const size_t skipped = (PAGE - (uintptr_t)memory % PAGE) % PAGE;
    if (memory && bytes >= CHUNK_BYTES)
        madvise((char *)memory + skipped, bytes - skipped, MADV_HUGEPAGE);
}

static void chunks_free(struct chunks *chunks) {
    for (size_t i = 0; i < chunks->n; i++)
        free(chunks->items[i].blocks);
    free(chunks->items);
    *chunks = (struct chunks){0};
}

static struct block *chunks_take(struct chunks *chunks, struct error *err) {
    if (chunks->n == 0 || chunks->used == CHUNK_BLOCKS) {
        if (array_reserve((void **)&chunks->items, &chunks->capacity, chunks->n + 1,
                          sizeof *chunks->items, err))
            return NULL;
        struct block *chunk = aligned_alloc(CHUNK_BYTES, CHUNK_BYTES);
        if (!chunk) {
            error_memory(err);
            return NULL;
        }
        prefer_large_pages(chunk, CHUNK_BYTES);
        chunks->items[chunks->n++].blocks = chunk;
        chunks->used = 0;
    }
    return chunks->items[chunks->n - 1].blocks + chunks->used++;
}

static void names_free(struct names *names) {
    dictionary_free(&names->dictionary);
    free(names->numbers);
    free(names->common);
}

static void part_destroy(struct part *part) {
    chunks_free(&part->chunks);
    for (size_t i = 0; i < part->n_runs; i++)
        free(part->runs[i].lines);
    free(part->runs);
    free(part->many);
    names_free(&part->platforms);
    names_free(&part->groups);
    dictionary_free(&part->odd.dictionary);
    free(part->odd.folded);
    buffer_free(&part->odd.buffer);
    for (size_t i = 0; i < PANEL_AMOUNTS; i++)
        free(part->amounts[i]);
    free(part->row_groups);
    free(part->period_codes);
    free(part->periods);
    free(part->common_periods);
    free(part);
}

static void reading_destroy(void *state) {
    struct reading *reading = state;
    for (struct part *part = reading->parts, *next; part; part = next) {
        next = part->next;
        part_destroy(part);
    }
    free(reading);
}

static int reading_begin(void *context, void **ret_state, struct error *err) {
    const struct reading *wanted = context;
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return error_memory(err);
    *reading = *wanted;
    reading->parts = calloc(1, sizeof *reading->parts);
    if (reading->parts)
        reading->parts->period_codes = calloc(PERIOD_INDICES, sizeof *reading->parts->period_codes);
    if (!reading->parts || !reading->parts->period_codes) {
        reading_destroy(reading);
        return error_memory(err);
    }
    *ret_state = reading;
    return 0;
}

static int reading_merge(void *into, void *from, struct error *err) {
    (void)err;
    struct reading *reading = into, *other = from;
    struct part **end = &reading->parts;
    while (*end)
        end = &(*end)->next;
    *end = other->parts;
    other->parts = NULL;
    return 0;
}

static int reject_low(const struct table_batch *batch, size_t row, const struct tiers *tiers,
                      int64_t followers, struct error *err) {
    if (followers < 0)
        return table_reject(batch, row, FOLLOWERS, err,
                            "found %" PRId64 " followers, expected 0 or more", followers);
    return table_reject(batch, row, FOLLOWERS, err,
                        "found %" PRId64 " followers, expected at least %" PRId64
                        ", where the lowest tier, '%s', begins",
                        followers, tiers->from[0], tiers->names[0]);
}

/* What a cell lacks that is no number: it may be one that is too large for quantity_parse. */
static int reject_quantity(const struct reading *reading, const struct table_batch *batch,
                           size_t row, size_t column, struct error *err) {
    const char *whole = column == FOLLOWERS ? ", of whole followers" : "";
    if (table_missing(batch, column, row))
        return table_reject(batch, row, (int)column, err,
                            "found an empty cell in column '%s', expected " QUANTITY_FORMS "%s",
                            reading->columns[column].name, whole);
    const struct text cell = batch->columns[column].text[row];
    const int shown = cell.length < 40 ? (int)cell.length : 40;
    size_t digits = 0;
    for (size_t i = 0; i < cell.length; i++)
        digits += cell.bytes[i] >= '0' && cell.bytes[i] <= '9';
    if (digits > 12)
        return table_reject(batch, row, (int)column, err,
                            "found '%.*s', expected a number of at most %" PRId64
                            " with --human-numbers",
                            shown, cell.bytes, INT64_MAX / DECIMAL_ONE);
    return table_reject(batch, row, (int)column, err, "found '%.*s', expected " QUANTITY_FORMS "%s",
                        shown, cell.bytes, whole);
}

/* What stands in a cell of numbers that people wrote. False if it is not one that makes sense;
 * *ret_status then says whether reading goes on. */
static bool read_quantity(const struct reading *reading, const struct table_batch *batch,
                          size_t row, size_t column, decimal *ret, int *ret_status,
                          struct error *err) {
    if (!table_missing(batch, column, row) &&
        quantity_parse(batch->columns[column].text[row], reading->options->decimal_mark, ret) &&
        (column != FOLLOWERS || *ret % DECIMAL_ONE == 0))
        return true;
    *ret_status = reject_quantity(reading, batch, row, column, err);
    return false;
}

/* The followers, if they make sense; if not, *ret_status says whether reading goes on. */
static bool read_followers(const struct reading *reading, const struct table_batch *batch,
                           size_t row, int64_t *ret, int *ret_status, struct error *err) {
    const struct tiers *tiers = reading->options->tiers;
    if (reading->options->human_numbers) {
        decimal value;
        if (!read_quantity(reading, batch, row, FOLLOWERS, &value, ret_status, err))
            return false;
        *ret = value / DECIMAL_ONE;
    } else {
        *ret = batch->columns[FOLLOWERS].integer[row];
    }
    if (*ret >= (tiers ? tiers->from[0] : 0))
        return true;
    *ret_status = reject_low(batch, row, tiers, *ret, err);
    return false;
}

/* Amounts are not negative. */
static bool read_amount(const struct reading *reading, const struct table_batch *batch, size_t row,
                        size_t column, int64_t *ret, int *ret_status, struct error *err) {
    const bool required = reading->options->amounts_required >> (column - reading->amounts) & 1u;
    if (table_missing(batch, column, row) && !required) {
        *ret = PANEL_UNKNOWN;
        return true;
    }
    if (!reading->options->human_numbers)
        *ret = batch->columns[column].decimal[row];
    else if (!read_quantity(reading, batch, row, column, ret, ret_status, err))
        return false;
    if (*ret >= 0)
        return true;
    *ret_status = table_reject(batch, row, (int)column, err,
                               "found a negative amount in column '%s', expected 0 or more",
                               reading->columns[column].name);
    return false;
}

static int too_many(struct error *err, const char *what) {
    return error_set(err, ERROR_DATA, "more than %d %ss, expected a column '%s' with fewer",
                     PANEL_MOST, what, what);
}

/* The first row with this code of the table's. The table may know names that only bad rows have. */
static int number_name(struct names *names, const struct table_cells *cells, size_t at,
                       const char *what, struct error *err) {
    const struct text name = at > 0 ? dictionary_name(cells->names, (uint32_t)(at - 1))
                                    : text_of(""); /* where it is missing */
    uint32_t number;
    size_t known = names->n_numbers;
    if (dictionary_add(&names->dictionary, name, &number, err) ||
        array_reserve((void **)&names->numbers, &names->capacity, at + 1, sizeof *names->numbers,
                      err))
        return err->code;
    if (number >= PANEL_MOST)
        return too_many(err, what);
    if (at >= known) {
        memset(names->numbers + known, 0, (at + 1 - known) * sizeof *names->numbers);
        names->n_numbers = at + 1;
    }
    names->numbers[at] = (uint16_t)(number + 1);
    return 0;
}

static int code_name(struct names *names, const struct table_cells *cells, size_t row,
                     const char *what, uint16_t *ret, struct error *err) {
    const size_t at = (uint32_t)(cells->code[row] + 1); /* 0 where it is missing */
    if ((at >= names->n_numbers || names->numbers[at] == 0) &&
        number_name(names, cells, at, what, err))
        return err->code;
    *ret = (uint16_t)(names->numbers[at] - 1);
    return 0;
}

static int code_period(struct part *part, int32_t index, uint16_t *ret, struct error *err) {
    uint16_t *code = &part->period_codes[index - CALENDAR_MIN_DAY];
    if (*code == 0) {
        if (part->n_periods == PANEL_MOST)
            return too_many(err, "period");
        int status = array_reserve((void **)&part->periods, &part->periods_capacity,
                                   part->n_periods + 1, sizeof *part->periods, err);
        if (status)
            return status;
        part->periods[part->n_periods++] = index;
        *code = (uint16_t)part->n_periods;
    }
    *ret = (uint16_t)(*code - 1);
    return 0;
}

static bool comes_before(const struct origin *a, const struct origin *b) {
    return a->sequence != b->sequence ? a->sequence < b->sequence : a->row < b->row;
}

static void note_kind(struct part *part, struct period period, const struct table_batch *batch,
                      size_t row) {
    struct first_row *first = &part->kinds[period.kind];
    if (first->found && first->origin.sequence <= batch->sequence)
        return;
    *first = (struct first_row){true, {batch->sequence, row, table_place(batch, row)}, period};
}

static int begin_run(struct part *part, const struct table_batch *batch, struct error *err) {
    int status = array_reserve((void **)&part->runs, &part->runs_capacity, part->n_runs + 1,
                               sizeof *part->runs, err);
    if (status)
        return status;
    if (batch->rows > UINT32_MAX - part->rows)
        return error_set(err, ERROR_SYSTEM, "more than %u rows for one thread", UINT32_MAX);
    struct run run = {.sequence = batch->sequence, .first = part->rows};
    if (batch->rows > 0) {
        run.place = table_place(batch, 0);
        run.even = table_place(batch, batch->rows - 1).line - run.place.line == batch->rows - 1;
    }
    part->runs[part->n_runs++] = run;
    return 0;
}

/* Called for each row of a run before part->rows counts it. */
static int keep_place(struct part *part, const struct table_batch *batch, size_t row,
                      struct error *err) {
    struct run *run = &part->runs[part->n_runs - 1];
    const uint32_t rows = part->rows - run->first;
    const uint32_t below =
        run->even ? (uint32_t)row : (uint32_t)(table_place(batch, row).line - run->place.line);
    if (!run->lines && below != rows) {
        run->lines = malloc(batch->rows * sizeof *run->lines);
        if (!run->lines)
            return error_memory(err);
        for (uint32_t i = 0; i < rows; i++)
            run->lines[i] = i;
    }
    if (run->lines)
        run->lines[rows] = below;
    return 0;
}

static struct panel_creator creator_of(struct text name) {
    XXH128_hash_t hash = XXH3_128bits(name.bytes, name.length);
    return (struct panel_creator){hash.high64, (uint32_t)(hash.low64 >> 32)};
}

/* Ascending buckets hold ascending creators. */
static size_t bucket_of(struct panel_creator creator) {
    return creator.high >> (64 - BUCKET_BITS);
}

/* Where the next record of the bucket goes; NULL if memory is out. */
static struct record *next_record(struct part *part, struct bucket *bucket, struct error *err) {
    if (bucket->blocks == 0 || bucket->used == BLOCK_RECORDS) {
        struct block *block = chunks_take(&part->chunks, err);
        if (!block)
            return NULL;
        block->before = bucket->last;
        bucket->last = block;
        bucket->blocks++;
        bucket->used = 0;
    }
    return &bucket->last->records[bucket->used++];
}

/* Rows fall into buckets at random, each into a line of memory that is far by then. */
static void fetch_record(const struct part *part, struct panel_creator creator) {
    const struct bucket *bucket = &part->buckets[bucket_of(creator)];
    if (bucket->last && bucket->used < BLOCK_RECORDS)
        __builtin_prefetch(&bucket->last->records[bucket->used].period, 1); /* its end */
}

/* The creator of a name that folding may change; such a name is kept. */
static int code_odd(struct odd_names *odd, struct text name, struct panel_creator *ret,
                    struct error *err) {
    const uint32_t known = odd->dictionary.count;
    uint32_t code;
    if (dictionary_add(&odd->dictionary, name, &code, err) ||
        array_reserve((void **)&odd->folded, &odd->capacity, (size_t)code + 1, sizeof *odd->folded,
                      err))
        return err->code;
    if (code == known) {
        if (name_fold(name, &odd->buffer, err))
            return err->code;
        odd->folded[code] = creator_of((struct text){odd->buffer.bytes, odd->buffer.length});
    }
    *ret = odd->folded[code];
    return 0;
}

/* `creator` is that of the name as it stands. */
static int identify(struct part *part, struct text name, bool folds, struct panel_creator *creator,
                    struct error *err) {
    struct panel_creator folded = {0};
    if (name_is_plain(name))
        return 0;
    int status = code_odd(&part->odd, name, &folded, err);
    if (!status && folds)
        *creator = folded;
    return status;
}

/* What is beside the record, by the ordinal of the row. */
static int keep_group(struct part *part, const struct table_batch *batch, size_t row, size_t column,
                      struct error *err) {
    uint16_t number = 0;
    if (code_name(&part->groups, &batch->columns[column], row, "group", &number, err) ||
        array_reserve((void **)&part->row_groups, &part->row_groups_capacity,
                      (size_t)part->rows + 1, sizeof *part->row_groups, err))
        return err->code;
    part->row_groups[part->rows] = number;
    return 0;
}

static int keep_amount(struct part *part, size_t which, int64_t amount, struct error *err) {
    if (array_reserve((void **)&part->amounts[which], &part->amounts_capacity[which],
                      (size_t)part->rows + 1, sizeof *part->amounts[which], err))
        return err->code;
    part->amounts[which][part->rows] = amount;
    return 0;
}

static int keep_many(struct part *part, int64_t followers, struct error *err) {
    if (array_reserve((void **)&part->many, &part->many_capacity, part->n_many + 1,
                      sizeof *part->many, err))
        return err->code;
    part->many[part->n_many++] = (struct many){part->rows, followers};
    return 0;
}

static int add_row(const struct reading *reading, const struct table_batch *batch, size_t row,
                   struct panel_creator creator, int64_t followers, struct error *err) {
    struct part *part = reading->parts;
    uint16_t platform = 0, code = 0;
    struct record *record;
    struct period period =
        reading->timeless ? (struct period){PERIOD_YEAR, 1} : batch->columns[PERIOD].period[row];
    int status = identify(part, batch->columns[CREATOR].text[row], reading->options->fold_names,
                          &creator, err);
    if (!status && reading->platform)
        status = code_name(&part->platforms, &batch->columns[reading->platform], row, "platform",
                           &platform, err);
    if (!status)
        status = code_period(part, period.index, &code, err);
    if (!status && reading->group)
        status = keep_group(part, batch, row, reading->group, err);
    if (!status)
        status = keep_place(part, batch, row, err);
    if (!status && followers >= MANY)
        status = keep_many(part, followers, err);
    if (status)
        return status;
    record = next_record(part, &part->buckets[bucket_of(creator)], err);
    if (!record)
        return err->code;
    record->creator_high = creator.high;
    record->creator_low = creator.low;
    record->ordinal = part->rows++;
    record->followers = followers < MANY ? (uint32_t)followers : MANY;
    record->platform = platform;
    record->period = code;
    note_kind(part, period, batch, row);
    return 0;
}

/* Without a column, all rows are of one platform without a name: number 0. */
static int name_nowhere(struct names *platforms, struct error *err) {
    uint32_t number;
    return dictionary_add(&platforms->dictionary, text_of(""), &number, err);
}

/* One row, if it makes sense; the creator is that of its name as it stands. */
static int read_row(const struct reading *reading, const struct table_batch *batch, size_t row,
                    struct panel_creator creator, struct error *err) {
    int64_t followers, amount;
    int status = 0;
    if (!read_followers(reading, batch, row, &followers, &status, err))
        return status;
    for (size_t i = 0; i < reading->options->n_amounts; i++) {
        if (!read_amount(reading, batch, row, reading->amounts + i, &amount, &status, err))
            return status;
        if (keep_amount(reading->parts, i, amount, err))
            return err->code;
    }
    return add_row(reading, batch, row, creator, followers, err);
}

/* Some rows at a time, so that memory is fetched for all of them at once. */
static int reading_add(void *state, const struct table_batch *batch, struct error *err) {
    enum { AT_ONCE = 32 };
    const struct reading *reading = state;
    struct part *part = reading->parts;
    int status = begin_run(part, batch, err);
    if (!status && !reading->platform && batch->rows > 0)
        status = name_nowhere(&part->platforms, err);
    for (size_t first = 0, end; first < batch->rows && !status; first = end) {
        struct panel_creator creators[AT_ONCE];
        end = batch->rows - first < AT_ONCE ? batch->rows : first + AT_ONCE;
        for (size_t row = first; row < end; row++) {
            creators[row - first] = creator_of(batch->columns[CREATOR].text[row]);
            fetch_record(part, creators[row - first]);
        }
        for (size_t row = first; row < end && !status; row++)
            status = read_row(reading, batch, row, creators[row - first], err);
    }
    return status;
}

/* ---- 2. Joining ------------------------------------------------------------------------------ */

/* Names of one column, the same for all parts. They are few and shown in the output: their numbers
 * follow their order. `which` finds the column's names in a part. */
static int join_names(struct part *parts, struct names *(*which)(struct part *),
                      struct dictionary *all, struct text **ret, size_t *ret_n, const char *what,
                      struct error *err) {
    int status = 0;
    for (struct part *part = parts; part && !status; part = part->next)
        status = dictionary_merge(all, &which(part)->dictionary, NULL, err);
    if (status)
        return status;
    size_t n = all->count;
    if (n > PANEL_MOST)
        return too_many(err, what);
    uint32_t *order = malloc((n + 1) * sizeof *order), *rank = malloc((n + 1) * sizeof *rank);
    *ret = malloc((n + 1) * sizeof **ret);
    if (!order || !rank || !*ret) {
        status = error_memory(err);
        goto done;
    }
    *ret_n = n;
    dictionary_order(all, order);
    for (uint32_t i = 0; i < n; i++) {
        rank[order[i]] = i;
        (*ret)[i] = dictionary_name(all, order[i]);
    }
    for (struct part *part = parts; part; part = part->next) {
        struct names *names = which(part);
        names->common = malloc((names->dictionary.count + (size_t)1) * sizeof *names->common);
        if (!names->common) {
            status = error_memory(err);
            goto done;
        }
        for (uint32_t code = 0; code < names->dictionary.count; code++) {
            uint32_t common = 0;
            dictionary_find(all, names->dictionary.names[code], &common);
            names->common[code] = (uint16_t)rank[common];
        }
    }
done:
    free(order);
    free(rank);
    return status;
}

static struct names *platforms_of(struct part *part) {
    return &part->platforms;
}

static struct names *groups_of(struct part *part) {
    return &part->groups;
}

static int compare_indices(const void *a, const void *b) {
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

/* All indices of all parts, ascending, each once; NULL if memory is out. */
static int32_t *list_periods(const struct part *parts, size_t *ret_n) {
    size_t n = 0, kept = 0;
    for (const struct part *part = parts; part; part = part->next)
        n += part->n_periods;
    int32_t *indices = malloc((n + 1) * sizeof *indices);
    if (!indices)
        return NULL;
    n = 0;
    for (const struct part *part = parts; part; part = part->next)
        for (size_t code = 0; code < part->n_periods; code++)
            indices[n++] = part->periods[code];
    qsort(indices, n, sizeof *indices, compare_indices);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || indices[i] != indices[i - 1])
            indices[kept++] = indices[i];
    *ret_n = kept;
    return indices;
}

static int join_periods(struct panel *panel, struct part *parts, enum period_kind kind,
                        struct error *err) {
    int status = 0;
    size_t n = 0;
    int32_t *indices = list_periods(parts, &n);
    if (!indices)
        return error_memory(err);
    if (n > PANEL_MOST) {
        status = too_many(err, "period");
        goto done;
    }
    panel->periods = malloc((n + 1) * sizeof *panel->periods);
    if (!panel->periods) {
        status = error_memory(err);
        goto done;
    }
    panel->n_periods = n;
    for (size_t i = 0; i < n; i++)
        panel->periods[i] = (struct period){kind, indices[i]};
    for (struct part *part = parts; part; part = part->next) {
        part->common_periods = malloc((part->n_periods + 1) * sizeof *part->common_periods);
        if (!part->common_periods) {
            status = error_memory(err);
            goto done;
        }
        for (size_t code = 0; code < part->n_periods; code++) {
            const int32_t *at =
                bsearch(&part->periods[code], indices, n, sizeof *indices, compare_indices);
            part->common_periods[code] = (uint16_t)(at - indices);
        }
    }
done:
    free(indices);
    return status;
}

/* ---- 3. Gathering ---------------------------------------------------------------------------- */

/* Two rows of one creator on one platform in one period. */
struct repetition {
    bool found;
    struct origin first, second;
    struct panel_key key;
};

/* What becomes of a bucket. */
struct gathered {
    size_t first_row, rows; /* in the panel */
    size_t kept;            /* of the rows, where those that stand twice are put together */
    bool overflow;          /* in doing so */
    size_t n_creators;
    struct panel_creator *creators; /* ascending */
    size_t *start;                  /* of each, in the panel */
    struct repetition repetition;   /* the earliest in the input */
};

struct gathering {
    struct panel *panel;
    const struct panel_options *options;
    struct part *parts;
    struct desk *desks; /* by worker */
    struct gathered buckets[BUCKETS];
};

/* Where a record is: the block it is in, and the part that knows its origin. */
struct shelf {
    const struct block *block;
    const struct part *part;
    uint32_t n;   /* records of the block */
    uint32_t key; /* of the first one, as in an item */
};

/* One creator of a bucket. */
struct tally {
    struct panel_creator creator;
    size_t end; /* how many rows, then the end of theirs among the items */
};

/* What one worker needs to bring a bucket into order. A row on its way is an item: its platform and
 * period (32 bits), by which items are compared as numbers, above where its record is (32 bits: the
 * shelf and the place on it). */
struct desk {
    size_t rows, n_shelves, n_tallies;
    int bits; /* of the hash below the bucket's; choose the slot */
    struct shelf *shelves;
    struct tally *tallies;
    uint64_t *items, *work; /* by creator; as many */
    uint32_t *numbers;      /* by record, as they stand on the shelves: which tally */
    uint32_t *keys;         /* likewise */
    uint32_t *slots; /* number of a tally + 1, or 0; ascending by creator, each at its slot or as
                        close behind it as there was room */
    char *room;
    size_t capacity;
};

enum { SHELF_BITS = 8 };
_Static_assert(BLOCK_RECORDS < 1 << SHELF_BITS, "a place on a shelf has SHELF_BITS");

static const struct shelf *shelf_of(const struct desk *desk, uint64_t item) {
    return &desk->shelves[(uint32_t)item >> SHELF_BITS];
}

static const struct record *record_of(const struct desk *desk, uint64_t item) {
    return &shelf_of(desk, item)->block->records[item & ((1u << SHELF_BITS) - 1)];
}

static struct panel_key key_of(uint64_t item) {
    return (struct panel_key){(uint16_t)(item >> 48), (uint16_t)(item >> 32)};
}

static bool same_key(uint64_t a, uint64_t b) {
    return a >> 32 == b >> 32;
}

static struct origin origin_of(const struct desk *desk, uint64_t item) {
    const struct part *part = shelf_of(desk, item)->part;
    const uint32_t ordinal = record_of(desk, item)->ordinal;
    size_t low = 0, high = part->n_runs; /* the last run that begins at or before the row */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (part->runs[middle].first <= ordinal)
            low = middle;
        else
            high = middle;
    }
    const struct run *run = &part->runs[low];
    uint32_t row = ordinal - run->first;
    struct table_place place = run->place;
    place.line += run->lines ? run->lines[row] : row;
    return (struct origin){run->sequence, row, place};
}

static int compare_creators(struct panel_creator a, struct panel_creator b) {
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

static bool find_creator(const struct panel *panel, struct panel_creator wanted, size_t *ret) {
    size_t low = 0, high = panel->n_creators;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_creators(panel->creators[middle], wanted);
        if (order == 0) {
            *ret = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static size_t slots_of(const struct desk *desk) {
    return ((size_t)1 << desk->bits) + desk->rows; /* whoever has no room is behind the last one */
}

/* Room for a bucket of so many rows, on so many shelves. */
static int clear_desk(struct desk *desk, size_t rows, size_t shelves, struct error *err) {
    desk->rows = rows;
    desk->n_shelves = desk->n_tallies = 0;
    desk->bits = 1;
    while (desk->bits < 32 && rows > ((size_t)3 << desk->bits) / 4)
        desk->bits++;
    const size_t bytes = shelves * sizeof *desk->shelves +
                         rows * (sizeof *desk->tallies + sizeof *desk->items + sizeof *desk->work +
                                 sizeof *desk->numbers + sizeof *desk->keys) +
                         slots_of(desk) * sizeof *desk->slots;
    if (shelves > UINT32_MAX >> SHELF_BITS)
        return error_memory(err);
    if (array_reserve((void **)&desk->room, &desk->capacity, bytes, 1, err))
        return err->code;
    desk->shelves = (struct shelf *)desk->room;
    desk->tallies = (struct tally *)(desk->shelves + shelves);
    desk->items = (uint64_t *)(desk->tallies + rows);
    desk->work = desk->items + rows;
    desk->numbers = (uint32_t *)(desk->work + rows);
    desk->keys = desk->numbers + rows;
    desk->slots = desk->keys + rows;
    memset(desk->slots, 0, slots_of(desk) * sizeof *desk->slots);
    return 0;
}

/* Platform and period by common numbers. */
static uint32_t number_key(const struct part *part, const struct record *record) {
    return (uint32_t)part->platforms.common[record->platform] << 16 |
           part->common_periods[record->period];
}

static int compare_shelves(const void *a, const void *b) {
    const struct shelf *left = a, *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

/* The blocks of a bucket of all parts, by platform and period: if the input is in the order of
 * time, so are nearly all items of a creator. */
static void fill_shelves(struct desk *desk, const struct part *parts, size_t number) {
    for (const struct part *part = parts; part; part = part->next) {
        const struct bucket *bucket = &part->buckets[number];
        const struct block *block = bucket->last;
        for (uint32_t i = 0; i < bucket->blocks; i++, block = block->before)
            desk->shelves[desk->n_shelves++] =
                (struct shelf){block, part, i == 0 ? bucket->used : BLOCK_RECORDS,
                               number_key(part, &block->records[0])};
    }
    qsort(desk->shelves, desk->n_shelves, sizeof *desk->shelves, compare_shelves);
}

/* The number of a creator's tally. */
static uint32_t find_tally(struct desk *desk, struct panel_creator creator) {
    uint32_t *slot = desk->slots + (creator.high << BUCKET_BITS >> (64 - desk->bits));
    for (; *slot; slot++) {
        const int order = compare_creators(desk->tallies[*slot - 1].creator, creator);
        if (order == 0)
            return *slot - 1;
        if (order > 0)
            break;
    }
    const uint32_t number = (uint32_t)desk->n_tallies++;
    desk->tallies[number] = (struct tally){creator, 0};
    for (uint32_t moving = number + 1; moving; slot++) { /* those above it give way */
        const uint32_t there = *slot;
        *slot = moving;
        moving = there;
    }
    return number;
}

/* Whose each record is, and in which platform and period it stands by common numbers. */
static void number_records(struct desk *desk) {
    size_t row = 0;
    for (size_t shelf = 0; shelf < desk->n_shelves; shelf++) {
        const struct part *part = desk->shelves[shelf].part;
        const struct record *record = desk->shelves[shelf].block->records;
        for (uint32_t left = desk->shelves[shelf].n; left > 0; left--, record++, row++) {
            desk->numbers[row] =
                find_tally(desk, (struct panel_creator){record->creator_high, record->creator_low});
            desk->tallies[desk->numbers[row]].end++;
            desk->keys[row] = number_key(part, record);
        }
    }
}

/* One creator's after the other's, each in the order of the shelves. */
static void place_items(struct desk *desk) {
    size_t row = 0, total = 0;
    for (size_t i = 0; i < desk->n_tallies; i++) {
        const size_t n = desk->tallies[i].end;
        desk->tallies[i].end = total; /* the beginning, until all are placed */
        total += n;
    }
    for (size_t shelf = 0; shelf < desk->n_shelves; shelf++) {
        for (size_t at = 0; at < desk->shelves[shelf].n; at++, row++)
            desk->items[desk->tallies[desk->numbers[row]].end++] =
                (uint64_t)desk->keys[row] << 32 | shelf << SHELF_BITS | at;
    }
}

/* Merges what is ascending from `low` to `middle` and from there to `high`. */
static void merge_items(uint64_t *items, uint64_t *work, size_t low, size_t middle, size_t high) {
    size_t left = low, right = middle, at = low;
    while (left < middle && right < high) {
        const bool take = items[right] < items[left];
        work[at++] = take ? items[right] : items[left];
        right += take;
        left += !take;
    }
    memcpy(work + at, items + left, (middle - left) * sizeof *items);
    memcpy(items + low, work + low, (at + middle - left - low) * sizeof *items);
}

static size_t ascending_until(const uint64_t *items, size_t from, size_t n) {
    size_t end = from + 1;
    while (end < n && items[end - 1] <= items[end])
        end++;
    return end;
}

/* By merging runs that are ascending already: mostly there is one. */
static void sort_items(uint64_t *items, uint64_t *work, size_t n) {
    for (size_t runs = 2; runs > 1;) {
        runs = 0;
        for (size_t low = 0, middle, high; low < n; low = high, runs++) {
            middle = high = ascending_until(items, low, n);
            if (middle == n)
                continue;
            high = ascending_until(items, middle, n);
            merge_items(items, work, low, middle, high);
        }
    }
}

struct placed {
    struct origin origin;
    uint64_t item;
};

static int compare_placed(const void *a, const void *b) {
    const struct placed *left = a, *right = b;
    return comes_before(&left->origin, &right->origin)
               ? -1
               : comes_before(&right->origin, &left->origin);
}

/* What stands twice in the order of the input; other items as they are. */
static int order_repetitions(const struct desk *desk, uint64_t *items, size_t n,
                             struct error *err) {
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && same_key(items[first], items[end]);)
            end++;
        if (end - first == 1)
            continue;
        struct placed *placed = malloc((end - first) * sizeof *placed);
        if (!placed)
            return error_memory(err);
        for (size_t i = first; i < end; i++)
            placed[i - first] = (struct placed){origin_of(desk, items[i]), items[i]};
        qsort(placed, end - first, sizeof *placed, compare_placed);
        for (size_t i = first; i < end; i++)
            items[i] = placed[i - first].item;
        free(placed);
    }
    return 0;
}

/* Several threads may mark the same cell, all with the same 1. */
static void mark_present(struct panel *panel, struct panel_key key) {
    unsigned char *cell = &panel->present[key.platform * panel->n_periods + key.period];
    if (!__atomic_load_n(cell, __ATOMIC_RELAXED))
        __atomic_store_n(cell, 1, __ATOMIC_RELAXED);
}

/* Keeps the repetition whose second row comes first in the input. */
static void note_repetition(struct repetition *earliest, const struct desk *desk, uint64_t first,
                            uint64_t second) {
    struct repetition found = {true, origin_of(desk, first), origin_of(desk, second),
                               key_of(second)};
    if (!earliest->found || comes_before(&found.second, &earliest->second))
        *earliest = found;
}

static bool add_to(int64_t *sum, int64_t addend) {
    return !__builtin_add_overflow(*sum, addend, sum);
}

static int compare_many(const void *a, const void *b) {
    const struct many *left = a, *right = b;
    return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static int64_t followers_of(const struct part *part, const struct record *record) {
    if (record->followers != MANY)
        return record->followers;
    const struct many *many = bsearch(&(struct many){.ordinal = record->ordinal}, part->many,
                                      part->n_many, sizeof *many, compare_many);
    return many->followers;
}

/* Writes what the record says to one row of the panel. */
static void write_row(struct panel *panel, const struct panel_options *options, size_t row,
                      const struct desk *desk, uint64_t item) {
    const struct record *record = record_of(desk, item);
    const struct part *part = shelf_of(desk, item)->part;
    panel->keys[row] = key_of(item);
    panel->followers[row] = followers_of(part, record);
    for (size_t i = 0; i < options->n_amounts; i++)
        panel->amounts[i][row] = part->amounts[i][record->ordinal];
    if (panel->row_groups)
        panel->row_groups[row] = part->groups.common[part->row_groups[record->ordinal]];
}

/* Adds one more row of the same creator, platform and period. False if a sum does not fit. */
static bool join_row(struct panel *panel, const struct panel_options *options, size_t row,
                     const struct desk *desk, uint64_t item) {
    const struct record *record = record_of(desk, item);
    const struct part *part = shelf_of(desk, item)->part;
    const int64_t followers = followers_of(part, record);
    bool fits = true;
    if (options->duplicates == PANEL_MAX && followers > panel->followers[row])
        write_row(panel, options, row, desk, item);
    if (options->duplicates != PANEL_SUM)
        return true;
    fits = add_to(&panel->followers[row], followers);
    for (size_t i = 0; i < options->n_amounts && fits; i++) {
        int64_t amount = part->amounts[i][record->ordinal], *sum = &panel->amounts[i][row];
        if (*sum == PANEL_UNKNOWN)
            *sum = amount;
        else if (amount != PANEL_UNKNOWN)
            fits = add_to(sum, amount);
    }
    return fits;
}

/* Writes one creator's sorted items to where they belong in the panel. */
static void write_creator(const struct gathering *gathering, struct gathered *bucket,
                          const struct desk *desk, const uint64_t *items, size_t n) {
    struct panel *panel = gathering->panel;
    const struct panel_options *options = gathering->options;
    for (size_t i = 0; i < n; i++) {
        const size_t next = bucket->first_row + bucket->kept;
        if (i == 0 || !same_key(items[i - 1], items[i])) {
            write_row(panel, options, next, desk, items[i]);
            mark_present(panel, key_of(items[i]));
            bucket->kept++;
        } else if (options->duplicates == PANEL_REFUSE) {
            note_repetition(&bucket->repetition, desk, items[i - 1], items[i]);
        } else if (!join_row(panel, options, next - 1, desk, items[i])) {
            bucket->overflow = true;
        }
    }
}

static int write_bucket(const struct gathering *gathering, struct gathered *bucket,
                        const struct desk *desk, struct error *err) {
    bucket->creators = malloc(desk->n_tallies * sizeof *bucket->creators);
    bucket->start = malloc(desk->n_tallies * sizeof *bucket->start);
    if (!bucket->creators || !bucket->start)
        return error_memory(err);
    for (size_t slot = 0; slot < slots_of(desk); slot++) {
        if (desk->slots[slot] == 0)
            continue;
        const struct tally *tally = &desk->tallies[desk->slots[slot] - 1];
        const size_t first = desk->slots[slot] > 1 ? tally[-1].end : 0, n = tally->end - first;
        sort_items(desk->items + first, desk->work, n);
        if (order_repetitions(desk, desk->items + first, n, err))
            return err->code;
        bucket->creators[bucket->n_creators] = tally->creator;
        bucket->start[bucket->n_creators++] = bucket->first_row + bucket->kept;
        write_creator(gathering, bucket, desk, desk->items + first, n);
    }
    return 0;
}

static int gather_bucket(void *context, size_t index, int worker, struct error *err) {
    struct gathering *gathering = context;
    struct gathered *bucket = &gathering->buckets[index];
    struct desk *desk = &gathering->desks[worker];
    size_t shelves = 0;
    for (const struct part *part = gathering->parts; part; part = part->next)
        shelves += part->buckets[index].blocks;
    if (bucket->rows == 0)
        return 0;
    if (clear_desk(desk, bucket->rows, shelves, err))
        return err->code;
    fill_shelves(desk, gathering->parts, index);
    number_records(desk);
    place_items(desk);
    return write_bucket(gathering, bucket, desk, err);
}

static int gather_buckets(struct gathering *gathering, struct error *err) {
    const size_t workers =
        gathering->options->threads < 1 ? 1 : (size_t)gathering->options->threads;
    gathering->desks = calloc(workers, sizeof *gathering->desks);
    if (!gathering->desks)
        return error_memory(err);
    int status = workers_run((int)workers, BUCKETS, gather_bucket, gathering, err);
    for (size_t i = 0; i < workers; i++)
        free(gathering->desks[i].room);
    free(gathering->desks);
    return status;
}

static size_t rows_of(const struct bucket *bucket) {
    return bucket->blocks == 0 ? 0 : (size_t)(bucket->blocks - 1) * BLOCK_RECORDS + bucket->used;
}

/* Room for all rows, and which of it is whose. */
static int place_buckets(struct gathering *gathering, struct error *err) {
    struct panel *panel = gathering->panel;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct gathered *bucket = &gathering->buckets[i];
        bucket->first_row = panel->n_rows;
        for (const struct part *part = gathering->parts; part; part = part->next)
            bucket->rows += rows_of(&part->buckets[i]);
        panel->n_rows += bucket->rows;
    }
    panel->keys = malloc((panel->n_rows + 1) * sizeof *panel->keys);
    panel->followers = malloc((panel->n_rows + 1) * sizeof *panel->followers);
    panel->present = calloc(panel->n_platforms * panel->n_periods + 1, 1);
    bool good = panel->keys && panel->followers && panel->present;
    prefer_large_pages(panel->keys, panel->n_rows * sizeof *panel->keys);
    prefer_large_pages(panel->followers, panel->n_rows * sizeof *panel->followers);
    for (size_t i = 0; i < gathering->options->n_amounts; i++) {
        panel->amounts[i] = malloc((panel->n_rows + 1) * sizeof *panel->amounts[i]);
        good = good && panel->amounts[i];
    }
    if (gathering->options->group) {
        panel->row_groups = malloc((panel->n_rows + 1) * sizeof *panel->row_groups);
        good = good && panel->row_groups;
    }
    return good ? 0 : error_memory(err);
}

static void move_rows(struct panel *panel, size_t to, size_t from, size_t n) {
    if (to == from)
        return;
    memmove(panel->keys + to, panel->keys + from, n * sizeof *panel->keys);
    memmove(panel->followers + to, panel->followers + from, n * sizeof *panel->followers);
    for (size_t i = 0; i < PANEL_AMOUNTS; i++)
        if (panel->amounts[i])
            memmove(panel->amounts[i] + to, panel->amounts[i] + from,
                    n * sizeof *panel->amounts[i]);
    if (panel->row_groups)
        memmove(panel->row_groups + to, panel->row_groups + from, n * sizeof *panel->row_groups);
}

/* Closes the room that rows left which were put together with others. */
static int close_gaps(struct gathering *gathering, struct error *err) {
    struct panel *panel = gathering->panel;
    size_t rows = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        struct gathered *bucket = &gathering->buckets[i];
        if (bucket->overflow)
            return error_set(err, ERROR_DATA,
                             "the sum of rows of one creator in one period is too large");
        move_rows(panel, rows, bucket->first_row, bucket->kept);
        for (size_t creator = 0; creator < bucket->n_creators; creator++)
            bucket->start[creator] -= bucket->first_row - rows;
        rows += bucket->kept;
    }
    panel->n_joined = panel->n_rows - rows;
    panel->n_rows = rows;
    return 0;
}

/* The creators of all buckets, one after another. */
static int list_creators(struct gathering *gathering, struct error *err) {
    struct panel *panel = gathering->panel;
    size_t n = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        n += gathering->buckets[i].n_creators;
    panel->creators = malloc((n + 1) * sizeof *panel->creators);
    panel->start = malloc((n + 1) * sizeof *panel->start);
    if (!panel->creators || !panel->start)
        return error_memory(err);
    for (size_t i = 0; i < BUCKETS; i++) {
        const struct gathered *bucket = &gathering->buckets[i];
        for (size_t creator = 0; creator < bucket->n_creators; creator++) {
            panel->creators[panel->n_creators] = bucket->creators[creator];
            panel->start[panel->n_creators++] = bucket->start[creator];
        }
    }
    panel->start[n] = panel->n_rows;
    return 0;
}

/* ---- 4. Refusing ----------------------------------------------------------------------------- */

/* Periods must all be of the kind of the first row; gives that kind. */
static int check_kinds(const struct table *table, const struct part *parts,
                       enum period_kind *ret_kind, struct error *err) {
    const struct first_row *first = NULL, *other = NULL;
    for (const struct part *part = parts; part; part = part->next)
        for (const struct first_row *row = part->kinds; row < part->kinds + KINDS; row++)
            if (row->found && (!first || comes_before(&row->origin, &first->origin)))
                first = row;
    if (!first)
        return 0;
    *ret_kind = first->period.kind;
    for (const struct part *part = parts; part; part = part->next)
        for (const struct first_row *row = part->kinds; row < part->kinds + KINDS; row++)
            if (row->found && row->period.kind != *ret_kind &&
                (!other || comes_before(&row->origin, &other->origin)))
                other = row;
    if (!other)
        return 0;
    char here[TABLE_WHERE], there[TABLE_WHERE], found[CALENDAR_TEXT], expected[CALENDAR_TEXT];
    table_place_format(table, other->origin.place, here);
    table_place_format(table, first->origin.place, there);
    period_format(other->period, found);
    period_format(first->period, expected);
    return error_set(err, ERROR_DATA, "%s: period '%s' is a %s, expected a %s as '%s' in %s", here,
                     found, period_kind_name(other->period.kind),
                     period_kind_name(first->period.kind), expected, there);
}

/* Names the first row of the input that repeats an earlier one, and that one. */
static int check_repetitions(const struct table *table, const struct gathering *gathering,
                             struct error *err) {
    const struct repetition *earliest = NULL;
    for (size_t i = 0; i < BUCKETS; i++) {
        const struct repetition *found = &gathering->buckets[i].repetition;
        if (found->found && (!earliest || comes_before(&found->second, &earliest->second)))
            earliest = found;
    }
    if (!earliest)
        return 0;
    char here[TABLE_WHERE], there[TABLE_WHERE], period[CALENDAR_TEXT], on[256] = "";
    struct text platform = gathering->panel->platforms[earliest->key.platform];
    if (platform.length > 0)
        snprintf(on, sizeof on, " on '%.*s'", (int)platform.length, platform.bytes);
    table_place_format(table, earliest->second.place, here);
    table_place_format(table, earliest->first.place, there);
    period_format(gathering->panel->periods[earliest->key.period], period);
    return error_set(err, ERROR_DATA,
                     "%s: a second row of this creator%s in %s, expected only that in %s (or say "
                     "which counts: --duplicates max, first or sum)",
                     here, on, period, there);
}

/* ---- 5. Names that may be the same person's ----------------------------------------------------
 */

/* A name and the creator that folding makes of it. */
struct spelling {
    struct panel_creator folded;
    struct text name;
};

static int compare_spellings(const void *a, const void *b) {
    const struct spelling *left = a, *right = b;
    int order = compare_creators(left->folded, right->folded);
    return order != 0 ? order : text_compare(left->name, right->name);
}

/* All odd names of all parts, each once, by what they fold to. */
static int list_spellings(struct panel *panel, const struct part *parts, struct spelling **ret,
                          size_t *ret_n, struct error *err) {
    size_t n = 0;
    for (const struct part *part = parts; part; part = part->next)
        if (dictionary_merge(&panel->odd_names, &part->odd.dictionary, NULL, err))
            return err->code;
    struct spelling *spellings = malloc((panel->odd_names.count + (size_t)1) * sizeof *spellings);
    if (!spellings)
        return error_memory(err);
    for (const struct part *part = parts; part; part = part->next)
        for (uint32_t code = 0; code < part->odd.dictionary.count; code++) {
            uint32_t common = 0;
            struct text name = part->odd.dictionary.names[code];
            dictionary_find(&panel->odd_names, name, &common);
            /* The first part that has a name lists it; the dictionary holds the text. */
            if (n == common)
                spellings[n++] =
                    (struct spelling){part->odd.folded[code], panel->odd_names.names[common]};
        }
    qsort(spellings, n, sizeof *spellings, compare_spellings);
    *ret = spellings;
    *ret_n = n;
    return 0;
}

static int note_alike(struct panel *panel, struct text a, struct text b, size_t *capacity,
                      struct error *err) {
    if (array_reserve((void **)&panel->alike, capacity, panel->n_alike + 1, sizeof *panel->alike,
                      err))
        return err->code;
    panel->alike[panel->n_alike++] = (struct panel_alike){a, b};
    return 0;
}

static int compare_alike(const void *a, const void *b) {
    const struct panel_alike *left = a, *right = b;
    int order = text_compare(left->one, right->one);
    return order != 0 ? order : text_compare(left->other, right->other);
}

/* Spellings that fold to the same stand side by side. One that nothing folds to but that is a name
 * itself was plain, and has no text here: it is the folded form. */
static int find_alike(struct panel *panel, const struct part *parts, struct error *err) {
    struct spelling *spellings = NULL;
    struct buffer folded = {0};
    size_t n = 0, capacity = 0;
    int status = list_spellings(panel, parts, &spellings, &n, err);
    for (size_t i = 0; i < n && !status; i++) {
        size_t ignored;
        struct text name = spellings[i].name;
        if (i > 0 && compare_creators(spellings[i - 1].folded, spellings[i].folded) == 0) {
            status = note_alike(panel, spellings[i - 1].name, name, &capacity, err);
        } else if (find_creator(panel, spellings[i].folded, &ignored)) {
            status = name_fold(name, &folded, err);
            struct text plain = {folded.bytes, folded.length};
            uint32_t code;
            if (!status && name_is_plain(plain)) {
                status = dictionary_add(&panel->odd_names, plain, &code, err);
                if (!status)
                    status = note_alike(panel, dictionary_name(&panel->odd_names, code), name,
                                        &capacity, err);
            }
        }
    }
    if (panel->n_alike > 0)
        qsort(panel->alike, panel->n_alike, sizeof *panel->alike, compare_alike);
    free(spellings);
    buffer_free(&folded);
    return status;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int gather(struct panel *panel, struct part *parts, const struct table *table,
                  const struct panel_options *options, struct error *err) {
    struct gathering *gathering = calloc(1, sizeof *gathering);
    if (!gathering)
        return error_memory(err);
    gathering->panel = panel;
    gathering->options = options;
    gathering->parts = parts;
    int status = place_buckets(gathering, err);
    if (!status)
        status = gather_buckets(gathering, err);
    if (!status)
        status = check_repetitions(table, gathering, err);
    if (!status)
        status = close_gaps(gathering, err);
    if (!status)
        status = list_creators(gathering, err);
    for (size_t i = 0; i < BUCKETS; i++) {
        free(gathering->buckets[i].creators);
        free(gathering->buckets[i].start);
    }
    free(gathering);
    return status;
}

static int join(struct part *parts, const struct table *table, const struct panel_options *options,
                struct panel *ret, struct error *err) {
    enum period_kind kind = PERIOD_YEAR; /* of no rows: any will do */
    int status = check_kinds(table, parts, &kind, err);
    if (!status)
        status = join_names(parts, platforms_of, &ret->platform_names, &ret->platforms,
                            &ret->n_platforms, "platform", err);
    if (!status)
        status = join_names(parts, groups_of, &ret->group_names, &ret->groups, &ret->n_groups,
                            "group", err);
    if (!status)
        status = join_periods(ret, parts, kind, err);
    if (!status)
        status = gather(ret, parts, table, options, err);
    if (!status && !options->fold_names)
        status = find_alike(ret, parts, err);
    return status;
}

/* The columns that are wanted, and where each stands. */
static void choose_columns(struct reading *reading, const struct table *table) {
    const struct panel_options *options = reading->options;
    bool human = options->human_numbers;
    struct table_column *columns = reading->columns;
    columns[CREATOR] = (struct table_column){.name = "creator", .type = TABLE_TEXT};
    columns[PERIOD] = (struct table_column){.name = "period", .type = TABLE_PERIOD};
    columns[FOLLOWERS] =
        (struct table_column){.name = "followers",
                              .type = human ? TABLE_TEXT : TABLE_INTEGER,
                              .missing = human}; /* read_quantity knows better what to expect */
    reading->n_columns = FIXED_COLUMNS;
    if (options->timeless && !table_has(table, "period")) {
        reading->timeless = true;
        columns[PERIOD].optional = columns[PERIOD].missing = true;
    }
    if (options->platform || table_has(table, "platform")) {
        columns[reading->platform = reading->n_columns++] =
            (struct table_column){.name = "platform", .type = TABLE_CATEGORY};
    }
    if (options->group)
        columns[reading->group = reading->n_columns++] =
            (struct table_column){.name = options->group, .type = TABLE_CATEGORY, .missing = true};
    reading->amounts = reading->n_columns;
    for (size_t i = 0; i < options->n_amounts; i++)
        columns[reading->n_columns++] =
            (struct table_column){.name = options->amounts[i],
                                  .type = human ? TABLE_TEXT : TABLE_DECIMAL,
                                  .missing = human || !(options->amounts_required & 1u << i)};
}

/* The table knows that 1.3M is no plain number; what reads it is our option. */
static void suggest_human_numbers(const struct panel_options *options, struct error *err) {
    if (!options->human_numbers && strstr(err->text, "expected plain digits")) {
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used, " (or --human-numbers)");
    }
}

int panel_read(struct table *table, const struct panel_options *options, struct panel *ret,
               struct error *err) {
    static const struct table_fold fold = {reading_begin, reading_add, reading_merge,
                                           reading_destroy};
    struct panel_options wanted_options = *options;
    if (wanted_options.decimal_mark == '\0')
        wanted_options.decimal_mark = '.';
    struct reading wanted = {.options = &wanted_options};
    void *state = NULL;
    choose_columns(&wanted, table);
    int status = table_bind(table, wanted.columns, wanted.n_columns, err);
    if (!status)
        status = table_fold(table, &fold, &wanted, &state, err);
    if (status) {
        suggest_human_numbers(options, err);
        return status;
    }
    struct reading *reading = state;
    ret->timeless = wanted.timeless;
    status = join(reading->parts, table, &wanted_options, ret, err);
    reading_destroy(reading);
    if (status)
        panel_free(ret);
    return status;
}

bool panel_find(const struct panel *panel, struct text creator, size_t *ret) {
    return find_creator(panel, creator_of(creator), ret);
}

bool panel_gap(const struct panel *panel, size_t platform, size_t *ret_period) {
    const unsigned char *present = panel->present + platform * panel->n_periods;
    size_t period = 0, end = panel->n_periods;
    while (period < end && !present[period])
        period++;
    while (end > period && !present[end - 1])
        end--;
    while (period < end && present[period])
        period++;
    *ret_period = period;
    return period < end;
}

void panel_free(struct panel *panel) {
    free(panel->creators);
    free(panel->platforms);
    dictionary_free(&panel->platform_names);
    free(panel->periods);
    free(panel->start);
    free(panel->keys);
    free(panel->followers);
    for (size_t i = 0; i < PANEL_AMOUNTS; i++)
        free(panel->amounts[i]);
    free(panel->row_groups);
    free(panel->groups);
    dictionary_free(&panel->group_names);
    free(panel->alike);
    dictionary_free(&panel->odd_names);
    free(panel->present);
    *panel = (struct panel){0};
}
