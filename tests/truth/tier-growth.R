# SPDX-License-Identifier: GPL-3.0-or-later
# The table of tier-growth in R, from the definitions: data frames merged by account, and R's own
# tests for the intervals.
#
#     Rscript tier-growth.R draw FILE                        draws a panel of 12 months
#     Rscript tier-growth.R compare PANEL RESULT KIND        KIND: flows or poisson
#
# compare prints TAP. Nothing here is shared with the program: who moved is found by merge(), the
# counts by sum(), Clopper & Pearson's limits by poisson.test(), Bonett & Price's by the formulas of
# their paper (Statistics in Medicine 25:3039, 2006).

from <- c(nano = 0, micro = 10000, mid = 50000, macro = 500000, mega = 1000000)

draw <- function(file) {
    set.seed(46)
    months <- sprintf("2024-%02d", 1:12)
    accounts <- expand.grid(creator = paste0("c", 1:4000), platform = c("TikTok", "RedNote"),
                            stringsAsFactors = FALSE)
    size <- 10^runif(nrow(accounts), 2, 6.5)
    here <- runif(nrow(accounts)) < 0.7
    panel <- NULL
    for (month in months) {
        flip <- runif(nrow(accounts)) < 0.08
        here <- xor(here, flip)
        size <- size * exp(rnorm(nrow(accounts), 0.03, 0.25))
        panel <- rbind(panel, data.frame(accounts[here, ], period = month,
                                         followers = sprintf("%.0f", size[here])))
    }
    write.csv(panel[sample(nrow(panel)), ], file, row.names = FALSE, quote = FALSE)
}

# 1 for the lowest tier; 0 for an account that is not there.
tier_of <- function(followers) ifelse(is.na(followers), 0, findInterval(followers, from))

bonett_price <- function(both, lost, gained, z = qnorm(0.975)) {
    x1 <- both + gained
    x0 <- both + lost
    n <- both + lost + gained
    a <- sqrt((lost + gained + 2) / ((x1 + 1) * (x0 + 1)))
    b <- sqrt((1 - (x1 + 1) / (n + 2)) / (x1 + 1))
    c <- sqrt((1 - (x0 + 1) / (n + 2)) / (x0 + 1))
    k <- a / (b + c) * z
    wilson <- function(x, side)
        (2 * x + k^2 + side * k * sqrt(k^2 + 4 * x * (1 - x / n))) / (2 * (n + k^2))
    c(wilson(x1, -1) / wilson(x0, 1), wilson(x1, 1) / wilson(x0, -1)) - 1
}

bounds <- function(kind, both, lost, gained) {
    if (both + lost == 0) return(c(NA, NA))
    if (kind == "flows") bonett_price(both, lost, gained)
    else as.numeric(poisson.test(c(both + gained, both + lost))$conf.int) - 1
}

# The rows of one platform (or of all), as the program should print them.
expected <- function(panel, kind) {
    periods <- sort(unique(panel$period))
    result <- NULL
    for (tier in seq_along(from)) for (i in seq_along(periods)) {
        now <- panel[panel$period == periods[i], ]
        row <- data.frame(tier = names(from)[tier], period = periods[i],
                          creators = sum(tier_of(now$followers) == tier))
        if (i > 1) {
            before <- panel[panel$period == periods[i - 1], ]
            pair <- merge(before, now, by = c("creator", "platform"), all = TRUE)
            x <- tier_of(pair$followers.x)
            y <- tier_of(pair$followers.y)
            n0 <- sum(x == tier)
            n1 <- sum(y == tier)
            both <- sum(x == tier & y == tier)
            limits <- bounds(kind, both, n0 - both, n1 - both)
            growth <- if (n0 > 0) n1 / n0 - 1 else NA
            row <- cbind(row, growth = growth, lower = limits[1], upper = limits[2],
                         annual_growth = (1 + growth)^12 - 1,
                         annual_lower = (1 + limits[1])^12 - 1,
                         annual_upper = (1 + limits[2])^12 - 1,
                         entered = sum(x == 0 & y == tier),
                         promoted_in = sum(x > 0 & x < tier & y == tier),
                         demoted_in = sum(x > tier & y == tier),
                         promoted_out = sum(x == tier & y > tier),
                         demoted_out = sum(x == tier & y > 0 & y < tier),
                         left = sum(x == tier & y == 0))
        } else {
            row[c("growth", "lower", "upper", "annual_growth", "annual_lower", "annual_upper",
                  "entered", "promoted_in", "demoted_in", "promoted_out", "demoted_out",
                  "left")] <- NA
        }
        result <- rbind(result, row)
    }
    result
}

# Relative to 1 + the value: growth is a difference to 1. Powers of 12 lose a digit or two.
agree <- function(a, b, tolerance)
    all(is.na(a) == is.na(b)) && all(abs(a - b) <= tolerance * (1 + abs(b)), na.rm = TRUE)

compare <- function(panel_file, result_file, kind) {
    panel <- read.csv(panel_file, colClasses = c(followers = "numeric"))
    found <- read.csv(result_file)
    found <- found[!(names(found) %in% c("moved_in", "moved_out"))] # tier-mobility.R has these
    wanted <- if ("platform" %in% names(found)) {
        parts <- lapply(sort(unique(panel$platform)), function(platform)
            cbind(platform = platform, expected(panel[panel$platform == platform, ], kind)))
        do.call(rbind, parts)
    } else expected(panel, kind)
    count <- 1
    cat(if (identical(names(found), names(wanted)) && nrow(found) == nrow(wanted)) "ok 1"
        else "not ok 1", "- the same columns and", nrow(wanted), "rows\n")
    for (column in names(wanted)) {
        count <- count + 1
        good <- if (is.character(wanted[[column]]))
            identical(as.character(found[[column]]), wanted[[column]])
        else agree(found[[column]], wanted[[column]], 1e-9)
        cat(if (good) "ok" else "not ok", count, "-", kind, column, "\n")
    }
    cat(sprintf("1..%d\n", count))
}

arguments <- commandArgs(trailingOnly = TRUE)
if (arguments[1] == "draw") draw(arguments[2]) else compare(arguments[2], arguments[3], arguments[4])
