# SPDX-License-Identifier: GPL-3.0-or-later
# Panels that come with msm, as churn-flows --rate reads them, and msm's answer for its result:
#
#     Rscript tests/truth/churn-flows-rate.R cav write FILE
#     Rscript tests/truth/churn-flows-rate.R cav compare RESULT HORIZON
#
# msm stops a little short of the peak, most where it is flat: values may differ by a thousandth of
# their error, errors by two in a thousand. Shows the first row that does not agree, and fails.
suppressMessages(library(msm))
arguments <- commandArgs(TRUE)
models <- list(
    cav = list(data = with(cav, data.frame(user = PTNUM, time = years, platform = state)),
               exact = NULL, moves = rbind(c(1, 2), c(1, 4), c(2, 1), c(2, 3), c(2, 4), c(3, 2), c(3, 4))),
    `cav-exact` = list(data = with(cav, data.frame(user = PTNUM, time = years, platform = state)),
               exact = 4, moves = rbind(c(1, 2), c(1, 4), c(2, 1), c(2, 3), c(2, 4), c(3, 2), c(3, 4))),
    psor = list(data = with(psor, data.frame(user = ptnum, time = months, platform = state)),
                exact = NULL, moves = rbind(c(1, 2), c(2, 3), c(3, 4))),
    bos = list(data = with(bos, data.frame(user = ptnum, time = time, platform = state)),
               exact = 5, moves = rbind(c(1, 2), c(1, 5), c(2, 3), c(2, 5), c(3, 4), c(3, 5), c(4, 5))))
model <- models[[arguments[1]]]
if (arguments[2] == "write") {
    write.csv(model$data, arguments[3], row.names = FALSE, quote = FALSE)
    quit()
}
n <- max(model$data$platform)
Q <- matrix(0, n, n)
Q[model$moves] <- 0.1
# From any other start msm finds no maximum on bos.
Q <- crudeinits.msm(platform ~ time, user, data = model$data, qmatrix = Q)
control <- list(reltol = 1e-16, maxit = 20000)
fit <- msm(platform ~ time, user, data = model$data, qmatrix = Q, deathexact = model$exact, control = control)
q <- fit$Qmatrices$baseline
e <- fit$QmatricesSE$baseline
stay <- sojourn.msm(fit)
p <- pmatrix.msm(fit, t = as.numeric(arguments[4]))
result <- read.csv(arguments[3])
expected <- t(mapply(function(measure, from, to) switch(measure,
    intensity = c(q[from, to], e[from, to]),
    sojourn = if (from <= nrow(stay)) c(stay[from, "estimates"], stay[from, "SE"]) else c(NA, NA),
    probability = c(p[from, to], NA)), result$measure, result$from, result$to))
stopifnot(sum(result$measure == "intensity") == nrow(model$moves))
near <- function(found, wanted, tolerance) is.na(wanted) | abs(found - wanted) <= tolerance * abs(wanted) + 1e-12
error <- ifelse(is.na(result$std_error), 0, result$std_error)
good <- near(result$value, expected[, 1], 1e-3 * error / pmax(abs(expected[, 1]), 1e-300)) &
    near(result$std_error, expected[, 2], 2e-3)
if (!all(good)) {
    print(cbind(result, expected)[which(!good)[1], ], digits = 12)
    quit(status = 1)
}
