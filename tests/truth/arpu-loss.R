# SPDX-License-Identifier: GPL-3.0-or-later
# What R says to the numbers of arpu-loss: run by arpu-loss.t; the values with a comment also stand
# in tests/unit/revenue-estimate.c and tests/unit/revenue-loss-interval.c.
#
#   Rscript arpu-loss.R unit                        the values in the unit tests
#   Rscript arpu-loss.R pert LOW MODE HIGH LEVEL    quantiles and densities of a PERT distribution
#   Rscript arpu-loss.R log FILE LEVEL              ARPU and losses by platform and month from a log

# The share of money that was lost: delta method for a ratio of means, by way of the residuals.
ratio <- function(lost, kept, level) {
    x <- c(lost, kept)
    y <- c(lost, 0 * kept)
    n <- length(x)
    p <- mean(y) / mean(x)
    if (length(lost) == 0 || length(kept) == 0 || !(sum(x) > 0) || sd(y - p * x) == 0)
        return(c(NA, NA))
    reach <- qt((1 + level) / 2, n - 1) * sd(y - p * x) / sqrt(n) / mean(x)
    c(max(0, p - reach), min(1, p + reach))
}

# Wilson's score interval is what prop.test gives without the continuity correction.
wilson <- function(k, n, level) {
    if (n == 0)
        return(c(NA, NA))
    suppressWarnings(prop.test(k, n, conf.level = level, correct = FALSE))$conf.int
}

pert <- function(low, mode, high, level) {
    a <- 1 + 4 * (mode - low) / (high - low)
    b <- 1 + 4 * (high - mode) / (high - low)
    q <- qbeta(c(1 - level, 1 + level) / 2, a, b)
    c(low + (high - low) * q, dbeta(q, a, b) / (high - low))
}

# One row for each platform and month: users, revenue, arpu and its bounds, users_lost,
# revenue_lost, share_lost and bounds, users_share_lost and bounds.
from_log <- function(file, level) {
    log <- read.csv(file, colClasses = c(user = "character"))
    log$revenue[is.na(log$revenue)] <- 0
    log$month <- substr(log$date, 1, 7)
    months <- sort(unique(log$month))
    for (platform in sort(unique(log$platform))) {
        paid <- lapply(months, function(m) {
            rows <- log[log$platform == platform & log$month == m, ]
            c(tapply(rows$revenue, rows$user, sum))
        })
        begun <- which(lengths(paid) > 0)[1]
        for (i in begun:length(months)) {
            now <- paid[[i]]
            out <- c(length(now), sum(now), if (length(now) > 0) mean(now) else NA,
                     if (length(now) > 1 && sd(now) > 0) t.test(now, conf.level = level)$conf.int else c(NA, NA))
            if (i > begun) {
                before <- paid[[i - 1]]
                gone <- !(names(before) %in% names(now))
                out <- c(out, sum(gone), sum(before[gone]),
                         if (sum(before) > 0) sum(before[gone]) / sum(before) else NA,
                         ratio(before[gone], before[!gone], level),
                         mean(gone), wilson(sum(gone), length(before), level))
            } else out <- c(out, rep(NA, 8))
            cells <- vapply(out, function(x) if (is.na(x)) "" else format(x, digits = 15), "")
            cat(paste(c(platform, months[i], cells), collapse = ","), "\n", sep = "")
        }
    }
}

args <- commandArgs(trailingOnly = TRUE)
if (args[1] == "unit") {
    paid <- c(0, 0, 1.25, 3, 3, 4.5, 12, 0.99)
    show <- function(x, digits = 15) cat(format(x, digits = digits), "\n")
    show(t.test(paid)$conf.int)                             # -0.195642055278667 6.380642055278666
    show(t.test(paid, conf.level = 0.9)$conf.int)           # 0.457982662105227 5.727017337894773
    show(ratio(c(0.5, 1), c(10, 12, 9, 3, 2, 4.25), 0.9))   # 0 0.0977011203603334
    show(ratio(c(0, 3, 3, 12), c(0, 1.25, 4.5, 0.99), 0.95)) # 0.226070700549939 1
    show(pert(200, 500, 1000, 0.95), 12) # 275.512261875 832.466668739 0.000768462572782 0.000478992185037
} else if (args[1] == "pert") {
    cat(format(do.call(pert, as.list(as.numeric(args[2:5]))), digits = 15), "\n")
} else from_log(args[2], as.numeric(args[3]))
