/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Customers from a log of purchases, or from a table of their histories.
 *
 *     struct value_request request = {.unit_days = 7, .last = INT32_MIN};
 *     struct value_customers customers = {0};
 *     struct value_said said;
 *     if (value_read_log(table, &request, &customers, &said, err)) ...
 *
 * A log has a row for each purchase, `user,date,revenue`. The purchases of a day are one; a day
 * whose revenue is not above 0 (nothing paid, or refunded) is none, and its refunds are left out,
 * counted in `said`. A customer's life begins with the first purchase and is seen until the last
 * look: the log's last date unless the request says otherwise. Repeat purchases are those of later
 * days; spend is their mean, exact before it is divided.
 *
 * Histories are `frequency,recency,T` as other tools write them, with `user`, `value` (mean spend
 * per repeat purchase) and `customers` (how many are like this) if the file has them.
 */
#ifndef REVENUE_VALUE_READ_H
#define REVENUE_VALUE_READ_H

#include "revenue/value.h"
#include "table/table.h"

struct value_request {
    double unit_days; /* days in the unit of time of a log */
    int32_t last;     /* the day of the last look; INT32_MIN: the log's last date */
};

struct value_said {
    uint64_t refund_days; /* user-days with revenue below 0 in sum */
    decimal_sum refunds;  /* what they sum to */
    uint64_t idle_users;  /* users without any purchase, who are no customers */
    int32_t last;
};

/* Both bind and read the open table. Customers come in the order of their names; those without one
 * in that of the input. A log's rows behind the last look are left out. A column "currency" must
 * hold one text. ERROR_DATA (or a rejected row) for a frequency that is negative or not whole,
 * recency not between 0 and T, or above 0 without a repeat purchase. */
int value_read_log(struct table *table, const struct value_request *request,
                   struct value_customers *ret, struct value_said *ret_said, struct error *err);
int value_read_histories(struct table *table, struct value_customers *ret, struct error *err);

#endif
