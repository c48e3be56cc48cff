/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue per user, per payer, per minute and per thousand views. The definitions are on one page,
 * docs/arpu.md.
 *
 *     struct figures figures = {0};
 *     const struct figures_options options = {.confidence = 0.95, .threads = 4};
 *     if (figures_of_log(accounts, &options, &figures, err)) ...        // revenue/accounts.h
 *     if (figures_of_panel(table, groups, &figures, err)) ...           // or from totals
 *     figures.items[0].arppu.value;
 *     figures_free(&figures);
 *
 * Of a period and place with revenue R, users U, payers P (users who paid more than nothing in all
 * of the period), minutes M and views V:
 *
 *     arpu R/U     arppu R/P     payer_share P/U     per_minute R/M     per_thousand_views 1000 R/V
 *
 * each missing where its divisor is not above 0. From single users each has an interval: that of a
 * mean (estimate_mean) for the ARPU, Wilson's score interval for the share of payers, and for the
 * others that of a ratio of two sums over the users (estimate_pairs); and, if replications are
 * asked for, one by a bootstrap over users (revenue/bootstrap.h) where the other exists. Totals
 * tell no interval.
 *
 * How long the tail of payers is: the shares of all payers' revenue that the top 1 % and 10 % of
 * payers have (at least one of them), and Hill's tail index over the k = max(10, a tenth of the
 * payers) largest amounts, k / sum of ln(x_i / x_(k+1)) (Hill 1975, doi:10.1214/aos/1176343247);
 * missing with fewer than 20 payers or if the largest are all equal. An index below 2 is that of a
 * distribution without a variance, and the mean of such amounts has no normal limit: its interval,
 * and any that rests on a variance, is too short (Embrechts, Klueppelberg & Mikosch 1997, Modelling
 * Extremal Events, sections 2.2 and 6.4.2).
 */
#ifndef REVENUE_FIGURES_H
#define REVENUE_FIGURES_H

#include "revenue/bootstrap.h"

struct figure_ratio {
    double value; /* nan: missing */
    struct interval interval, bootstrap;
};

struct figure {
    struct account_place place;
    struct period period;
    bool has_payers, has[ACCOUNT_MEASURES]; /* a panel may miss single cells */
    decimal_sum users, payers;              /* decimals: a panel may give averages */
    decimal_sum of[ACCOUNT_MEASURES];       /* sums */
    struct figure_ratio arpu, arppu, payer_share, per_minute, per_thousand_views;
    double top_1, top_10; /* shares; nan without payers or from totals */
    double tail;          /* index; nan: not known */
};

/* Zero-initialise. By place and period. */
struct figures {
    struct figure *items;
    size_t count;
    bool has_payers, has[ACCOUNT_MEASURES]; /* any item */
    struct text currency;
    struct arena arena;
};

struct figures_options {
    double confidence;
    struct bootstrap_options bootstrap;
    int threads;
};

/* Every period from a place's first to the end of the log. Texts are those of the accounts. */
int figures_of_log(const struct accounts *accounts, const struct figures_options *options,
                   struct figures *ret, struct error *err);

/* Binds platform, period, users, revenue and, if there are any, payers, minutes, views and
 * currency; reads the open table. `groups` are ACCOUNT_GROUPS names of columns, NULL behind the
 * last. ERROR_DATA for negative counts, more payers than users, two rows of one place and period,
 * periods of several kinds, several currencies. */
int figures_of_panel(struct table *table, const char *const *groups, struct figures *ret,
                     struct error *err);
void figures_free(struct figures *figures);

#endif
