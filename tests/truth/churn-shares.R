# SPDX-License-Identifier: GPL-3.0-or-later
# States by share of time, made here once more from the raw minutes of LOG, month by month: holds to
# them FLOWS (of churn-flows --by-share), and to survfit of the same states CURVES, with
# infinitesimal-jackknife errors and intervals on log(-log), and MEANS (both of
# churn-destinations --occupancy --by-share, the second with --summary):
#
#     Rscript tests/truth/churn-shares.R LOG SOLE FLOWS CURVES MEANS
#
# Shows the first row that does not agree, and fails.
suppressMessages(library(survival))
arguments <- commandArgs(TRUE)
sole <- as.numeric(arguments[2])
read <- function(file) read.csv(file, colClasses = c(user = "character", platform = "character"))
log <- read(arguments[1])
table_of <- function(file) read.csv(file, colClasses = "character", check.names = FALSE)

# ---- States ---------------------------------------------------------------------------------------
days <- as.Date(log$date)
months <- format(seq(as.Date(format(min(days), "%Y-%m-01")), max(days), by = "month"), "%Y-%m")
platforms <- sort(unique(log$platform), method = "radix")
users <- sort(unique(log$user))
minutes <- tapply(log$minutes, list(factor(log$user, users), factor(substr(log$date, 1, 7), months),
                                    factor(log$platform, platforms)), sum)
minutes[is.na(minutes)] <- 0
state_of <- function(m) {
    if (sum(m) == 0) return(NA)
    best <- which.max(m) # the first of several
    if (m[best] >= sole * sum(m) * (1 - 1e-12)) platforms[best]
    else paste("mostly", platforms[best])
}
states <- apply(minutes, 1:2, state_of)
states <- states[rowSums(!is.na(states)) > 0, , drop = FALSE]
first <- apply(states, 1, function(s) which(!is.na(s))[1])
for (i in seq_len(nrow(states))) {
    absent <- is.na(states[i, ])
    states[i, absent] <- ifelse(which(absent) < first[i], "(new)", "(gone)")
}

compare <- function(what, found, expected, by, numbers, tolerance) {
    both <- merge(found, expected, by = by, all = TRUE)
    stopifnot(nrow(expected) > 0, nrow(both) == nrow(found), nrow(both) == nrow(expected))
    for (column in numbers) {
        a <- as.numeric(both[[paste0(column, ".x")]])
        b <- as.numeric(both[[paste0(column, ".y")]])
        wrong <- which(is.na(a) != is.na(b) | (!is.na(a) & !is.na(b) &
                                               abs(a - b) > tolerance * pmax(1, abs(b))))
        if (length(wrong) > 0) {
            cat(what, column, "\n")
            print(both[wrong[1], ], digits = 17)
            quit(status = 1)
        }
    }
}

# ---- Flows ----------------------------------------------------------------------------------------
expected <- do.call(rbind, lapply(seq_along(months)[-1], function(m) {
    n <- table(from = states[, m - 1], to = states[, m])
    n <- n[, colnames(n) != "(new)", drop = FALSE]
    cells <- as.data.frame(n, responseName = "users", stringsAsFactors = FALSE)
    cells$all <- rowSums(n)[cells$from]
    cbind(period = months[m], cells[cells$users > 0, ])
}))
bounds <- suppressWarnings(mapply(function(k, m) prop.test(k, m, correct = FALSE)$conf.int,
                                  expected$users, expected$all))
expected <- cbind(expected, share = expected$users / expected$all, lower = bounds[1, ],
                  upper = bounds[2, ])
compare("flows", table_of(arguments[3]), expected, c("period", "from", "to"),
        c("users", "share", "lower", "upper"), 1e-9)

# ---- Occupancy ------------------------------------------------------------------------------------
last <- length(months)
rows <- do.call(rbind, lapply(which(first < last), function(i) {
    s <- states[i, first[i]:last]
    turns <- c(1, which(s[-1] != s[-length(s)]) + 1)
    to <- c(turns[-1], length(s)) - 1
    rows <- data.frame(id = i, now = s[turns], from = turns - 1, to = to,
                       after = c(s[turns[-1]], "cens"))
    rows[rows$to > rows$from, ] # who moves in the last month is not watched in the new state
}))
names_of <- sort(unique(c(rows$now, setdiff(rows$after, "cens"))))
rows$event <- factor(rows$after, c("cens", names_of))
rows$now <- factor(rows$now, names_of)
fit <- survfit(Surv(from, to, event) ~ 1, rows, id = id, istate = now, influence = TRUE)
stopifnot(identical(fit$states, names_of))
n <- length(unique(rows$id))
moved <- which(rowSums(fit$n.event) > 0)
z <- qnorm(0.975)
curve <- function(age, p, s, risk) {
    bounded <- p > 0 & s > 0
    lower <- ifelse(bounded, p^exp(-z * s / (p * log(p))), NA)
    upper <- ifelse(bounded, p^exp(z * s / (p * log(p))), NA)
    data.frame(age = age, state = names_of, at_risk = risk, share = p, std_error = s,
               lower = lower, upper = upper)
}
p0 <- fit$p0
curves <- rbind(curve(0, p0, sqrt(p0 * (1 - p0) / n), n * p0),
                do.call(rbind, lapply(moved, function(i)
                    curve(fit$time[i], fit$pstate[i, ], fit$std.err[i, ], fit$n.risk[i, ]))))
found <- table_of(arguments[4])
found$age <- as.numeric(found$age)
# Below what rounding leaves, an error is 0 and has no interval.
small <- function(t) {
    none <- !is.na(as.numeric(t$std_error)) & as.numeric(t$std_error) < 1e-9
    t$std_error[none] <- 0
    t$lower[none] <- NA
    t$upper[none] <- NA
    t
}
compare("occupancy", small(found), small(curves), c("age", "state"),
        c("at_risk", "share", "std_error", "lower", "upper"), 1e-9)

# Each period counts whole: the area to the end of the last one.
dt <- diff(c(0, fit$time, max(rows$to) + 1))
u <- fit$influence.pstate # user, time (with 0), state
means <- data.frame(state = names_of, users = n,
                    mean_time = colSums(rbind(p0, fit$pstate) * dt),
                    std_error = sapply(seq_along(names_of), function(k)
                        sqrt(sum((u[, , k, drop = TRUE] %*% dt)^2))))
compare("means", table_of(arguments[5]), means, "state", c("users", "mean_time", "std_error"), 1e-9)
