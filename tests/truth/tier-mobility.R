# SPDX-License-Identifier: GPL-3.0-or-later
# The tables of tier-mobility in R: data frames merged by account, base R's linear algebra and
# chisq.test, and sandwich for the errors of Gibrat's regression.
#
#     Rscript tier-mobility.R draw FILE              draws a panel of 6 months
#     Rscript tier-mobility.R compare PANEL WHAT RESULT
#
# compare prints TAP. Errors of the delta method are found here by differences of the function
# itself, not by the program's formulas.

suppressMessages(library(sandwich))
from <- c(nano = 0, micro = 10000, mid = 50000, macro = 500000, mega = 1000000)
k <- length(from)

draw <- function(file) {
    set.seed(5)
    accounts <- expand.grid(creator = paste0("c", 1:3000), platform = c("TikTok", "RedNote"),
                            stringsAsFactors = FALSE)
    size <- 10^runif(nrow(accounts), 3, 6.5)
    here <- runif(nrow(accounts)) < 0.6
    panel <- NULL
    for (month in sprintf("2024-%02d", 1:6)) {
        here <- xor(here, runif(nrow(accounts)) < 0.1)
        size <- size * exp(rnorm(nrow(accounts), 0.5 - 0.045 * log(size), 0.3))
        panel <- rbind(panel, data.frame(accounts[here, ], period = month,
                                         followers = sprintf("%.0f", size[here])))
    }
    write.csv(panel[sample(nrow(panel)), ], file, row.names = FALSE, quote = FALSE)
}

tier_of <- function(x) ifelse(is.na(x), 0, findInterval(x, from))

# One row for each account and step in which it is there before or after.
steps_of <- function(panel) {
    periods <- sort(unique(panel$period))
    steps <- NULL
    for (i in 2:length(periods)) {
        pair <- merge(panel[panel$period == periods[i - 1], c("creator", "platform", "followers")],
                      panel[panel$period == periods[i], c("creator", "platform", "followers")],
                      by = c("creator", "platform"), all = TRUE)
        a <- tier_of(pair$followers.x)
        b <- tier_of(pair$followers.y)
        other <- ave(as.numeric(a == 0), pair$creator, FUN = sum) > 0 # somebody came,
        gone <- ave(as.numeric(b == 0), pair$creator, FUN = sum) > 0  # somebody went
        place <- ifelse(pair$platform == "TikTok", "RedNote", "TikTok")
        steps <- rbind(steps, data.frame(
            step = i, creator = pair$creator, x = pair$followers.x, y = pair$followers.y,
            from = ifelse(a > 0, names(from)[pmax(a, 1)],
                          ifelse(gone, paste0("(from ", place, ")"), "(new)")),
            to = ifelse(b > 0, names(from)[pmax(b, 1)],
                        ifelse(other, paste0("(to ", place, ")"), "(gone)"))))
    }
    steps
}

matrix_of <- function(steps) {
    counts <- table(steps$from, steps$to)
    rows <- NULL
    for (a in rownames(counts)) for (b in colnames(counts)) {
        if (!(a %in% names(from)) && !(b %in% names(from))) next
        n <- counts[a, b]
        total <- sum(counts[a, ])
        kinds <- if (a %in% names(from)) ncol(counts) else k
        rows <- rbind(rows, data.frame(from = a, to = b, creators = n, share = n / total,
            lower = if (n == 0) 0 else qbeta(0.025, n + 0.5, total - n + (kinds - 1) / 2),
            upper = if (n == total) 1 else qbeta(0.975, n + 0.5, total - n + (kinds - 1) / 2)))
    }
    rows
}

# Errors by central differences along p_ij up and p_ij0 down, j0 the largest of the row.
delta <- function(f, counts) {
    p <- counts / rowSums(counts)
    h <- 1e-6
    slopes <- array(0, c(length(f(p)), dim(p)))
    for (i in seq_len(nrow(p))) {
        base <- which.max(p[i, ])
        for (j in setdiff(which(p[i, ] > 0), base)) {
            up <- down <- p
            up[i, j] <- up[i, j] + h; up[i, base] <- up[i, base] - h
            down[i, j] <- down[i, j] - h; down[i, base] <- down[i, base] + h
            slopes[, i, j] <- (f(up) - f(down)) / (2 * h)
        }
    }
    sapply(seq_along(f(p)), function(o) sqrt(sum(sapply(seq_len(nrow(p)), function(i) {
        v <- (diag(p[i, ]) - outer(p[i, ], p[i, ])) / sum(counts[i, ])
        slopes[o, i, ] %*% v %*% slopes[o, i, ]
    }))))
}
stationary <- function(p) {
    n <- nrow(p)
    qr.solve(rbind(t(p) - diag(n), 1), c(rep(0, n), 1))
}
logit_bounds <- function(x, se) plogis(qlogis(x) + c(-1, 1) * qnorm(0.975) * se / (x * (1 - x)))

count <- 0
check <- function(what, found, wanted, tolerance) {
    count <<- count + 1
    good <- length(found) == length(wanted) && all(is.na(found) == is.na(wanted)) &&
        all(abs(found - wanted) <= tolerance * abs(wanted), na.rm = TRUE)
    cat(if (good) "ok" else "not ok", count, "-", what, "\n")
    if (!good) cat("# found", format(found, digits = 12), "\n# wanted",
                   format(wanted, digits = 12), "\n")
}

compare <- function(panel_file, what, result_file) {
    panel <- read.csv(panel_file, colClasses = c(followers = "numeric"))
    steps <- steps_of(panel)
    found <- read.csv(result_file)
    inside <- steps[steps$from %in% names(from), ]
    tiers <- function(x) factor(x, names(from))
    stay <- inside[inside$to %in% names(from), ]
    n <- unclass(table(tiers(stay$from), tiers(stay$to)))
    if (what == "matrix") {
        wanted <- matrix_of(steps)
        both <- merge(found, wanted, by = c("from", "to"))
        check("rows", nrow(both), nrow(found), 0)
        check("rows that R has", nrow(wanted), nrow(found), 0)
        check("counts", both$creators.x, both$creators.y, 0)
        for (column in c("share", "lower", "upper"))
            check(column, both[[paste0(column, ".x")]], both[[paste0(column, ".y")]], 1e-9)
    } else if (what == "stationary") {
        open <- rbind(cbind(n, sapply(names(from), function(a)
            sum(inside$from == a & !(inside$to %in% names(from))))),
            c(table(tiers(steps$to[!(steps$from %in% names(from))])), 0))
        f <- function(p) { s <- stationary(p); s[1:k] / sum(s[1:k]) }
        p <- open / rowSums(open)
        check("stationary", found$stationary, f(p), 1e-9)
        check("error", found$error, delta(f, open), 1e-5)
        check("lower", found$lower[2], logit_bounds(f(p)[2], delta(f, open)[2])[1], 1e-5)
    } else if (what == "time") {
        p <- n / rowSums(n)
        f <- function(p) solve(diag(k - 1) - p[-k, -k], rep(1, k - 1))
        check("steps", found$steps, c(f(p), 0), 1e-9)
        check("lower", found$lower[-k], f(p) * exp(-qnorm(0.975) * delta(f, n) / f(p)), 1e-4)
    } else if (what == "indices") {
        p <- n / rowSums(n)
        away <- abs(outer(1:k, 1:k, "-"))
        up <- outer(1:k, 1:k, "<")
        f <- function(p) c((k - sum(diag(p))) / (k - 1), sum(stationary(p) * rowSums(p * away)),
                           sum(stationary(p) * rowSums(p * up)),
                           sum(stationary(p) * rowSums(p * t(up))))
        check("indices", found$value[1:4], f(p), 1e-9)
        check("errors", found$error[1:4], delta(f, n), 1e-5)
        stay <- function(p) 1 / (1 - diag(p))
        check("mean stays", found$value[-(1:4)], unname(stay(p)), 1e-9)
        check("their errors", found$error[-(1:4)], delta(stay, n), 1e-4)
        bounds <- function(q) 1 / (1 - qbeta(q, diag(n) + 0.5, rowSums(n) - diag(n) + 0.5))
        check("their lower bounds", found$lower[-(1:4)], unname(bounds(0.025)), 1e-9)
        check("their upper bounds", found$upper[-(1:4)], unname(bounds(0.975)), 1e-9)
    } else if (what == "test") {
        by_tier <- lapply(names(from), function(a)
            unclass(table(stay$step[stay$from == a], stay$to[stay$from == a])))
        chi <- sapply(by_tier, function(t) suppressWarnings(chisq.test(t)$statistic))
        df <- sapply(by_tier, function(t) (nrow(t) - 1) * (ncol(t) - 1))
        check("by tier", found$pearson[2:(k + 1)], unname(chi), 1e-9)
        check("all", found$pearson[1], sum(chi), 1e-9)
        check("df", found$df[1:(k + 1)], c(sum(df), df), 0)
        check("p", found$pearson_p[1], pchisq(sum(chi), sum(df), lower.tail = FALSE), 1e-8)
        # Three periods in a row of each account, by the second tier a table of the first by the third.
        wide <- reshape(panel[c("creator", "platform", "period", "followers")], direction = "wide",
                        idvar = c("creator", "platform"), timevar = "period")
        wide <- sapply(paste0("followers.", sort(unique(panel$period))), function(m) tier_of(wide[[m]]))
        triples <- do.call(rbind, lapply(3:ncol(wide), function(i) wide[, (i - 2):i]))
        triples <- triples[apply(triples > 0, 1, all), ]
        orders <- lapply(1:k, function(second) {
            of <- triples[triples[, 2] == second, , drop = FALSE]
            suppressWarnings(chisq.test(table(of[, 1], of[, 3]), correct = FALSE))
        })
        check("order 1", found$pearson[k + 3], sum(sapply(orders, function(o) o$statistic)), 1e-9)
        check("its df", found$df[k + 3], sum(sapply(orders, function(o) o$parameter)), 0)
        check("order 0", found$pearson[k + 2], unname(suppressWarnings(chisq.test(n)$statistic)),
              1e-9)
    } else if (what == "rate") { # two tiers, from 50,000 on
        suppressMessages(library(msm))
        panel <- panel[panel$platform == "TikTok", ]
        panel$id <- match(panel$creator, unique(panel$creator))
        panel$time <- as.numeric(sub(".*-", "", panel$period))
        panel$state <- 1 + (panel$followers >= 50000)
        panel <- panel[order(panel$id, panel$time), ]
        panel <- panel[ave(panel$time, panel$id, FUN = length) > 1, ]
        m <- msm(state ~ time, id, panel, qmatrix = rbind(c(0, 0.1), c(0.1, 0)),
                 control = list(reltol = 1e-14, fnscale = 5000))
        check("rates", found$rate[found$to != "(mean stay)"],
              c(m$Qmatrices$baseline[1, 2], m$Qmatrices$baseline[2, 1]), 1e-5)
        check("errors", found$error[found$to != "(mean stay)"],
              c(m$QmatricesSE$baseline[1, 2], m$QmatricesSE$baseline[2, 1]), 1e-3)
    } else {
        pairs <- steps[!is.na(steps$x) & !is.na(steps$y) & steps$x > 0 & steps$y > 0, ]
        for (tier in c(names(from), "(all)")) {
            d <- if (tier == "(all)") pairs else pairs[pairs$from == tier, ]
            fit <- lm(log(y / x) ~ log(x), d)
            v <- if (what == "creator") vcovCL(fit, cluster = d$creator, type = "HC1")
                 else vcovHC(fit, type = toupper(what))
            df <- if (what == "creator") length(unique(d$creator)) - 1 else nrow(d) - 2
            row <- found[found$tier == tier, ]
            se <- sqrt(v[2, 2])
            b <- unname(coef(fit)[2])
            check(paste(tier, "slope"), row$slope, b, 1e-8)
            check(paste(tier, "bounds"), c(row$lower, row$upper) - row$slope,
                  qt(c(0.025, 0.975), df) * se, 1e-7)
            check(paste(tier, "p"), row$p, 2 * pt(-abs(b / se), df), 1e-6)
            check(paste(tier, "n"), c(row$steps, row$creators),
                  c(nrow(d), length(unique(d$creator))), 0)
            check(paste(tier, "spread"), row$spread, summary(fit)$sigma, 1e-9)
        }
    }
    cat(sprintf("1..%d\n", count))
}

arguments <- commandArgs(trailingOnly = TRUE)
if (arguments[1] == "draw") draw(arguments[2]) else compare(arguments[2], arguments[3], arguments[4])
