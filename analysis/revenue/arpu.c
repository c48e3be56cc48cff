/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rows of ARPU have in common, whether they come from a panel or from a log. */
#include "revenue/arpu.h"

#include "base/buffer.h"
#include <math.h>
#include <stdlib.h>

bool arpu_divide(decimal_sum dividend, decimal_sum divisor, decimal_sum *ret) {
    if (divisor <= 0)
        return false;
    decimal_sum quotient = dividend / divisor, rest = dividend % divisor;
    decimal_sum size = rest < 0 ? -rest : rest, other = divisor - size;
    if (size > other || (size == other && quotient % 2 != 0))
        quotient += dividend < 0 ? -1 : 1;
    *ret = quotient;
    return true;
}

static int out_of_range(const struct arpu_row *row, const char *what, struct error *err) {
    char period[CALENDAR_TEXT];
    period_format(row->period, period);
    return error_set(err, ERROR_DATA, "%s of %.*s in %s is out of range, expected less than 10^13",
                     what, (int)row->platform.length, row->platform.bytes, period);
}

int arpu_of_row(struct arpu_row *row, struct error *err) {
    row->arpu_interval = (struct interval){NAN, NAN};
    row->share_interval = row->users_interval = row->arpu_interval;
    row->arpu_drawn = row->share_drawn = row->users_drawn = row->arpu_interval;
    row->share_lost = row->users_share_lost = NAN;
    row->has_arpu = row->users > 0;
    if (!row->has_arpu)
        return 0;
    decimal_sum scaled, quotient;
    if (__builtin_mul_overflow(row->revenue, (decimal_sum)DECIMAL_ONE, &scaled) ||
        !arpu_divide(scaled, row->users, &quotient) || !decimal_narrow(quotient, &row->arpu))
        return out_of_range(row, "the ARPU", err);
    return 0;
}

int arpu_compare(const struct arpu_row *before, struct arpu_row *row, struct error *err) {
    row->has_change = true;
    row->users_change = row->users - before->users; /* both are 0 or more */
    row->revenue_change = row->revenue - before->revenue;
    decimal_sum product;
    if (__builtin_mul_overflow((decimal_sum)row->users_change, before->revenue, &product))
        return out_of_range(row, "the change of revenue", err);
    /* Without users before there is no ARPU before: all of the change counts as the users'. */
    if (!arpu_divide(product, before->users, &row->change_by_users))
        row->change_by_users = row->revenue_change;
    row->change_by_arpu = row->revenue_change - row->change_by_users;
    return 0;
}

struct arpu_row *arpu_add(struct arpu_table *table, struct error *err) {
    if (array_reserve((void **)&table->rows, &table->capacity, table->count + 1,
                      sizeof *table->rows, err))
        return NULL;
    struct arpu_row *row = &table->rows[table->count++];
    *row = (struct arpu_row){0};
    return row;
}

void arpu_free(struct arpu_table *table) {
    free(table->rows);
    arena_free(&table->names);
    *table = (struct arpu_table){0};
}
