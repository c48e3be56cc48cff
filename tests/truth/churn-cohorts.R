# SPDX-License-Identifier: GPL-3.0-or-later
# Counts the cohorts of LOG once more and holds RESULT, which churn-cohorts --revenue wrote of it, to
# these counts, to prop.test, and to the delta method for ratios:
#
#     Rscript tests/truth/churn-cohorts.R LOG RESULT CONFIDENCE RULE
#
# Periods are months; the log ends with one. RULE is bounded, unbounded or rolling. Shows the first
# row that does not agree, and fails.
arguments <- commandArgs(TRUE)
log <- read.csv(arguments[1], colClasses = c(user = "character"))
result <- read.csv(arguments[2], colClasses = c(cohort = "character"))
confidence <- as.numeric(arguments[3])
rule <- arguments[4]

log$revenue[is.na(log$revenue)] <- 0
day <- as.integer(as.Date(log$date))
month <- as.POSIXlt(log$date)$year * 12 + as.POSIXlt(log$date)$mon
first_day <- ave(day, log$user, FUN = min)
cohort <- ave(month, log$user, FUN = min)
age <- if (rule == "rolling") (day - first_day) %/% 30 else month - cohort
last <- max(month)
users <- data.frame(user = unique(log$user))
users$cohort <- cohort[match(users$user, log$user)]
month_end <- function(m) as.integer(seq(as.Date(sprintf("%d-%02d-01", 1900 + m %/% 12, m %% 12 + 1)),
                                        by = "month", length.out = 2)[2]) - 1
paid <- tapply(log$revenue, list(log$user, age), sum)
seen <- !is.na(paid)
paid[is.na(paid)] <- 0
ages_of <- function(c) if (rule == "rolling") (max(day) - month_end(c) + 1) %/% 30 else last - c + 1

cell <- function(name, members, a) {
    at <- as.character(a)
    r0 <- paid[members, "0"]
    r <- if (at %in% colnames(paid)) paid[members, at] else 0 * r0
    k <- if (rule == "unbounded") {
        sum(rowSums(seen[members, as.integer(colnames(seen)) >= a, drop = FALSE]) > 0)
    } else if (at %in% colnames(seen)) sum(seen[members, at]) else 0
    n <- length(members)
    wilson <- if (a == 0) c(1, 1) else
        suppressWarnings(prop.test(k, n, conf.level = confidence, correct = FALSE)$conf.int)
    ratio <- function(x, b, least, most) {
        R <- sum(x) / sum(b)
        if (a == 0 && isTRUE(R == 1)) return(c(R, 1, 1))
        error <- sqrt(n / (n - 1) * sum((x - R * b)^2)) / sum(b)
        if (is.na(error) || sum(b) <= 0 || error < 1e-9) return(c(if (sum(b) > 0) R else NA, NA, NA))
        t <- qt((1 + confidence) / 2, n - 1)
        c(R, max(R - t * error, least), min(R + t * error, most))
    }
    positive <- pmax(r0, 0)
    c(users = n, active = k, retention = k / n, lower = wilson[1], upper = wilson[2],
      revenue = sum(r), setNames(ratio(r, r0, -Inf, Inf), c("net_retention", "net_lower", "net_upper")),
      setNames(ratio(pmin(pmax(r, 0), positive), positive, 0, 1),
               c("gross_retention", "gross_lower", "gross_upper")))
}

rows <- list()
cohorts <- sort(unique(users$cohort))
for (c in cohorts)
    for (a in seq_len(max(ages_of(c), 0)) - 1)
        rows[[paste(sprintf("%d-%02d", 1900 + c %/% 12, c %% 12 + 1), a)]] <-
            cell(c, users$user[users$cohort == c], a)
for (a in seq_len(max(sapply(cohorts, ages_of), 0)) - 1)
    rows[[paste("(all)", a)]] <- cell("(all)", users$user[sapply(users$cohort, ages_of) > a], a)

expected <- do.call(rbind, rows)
found <- as.matrix(result[colnames(expected)])
stopifnot(nrow(found) > 0, identical(rownames(expected), paste(result$cohort, result$age)))
wrong <- which(rowSums(is.na(found) != is.na(expected) |
                       (!is.na(found) & abs(found - expected) > 1e-9 * (1 + abs(expected)))) > 0)
if (length(wrong) > 0) {
    print(rownames(expected)[wrong[1]])
    print(rbind(found = found[wrong[1], ], expected = expected[wrong[1], ]), digits = 12)
    quit(status = 1)
}
