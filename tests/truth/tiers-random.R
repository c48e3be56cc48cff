# SPDX-License-Identifier: GPL-3.0-or-later
# Small random panels with ties, zeros, huge values, gaps and several platforms: the tables of
# tier-growth, tier-mobility and tier-inequality against R, from their definitions.
#
#     Rscript tiers-random.R BIN PANELS           runs the tools of BIN on so many panels; TAP
#
# Nothing is shared with the programs: creators are left out one by one, accounts are followed in a
# plain matrix, limits come from qbeta() and Bonett & Price's formulas.

options(digits = 15, scipen = 999)

# ---- Panels ---------------------------------------------------------------------------------------

draw <- function(seed) {
    set.seed(seed)
    platforms <- c("TikTok", "RedNote", "小红书")[1:sample(3, 1)]
    e <- expand.grid(creator = paste0("c", seq_len(sample(c(1, 2, 3, 10, 30), 1))),
                     platform = platforms, period = sort(sample(sprintf("2024-%02d", 1:12),
                                                                sample(2:6, 1))),
                     stringsAsFactors = FALSE)
    n <- nrow(e)
    e$followers <- switch(sample(3, 1),
        sample(c(0, 1, 5, 10, 10, 50, 100, 1000, 10000), n, TRUE),
        floor(exp(rnorm(n, 6, 2.5))),
        ifelse(runif(n) < 0.3, sample(c(0, 7, 100), n, TRUE), floor(10^runif(n, 0, 15))))
    here <- runif(n) < sample(c(0.5, 0.7, 0.95), 1)
    here[1] <- TRUE
    e <- e[here, ]
    e <- e[sample(nrow(e)), ]
    from <- c(0, sort(sample(c(1, 5, 10, 51, 100, 1000, 10000), sample(0:4, 1))))
    names(from) <- paste0("t", seq_along(from))
    list(rows = e, from = from)
}

write_panel <- function(e, path) {
    e$followers <- sprintf("%.0f", e$followers)
    write.csv(e, path, row.names = FALSE, quote = FALSE, fileEncoding = "UTF-8")
}

run <- function(bin, tool, ...) {
    if (system2(file.path(bin, tool), c(..., "panel.csv", "-o", "out.csv")) != 0) return(NULL)
    read.csv("out.csv", encoding = "UTF-8")
}

count <- 0
misses <- character(0)
check <- function(what, found, wanted, relative = 1e-9, absolute = 1e-11) {
    found <- as.numeric(found)
    good <- length(found) == length(wanted) && all(is.na(found) == is.na(wanted)) &&
        all(abs(found - wanted) <= relative * abs(wanted) + absolute, na.rm = TRUE)
    if (!good) misses <<- c(misses, paste("#", what, "found", paste(format(found), collapse = " "),
                                          "wanted", paste(format(wanted), collapse = " ")))
}
report <- function(what) {
    count <<- count + 1
    cat(if (length(misses) == 0) "ok" else "not ok", count, "-", what, "\n")
    if (length(misses) > 0) writeLines(head(misses, 5))
    misses <<- character(0)
}

# ---- Inequality -----------------------------------------------------------------------------------

theil_t <- function(x) { r <- x / mean(x); mean(ifelse(r > 0, r * log(pmax(r, 1e-300)), 0)) }
theil_l <- function(x) if (any(x == 0)) NA else mean(log(mean(x) / x))
lorenz <- function(x, p) approx(0:length(x) / length(x), c(0, cumsum(sort(x))) / sum(x), p)$y
measures <- list(
    gini = function(x) { n <- length(x); if (n < 2) NA else
        sum((2 * seq_len(n) - n - 1) * sort(x)) / ((n - 1) * sum(x)) },
    theil_t = theil_t, theil_l = theil_l,
    palma = function(x) { low <- lorenz(x, 0.4); if (low > 0) (1 - lorenz(x, 0.9)) / low else NA },
    top_1 = function(x) 1 - lorenz(x, 0.99), top_10 = function(x) 1 - lorenz(x, 0.9))

jackknife <- function(f, n) {
    out <- sapply(seq_len(n), f)
    if (n < 3 || anyNA(out)) NA else sqrt((n - 1) / n * sum((out - mean(out))^2))
}

compare_measures <- function(rows, x) for (name in names(measures)) {
    f <- function(x) if (length(x) == 0 || sum(x) == 0) NA else measures[[name]](x)
    row <- rows[rows$measure == name, ]
    check(paste(name, "value"), row$value, f(x))
    check(paste(name, "error"), row$error, jackknife(function(i) f(x[-i]), length(x)), 1e-6, 1e-9)
}

# Shares of creators and of the sum, T, L and what a tier adds; then within, between, all.
parts <- function(x, g, tiers) {
    one <- sapply(seq_len(tiers), function(j) {
        y <- x[g == j]
        p <- length(y) / length(x)
        s <- sum(y) / sum(x)
        t <- if (sum(y) > 0) theil_t(y) else NA
        l <- if (sum(y) > 0) theil_l(y) else NA
        c(p, s, t, l, if (s > 0) s * t else 0, if (p > 0) p * l else 0,
          if (s > 0) s * log(s / p) else 0, if (p > 0) p * log(p / s) else 0)
    })
    sums <- rowSums(one[5:8, , drop = FALSE])
    sums[!is.finite(sums)] <- NA
    c(one[1:6, ], sums, sums[1] + sums[3], sums[2] + sums[4])
}

compare_parts <- function(rows, x, from) {
    if (length(x) < 3 || sum(x) == 0 || any(sapply(seq_along(x), function(i) sum(x[-i]) == 0)))
        return()
    g <- findInterval(x, from)
    quantities <- c("creators_share", "share", "theil_t", "theil_l", "part_t", "part_l")
    labels <- rbind(expand.grid(quantity = quantities, tier = names(from)),
                    data.frame(quantity = c("part_t", "part_l", "part_t", "part_l", "theil_t",
                                            "theil_l"),
                               tier = rep(c("(within)", "(between)", "(all)"), each = 2)))
    found <- rows[match(paste(labels$tier, labels$quantity), paste(rows$tier, rows$quantity)), ]
    out <- sapply(seq_along(x), function(i) parts(x[-i], g[-i], length(from)))
    n <- length(x)
    check("values", found$value, unname(parts(x, g, length(from))), 1e-9, 1e-10)
    check("errors", found$error, apply(out, 1, function(z)
        sqrt((n - 1) / n * sum((z - mean(z))^2))), 1e-6, 1e-8)
}

# ---- Who is where ---------------------------------------------------------------------------------

# Tiers (0: not there) and followers by account and period; who is missing for at most `gap`
# periods stays.
follow <- function(e, from, gap) {
    accounts <- unique(e[c("creator", "platform")])
    periods <- sort(unique(e$period))
    tier <- followers <- matrix(0, nrow(accounts), length(periods))
    at <- cbind(match(paste(e$creator, e$platform), paste(accounts$creator, accounts$platform)),
                match(e$period, periods))
    followers[] <- -1
    followers[at] <- e$followers
    tier[at] <- findInterval(e$followers, from)
    for (a in seq_len(nrow(tier))) {
        here <- which(tier[a, ] > 0)
        for (j in seq_along(here)[-1])
            if (here[j] - here[j - 1] - 1 <= gap)
                tier[a, seq(here[j - 1], here[j] - 1)] <- tier[a, here[j - 1]]
    }
    list(tier = tier, followers = followers, creator = accounts$creator,
         platform = accounts$platform, periods = periods)
}

# The platform of the largest other account of the creator that is there in `with` only.
other <- function(s, a, with, without) {
    b <- setdiff(which(s$creator == s$creator[a] & s$tier[, with] > 0 & s$tier[, without] == 0), a)
    if (length(b) == 0) return("")
    b <- b[order(-s$followers[b, with], enc2utf8(s$platform[b]), method = "radix")]
    s$platform[b[1]]
}

bonett_price <- function(both, lost, gained, z = qnorm(0.975)) {
    x1 <- both + gained
    x0 <- both + lost
    if (x0 == 0) return(c(NA, NA))
    n <- both + lost + gained
    k <- z * sqrt((lost + gained + 2) / ((x1 + 1) * (x0 + 1))) /
        (sqrt((1 - (x1 + 1) / (n + 2)) / (x1 + 1)) + sqrt((1 - (x0 + 1) / (n + 2)) / (x0 + 1)))
    wilson <- function(x, side)
        (2 * x + k^2 + side * k * sqrt(k^2 + 4 * x * (1 - x / n))) / (2 * (n + k^2))
    c(if (x1 == 0) -1 else wilson(x1, -1) / wilson(x0, 1) - 1, wilson(x1, 1) / wilson(x0, -1) - 1)
}

compare_growth <- function(rows, parts, s, from) for (t in seq_along(from)) {
    sums <- rep(0, 8)
    last <- length(s$periods)
    for (i in 2:last) {
        x <- s$tier[, i - 1]
        y <- s$tier[, i]
        row <- rows[rows$tier == names(from)[t] & rows$period == s$periods[i], ]
        both <- sum(x == t & y == t)
        flows <- c(sum(x == 0 & y == t), sum(x > 0 & x < t & y == t), sum(x > t & y == t),
                   sum(x == t & y > t), sum(x == t & y > 0 & y < t), sum(x == t & y == 0),
                   sum(vapply(which(x == 0 & y == t), function(a) other(s, a, i - 1, i) != "", TRUE)),
                   sum(vapply(which(x == t & y == 0), function(a) other(s, a, i, i - 1) != "", TRUE)))
        sums <- sums + flows
        check("creators", row$creators, sum(y == t))
        check("growth", row$growth, if (any(x == t)) sum(y == t) / sum(x == t) - 1 else NA)
        check("bounds", c(row$lower, row$upper),
              bonett_price(both, sum(x == t) - both, sum(y == t) - both), 1e-9, 1e-9)
        check("flows", unlist(row[c("entered", "promoted_in", "demoted_in", "promoted_out",
                                    "demoted_out", "left", "moved_in", "moved_out")]), flows)
    }
    check("parts", parts$creators[parts$tier == names(from)[t]],
          c(sum(s$tier[, 1] == t), sums[1] - sums[7], sums[7], sums[2:3], -sums[4:5], -sums[8],
            -(sums[6] - sums[8]), sum(s$tier[, last] == t)))
}

moves_of <- function(s, from) {
    name <- function(a, tier, with, without, alone, word)
        if (tier > 0) names(from)[tier] else {
            place <- other(s, a, with, without)
            if (place == "") alone else sprintf("(%s %s)", word, place)
        }
    moves <- NULL
    for (i in 2:length(s$periods)) for (a in seq_len(nrow(s$tier))) {
        x <- s$tier[a, i - 1]
        y <- s$tier[a, i]
        if (x > 0 || y > 0)
            moves <- rbind(moves, c(name(a, x, i - 1, i, "(new)", "from"),
                                    name(a, y, i, i - 1, "(gone)", "to")))
    }
    moves
}

compare_moves <- function(rows, moves) {
    check("all moves", sum(rows$creators), nrow(moves))
    for (j in seq_len(nrow(rows))) {
        n <- sum(moves[, 1] == rows$from[j] & moves[, 2] == rows$to[j])
        all <- sum(moves[, 1] == rows$from[j])
        b <- all - n + (sum(rows$from == rows$from[j]) - 1) / 2
        check("creators", rows$creators[j], n)
        check("shares", unlist(rows[j, c("share", "lower", "upper")]), if (all == 0) rep(NA, 3) else
            c(n / all, if (n == 0) 0 else qbeta(0.025, n + 0.5, b),
              if (n == all) 1 else qbeta(0.975, n + 0.5, b)), 1e-8, 1e-10)
    }
}

# Pearson's statistic, the likelihood ratio and the degrees of freedom, without empty rows and
# columns.
independence <- function(n) {
    n <- n[rowSums(n) > 0, colSums(n) > 0, drop = FALSE]
    if (nrow(n) < 2 || ncol(n) < 2) return(c(0, 0, 0))
    e <- outer(rowSums(n), colSums(n)) / sum(n)
    c(sum((n - e)^2 / e), 2 * sum(ifelse(n > 0, n * log(n / e), 0)), (nrow(n) - 1) * (ncol(n) - 1))
}

compare_tests <- function(rows, s, from) {
    k <- length(from)
    last <- length(s$periods)
    steps <- do.call(rbind, lapply(2:last, function(i) cbind(i, s$tier[, i - 1], s$tier[, i])))
    steps <- steps[steps[, 2] > 0 & steps[, 3] > 0, , drop = FALSE]
    same <- rbind(sapply(seq_len(k), function(a) independence(
        table(factor(steps[steps[, 2] == a, 1], 2:last), factor(steps[steps[, 2] == a, 3], 1:k)))))
    first <- rep(0, 3)
    triples <- do.call(rbind, lapply(seq_len(last)[-(1:2)], function(i)
        s$tier[, (i - 2):i, drop = FALSE]))
    for (b in seq_len(k)) {
        of <- triples[triples[, 2] == b & triples[, 1] > 0 & triples[, 3] > 0, , drop = FALSE]
        if (NROW(of) > 0)
            first <- first + independence(table(factor(of[, 1], 1:k), factor(of[, 3], 1:k)))
    }
    wanted <- cbind(rowSums(same), same,
                    independence(table(factor(steps[, 2], 1:k), factor(steps[, 3], 1:k))), first)
    check("pearson", rows$pearson, wanted[1, ])
    check("likelihood ratio", rows$likelihood_ratio, wanted[2, ], 1e-9, 1e-9)
    check("df", rows$df, wanted[3, ])
    p <- pchisq(wanted[1, ], wanted[3, ], lower.tail = FALSE)
    check("p", rows$pearson_p, ifelse(wanted[3, ] > 0, p, NA), 1e-8, 1e-12)
}

# ---- All of it ------------------------------------------------------------------------------------

compare <- function(bin, seed) {
    panel <- draw(seed)
    e <- panel$rows
    from <- panel$from
    write_panel(e, "panel.csv")
    tiers <- c("--tiers", paste(names(from), sprintf("%.0f", from), sep = ":", collapse = ","))
    found <- run(bin, "tier-inequality", "--by-platform")
    for (p in unique(e$period)) for (q in unique(e$platform))
        compare_measures(found[found$period == p & found$platform == q, ],
                         e$followers[e$period == p & e$platform == q])
    report(sprintf("panel %d: measures of inequality", seed))
    found <- run(bin, "tier-inequality", "--decompose", "--period", "all", tiers)
    for (p in unique(e$period))
        compare_parts(found[found$period == p, ], e$followers[e$period == p], from)
    report(sprintf("panel %d: inequality within tiers and between", seed))
    if (length(unique(e$period)) < 2) return()
    for (gap in c(0, 2)) {
        s <- follow(e, from, gap)
        options <- c("--gap", gap, tiers)
        compare_growth(run(bin, "tier-growth", options),
                       run(bin, "tier-growth", "--decompose", options), s, from)
        report(sprintf("panel %d, gap %d: growth and flows", seed, gap))
        compare_moves(run(bin, "tier-mobility", options), moves_of(s, from))
        report(sprintf("panel %d, gap %d: moves and their intervals", seed, gap))
    }
    compare_tests(run(bin, "tier-mobility", "--test", tiers), follow(e, from, 0), from)
    report(sprintf("panel %d: tests of the chain", seed))
}

arguments <- commandArgs(trailingOnly = TRUE)
for (seed in seq_len(as.integer(arguments[2]))) compare(arguments[1], seed)
cat(sprintf("1..%d\n", count))
