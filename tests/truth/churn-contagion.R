# SPDX-License-Identifier: GPL-3.0-or-later
# Fits Bass's hazard to daily leavers once more, by other means: the share gone is followed along
# Bass's own curve F(t), the time at which it stands where the day begins being solved for, and
# optim searches.
#
#     Rscript tests/truth/churn-contagion.R draw counts.csv P Q POOL DAYS SEED
#     Rscript tests/truth/churn-contagion.R fit counts.csv SINCE POOL
#
# `fit` prints a line each for p, q, pool and tipping share, with 95 % profile bounds, and the
# deviance of q = 0. SINCE is a date or "-", POOL a number or "-" (unknown).
arguments <- commandArgs(TRUE)

chance <- function(p, q, share, days) {
    F <- function(t) (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t))
    t <- -log((1 - share) / (1 + q / p * share)) / (p + q)
    ifelse(share >= 1, 1, (F(t + days) - share) / (1 - share))
}

if (arguments[1] == "draw") {
    p <- as.numeric(arguments[3]); q <- as.numeric(arguments[4]); pool <- as.numeric(arguments[5])
    days <- as.numeric(arguments[6])
    set.seed(as.numeric(arguments[7]))
    gone <- 0
    leavers <- integer(days)
    for (i in seq_len(days)) {
        leavers[i] <- rbinom(1, pool - gone, chance(p, q, gone / pool, 1))
        gone <- gone + leavers[i]
    }
    write.csv(data.frame(date = as.Date("2025-01-01") + seq_len(days) - 1, leavers),
              arguments[2], row.names = FALSE, quote = FALSE)
    quit()
}

counts <- read.csv(arguments[2])
if (!is.null(counts$projects)) counts$leavers <- counts$projects
leavers <- tapply(counts$leavers, as.Date(counts$date), sum)
dates <- as.Date(names(leavers))
every <- seq(min(dates), max(dates), by = 1)
n <- ifelse(is.na(match(every, dates)), 0, leavers[match(every, dates)])
days <- rep(1, length(n))
if (arguments[3] != "-") days[1] <- as.numeric(every[1] - as.Date(arguments[3])) + 1
gone <- c(0, cumsum(n)[-length(n)])
all_gone <- sum(n)
known <- if (arguments[4] == "-") NA else as.numeric(arguments[4])

# log of the binomial chances of all days, without terms that depend on the counts alone
loglik <- function(p, q, pool) {
    there <- pool - gone
    use <- there > 0
    P <- chance(p, q, gone[use] / pool, days[use])
    left <- n[use]
    stayed <- pmax(there[use] - left, 0)
    ways <- if (is.na(known)) lgamma(pool + 1) - lgamma(pool - all_gone + 1) else 0
    ways + sum(ifelse(left > 0, left * log(P), 0)) +
        sum(ifelse(stayed > 0, stayed * log1p(-P), 0))
}

# The maximum over what is free, of log p, log q and log(pool - gone); the others are held.
# From several starts, or, once the top is known, from there.
best <- function(hold = list(), from = NULL) {
    unpack <- function(x) {
        at <- hold
        for (name in c("p", "q")) if (is.null(at[[name]])) { at[[name]] <- exp(x[1]); x <- x[-1] }
        if (!is.null(at[["ratio"]])) at[["p"]] <- at[["ratio"]] * at[["q"]]
        if (is.null(at[["pool"]])) at[["pool"]] <- if (is.na(known)) all_gone + exp(x[1]) else known
        at
    }
    cost <- function(x) {
        at <- unpack(x)
        value <- -loglik(at[["p"]], at[["q"]], at[["pool"]])
        if (is.finite(value)) value else 1e10
    }
    free <- sum(is.null(hold[["p"]]) && is.null(hold[["ratio"]]), is.null(hold[["q"]]),
                is.null(hold[["pool"]]) && is.na(known))
    if (!is.null(hold[["ratio"]])) hold[["p"]] <- 0
    starts <- expand.grid(p = log(c(0.003, 0.03)), q = log(c(0.02, 0.2)),
                          pool = log(c(0.05, 1) * all_gone))
    keep <- c(is.null(hold[["p"]]), is.null(hold[["q"]]), is.null(hold[["pool"]]) && is.na(known))
    if (!is.null(from)) starts <- data.frame(p = log(from[["p"]]), q = log(from[["q"]]),
                                             pool = log(from[["pool"]] - all_gone + 0.1))
    starts <- unique(starts[, keep, drop = FALSE])
    fits <- lapply(seq_len(nrow(starts)), function(i) {
        x <- as.numeric(starts[i, ])
        for (round in 1:4)
            x <- optim(x, cost, method = if (length(x) > 1) "Nelder-Mead" else "BFGS",
                       control = list(reltol = 1e-15, maxit = 5000))$par
        list(value = -cost(x), at = unpack(x))
    })
    fits[[which.max(sapply(fits, function(f) f$value))]]
}

top <- best()
critical <- qchisq(0.95, 1)
bound <- function(name, value, side) {
    deviance <- function(x) {
        hold <- list()
        hold[[name]] <- if (name == "pool") all_gone + exp(x) else exp(x)
        2 * (top$value - best(hold, top$at)$value) - critical
    }
    from <- log(if (name == "pool") value - all_gone else value)
    to <- from
    repeat {
        to <- to + side * 0.5
        if (deviance(to) > 0) break
        if (abs(to - from) > 12) return(NA)
    }
    x <- uniroot(deviance, sort(c(from, to)), tol = 1e-9)$root
    if (name == "pool") all_gone + exp(x) else exp(x)
}
values <- c(p = top$at[["p"]], q = top$at[["q"]], pool = top$at[["pool"]], ratio = top$at[["p"]] / top$at[["q"]])
for (name in names(values)) {
    known_pool <- name == "pool" && !is.na(known)
    cat(name, sprintf("%.10g", c(values[name],
                                 if (known_pool) c(NA, NA)
                                 else c(bound(name, values[name], -1), bound(name, values[name], 1)))),
        "\n")
}
cat("test", sprintf("%.10g", 2 * (top$value - best(list(q = 1e-12))$value)), "\n")
