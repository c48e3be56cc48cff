# SPDX-License-Identifier: GPL-3.0-or-later
# Counts the spells of SPELLS once more and holds RESULT, which churn-flows wrote of them, to these
# counts and to prop.test, bound by bound:
#
#     Rscript tests/truth/churn-flows.R SPELLS RESULT CONFIDENCE PERIOD
#
# PERIOD is the strftime format of the period ("%Y-%m"), or "all". A column n, if there is one, holds
# frequency weights. Shows the first row that does not agree, and fails.
arguments <- commandArgs(TRUE)
spells <- read.csv(arguments[1], colClasses = "character", na.strings = character())
result <- read.csv(arguments[2], colClasses = c(period = "character", from = "character",
                                                to = "character"))
confidence <- as.numeric(arguments[3])

left <- spells[spells$end != "", ]
n <- if (is.null(left$n)) rep(1, nrow(left)) else as.numeric(left$n)
days <- as.Date(left$end)
period <- if (arguments[4] == "all") {
    rep(paste(min(days), max(days), sep = "/"), nrow(left))
} else format(days, arguments[4])
to <- ifelse(left$destination == "", "(gone)", left$destination)

key <- function(...) paste(..., sep = "\t")
users <- tapply(n, key(period, left$platform, to), sum)
all <- tapply(n, key(period, left$platform), sum)

rows <- key(result$period, result$from, result$to)
stopifnot(nrow(result) > 0, !anyDuplicated(rows), setequal(rows, names(users)))
k <- users[rows]
m <- all[key(result$period, result$from)]
bounds <- suppressWarnings(mapply(
    function(k, m) prop.test(k, m, conf.level = confidence, correct = FALSE)$conf.int, k, m))
expected <- cbind(users = k, share = k / m, lower = bounds[1, ], upper = bounds[2, ])
found <- as.matrix(result[colnames(expected)])
# Relative to the share, as R's lower bound is a difference of numbers of its size.
wrong <- which(rowSums(!(abs(found - expected) <= 1e-9 * cbind(k, k / m, k / m, k / m))) > 0)
if (length(wrong) > 0) {
    print(rows[wrong[1]])
    print(rbind(found = found[wrong[1], ], expected = expected[wrong[1], ]), digits = 17)
    quit(status = 1)
}
