# SPDX-License-Identifier: GPL-3.0-or-later
# Additive LMDI-I and Shapley decompositions of a change of revenue, written from the papers.
#
#     Rscript arpu-change.R unit             # the values in tests/unit/revenue-change.c
#     Rscript arpu-change.R panel FILE METHOD FROM TO   # platform,part,amount
#
# users0, revenue0: by segment, before; users1, revenue1: after.

log_mean <- function(a, b) ifelse(a == b, a, (a - b) / log(a / b))

# Ang 2005, eq. 5 and table 1: the effect of factor x is the sum of L(V1, V0) ln(x1/x0).
lmdi <- function(users0, revenue0, users1, revenue1) {
    l <- log_mean(revenue1, revenue0)
    share0 <- users0 / sum(users0)
    share1 <- users1 / sum(users1)
    c(users = sum(l * log(sum(users1) / sum(users0))),
      mix = sum(l * log(share1 / share0)),
      arpu = sum(l * log((revenue1 / users1) / (revenue0 / users0))))
}

# The mean, over the orders in which the factors change, of what each change adds.
shapley <- function(users0, revenue0, users1, revenue1) {
    before <- list(sum(users0) + 0 * users0, users0 / sum(users0), revenue0 / users0)
    after <- list(sum(users1) + 0 * users1, users1 / sum(users1), revenue1 / users1)
    orders <- list(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
    effect <- c(users = 0, mix = 0, arpu = 0)
    for (order in orders) {
        now <- before
        for (k in order) {
            old <- sum(Reduce(`*`, now))
            now[[k]] <- after[[k]]
            effect[k] <- effect[k] + (sum(Reduce(`*`, now)) - old) / length(orders)
        }
    }
    effect
}

show <- function(x, digits = 10) cat(format(unname(x), digits = digits), "\n")

args <- commandArgs(trailingOnly = TRUE)
if (args[1] == "unit") {
    show(lmdi(c(10, 40), c(30, 20), c(40, 40), c(80, 16)))     # 32.38463791 38.28486735 -24.66950526
    show(shapley(c(10, 40), c(30, 20), c(40, 40), c(80, 16)))  # 34.35 39.30 -27.65
} else {
    panel <- read.csv(args[2], colClasses = c(platform = "character", period = "character", segment = "character"))
    method <- get(args[3])
    for (platform in sort(unique(panel$platform), method = "radix")) {
        of <- panel[panel$platform == platform, ]
        before <- of[of$period == args[4], ]
        after <- of[of$period == args[5], ]
        before <- before[order(before$segment, method = "radix"), ]
        after <- after[order(after$segment, method = "radix"), ]
        stopifnot(identical(before$segment, after$segment))
        effect <- method(before$users, before$revenue, after$users, after$revenue)
        for (part in names(effect))
            cat(sprintf("%s,%s,%.9f\n", platform, part, effect[part]))
    }
}
