# SPDX-License-Identifier: GPL-3.0-or-later
# What R says to arpu-impact: run by arpu-impact.t.
#
#   Rscript arpu-impact.R FOLDER     writes series, cases and what to expect of them

folder <- commandArgs(trailingOnly = TRUE)[1]
dir.create(folder, showWarnings = FALSE)
suppressMessages(library(sandwich))
at <- function(name) file.path(folder, name)
tsv <- function(x, name) {
    x[] <- lapply(x, function(v) if (is.numeric(v)) ifelse(is.na(v), "", sprintf("%.15g", v)) else v)
    write.table(x, at(name), sep = "\t", quote = FALSE, row.names = FALSE)
}
cases <- character()

# ---- Segmented regression ------------------------------------------------------------------------
# y and controls of a series, event at position e (counted from 0); NA where there is no value.
segmented <- function(name, series, e, options, vcov, season = 0, harmonics = 0, slope = TRUE) {
    t <- seq_along(series$y) - 1
    after <- as.numeric(t >= e)
    model <- data.frame(y = series$y, t = t, level = after)
    if (slope) model$slope <- (t - e) * after
    if (season > 1 && harmonics == 0)
        for (s in 2:season) model[[paste0("s", s)]] <- as.numeric(t %% season == s - 1)
    for (h in seq_len(harmonics)) {
        model[[paste0("cos", h)]] <- cos(2 * pi * h * t / season)
        if (2 * h < season) model[[paste0("sin", h)]] <- sin(2 * pi * h * t / season)
    }
    for (control in setdiff(names(series), c("date", "y"))) model[[control]] <- series[[control]]
    known <- complete.cases(model)
    fit <- lm(y ~ ., model, subset = known)
    v <- vcov(fit)
    b <- coef(fit)
    se <- sqrt(diag(v))
    tq <- qt(0.975, fit$df.residual)
    coefficients <- data.frame(estimate = b, std_error = se, lower = b - tq * se, upper = b + tq * se,
                               p = 2 * pt(-abs(b / se), fit$df.residual))
    coefficients$p[coefficients$p < 1e-15] <- 0 # beyond, p only magnifies the last digits of t
    tsv(coefficients, paste0(name, ".tsv"))
    # What was expected, and the effect of each period.
    x0 <- model
    x0$level <- 0
    if (slope) x0$slope <- 0
    X0 <- cbind(1, as.matrix(x0[, -1]))
    expected <- drop(X0 %*% b)
    reach <- tq * sqrt(rowSums((X0 %*% v) * X0) + summary(fit)$sigma^2)
    tsv(data.frame(expected = expected, lower = expected - reach, upper = expected + reach,
                   effect = series$y - expected)[known, ], paste0(name, ".periods.tsv"))
    write.csv(series, at(paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
    cases <<- c(cases, paste(name, options))
}
kernels <- c(Bartlett = "bartlett", "Quadratic Spectral" = "quadratic-spectral")
all_errors <- function(name, series, e, event, more = "", ...) {
    for (prewhite in 0:1) for (adjust in c(TRUE, FALSE)) {
        tail <- paste(more, "--event", event, if (prewhite) "--prewhiten", if (!adjust) "--no-adjust")
        key <- paste0(name, "-", prewhite, substr(adjust, 1, 1))
        segmented(paste0(key, "-nw"), series, e, paste("--kernel bartlett", tail),
                  function(f) NeweyWest(f, prewhite = prewhite, adjust = adjust), ...)
        segmented(paste0(key, "-lag"), series, e, paste("--lag 5", tail),
                  function(f) NeweyWest(f, lag = 5, prewhite = prewhite, adjust = adjust), ...)
        segmented(paste0(key, "-nwqs"), series, e, paste("--kernel quadratic-spectral", tail),
                  function(f) kernHAC(f, prewhite = prewhite, adjust = adjust,
                                      kernel = "Quadratic Spectral",
                                      bw = function(...) bwNeweyWest(...)), ...)
        for (kernel in names(kernels))
            segmented(paste0(key, "-a-", kernels[[kernel]]), series, e,
                      paste("--bandwidth andrews --kernel", kernels[[kernel]], tail),
                      function(f) kernHAC(f, prewhite = prewhite, adjust = adjust, kernel = kernel), ...)
    }
    segmented(paste0(name, "-rule"), series, e, paste("--bandwidth rule", more, "--event", event),
              function(f) NeweyWest(f, lag = floor(4 * (nobs(f) / 100)^(2 / 9)), prewhite = FALSE,
                                    adjust = TRUE), ...)
}
nile <- data.frame(date = 1871:1970, y = as.numeric(Nile))
all_errors("nile", nile, 28, 1899)
all_errors("nile-level", nile, 28, 1899, "--change level", slope = FALSE)

set.seed(20)
days <- data.frame(date = as.Date("2025-01-01") + 0:119)
days$y <- as.numeric(1000 + 2 * (0:119) + rep(c(0, 30, 10, -20, 40, 90, 80), length.out = 120) +
    arima.sim(list(ar = 0.6), 120, sd = 20) - 150 * (0:119 >= 80))
all_errors("days", days, 80, "2025-03-22", "--season 7", season = 7)
days$ads <- round(50 + as.numeric(arima.sim(list(ar = 0.9), 120, sd = 10)), 3)
days$y <- days$y + 1.5 * days$ads
all_errors("controls", days, 80, "2025-03-22", "--season 7 --harmonics 2 --controls ads",
           season = 7, harmonics = 2)
holes <- days
holes$y[c(5, 17, 18, 100)] <- NA
holes$ads[40] <- NA
all_errors("holes", holes, 80, "2025-03-22", "--controls ads")

writeLines(cases, at("cases.txt"))
