# SPDX-License-Identifier: GPL-3.0-or-later
# What R's survival, cmprsk and etm give for churn-destinations:
#
#     Rscript tests/truth/churn-destinations.R FOLDER [stored]
#
# writes to FOLDER, for each case, NAME.csv (the input, unless it is an earlier case's) and NAME.tsv
# (the expected output), and cases.txt with a line `NAME INPUT OPTION...` each. With `stored`, only
# the cases that are kept in tests/truth/churn-destinations, which were written by R 4.2.2, survival
# 3.5-3, cmprsk 2.2-11, etm 1.1.1.
#
# Data sets: of survival mgus2 (Kyle et al. 2002), pbc (Dickson et al. 1989), myeloid (simulated after
# a trial of the Alliance); of etm abortion (Meister & Schaefer 2008) and fourD (Wanner et al. 2005).
suppressPackageStartupMessages({
    library(survival)
    library(cmprsk)
    library(etm)
})
arguments <- commandArgs(TRUE)
folder <- arguments[1]
stored_only <- identical(arguments[2], "stored")
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
cases <- character()

number <- function(x) ifelse(is.nan(x) | is.na(x), "", sprintf("%.17g", x))

write_tsv <- function(table, name) {
    cells <- lapply(table, function(x) if (is.numeric(x)) number(x) else as.character(x))
    lines <- c(paste(names(table), collapse = "\t"), do.call(paste, c(cells, sep = "\t")))
    writeLines(lines, file.path(folder, paste0(name, ".tsv")))
}

add_case <- function(name, input, options, expected) {
    write_tsv(expected, name)
    cases <<- c(cases, paste(name, input, options))
}

# Intervals of a share, for where R has none of this kind. None for a share of 0.
bounds <- function(p, s, kind, level = 0.95) {
    z <- qnorm(1 - (1 - level) / 2)
    b <- switch(kind,
        "log-log" = list(p^exp(-z * s / (p * log(p))), p^exp(z * s / (p * log(p)))),
        log = list(p * exp(-z * s / p), pmin(p * exp(z * s / p), 1)),
        plain = list(pmax(p - z * s, 0), pmin(p + z * s, 1)))
    none <- !(p > 0) | (kind == "log-log" & p >= 1)
    data.frame(lower = ifelse(none, NA, b[[1]]), upper = ifelse(none, NA, b[[2]]))
}

# What happened in one group: d has time, cause (0: still there, or 1, 2, ...), entry, w.
counts <- function(d, K) {
    time <- sort(unique(d$time))
    data.frame(time = time,
               at_risk = sapply(time, function(t) sum(d$w[d$entry < t & d$time >= t])),
               left = t(sapply(time, function(t)
                   sapply(1:K, function(k) sum(d$w[d$time == t & d$cause == k])))))
}

# Each maker gives incidence and variance, a row for each of `time`, a column for each cause.
by_survfit <- function(d, K, time) {
    d <- d[rep(seq_len(nrow(d)), d$w), ]
    fit <- survfit(Surv(time, factor(cause, 0:K)) ~ 1, d)
    i <- match(time, fit$time)
    list(p = fit$pstate[i, -1, drop = FALSE], v = fit$std.err[i, -1, drop = FALSE]^2)
}

by_cuminc <- function(d, K, time) {
    d <- d[rep(seq_len(nrow(d)), d$w), ]
    fit <- timepoints(cuminc(d$time, d$cause), time)
    seen <- match(paste(1, 1:K), rownames(fit$est))
    p <- v <- matrix(0, length(time), K)
    for (k in which(!is.na(seen))) {
        p[, k] <- fit$est[seen[k], ]
        v[, k] <- fit$var[seen[k], ]
    }
    list(p = p, v = v)
}

by_etm <- function(d, K, time) {
    d <- d[rep(seq_len(nrow(d)), d$w), ]
    allowed <- matrix(FALSE, K + 1, K + 1)
    allowed[1, -1] <- TRUE
    moves <- data.frame(id = seq_len(nrow(d)), from = "0",
                        to = ifelse(d$cause == 0, "cens", d$cause), entry = d$entry, exit = d$time)
    fit <- suppressWarnings(etm(moves, as.character(0:K), allowed, "cens", 0))
    i <- findInterval(time, fit$time) # times without an event are not in it
    of <- function(x) c(0, x)[i + 1]
    list(p = sapply(1:K, function(k) of(trprob(fit, paste(0, k)))),
         v = sapply(1:K, function(k) of(trcov(fit, paste(0, k)))))
}

curves <- function(d, causes, make, kind, times = NULL) {
    K <- length(causes)
    do.call(rbind, lapply(split(d, d$g), function(part) {
        n <- counts(part, K)
        m <- make(part, K, n$time)
        at <- if (is.null(times)) seq_along(n$time) else findInterval(times, n$time)
        rows <- lapply(seq_along(at), function(i) {
            p <- if (at[i] == 0) rep(0, K) else m$p[at[i], ]
            s <- if (at[i] == 0) rep(0, K) else sqrt(pmax(m$v[at[i], ], 0))
            e <- data.frame(incidence = p, std_error = s, bounds(p, s, kind))
            if (!is.null(times))
                return(data.frame(group = part$g[1], time = times[i], destination = causes, e))
            data.frame(group = part$g[1], time = n$time[i], destination = causes,
                       at_risk = n$at_risk[i], events = unlist(n[i, -(1:2)]), e)
        })
        do.call(rbind, rows)
    }))
}

# Expected times: means from survfit (rmean), variances from the derivative of each area by each
# hazard and the multinomial covariance of these.
means <- function(d, causes, horizon) {
    K <- length(causes)
    do.call(rbind, lapply(split(d, d$g), function(part) {
        n <- counts(part, K)
        n <- n[n$time <= horizon, ]
        m <- by_survfit(part, K, n$time)
        F <- rbind(0, m$p)
        S <- 1 - rowSums(F)
        fit <- survfit(Surv(time, factor(cause, 0:K)) ~ 1, part[rep(seq_len(nrow(part)), part$w), ])
        mean <- unname(summary(fit, rmean = horizon)$table[, "rmean"])
        dt <- diff(c(n$time, horizon))
        after <- function(x) rev(cumsum(rev(x * dt))) # integral from each time to the horizon
        left <- as.matrix(n[, -(1:2), drop = FALSE])
        variance <- sapply(0:K, function(k) {
            sum(sapply(seq_along(n$time), function(i) {
                rest <- horizon - n$time[i]
                if (k == 0) {
                    g <- if (S[i + 1] > 0) after(S[-1])[i] / S[i + 1] else 0
                    D <- rep(-S[i] * g, K)
                } else {
                    g <- if (S[i + 1] > 1e-12) (after(F[-1, k + 0])[i] - F[i + 1, k] * rest) / S[i + 1] else 0
                    D <- S[i] * ((1:K == k) * rest - g)
                }
                h <- left[i, ] / n$at_risk[i]
                sum(D^2 * h) / n$at_risk[i] - sum(D * h)^2 / n$at_risk[i]
            }))
        })
        e <- sqrt(pmax(variance, 0))
        b <- bounds(mean / horizon, e / horizon, "plain")
        data.frame(group = part$g[1], state = c("(still there)", causes),
                   subjects = sum(part$w), events = c(NA, colSums(left)), mean_time = mean,
                   std_error = e, lower = b$lower * horizon, upper = b$upper * horizon)
    }))
}

gray <- function(d, causes, rho) {
    d <- d[rep(seq_len(nrow(d)), d$w), ]
    tests <- cuminc(d$time, d$cause, d$g, rho = rho)$Tests
    data.frame(test = "gray", destination = causes, chi_square = tests[, "stat"],
               df = tests[, "df"], p_value = pchisq(tests[, "stat"], tests[, "df"],
                                                    lower.tail = FALSE))
}

# `data` is what is written; `d` the same as time, cause, entry, w; causes by name.
study <- function(name, data, d, causes, options, groups = character(), horizon = NULL,
                  times = NULL, stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
              na = "")
    if (is.null(d$w)) d$w <- 1
    late <- !is.null(d$entry)
    if (!late) d$entry <- -1
    for (by in c("", groups)) {
        d$g <- if (by == "") "(all)" else as.character(data[[by]])
        id <- paste0(name, if (by != "") "-", by)
        o <- paste0(options, if (by != "") " --group ", by)
        makers <- list(etm = list(by_etm, "greenwood", "log"))
        if (!late)
            makers <- c(makers, list(survfit = list(by_survfit, "greenwood", "log-log"),
                                     cuminc = list(by_cuminc, "aalen", "plain")))
        if (!late) d$entry <- 0
        if (min(d$time) == 0) makers$etm <- NULL # etm wants positive times
        for (make in names(makers)) {
            m <- makers[[make]]
            how <- paste(o, "--error", m[[2]], "--interval", m[[3]])
            if (!late) d$entry <- if (make == "etm") 0 else -1
            if (!stored_only)
                add_case(paste0(id, "-", make), name, how, curves(d, causes, m[[1]], m[[3]]))
            if (!is.null(times))
                add_case(paste0(id, "-", make, "-at"), name,
                         paste(how, "--at", paste(times, collapse = ",")),
                         curves(d, causes, m[[1]], m[[3]], times))
        }
        if (!late)
            for (h in horizon)
                add_case(paste0(id, "-means-", h), name, paste(o, "--summary --horizon", h),
                         means(d, causes, h))
        if (!late && by != "")
            for (rho in c(0, 1))
                add_case(paste0(id, "-gray-", rho), name, paste(o, "--test gray --rho", rho),
                         gray(d, causes, rho))
    }
}

# Cells of the destination that are empty: still there.
place <- function(cause, causes) ifelse(cause == 0, NA, causes[pmax(cause, 1)])

pbc1 <- data.frame(time = pbc$time, sex = pbc$sex, stage = ifelse(is.na(pbc$stage), 0, pbc$stage),
                   to = place(pbc$status, c("transplant", "death")))
# By name: death, transplant.
pbc1_d <- with(pbc1, data.frame(time, cause = c(0, 2, 1)[pbc$status + 1]))
study("pbc", pbc1, pbc1_d, c("death", "transplant"), "--time time --destination to",
      c("sex", "stage"), horizon = c(1000, 5000.5), times = c(40, 41, 500.5, 3000), stored = TRUE)

m <- within(mgus2, {
    time <- ifelse(pstat == 0, futime, ptime)
    cause <- ifelse(pstat == 0, 2 * death, 1)
})
mgus <- data.frame(time = m$time, sex = m$sex, to = c("alive", "PCM", "death")[m$cause + 1])
study("mgus2", mgus, data.frame(time = m$time, cause = ifelse(m$cause == 0, 0, m$cause)),
      c("PCM", "death"), "--time time --destination to --stayed alive", "sex", horizon = 240)

data(abortion, fourD, package = "etm")
a <- abortion
study("abortion", data.frame(entry = a$entry, exit = a$exit, group = a$group,
                             to = c("induced", "live", "spontaneous")[a$cause]),
      data.frame(time = a$exit, cause = a$cause, entry = a$entry),
      c("induced", "live", "spontaneous"), "--time exit --entry entry --destination to", "group",
      times = c(5, 10, 20, 38.5), stored = TRUE)


status <- as.integer(as.character(fourD$status))
fourD$time <- round(fourD$time, 6)
study("fourD", data.frame(time = fourD$time, left = as.integer(status > 0), sex = fourD$sex,
                          to = c("", "event", "death")[status + 1]),
      data.frame(time = fourD$time, cause = c(0, 2, 1)[status + 1]), c("death", "event"),
      "--time time --status left --destination to", "sex", horizon = 2)

# Weights, many ties, events at time 0, a group that nobody leaves.
set.seed(20250119)
n <- 500
drawn <- data.frame(t = sample(0:12, n, TRUE), g = sample(c("a", "b", "c"), n, TRUE),
                    w = sample(1:3, n, TRUE))
drawn$cause <- sample(0:3, n, TRUE, c(3, 3, 2, 1))
drawn$to <- place(drawn$cause, c("A", "B", "C"))
study("drawn", drawn, data.frame(time = drawn$t, cause = drawn$cause, w = drawn$w),
      c("A", "B", "C"), "--time t --destination to --weight w", "g", horizon = c(6.25, 20))
continuous <- data.frame(t = round(rexp(800, 0.1), 6), g = sample(c("a", "b"), 800, TRUE),
                         to = sample(c("", "A", "B"), 800, TRUE), half = seq_len(800) %% 2)
study("continuous", continuous,
      data.frame(time = continuous$t, cause = match(continuous$to, c("A", "B"), 0)), c("A", "B"),
      "--time t --destination to", "g", horizon = 12.5)

# ---- Errors by the jackknife ---------------------------------------------------------------------
# Late entry, and several spells of one user: influences of survfit over rows or clusters.
# `cluster` does nothing there in survival 3.5-3 (its errors are those without it), so that the
# influences of the rows are summed over clusters here.
by_jackknife <- function(d, K) {
    d <- d[rep(seq_len(nrow(d)), d$w), ]
    d$row <- seq_len(nrow(d))
    fit <- survfit(Surv(entry, time, factor(cause, 0:K)) ~ 1, d, id = row, influence = TRUE)
    u <- fit$influence.pstate # row, time (with 0), state
    if (!is.null(d$cluster))
        u <- array(apply(u, 3, rowsum, d$cluster), c(length(unique(d$cluster)), dim(u)[-1]))
    fit$influence.pstate <- u
    fit
}

jackknife_times <- function(fit, d, causes, times) {
    i <- findInterval(times, fit$time)
    do.call(rbind, lapply(seq_along(times), function(t) {
        p <- if (i[t] == 0) 0 * seq_along(causes) else fit$pstate[i[t], -1]
        s <- sapply(seq_along(causes), function(k) sqrt(sum(fit$influence.pstate[, i[t] + 1, k + 1]^2)))
        if (is.null(d$cluster) && i[t] > 0) stopifnot(all.equal(s, unname(fit$std.err[i[t], -1])))
        data.frame(group = d$g[1], time = times[t], destination = causes, incidence = p,
                   std_error = s, bounds(p, s, "log"))
    }))
}

jackknife_means <- function(fit, d, causes, horizon) {
    time <- c(0, fit$time[fit$time <= horizon])
    dt <- diff(c(time, horizon))
    p <- rbind(c(1, 0 * seq_along(causes)), fit$pstate[fit$time <= horizon, , drop = FALSE])
    u <- fit$influence.pstate # unit, time (with 0), state
    mean <- colSums(p * dt)
    e <- sapply(seq_along(mean), function(k)
        sqrt(sum((matrix(u[, seq_along(time), k], dim(u)[1]) %*% dt)^2)))
    b <- bounds(mean / horizon, e / horizon, "plain")
    left <- sapply(seq_along(causes), function(k) sum(d$w[d$cause == k & d$time <= horizon]))
    data.frame(group = d$g[1], state = c("(still there)", causes), subjects = sum(d$w),
               events = c(NA, left), mean_time = mean, std_error = e, lower = b$lower * horizon,
               upper = b$upper * horizon)
}

jackknife <- function(name, data, d, causes, options, by, times, horizon, stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    if (!file.exists(file.path(folder, paste0(name, ".csv"))))
        write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
                  na = "")
    if (is.null(d$w)) d$w <- 1
    d$g <- if (by == "") "(all)" else as.character(data[[by]])
    id <- paste0(name, if (!is.null(d$cluster)) "-cluster", if (by != "") "-", by)
    o <- paste0(options, if (by != "") " --group ", by)
    parts <- split(d, d$g)
    fits <- lapply(parts, by_jackknife, length(causes))
    all <- function(f, ...) do.call(rbind, Map(f, fits, parts, MoreArgs = list(causes, ...)))
    add_case(paste0(id, "-jackknife-at"), name,
             paste(o, "--interval log --at", paste(times, collapse = ",")),
             all(jackknife_times, times))
    add_case(paste0(id, "-jackknife-means"), name, paste(o, "--summary --horizon", horizon),
             all(jackknife_means, horizon))
}

late <- "--time exit --entry entry --destination to --error infinitesimal-jackknife"
abortion1 <- data.frame(entry = a$entry, exit = a$exit, group = a$group,
                        to = c("induced", "live", "spontaneous")[a$cause])
abortion1_d <- data.frame(time = a$exit, cause = a$cause, entry = a$entry)
for (by in c("", "group"))
    jackknife("abortion", abortion1, abortion1_d, c("induced", "live", "spontaneous"), late, by,
              c(5, 10, 12, 20, 38.5), 40, stored = TRUE)

# bladder1: stretches of one patient, each with an entry.
bladder <- subset(bladder1, stop > start)
bladder_d <- data.frame(time = bladder$stop, cause = bladder$status, entry = bladder$start,
                        cluster = bladder$id)
bladder_names <- c("A recurrence", "B death", "C other death")
bladder_csv <- data.frame(id = bladder$id, entry = bladder$start, exit = bladder$stop,
                          treatment = bladder$treatment, to = place(bladder$status, bladder_names))
for (by in c("", "treatment"))
    jackknife("bladder1", bladder_csv, bladder_d, bladder_names,
              "--time exit --entry entry --destination to --cluster id", by,
              c(1, 3, 10, 24.5, 40), 30, stored = TRUE)

# Weights, ties, entries in the middle, clusters of several sizes; the same without clusters.
set.seed(20260122)
n <- 400
homes <- data.frame(home = sample(1:90, n, TRUE), w = sample(1:3, n, TRUE),
                    entry = ifelse(runif(n) < 0.5, NA, sample(0:8, n, TRUE)))
homes$exit <- ifelse(is.na(homes$entry), 0, homes$entry) + sample(1:12, n, TRUE)
homes_d <- data.frame(time = homes$exit, cause = sample(0:3, n, TRUE, c(3, 3, 2, 1)), w = homes$w,
                      entry = ifelse(is.na(homes$entry), -1, homes$entry))
homes$to <- place(homes_d$cause, c("A", "B", "C"))
jackknife("homes", homes, homes_d, c("A", "B", "C"), paste(late, "--weight w"), "",
          c(0, 1, 5, 9, 14, 19.5), 16.5)
homes_d$cluster <- homes$home
jackknife("homes", homes, homes_d, c("A", "B", "C"),
          "--time exit --entry entry --destination to --weight w --cluster home", "",
          c(0, 1, 5, 9, 14, 19.5), 16.5)

# ---- Gray's test within strata -------------------------------------------------------------------
stratified <- function(name, d, causes, options, group, strata, rho, stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    tests <- cuminc(d$time, d$cause, d[[group]], d[[strata]], rho = rho)$Tests
    add_case(paste(name, group, strata, rho, sep = "-"), name,
             paste(options, "--group", group, "--strata", strata, "--test gray --rho", rho),
             data.frame(test = "stratified gray", destination = causes,
                        chi_square = tests[, "stat"], df = tests[, "df"],
                        p_value = pchisq(tests[, "stat"], tests[, "df"], lower.tail = FALSE)))
}
for (rho in c(0, 1)) {
    stratified("pbc", cbind(pbc1, cause = pbc1_d$cause), c("death", "transplant"),
               "--time time --destination to", "sex", "stage", rho, stored = TRUE)
    stratified("pbc", cbind(pbc1, cause = pbc1_d$cause), c("death", "transplant"),
               "--time time --destination to", "stage", "sex", rho)
    stratified("continuous", transform(continuous, time = t, cause = match(to, c("A", "B"), 0)),
               c("A", "B"),
               "--time t --destination to", "g", "half", rho)
}

# ---- States over time ----------------------------------------------------------------------------
# Stays: id, state, from, to in days; whoever has none at a time is in "(gone)". Everyone is watched
# from 0 to `until`, which differs between users: the day of the last look is the same for all, so
# starts differ. Stays of one user do not overlap; a row for "(gone)" is made where there is none.
whole <- function(stays, until) {
    do.call(rbind, lapply(split(stays, stays$id), function(d) {
        d <- d[order(d$from), ]
        end <- until[[as.character(d$id[1])]]
        at <- 0
        rows <- NULL
        for (i in seq_len(nrow(d))) {
            if (d$from[i] > at)
                rows <- rbind(rows, data.frame(id = d$id[1], state = "(gone)", from = at, to = d$from[i]))
            rows <- rbind(rows, d[i, c("id", "state", "from", "to")])
            at <- d$to[i]
        }
        if (at < end)
            rows <- rbind(rows, data.frame(id = d$id[1], state = "(gone)", from = at, to = end))
        same <- c(FALSE, rows$state[-1] == rows$state[-nrow(rows)]) # one stay in two pieces
        keep <- which(!same)
        rows <- data.frame(id = d$id[1], state = rows$state[keep], from = rows$from[keep],
                           to = rows$to[c(keep[-1] - 1, nrow(rows))])
        rows$next_state <- c(rows$state[-1], "cens")
        rows
    }))
}

# The area under each share and its variance by the jackknife: derivatives by each user's weight,
# which survfit gives as influence.
occupied_means <- function(fit, states, horizon, users) {
    time <- c(0, fit$time[fit$time <= horizon])
    dt <- diff(c(time, horizon))
    p <- rbind(fit$p0, fit$pstate[fit$time <= horizon, , drop = FALSE])
    u <- fit$influence.pstate # user, time (with 0), state
    mean <- colSums(p * dt)
    v <- sapply(seq_along(states), function(k)
        sum((u[, seq_along(time), k, drop = TRUE] %*% dt)^2))
    data.frame(state = states, mean = mean, error = sqrt(v))
}

clustered_times <- function(fit, by_home, states, p0, times) {
    i <- findInterval(times, fit$time)
    do.call(rbind, lapply(seq_along(times), function(t) {
        p <- if (i[t] == 0) p0 else fit$pstate[i[t], ]
        s <- sapply(seq_along(states), function(k) sqrt(sum(by_home[, i[t] + 1, k]^2)))
        data.frame(group = "(all)", time = times[t], state = states, share = p, std_error = s,
                   bounds(p, s, "log"))
    }))
}

occupancy <- function(name, stays, until, times, horizon, stored = FALSE, homes = NULL) {
    if (stored_only && !stored) return(invisible())
    rows <- whole(stays, until)
    as_of <- as.Date("2025-12-31")
    begin <- as_of - unlist(until)[as.character(stays$id)]
    last <- stays$to == unlist(until)[as.character(stays$id)]
    spells <- data.frame(user = stays$id, platform = stays$state, start = begin + stays$from,
                         end = ifelse(last, "", format(begin + stays$to)))
    if (!is.null(homes)) spells$home <- homes[as.character(stays$id)]
    both <- spells$platform == "A+B" # is two spells at once
    spells <- rbind(transform(spells, platform = ifelse(both, "A", platform)),
                    transform(spells[both, ], platform = rep("B", sum(both))))
    write.csv(spells,
              file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
    states <- sort(unique(c(rows$state, stays$state)), method = "radix")
    rows$event <- factor(rows$next_state, c("cens", states))
    rows$now <- factor(rows$state, states)
    fit <- survfit(Surv(from, to, event) ~ 1, rows, id = id, istate = now, influence = TRUE)
    stopifnot(identical(fit$states, states))
    o <- "--occupancy --as-of 2025-12-31"
    moved <- which(rowSums(fit$n.event) > 0)
    p0 <- fit$p0
    s0 <- sqrt(p0 * (1 - p0) / length(unique(rows$id)))
    at <- function(times, error, kind) {
        i <- findInterval(times, fit$time)
        do.call(rbind, lapply(seq_along(times), function(t) {
            p <- if (i[t] == 0) p0 else fit$pstate[i[t], ]
            s <- if (i[t] == 0) s0 else error(i[t])
            data.frame(group = "(all)", time = times[t], state = states, share = p, std_error = s,
                       bounds(p, s, kind))
        }))
    }
    jackknife <- function(i) fit$std.err[i, ]
    add_case(paste0(name, "-at"), name, paste(o, "--interval log --at", paste(times, collapse = ",")),
             at(times, jackknife, "log"))
    m <- occupied_means(fit, states, horizon)
    b <- bounds(m$mean / horizon, m$error / horizon, "plain")
    add_case(paste0(name, "-means"), name, paste(o, "--summary --horizon", horizon),
             data.frame(group = "(all)", state = m$state, users = length(unique(rows$id)),
                        mean_time = m$mean, std_error = m$error, lower = b$lower * horizon,
                        upper = b$upper * horizon))
    if (!stored_only) {
        full <- at(c(0, fit$time[moved]), jackknife, "log-log")
        risk <- rbind(p0 * length(unique(rows$id)), fit$n.risk[moved, ])
        add_case(paste0(name, "-curve"), name, o,
                 cbind(full[1:3], at_risk = as.vector(t(risk)), full[-(1:3)]))
    }
    if (!is.null(homes)) { # influences of users, who are in their order in `rows`, added up by home
        home <- homes[unique(as.character(rows$id))]
        by_home <- array(apply(fit$influence.pstate, 3, rowsum, home),
                         c(length(unique(home)), dim(fit$influence.pstate)[-1]))
        add_case(paste0(name, "-cluster-at"), name,
                 paste(o, "--cluster home --interval log --at", paste(times, collapse = ",")),
                 clustered_times(fit, by_home, states, p0, times))
        fit$influence.pstate <- by_home
        m <- occupied_means(fit, states, horizon)
        b <- bounds(m$mean / horizon, m$error / horizon, "plain")
        add_case(paste0(name, "-cluster-means"), name,
                 paste(o, "--cluster home --summary --horizon", horizon),
                 data.frame(group = "(all)", state = m$state, users = length(unique(rows$id)),
                            mean_time = m$mean, std_error = m$error, lower = b$lower * horizon,
                            upper = b$upper * horizon))
        return(invisible())
    }
    # etm knows P(0, t) and its Greenwood covariance from one state: only with everyone in it at 0.
    if (max(p0) < 1) return(invisible())
    allowed <- table(factor(rows$state, states), factor(rows$next_state, states)) > 0
    rows <- rows[rowSums(allowed)[rows$state] > 0, ] # etm refuses stays in an absorbing state
    e <- etm(data.frame(id = rows$id, from = rows$state, to = rows$next_state, entry = rows$from,
                        exit = rows$to), states, unclass(allowed), "cens", 0)
    start <- states[p0 == 1]
    j <- findInterval(times, e$time)
    greenwood <- function(t) sapply(states, function(k) {
        pair <- paste(start, k)
        if (t == 0) 0 else sqrt(max(e$cov[pair, pair, t], 0))
    })
    g <- do.call(rbind, lapply(seq_along(times), function(t) {
        p <- if (j[t] == 0) p0 else e$est[start, , j[t]]
        s <- greenwood(j[t])
        data.frame(group = "(all)", time = times[t], state = states, share = p, std_error = s,
                   bounds(p, s, "plain"))
    }))
    add_case(paste0(name, "-greenwood"), name,
             paste(o, "--error greenwood --interval plain --at", paste(times, collapse = ",")), g)
}

# mgus2: from mgus to a malignancy and to death. Not everyone passes through the second state.
m2 <- within(mgus2, {
    p <- ifelse(pstat == 1 & ptime >= futime, futime - 0.5, ptime)
})
m2 <- subset(m2, futime > 0 & !(pstat == 1 & ptime >= futime))
alive <- ifelse(m2$death == 1, m2$futime, m2$futime)
until <- as.list(setNames(m2$futime + m2$death, m2$id)) # the dead are watched a day longer
occupancy("mgus-states",
          rbind(data.frame(id = m2$id, state = "mgus", from = 0,
                           to = ifelse(m2$pstat == 1, m2$ptime, m2$futime)),
                data.frame(id = m2$id, state = "PCM", from = m2$ptime,
                           to = m2$futime)[m2$pstat == 1, ]),
          until, c(0, 10, 100, 250), 240)

# Back and forth between two platforms, both at once, and gone, unlike Markov: who has been away
# stays away longer. First all on A, then with mixed beginnings.
wander <- function(seed, users, mixed) {
    set.seed(seed)
    stays <- NULL
    until <- list()
    for (id in sprintf("u%03d", seq_len(users))) {
        end <- sample(60:200, 1)
        until[[id]] <- end
        at <- 0
        state <- if (mixed) sample(c("A", "B", "A+B"), 1) else "A"
        tired <- runif(1)
        while (at < end) {
            to <- min(at + ceiling(rexp(1, 0.02 + 0.06 * tired)), end)
            if (state != "(gone)")
                stays <- rbind(stays, data.frame(id = id, state = state, from = at, to = to))
            at <- to
            state <- sample(setdiff(c("A", "B", "A+B", "(gone)"), state), 1)
        }
    }
    list(stays = stays, until = until)
}
one <- wander(1, 120, FALSE)
occupancy("wander", one$stays, one$until, c(0, 3, 20.5, 60, 150), 60, stored = TRUE)
two <- wander(2, 200, TRUE)
occupancy("wander-mixed", two$stays, two$until, c(0, 1, 30, 59), 45, stored = TRUE)
three <- wander(3, 160, TRUE)
occupancy("wander-homes", three$stays, three$until, c(0, 1, 7, 30, 59), 45, stored = TRUE,
          homes = setNames(paste0("h", sample(1:60, 160, TRUE)), sprintf("u%03d", 1:160)))

writeLines(cases, file.path(folder, "cases.txt"))
