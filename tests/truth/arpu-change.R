# SPDX-License-Identifier: GPL-3.0-or-later
# Additive LMDI-I and Shapley decompositions of a change of revenue, written from the papers.
#
#     Rscript arpu-change.R unit             # the values in tests/unit/revenue-change.c
#     Rscript arpu-change.R panel FILE METHOD FROM TO   # platform,part,amount
#     Rscript arpu-change.R log FILE LEVEL METHOD BY MONTH...
#         # platform,from,to,part,segment,amount,lower,upper of a chain; BY: all or segment
#
# users0, revenue0: by segment, before; users1, revenue1: after.

log_mean <- function(a, b) ifelse(a == b, a, (a - b) / log(a / b))

# A row for each segment. Ang 2005, eq. 5 and table 1: the effect of factor x is the sum over the
# segments of L(V1, V0) ln(x1/x0).
lmdi_each <- function(users0, revenue0, users1, revenue1, all0 = sum(users0), all1 = sum(users1)) {
    l <- log_mean(revenue1, revenue0)
    cbind(users = l * log(all1 / all0), mix = l * log((users1 / all1) / (users0 / all0)),
          arpu = l * log((revenue1 / users1) / (revenue0 / users0)))
}

# The mean, over the orders in which the factors change, of what each change adds.
shapley_each <- function(users0, revenue0, users1, revenue1, all0 = sum(users0), all1 = sum(users1)) {
    before <- list(all0 + 0 * users0, users0 / all0, revenue0 / users0)
    after <- list(all1 + 0 * users1, users1 / all1, revenue1 / users1)
    orders <- list(c(1, 2, 3), c(1, 3, 2), c(2, 1, 3), c(2, 3, 1), c(3, 1, 2), c(3, 2, 1))
    effect <- cbind(users = 0 * users0, mix = 0 * users0, arpu = 0 * users0)
    for (order in orders) {
        now <- before
        for (k in order) {
            old <- Reduce(`*`, now)
            now[[k]] <- after[[k]]
            effect[, k] <- effect[, k] + (Reduce(`*`, now) - old) / length(orders)
        }
    }
    effect
}

lmdi <- function(...) colSums(lmdi_each(...))
shapley <- function(...) colSums(shapley_each(...))

show <- function(x, digits = 10) cat(format(unname(x), digits = digits), "\n")

args <- commandArgs(trailingOnly = TRUE)
if (args[1] == "unit") {
    show(lmdi(c(10, 40), c(30, 20), c(40, 40), c(80, 16)))     # 32.38463791 38.28486735 -24.66950526
    show(shapley(c(10, 40), c(30, 20), c(40, 40), c(80, 16)))  # 34.35 39.30 -27.65
} else if (args[1] == "log") {
    # By the infinitesimal jackknife: what each user adds is the derivative of the parts by the weight
    # of the user, taken by differences of whole decompositions.
    log <- read.csv(args[2], colClasses = c(user = "character", segment = "character"))
    log$revenue[is.na(log$revenue)] <- 0
    log$period <- substr(log$date, 1, 7)
    of <- aggregate(revenue ~ user + platform + segment + period, log, sum)
    z <- qnorm(0.5 + as.numeric(args[3]) / 2)
    each <- get(paste0(args[4], "_each"))
    by_segment <- args[5] == "segment"
    months <- args[-(1:5)]
    parts <- function(x, weight, from, to) { # start, users, mix, arpu, arrived, left, end
        w <- weight[x$user]
        segments <- sort(unique(x$segment), method = "radix")
        total <- function(what, m) vapply(segments, function(s) sum((what * w)[x$segment == s & x$period == m]), 0)
        u0 <- total(1, from); u1 <- total(1, to)
        r0 <- total(x$revenue, from); r1 <- total(x$revenue, to)
        both <- u0 > 0 & u1 > 0
        of <- matrix(0, length(segments), 5)
        of[both, 1:3] <- each(u0[both], r0[both], u1[both], r1[both], sum(u0), sum(u1))
        of[, 4] <- ifelse(u0 == 0 & u1 > 0, r1 - r0, 0)
        of[, 5] <- ifelse(u0 > 0 & u1 == 0, r1 - r0, 0)
        c(sum(r0), if (by_segment) as.vector(of) else colSums(of), sum(r1))
    }
    parts_names <- c("users", "mix", "arpu", "arrived", "left")
    for (platform in sort(unique(of$platform), method = "radix")) {
        x <- of[of$platform == platform, ]
        users <- unique(x$user)
        segments <- if (by_segment) sort(unique(x$segment), method = "radix") else ""
        names <- c("start", rep(parts_names, each = length(segments)), "end")
        of_names <- c("", rep(segments, 5), "")
        one <- setNames(rep(1, length(users)), users)
        steps <- lapply(seq_along(months)[-1], function(k) list(months[k - 1], months[k]))
        value <- function(weight) lapply(steps, function(s) parts(x, weight, s[[1]], s[[2]]))
        chain <- function(v) { # the sum of the parts, with the first start and the last end
            sum <- Reduce(`+`, v)
            sum[1] <- v[[1]][1]
            sum[length(sum)] <- v[[length(v)]][length(sum)]
            c(v, list(sum))
        }
        adds <- lapply(users, function(u) {
            up <- chain(value(replace(one, u, 1 + 1e-5)))
            down <- chain(value(replace(one, u, 1 - 1e-5)))
            Map(function(a, b) (a - b) / 2e-5, up, down)
        })
        values <- chain(value(one))
        ends <- c(steps, list(list(months[1], months[length(months)])))
        for (s in seq_along(values)) {
            se <- sqrt(Reduce(`+`, lapply(adds, function(a) a[[s]]^2)))
            for (k in seq_along(names))
                cat(sprintf("%s,%s,%s,%s,%s,%.9f,%.9f,%.9f\n", platform, ends[[s]][[1]], ends[[s]][[2]], names[k], of_names[k],
                            values[[s]][k], values[[s]][k] - z * se[k], values[[s]][k] + z * se[k]))
        }
    }
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
