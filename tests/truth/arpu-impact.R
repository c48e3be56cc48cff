# SPDX-License-Identifier: GPL-3.0-or-later
# What R says to arpu-impact: run by arpu-impact.t.
#
#   Rscript arpu-impact.R FOLDER     writes series, cases and what to expect of them

#   Rscript arpu-impact.R FOLDER space NAME TREND
#                                    what the dense likelihood says at the variances that the tool
#                                    found for FOLDER/NAME.csv (in NAME.summary.tsv)
#   Rscript arpu-impact.R FOLDER integrated NAME TREND
#                                    the same, integrated over all variances on a fine grid

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
dir.create(folder, showWarnings = FALSE)
suppressMessages(library(sandwich))
at <- function(name) file.path(folder, name)
tsv <- function(x, name) {
    x[] <- lapply(x, function(v) if (is.numeric(v)) ifelse(is.na(v), "", sprintf("%.15g", v)) else v)
    write.table(x, at(name), sep = "\t", quote = FALSE, row.names = FALSE)
}
cases <- character()

# ---- State space, without a filter ---------------------------------------------------------------
# y before the event is normal about X b with a covariance that can be written down, b unknown: the
# diffuse likelihood is that of REML (Durbin & Koopman 2012, section 5.2; Harville 1974), and what is
# expected later is the best linear unbiased prediction (universal kriging). Nothing here is
# recursive, so nothing is shared with a Kalman filter.
dense <- function(series, e, trend, season = 0) {
    n <- nrow(series)
    X <- cbind(rep(1, n), if (trend) 0:(n - 1))
    if (season > 1) for (s in 2:season) X <- cbind(X, as.numeric((0:(n - 1)) %% season == s - 1))
    for (control in setdiff(names(series), c("date", "y"))) X <- cbind(X, series[[control]])
    i <- row(diag(n)); j <- col(diag(n))
    W <- pmax(i - 1 - j, 0)
    random <- list(diag(n), pmin(i, j) - 1, W %*% t(W))
    known <- which(complete.cases(series) & 1:n <= e)
    later <- (e + 1):n
    list(directions = function(v) { # log marginal of the ratios, and the scale of t: prior 1/r
        V <- Reduce(`+`, Map(`*`, v, random))[known, known]
        x <- X[known, , drop = FALSE]
        A <- t(x) %*% solve(V, x)
        r <- series$y[known] - x %*% solve(A, t(x) %*% solve(V, series$y[known]))
        rss <- sum(r * solve(V, r))
        dof <- length(known) - ncol(x)
        c(-0.5 * (c(determinant(V)$modulus) + c(determinant(A)$modulus)) - dof / 2 * log(rss),
          sqrt(rss / dof), dof)
    }, likelihood = function(v) {
        V <- Reduce(`+`, Map(`*`, v, random))[known, known]
        x <- X[known, , drop = FALSE]
        A <- t(x) %*% solve(V, x)
        r <- series$y[known] - x %*% solve(A, t(x) %*% solve(V, series$y[known]))
        -0.5 * (c(determinant(V)$modulus) + c(determinant(A)$modulus) + sum(r * solve(V, r)) +
                (length(known) - ncol(x)) * log(2 * pi))
    }, predict = function(v) {
        C <- Reduce(`+`, Map(`*`, v, random))
        V <- C[known, known]; K <- C[later, known]
        x <- X[known, , drop = FALSE]; z <- X[later, , drop = FALSE]
        A <- t(x) %*% solve(V, x)
        b <- solve(A, t(x) %*% solve(V, series$y[known]))
        mean <- z %*% b + K %*% solve(V, series$y[known] - x %*% b)
        left <- z - K %*% solve(V, x)
        S <- C[later, later] - K %*% solve(V, t(K)) + left %*% solve(A, t(left))
        list(mean = drop(mean), covariance = S)
    })
}
if (length(arguments) > 1 && arguments[2] == "space") {
    name <- arguments[3]
    series <- read.csv(at(paste0(name, ".csv")))
    about <- read.delim(at(paste0(name, ".about.tsv")))
    model <- dense(series, about$event, arguments[4] == "TRUE", about$season)
    tool <- read.delim(at(paste0(name, ".summary.tsv")))
    value <- function(q) { v <- tool$estimate[tool$quantity == q]; if (length(v)) v else 0 }
    v <- c(value("variance_irregular"), value("variance_level"), value("variance_slope"))
    best <- -Inf # by R's own optimiser, from where the tool ended and from elsewhere
    spread <- var(series$y[1:about$event], na.rm = TRUE)
    for (start in list(v, c(1, 0.1, 0.01) * spread, c(0.1, 0.5, 0.001) * spread))
        best <- max(best, optim(log(start[1:(2 + (arguments[4] == "TRUE"))] + 1e-6 * v[1]), function(p)
            tryCatch(-model$likelihood(c(exp(p), 0)[1:3]), error = function(x) 1e10), method = "Nelder-Mead",
            control = list(maxit = 300, reltol = 1e-10))$value * -1)
    cat(sprintf("%.15g\t%.15g\n", model$likelihood(v), best), file = at(paste0(name, ".likelihood.tsv")))
    later <- model$predict(v)
    seen <- complete.cases(series)[-(1:about$event)]
    sums <- sapply(seq_along(seen), function(h) { w <- seen & seq_along(seen) <= h
        sqrt(sum(later$covariance[w, w])) })
    total <- cumsum(ifelse(seen, series$y[-(1:about$event)] - later$mean, 0))
    known <- complete.cases(series[setdiff(names(series), "y")])[-(1:about$event)]
    tsv(data.frame(expected = ifelse(known, later$mean, NA),
                   upper = ifelse(known, later$mean + qnorm(0.975) * sqrt(diag(later$covariance)), NA),
                   cumulative = ifelse(seen, total, NA),
                   cumulative_upper = ifelse(seen, total + qnorm(0.975) * sums, NA)),
        paste0(name, ".later.tsv"))
    quit()
}

if (length(arguments) > 1 && arguments[2] == "integrated") {
    name <- arguments[3]
    trend <- arguments[4] == "TRUE"
    series <- read.csv(at(paste0(name, ".csv")))
    about <- read.delim(at(paste0(name, ".about.tsv")))
    model <- dense(series, about$event, trend, about$season)
    steps <- if (trend) 70 else 600 # midpoints of equal cells of each angle
    middle <- (seq_len(steps) - 0.5) / steps * pi / 2
    angles <- if (trend) expand.grid(a = middle, b = middle) else data.frame(a = middle, b = 0)
    sd <- with(angles, cbind(cos(b) * cos(a), cos(b) * sin(a), sin(b)))
    about_each <- apply(sd^2, 1, model$directions)
    weight <- about_each[1, ] + log(cos(angles$b)) # the surface of the sphere
    weight <- exp(weight - max(weight))
    keep <- weight > 1e-7
    weight <- weight[keep] / sum(weight[keep])
    dof <- about_each[3, 1]
    seen <- complete.cases(series)[-(1:about$event)]
    known <- complete.cases(series[setdiff(names(series), "y")])[-(1:about$event)]
    later <- lapply(which(keep), function(k) {
        p <- model$predict(sd[k, ]^2)
        sums <- sapply(seq_along(seen), function(h) { w <- seen & seq_along(seen) <= h
            c(sum(p$mean[w]), sqrt(sum(p$covariance[w, w]))) })
        list(mean = p$mean, sd = about_each[2, k] * sqrt(diag(p$covariance)),
             total = sums[1, ], total_sd = about_each[2, k] * sums[2, ])
    })
    quantile_of <- function(m, s, p) uniroot(function(x) sum(weight * pt((x - m) / s, dof)) - p,
        range(m + s * qt(p, dof)) + c(-1e-6, 1e-6) * max(s), tol = 1e-12 * max(s))$root
    question <- function(mean, sd) t(sapply(seq_along(seen), function(h) {
        m <- sapply(later, function(l) l[[mean]][h])
        s <- sapply(later, function(l) l[[sd]][h])
        c(sum(weight * m), if (all(s > 0)) c(quantile_of(m, s, 0.025), quantile_of(m, s, 0.975)) else c(NA, NA))
    }))
    expected <- question("mean", "sd")
    total <- question("total", "total_sd")
    actual <- cumsum(ifelse(seen, series$y[-(1:about$event)], 0))
    blank <- function(x, where) ifelse(where, x, NA)
    tsv(data.frame(expected = blank(expected[, 1], known), lower = blank(expected[, 2], known),
                   upper = blank(expected[, 3], known), cumulative = blank(actual - total[, 1], seen),
                   cumulative_lower = blank(actual - total[, 3], seen),
                   cumulative_upper = blank(actual - total[, 2], seen)), paste0(name, ".integrated.tsv"))
    quit()
}

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
        tail <- paste("--errors hac", more, "--event", event, if (prewhite) "--prewhiten", if (!adjust) "--no-adjust")
        key <- paste0(name, "-", prewhite, substr(adjust, 1, 1))
        segmented(paste0(key, "-nw"), series, e, paste("--bandwidth newey-west", tail),
                  function(f) NeweyWest(f, prewhite = prewhite, adjust = adjust), ...)
        segmented(paste0(key, "-lag"), series, e, paste("--lag 5", tail),
                  function(f) NeweyWest(f, lag = 5, prewhite = prewhite, adjust = adjust), ...)
        segmented(paste0(key, "-nwqs"), series, e, paste("--bandwidth newey-west --kernel quadratic-spectral", tail),
                  function(f) kernHAC(f, prewhite = prewhite, adjust = adjust,
                                      kernel = "Quadratic Spectral",
                                      bw = function(...) bwNeweyWest(...)), ...)
        for (kernel in names(kernels))
            segmented(paste0(key, "-a-", kernels[[kernel]]), series, e,
                      paste("--bandwidth andrews --kernel", kernels[[kernel]], tail),
                      function(f) kernHAC(f, prewhite = prewhite, adjust = adjust, kernel = kernel), ...)
    }
    segmented(paste0(name, "-rule"), series, e, paste("--errors hac", more, "--event", event),
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

# ---- Segmented regression with AR(1) noise -------------------------------------------------------
# The same with dense matrices: nothing is whitened, no cross-products, no kriging weights. What was
# to be after the event has noise that goes its own way from the last row before it: its covariance
# with a later row is that by way of the last row.
noisy <- character()
autoregressive <- function(name, series, e, event, more = "", season = 0, slope = TRUE) {
    t <- seq_along(series$y) - 1
    after <- as.numeric(t >= e)
    X <- cbind(1, t, after, if (slope) (t - e) * after)
    if (season > 1) for (s in 2:season) X <- cbind(X, as.numeric(t %% season == s - 1))
    for (control in setdiff(names(series), c("date", "y"))) X <- cbind(X, series[[control]])
    X0 <- X
    X0[, 3:(3 + slope)] <- 0
    rows <- which(complete.cases(X, series$y))
    last <- max(rows[rows <= e])
    x <- X[rows, ]; y <- series$y[rows]; n <- length(rows); k <- ncol(x); dof <- n - k
    apart <- abs(outer(rows, rows, "-"))
    at_rho <- function(rho) {
        R <- rho^apart / (1 - rho^2)
        W <- solve(R, x)
        A <- solve(t(x) %*% W)
        b <- drop(A %*% (t(W) %*% y))
        r <- y - drop(x %*% b)
        rss <- sum(r * solve(R, r))
        list(rho = rho, R = R, W = W, A = A, b = b, s2 = rss / dof,
             l = -0.5 * c(determinant(R)$modulus) + 0.5 * c(determinant(A)$modulus) - dof / 2 * log(rss),
             half = -0.5 * c(determinant(R)$modulus) + 0.5 * c(determinant(A)$modulus), rss = rss)
    }
    # A sum of the noise at `targets` that was to be, less c'(b^ - b): mean and variance.
    to_be <- function(f, targets) {
        C <- outer(targets, rows, function(p, j) ifelse(p > e & j > e,
            f$rho^(p - last) * f$rho^(j - last), f$rho^abs(p - j))) / (1 - f$rho^2)
        R00 <- f$rho^abs(outer(targets, targets, "-")) / (1 - f$rho^2)
        c0 <- colSums(X0[targets, , drop = FALSE])
        c(sum(c0 * f$b), f$s2 * (sum(R00) + c0 %*% f$A %*% c0 -
            2 * colSums(C) %*% f$W %*% f$A %*% c0))
    }
    coefficient <- function(f, j) c(f$b[j], f$s2 * f$A[j, j])
    edge <- atanh(0.999)
    z <- seq(-edge, edge, length = 1501)
    grid <- lapply(tanh(z), at_rho)
    l <- sapply(grid, function(f) f$l)
    w <- l + log(1 - tanh(z)^2)
    w <- exp(w - max(w)) * c(1, rep(c(4, 2), 749), 4, 1) # Simpson
    kept <- which(w > 1e-17 * max(w))
    w <- w[kept] / sum(w[kept]); grid <- grid[kept]
    mixture <- function(question) {
        m <- sapply(grid, question)
        s <- sqrt(m[2, ]); b <- m[1, ]
        mean <- sum(w * b)
        q <- function(p) uniroot(function(v) sum(w * pt((v - b) / s, dof)) - p,
            range(b + s * qt(p, dof)) + c(-1e-9, 1e-9) * max(s), tol = 1e-12 * max(s))$root
        c(mean, sqrt(sum(w * (dof / (dof - 2) * s^2 + (b - mean)^2))), q(0.025), q(0.975),
          2 * min(sum(w * pt(b / s, dof)), sum(w * pt(-b / s, dof))))
    }
    # The largest likelihood, and Satterthwaite by his definition: 2 V^2 / Var V, with the covariance
    # of (log variance, z) from second differences.
    best <- optimize(function(v) at_rho(tanh(v))$l, z[which.max(l)] + c(-0.02, 0.02), maximum = TRUE,
                     tol = 1e-9)$maximum
    top <- at_rho(tanh(best))
    joint <- function(p) { f <- at_rho(tanh(p[2])); f$half - dof / 2 * p[1] - f$rss / 2 * exp(-p[1]) }
    middle <- c(log(top$s2), best); h <- 1e-3
    bent <- function(i, j) { u <- replace(c(0, 0), i, h); v <- replace(c(0, 0), j, h)
        (joint(middle + u + v) - joint(middle + u - v) - joint(middle - u + v) + joint(middle - u - v)) / (4 * h^2) }
    covariance <- solve(-matrix(c(bent(1, 1), bent(1, 2), bent(2, 1), bent(2, 2)), 2))
    reml <- function(question) {
        at <- question(top)
        variance <- function(p) { f <- at_rho(tanh(p[2])); f$s2 <- exp(p[1]); question(f)[2] }
        slope <- c((variance(middle + c(h, 0)) - variance(middle - c(h, 0))) / (2 * h),
                   (variance(middle + c(0, h)) - variance(middle - c(0, h))) / (2 * h))
        d <- min(dof, max(1, 2 * at[2]^2 / drop(slope %*% covariance %*% slope)))
        reach <- qt(0.975, d) * sqrt(at[2])
        c(at[1], sqrt(at[2]), at[1] - reach, at[1] + reach, 2 * pt(-abs(at[1]) / sqrt(at[2]), d))
    }
    answers <- list("ar1" = mixture, "ar1-reml" = reml)
    for (errors in names(answers)) {
        key <- paste0(name, "-", errors)
        by <- answers[[errors]]
        out <- as.data.frame(t(sapply(1:k, function(j) by(function(f) coefficient(f, j)))))
        names(out) <- c("estimate", "std_error", "lower", "upper", "p")
        out$p[out$p < 1e-3] <- 0 # beyond, p only magnifies the last digits
        tsv(out, paste0(key, ".tsv"))
        ask <- which(complete.cases(X0))
        some <- sort(unique(c(ask[ask > e][c(1, 2, 7, 12)], ask[ask <= e][c(1, 5, 15, e - 9)],
                              which(is.na(series$y) & complete.cases(X0)))))
        periods <- t(sapply(some, function(p) by(function(f) to_be(f, p))[c(1, 3, 4)]))
        later <- rows[rows > e]
        total <- by(function(f) to_be(f, later))
        tsv(data.frame(date = c(as.character(series$date[some]), "sum"), expected = c(periods[, 1], total[1]),
                       lower = c(periods[, 2], sum(series$y[later]) - total[4]),
                       upper = c(periods[, 3], sum(series$y[later]) - total[3])), paste0(key, ".periods.tsv"))
        write.csv(series, at(paste0(key, ".csv")), row.names = FALSE, quote = FALSE, na = "")
        noisy <<- c(noisy, paste(key, "--errors", errors, more, "--event", event))
    }
    # nlme's optimiser stops earlier: to 1e-4 of the error.
    if (requireNamespace("nlme", quietly = TRUE)) {
        data <- data.frame(y = y, time = rows, x[, -1])
        f <- nlme::gls(y ~ . - time, data, correlation = nlme::corAR1(form = ~time), method = "REML")
        tsv(data.frame(b = coef(f), s = sqrt(diag(vcov(f)))), paste0(name, ".gls.tsv"))
    }
}
autoregressive("ar1-nile", nile, 28, 1899)
autoregressive("ar1-nile-level", nile, 28, 1899, "--change level", slope = FALSE)
autoregressive("ar1-days", days[c("date", "y")], 80, "2025-03-22", "--season 7", season = 7)
autoregressive("ar1-holes", holes, 80, "2025-03-22", "--controls ads")
short <- data.frame(date = 2001:2014, y = c(5, 7, 6, 9, 8, 8, 11, 9, 10, 4, 5, 3, 6, 4))
autoregressive("ar1-short", short, 9, 2010)
writeLines(noisy, at("noisy.txt"))

# ---- State space ---------------------------------------------------------------------------------
spaces <- character()
space <- function(name, series, e, trend, options, season = 0) {
    write.csv(series, at(paste0(name, ".csv")), row.names = FALSE, quote = FALSE, na = "")
    tsv(data.frame(event = e, season = season), paste0(name, ".about.tsv"))
    spaces <<- c(spaces, paste(name, trend, "--method", if (trend) "local-trend" else "local-level",
                               "--event", series$date[e + 1], options))
}
for (trend in c(FALSE, TRUE)) {
    space(paste0("nile-space-", trend), nile, 28, trend, "")
    space(paste0("nile-late-", trend), nile, 80, trend, "")
    space(paste0("days-space-", trend), days[c("date", "y")], 80, trend, "--season 7", 7)
    space(paste0("controls-space-", trend), days, 80, trend, "--season 7 --controls ads", 7)
    space(paste0("holes-space-", trend), holes, 80, trend, "--controls ads")
}
wander <- data.frame(date = 1901:2000, y = round(100 + cumsum(rnorm(100, 0.5, 3)), 3))
space("wander", wander, 70, FALSE, "")
writeLines(spaces, at("spaces.txt"))

# StructTS on the whole series: the event is behind it.
level <- StructTS(Nile, "level")$coef
tsv(data.frame(irregular = round(level[["epsilon"]]), level = round(level[["level"]])), "structts.tsv")
write.csv(rbind(nile, data.frame(date = 1971, y = 800)), at("structts.csv"), row.names = FALSE, quote = FALSE)

# The example of CausalImpact's vignette.
set.seed(1)
x1 <- 100 + arima.sim(model = list(ar = 0.999), n = 100)
y <- 1.2 * x1 + rnorm(100)
y[71:100] <- y[71:100] + 10
write.csv(data.frame(date = as.Date("2014-01-01") + 0:99, y = as.numeric(y), x1 = as.numeric(x1)),
          at("vignette.csv"), row.names = FALSE, quote = FALSE)

# ---- Synthetic control ---------------------------------------------------------------------------
# Weights by R's quadratic programme, where it is installed.
panels <- character()
for (J in if (requireNamespace("quadprog", quietly = TRUE)) c(2, 5, 12, 20)) {
    n <- 60; e <- 45
    factors <- cbind(cumsum(rnorm(n)), 10 * sin(2 * pi * (1:n) / 12), 1)
    loads <- matrix(runif(3 * J, 0.2, 2), J)
    loads[, 3] <- runif(J, 80, 120)
    X <- round(factors %*% t(loads) + matrix(rnorm(n * J, 0, 0.5), n), 3)
    colnames(X) <- paste0("c", 1:J)
    y <- round(drop(X %*% (1:J / sum(1:J))) + rnorm(n), 3)
    w <- quadprog::solve.QP(crossprod(X[1:e, ]), crossprod(X[1:e, ], y[1:e]), cbind(1, diag(J)),
                            c(1, rep(0, J)), meq = 1)$solution
    name <- paste0("panel", J)
    write.csv(data.frame(date = 1900 + 1:n, y = y, X), at(paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
    tsv(data.frame(effect = drop(y - X %*% w)), paste0(name, ".tsv"))
    panels <- c(panels, paste(name, paste(colnames(X), collapse = ",")))
}
writeLines(panels, at("panels.txt"))

writeLines(cases, at("cases.txt"))
