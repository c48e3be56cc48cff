# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the switching matrix of LOG once more and holds RESULT, which churn-flows wrote of it, to
# these counts and to prop.test, bound by bound:
#
#     Rscript tests/truth/churn-flows-matrix.R LOG RESULT CONFIDENCE
#
# Periods are months. Shows the first row that does not agree, and fails.
arguments <- commandArgs(TRUE)
log <- read.csv(arguments[1], colClasses = c(user = "character", platform = "character"))
result <- read.csv(arguments[2], colClasses = "character")
confidence <- as.numeric(arguments[3])

days <- as.Date(log$date)
months <- format(seq(as.Date(format(min(days), "%Y-%m-01")), max(days), by = "month"), "%Y-%m")
seen <- unique(data.frame(user = log$user, month = substr(log$date, 1, 7), platform = log$platform))
states <- with(seen, tapply(platform, list(user, factor(month, months)),
                            function(p) paste(sort(p, method = "radix"), collapse = "+")))
states[] <- t(apply(states, 1, function(s) {
    first <- which(!is.na(s))[1]
    ifelse(is.na(s), ifelse(seq_along(s) < first, "(new)", "(gone)"), s)
}))

expected <- do.call(rbind, lapply(seq_along(months)[-1], function(m) {
    n <- table(from = states[, m - 1], to = states[, m])
    n <- n[, colnames(n) != "(new)", drop = FALSE]
    cells <- as.data.frame(n, responseName = "users", stringsAsFactors = FALSE)
    cells$all <- rowSums(n)[cells$from]
    cbind(period = months[m], cells[cells$users > 0, ])
}))
bounds <- suppressWarnings(mapply(
    function(k, m) prop.test(k, m, conf.level = confidence, correct = FALSE)$conf.int,
    expected$users, expected$all))
expected <- cbind(expected, share = expected$users / expected$all, lower = bounds[1, ],
                  upper = bounds[2, ])

both <- merge(result, expected, by = c("period", "from", "to"), all = TRUE)
columns <- c("users", "share", "lower", "upper")
found <- sapply(both[paste0(columns, ".x")], as.numeric)
wanted <- as.matrix(both[paste0(columns, ".y")])
# Relative to the share, as R's lower bound is a difference of numbers of its size.
scale <- cbind(both$users.y, both$share.y, both$share.y, both$share.y)
wrong <- which(rowSums(!(abs(found - wanted) <= 1e-9 * scale) | is.na(found - wanted)) > 0)
stopifnot(nrow(both) > 0, nrow(both) == nrow(result))
if (length(wrong) > 0) {
    print(both[wrong[1], ], digits = 17)
    quit(status = 1)
}
