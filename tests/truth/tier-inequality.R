# SPDX-License-Identifier: GPL-3.0-or-later
# Measures and tails in R: from their definitions, and by poweRlaw.
#
#     Rscript tier-inequality.R draw FILE            a panel of 3 months
#     Rscript tier-inequality.R measures PANEL RESULT
#     Rscript tier-inequality.R parts PANEL RESULT   within and between tiers
#     Rscript tier-inequality.R tail PANEL RESULT    of a snapshot, whole numbers
#     Rscript tier-inequality.R bootstrap PANEL RESULT
#
# All but the first print TAP.

draw <- function(file) {
    set.seed(7)
    months <- sprintf("2024-%02d", 1:3)
    panel <- do.call(rbind, lapply(months, function(month)
        data.frame(creator = paste0("c", 1:2500), period = month,
                   followers = ceiling(ifelse(runif(2500) < 0.2, 300 * runif(2500)^(-1 / 1.3),
                                              exp(rnorm(2500, 4, 1)))))))
    write.csv(panel, file, row.names = FALSE, quote = FALSE)
}

gini <- function(x) { x <- sort(x); n <- length(x); sum((2 * 1:n - n - 1) * x) / ((n - 1) * sum(x)) }
theil_t <- function(x) mean(x / mean(x) * log(x / mean(x)))
theil_l <- function(x) mean(log(mean(x) / x))
lorenz <- function(x, p) approx(0:length(x) / length(x), c(0, cumsum(sort(x))) / sum(x), p)$y
palma <- function(x) (1 - lorenz(x, 0.9)) / lorenz(x, 0.4)
jackknife <- function(f, x) {
    n <- length(x)
    out <- sapply(seq_len(n), function(i) f(x[-i]))
    sqrt((n - 1) / n * sum((out - mean(out))^2))
}
functions <- list(gini = gini, theil_t = theil_t, theil_l = theil_l, palma = palma,
                  top_1 = function(x) 1 - lorenz(x, 0.99), top_10 = function(x) 1 - lorenz(x, 0.9))

count <- 0
check <- function(what, found, wanted, tolerance) {
    count <<- count + 1
    good <- length(found) == length(wanted) && all(abs(found - wanted) <= tolerance * abs(wanted))
    cat(if (isTRUE(good)) "ok" else "not ok", count, "-", what, "\n")
    if (!isTRUE(good)) cat("# found", format(found, digits = 12), "\n# wanted",
                           format(wanted, digits = 12), "\n")
}

measures <- function(panel_file, result_file) {
    panel <- read.csv(panel_file)
    found <- read.csv(result_file)
    for (month in unique(panel$period)) for (name in names(functions)) {
        x <- panel$followers[panel$period == month]
        row <- found[found$period == month & found$measure == name, ]
        f <- functions[[name]]
        check(paste(month, name), row$value, f(x), 1e-10)
        if (month == "2024-01") {
            e <- jackknife(f, x)
            check(paste(month, name, "error"), row$error, e, 1e-6)
            bounds <- if (name %in% c("gini", "top_1", "top_10"))
                plogis(qlogis(f(x)) + c(-1, 1) * qnorm(0.975) * e / (f(x) * (1 - f(x))))
            else f(x) * exp(c(-1, 1) * qnorm(0.975) * e / f(x))
            check(paste(month, name, "bounds"), c(row$lower, row$upper), bounds, 1e-6)
        }
    }
}

from <- c(low = 0, middle = 50, high = 400)
part_functions <- function(tier) {
    theil <- function(x) if (sum(x) > 0) theil_t(x) else 0
    p <- function(x, g) sum(g == tier) / length(x)
    s <- function(x, g) sum(x[g == tier]) / sum(x)
    t <- function(x, g) s(x, g) * theil(x[g == tier])
    l <- function(x, g) p(x, g) * theil_l(x[g == tier])
    list(creators_share = p, share = s, part_t = t, part_l = l,
         theil_t = function(x, g) theil(x[g == tier]), theil_l = function(x, g) theil_l(x[g == tier]),
         part_t_share = function(x, g) t(x, g) / theil_t(x),
         part_l_share = function(x, g) l(x, g) / theil_l(x))
}
between_t <- function(x, g) sum(sapply(split(x, g), function(y)
    sum(y) / sum(x) * log(mean(y) / mean(x))))
between_l <- function(x, g) sum(sapply(split(x, g), function(y)
    length(y) / length(x) * log(mean(x) / mean(y))))
between_functions <- list(part_t = between_t, part_l = between_l,
    part_t_share = function(x, g) between_t(x, g) / theil_t(x),
    part_l_share = function(x, g) between_l(x, g) / theil_l(x))

parts <- function(panel_file, result_file) {
    x <- read.csv(panel_file)$followers
    found <- read.csv(result_file)
    g <- names(from)[findInterval(x, from)]
    n <- length(x)
    compare <- function(tier, functions) for (name in names(functions)) {
        f <- functions[[name]]
        row <- found[found$tier == tier & found$quantity == name, ]
        out <- sapply(seq_len(n), function(i) f(x[-i], g[-i]))
        e <- sqrt((n - 1) / n * sum((out - mean(out))^2))
        v <- f(x, g)
        bounds <- if (grepl("share", name))
            plogis(qlogis(v) + c(-1, 1) * qnorm(0.975) * e / (v * (1 - v)))
        else v * exp(c(-1, 1) * qnorm(0.975) * e / v)
        check(paste(tier, name), row$value, v, 1e-9)
        check(paste(tier, name, "error"), row$error, e, 1e-6)
        check(paste(tier, name, "bounds"), c(row$lower, row$upper), bounds, 1e-6)
    }
    compare("low", part_functions("low"))
    compare("high", part_functions("high"))
    compare("(between)", between_functions)
}

# Two bootstraps of so many samples: a standard deviation of 200 is off by 1/sqrt(400), with heavy
# tails by some half more, and ours of 2000 by a third of that; three times.
bootstrap_of <- function(panel_file, result_file) {
    suppressMessages(library(poweRlaw))
    found <- read.csv(result_file)
    m <- displ$new(read.csv(panel_file)$followers)
    b <- suppressMessages(bootstrap(m, no_of_sims = 200, threads = 1, seed = 2))$bootstraps
    check("error of alpha", found$error, sd(b$pars), 0.25)
    check("lower", found$lower, unname(quantile(b$pars, 0.025)), 0.02)
    check("upper", found$upper, unname(quantile(b$pars, 0.975)), 0.03)
    # xmin leaps: its quantile is one of ours with nearly the same share of samples below.
    share <- function(q) mean(b$xmin <= q)
    check("xmin lower", share(found$xmin_lower) > 0.005 && mean(b$xmin < found$xmin_lower) < 0.05,
          TRUE, 0)
    check("xmin upper", share(found$xmin_upper) > 0.95 && mean(b$xmin < found$xmin_upper) < 0.995,
          TRUE, 0)
}

tail_of <- function(panel_file, result_file) {
    suppressMessages(library(poweRlaw))
    x <- read.csv(panel_file)$followers
    found <- read.csv(result_file)
    m <- displ$new(x)
    e <- estimate_xmin(m, xmax = max(x))
    check("xmin", found$xmin, e$xmin, 0)
    # Its optimiser stops after six digits.
    check("alpha", found$alpha, e$pars, 1e-5)
    check("distance", found$ks, e$gof, 1e-4)
    m$setXmin(e)
    n <- sum(x >= e$xmin)
    check("tail", found$tail, n, 0)
    other <- dislnorm$new(x)
    other$setXmin(e$xmin)
    other$setPars(estimate_pars(other))
    versus <- compare_distributions(m, other)
    # Where the best lognormal is the power law itself (mu far below 0), its optimiser stops on the
    # way: then ours is to be the better fit, which is the lower ratio.
    z <- found$lognormal * sqrt((n - 1) / n)
    if (other$getPars()[1] > -6) {
        check("lognormal", z, versus$test_statistic, 0.02)
        check("its p", found$lognormal_p, versus$p_two_sided, 0.02)
    } else check("a lognormal as good", min(z, versus$test_statistic), z, 0)
    other <- disexp$new(x)
    other$setXmin(e$xmin)
    # Its own estimate may stop far from the maximum, which is known.
    other$setPars(log1p(1 / (mean(x[x >= e$xmin]) - e$xmin)))
    versus <- compare_distributions(m, other)
    check("exponential", found$exponential * sqrt((n - 1) / n), versus$test_statistic, 1e-4)
}

arguments <- commandArgs(trailingOnly = TRUE)
if (arguments[1] == "draw") {
    draw(arguments[2])
} else {
    what <- list(measures = measures, parts = parts, tail = tail_of, bootstrap = bootstrap_of)
    what[[arguments[1]]](arguments[2], arguments[3])
    cat(sprintf("1..%d\n", count))
}
