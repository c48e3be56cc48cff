# SPDX-License-Identifier: GPL-3.0-or-later
# Revenue churn in R, from the definitions: tables of users by month, merged.
#
#     Rscript arpu-churn.R movements FILE LEVEL       # rows as arpu-churn writes them
#     Rscript arpu-churn.R destinations FILE LEVEL

args <- commandArgs(trailingOnly = TRUE)
log <- read.csv(args[2], colClasses = c(user = "character", date = "character"))
level <- as.numeric(args[3])
log$revenue[is.na(log$revenue)] <- 0
log$period <- substr(log$date, 1, 7)
all <- aggregate(cbind(revenue, minutes) ~ user + platform + period, log, sum)
months <- sort(unique(log$period))
months <- format(seq(as.Date(paste0(months[1], "-01")), as.Date(paste0(tail(months, 1), "-01")), "month"), "%Y-%m")
platforms <- sort(unique(all$platform), method = "radix")
number <- function(x) ifelse(is.na(x), "", format(x, digits = 15, scientific = FALSE, trim = TRUE))
row <- function(...) cat(paste(c(...), collapse = ","), "\n", sep = "")

ratio <- function(y, x, share = TRUE) { # Cochran 1977, theorem 2.5
    n <- length(x)
    r <- sum(y) / sum(x)
    if (sum(x) <= 0) return(c(NA, NA, NA))
    q <- sum((y - r * x)^2)
    if (n < 2 || q < 1e-18) return(c(r, NA, NA))
    reach <- qt(0.5 + level / 2, n - 1) * sqrt(n / (n - 1) * q) / sum(x)
    bounds <- c(r - reach, r + reach)
    if (share && r >= 0 && r <= 1) bounds <- c(max(bounds[1], 0), min(bounds[2], 1))
    c(r, bounds)
}

here <- function(p, m) all[all$platform == p & all$period == m, ]

for (p in platforms) {
    begun <- FALSE
    for (k in seq_along(months)) {
        now <- here(p, months[k])
        if (begun) {
            before <- here(p, months[k - 1])
            both <- merge(before, now, by = "user", all.x = TRUE)
            gone <- is.na(both$revenue.y)
            x1 <- ifelse(gone, 0, both$revenue.y)
            change <- x1 - both$revenue.x
            less <- ifelse(gone, both$revenue.x, pmax(-change, 0))
            fresh <- now[!now$user %in% before$user, ]
            old <- fresh$user %in% all$user[all$platform == p & all$period < months[k]]
            if (args[1] == "movements") {
                row(p, months[k], nrow(before), sum(gone), sum(old), sum(!old), nrow(now),
                    number(c(sum(before$revenue), sum(both$revenue.x[gone]),
                             sum(pmax(-change[!gone], 0)), sum(pmax(change[!gone], 0)),
                             sum(fresh$revenue[old]), sum(fresh$revenue[!old]), sum(now$revenue),
                             ratio(less, both$revenue.x), ratio(-change, both$revenue.x, FALSE))))
            } else {
                to <- c(setdiff(platforms, p), "(gone)", "(stayed)")
                leaving <- which(gone | change < 0)
                money <- matrix(0, nrow(both), length(to), dimnames = list(NULL, to))
                lost <- gain <- moved <- setNames(numeric(length(to)), to)
                left <- stay <- setNames(numeric(length(to)), to)
                for (i in seq_len(nrow(both))) {
                    user <- both$user[i]
                    then <- all[all$user == user & all$period == months[k - 1], ]
                    away <- all[all$user == user & all$period == months[k], ]
                    s0 <- then$minutes[match(platforms, then$platform)] / sum(then$minutes)
                    s0[is.na(s0)] <- 0
                    names(s0) <- platforms
                    if (sum(then$minutes) > 0) {
                        if (sum(away$minutes) <= 0) {
                            moved["(gone)"] <- moved["(gone)"] + s0[p]
                        } else {
                            s1 <- away$minutes[match(platforms, away$platform)] / sum(away$minutes)
                            s1[is.na(s1)] <- 0
                            rise <- pmax(s1 - s0, 0)
                            names(rise) <- platforms
                            fall <- s0[p] - s1[match(p, platforms)]
                            if (fall > 0) for (q in setdiff(platforms, p))
                                moved[q] <- moved[q] + fall * rise[q] / sum(rise)
                        }
                    }
                    if (!i %in% leaving) next
                    other <- away[away$platform != p, ]
                    if (nrow(other) == 0) {
                        w <- setNames(1, if (gone[i]) "(gone)" else "(stayed)")
                    } else {
                        w <- setNames(if (sum(other$minutes) > 0) other$minutes else rep(1, nrow(other)), other$platform)
                        for (q in other$platform[w > 0]) {
                            had <- then$revenue[then$platform == q]
                            gain[q] <- gain[q] + other$revenue[other$platform == q] - sum(had)
                        }
                    }
                    w <- w / sum(w)
                    money[i, names(w)] <- less[i] * w
                    if (gone[i]) {
                        lost[names(w)] <- lost[names(w)] + w
                        left[names(w)] <- left[names(w)] + less[i] * w
                    } else stay[names(w)] <- stay[names(w)] + less[i] * w
                }
                for (q in to) if (lost[q] != 0 || left[q] != 0 || stay[q] != 0 || moved[q] > 5e-7)
                    row(p, months[k], q, number(c(lost[q], left[q], stay[q], ratio(money[, q], less),
                        if (q %in% platforms) gain[q] else NA, moved[q])))
            }
        }
        begun <- begun || nrow(now) > 0
    }
}
