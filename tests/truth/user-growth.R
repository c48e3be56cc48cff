# SPDX-License-Identifier: GPL-3.0-or-later
# Growth curves by R's nls, from the parameters that user-growth found or from R's own self-starting
# models, to the same minimum:
#
#     Rscript tests/truth/user-growth.R chick counts.csv
#     Rscript tests/truth/user-growth.R compare counts.csv parameters.csv summary.csv curve.csv ERROR BREAK LAUNCH
#
# `chick` writes R's ChickWeight of chick 1 as counts by date. `compare` prints a TAP line for each
# model. BREAK and LAUNCH are dates or "-".
arguments <- commandArgs(TRUE)
if (arguments[1] == "chick") {
    chick <- ChickWeight[ChickWeight$Chick == 1, ]
    write.csv(data.frame(date = as.Date("2025-01-01") + chick$Time, users = chick$weight),
              arguments[2], row.names = FALSE, quote = FALSE)
    quit()
}

counts <- read.csv(arguments[2])
found <- read.csv(arguments[3])
summaries <- read.csv(arguments[4])
curves <- read.csv(arguments[5])
dates <- as.Date(counts$date)
t <- as.numeric(dates - dates[1])
y <- counts$users
s <- if (arguments[7] == "-") rep(0, length(t)) else as.numeric(dates > as.Date(arguments[7]))
launch <- if (arguments[8] == "-") NA else as.numeric(dates[1] - as.Date(arguments[8]))
weights <- switch(arguments[6], constant = rep(1, length(y)), poisson = 1 / y, relative = 1 / y^2)

level <- if (arguments[7] == "-") "" else " + level_1 * s"
bass <- function(p, q, t) (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t))
formulas <- c(
    exponential = "y ~ start * exp(rate * t)",
    logistic = "y ~ capacity / (1 + exp(-rate * (t - midpoint)))",
    gompertz = "y ~ capacity * exp(-exp(-rate * (t - midpoint)))",
    bass = if (is.na(launch)) "y ~ base + market * bass(p, q, t)"
           else "y ~ market * bass(p, q, t + launch)")

near <- function(a, b, tolerance) all(abs(a - b) <= tolerance * abs(b))
models <- unique(found$model)
cat("1..", length(models) + 1, "\n", sep = "")
for (i in seq_along(models)) {
    model <- models[i]
    ours <- found[found$model == model & found$parameter != "doubling_time", ]
    # A little away from what was found, so that nls has to come back to it.
    start <- as.list(setNames(ours$estimate * (1 + 0.003 * seq_along(ours$estimate)),
                              ours$parameter))
    fit <- nls(as.formula(paste0(formulas[model], level)), start = start, weights = weights,
               control = nls.control(maxiter = 500, tol = 1e-7, minFactor = 1e-12,
                                     scaleOffset = 0, printEval = FALSE, warnOnly = TRUE))
    theirs <- summary(fit)$coefficients[ours$parameter, , drop = FALSE]
    row <- summaries[summaries$model == model, ]
    k <- nrow(theirs) + 1
    n <- length(y)
    curve <- curves[curves$model == model, ]
    good <- c(value = near(ours$estimate, theirs[, 1], 1e-5),
              std_error = near(ours$std_error, theirs[, 2], 1e-4),
              sigma = near(row$sigma, sigma(fit), 1e-8),
              log_likelihood = near(row$log_likelihood, as.numeric(logLik(fit)), 1e-9),
              aicc = near(row$aicc, AIC(fit) + 2 * k * (k + 1) / (n - k - 1), 1e-9),
              fitted = near(curve$fitted[seq_along(y)], as.numeric(fitted(fit)), 1e-6))
    cat(if (all(good)) "ok" else "not ok", i, "-", model, names(good)[!good], "\n")
    if (!all(good)) print(cbind(ours[, c("estimate", "std_error")], theirs[, 1:2]), digits = 12)
}
# Bounds of a count on a date, of the first model: gradient by differences.
model <- models[1]
ours <- found[found$model == model & found$parameter != "doubling_time", ]
curve <- curves[curves$model == model, ]
at <- setNames(ours$estimate, ours$parameter)
f <- function(at) eval(parse(text = sub("y ~ ", "", paste0(formulas[model], level)))[[1]],
                       c(as.list(at), list(t = t, s = s)))
gradient <- sapply(seq_along(at), function(j) {
    h <- 1e-6 * max(abs(at[j]), 1e-8)
    up <- at; up[j] <- up[j] + h
    down <- at; down[j] <- down[j] - h
    (f(up) - f(down)) / (2 * h)
})
sigma2 <- sum(weights * (y - f(at))^2) / (length(y) - length(at))
covariance <- sigma2 * chol2inv(qr.R(qr(sqrt(weights) * gradient, LAPACK = FALSE, tol = 1e-20)))
variance <- rowSums((gradient %*% covariance) * gradient) +
    sigma2 * switch(arguments[6], constant = 1, poisson = f(at), relative = f(at)^2)
half <- qt(0.975, length(y) - length(at)) * sqrt(variance)
good <- near(curve$lower[seq_along(y)], f(at) - half, 1e-5) &&
    near(curve$upper[seq_along(y)], f(at) + half, 1e-5)
cat(if (good) "ok" else "not ok", length(models) + 1, "- bounds of", model, "\n")
