# SPDX-License-Identifier: GPL-3.0-or-later
# What R's survival gives for churn-survival:
#
#     Rscript tests/truth/churn-survival.R FOLDER [stored]
#
# writes to FOLDER, for each case, NAME.csv (the input, unless it is an earlier case's) and NAME.tsv
# (the expected output), and cases.txt with a line `NAME INPUT OPTION...` each. With `stored`, only
# the cases that are kept in tests/truth/churn-survival, which were written by R 4.2.2, survival
# 3.5-3. Without, DATA is the project's datasets/.
#
# The data sets come with R's survival (T. Therneau, LGPL): lung (Loprinzi et al. 1994), ovarian
# (Edmunson et al. 1979), heart (Crowley & Hu 1977), veteran (Kalbfleisch & Prentice 1980), colon
# (Moertel et al. 1995), flchain (Dispenzieri et al. 2012), mgus2 (Kyle et al. 2002), nafld1 (Allen
# et al. 2018).
suppressPackageStartupMessages(library(survival))
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

# One group variable for several: "a, b", in the order of bytes column by column.
group_of <- function(columns) {
    text <- lapply(columns, function(x) ifelse(is.na(x), "(missing)", as.character(x)))
    g <- do.call(paste, c(text, sep = ", "))
    by_column <- do.call(order, c(unname(text), method = "radix"))
    factor(g, levels = unique(g[by_column]))
}

curves <- function(fit, groups) {
    data.frame(
        group = if (is.null(fit$strata)) groups else rep(groups, fit$strata),
        time = fit$time, at_risk = fit$n.risk, events = fit$n.event, censored = fit$n.censor,
        survival = fit$surv, std_error = fit$std.err * fit$surv, # std.err is that of log S
        lower = fit$lower, upper = fit$upper)
}

summaries <- function(fit, groups, subjects, horizon) {
    t <- summary(fit, rmean = horizon)$table
    if (is.null(dim(t))) t <- t(t)
    data.frame(group = groups, subjects = subjects, events = t[, "events"], median = t[, "median"],
               median_lower = t[, grep("LCL", colnames(t))],
               median_upper = t[, grep("UCL", colnames(t))],
               rmst = t[, "rmean"], rmst_se = t[, "se(rmean)"])
}

# survdiff takes neither weights nor late entry: rows are repeated, and the score test of Cox's
# model with exact ties is the log-rank test. (Where there are no ties, any method is exact.)
test_of <- function(surv, g, w) {
    rows <- rep(seq_along(g), w)
    if (attr(surv, "type") == "right")
        chi <- survdiff(surv[rows] ~ g[rows])$chisq
    else
        chi <- coxph(surv[rows] ~ g[rows],
                     ties = if (anyDuplicated(surv[rows, 2])) "exact" else "efron")$score
    df <- nlevels(g) - 1
    data.frame(test = "logrank", chi_square = unname(chi), df = df,
               p_value = pchisq(unname(chi), df, lower.tail = FALSE))
}

# The curve at certain times, Nelson-Aalen with intervals from their formula, and quantiles.
moments <- function(fit, groups, times) {
    s <- summary(fit, times = times)
    data.frame(group = if (is.null(s$strata)) groups else rep(groups, table(s$strata)),
               time = s$time, at_risk = s$n.risk, survival = s$surv, std_error = s$std.err,
               lower = s$lower, upper = s$upper)
}

hazards <- function(fit, groups, kind, level) {
    z <- qnorm(1 - (1 - level) / 2)
    h <- fit$cumhaz
    s <- fit$std.chaz
    width <- if (kind == "log") exp(z * s / h) else z * s
    data.frame(
        group = if (is.null(fit$strata)) groups else rep(groups, fit$strata),
        time = fit$time, at_risk = fit$n.risk, events = fit$n.event, censored = fit$n.censor,
        cumulative_hazard = h, std_error = s,
        lower = if (kind == "log") h / width else pmax(h - width, 0),
        upper = if (kind == "log") h * width else h + width)
}

# R's quantile() goes by the sorted values of a line, which is another thing where late entry makes a
# band rise, and takes the last time for the end of a line that ends on 1 - p: there it is the first
# time at or below 1 - p.
quantiles <- function(fit, groups, p) {
    q <- lapply(quantile(fit, p), rbind)
    names(q)[1] <- "surv"
    of <- if (is.null(fit$strata)) rep(1, length(fit$time)) else rep(seq_along(groups), fit$strata)
    for (line in c("surv", "lower", "upper")) for (k in seq_along(groups)) {
        y <- fit[[line]][of == k]
        here <- !is.na(y)
        time <- fit$time[of == k][here]
        y <- y[here]
        for (i in seq_along(p)) {
            below <- y <= 1 - p[i] + 1e-12
            if (any(below) && (any(diff(y) > 0) || abs(y[length(y)] - 1 + p[i]) < 1e-12))
                q[[line]][k, i] <- min(time[below])
        }
    }
    data.frame(group = rep(groups, each = length(p)), quantile = rep(p, length(groups)),
               time = as.vector(t(q$surv)), lower = as.vector(t(q$lower)),
               upper = as.vector(t(q$upper)))
}

# Weighted tests from their formula (Klein & Moeschberger 2003, section 7.3), time by time within
# each stratum, on repeated rows: differences and covariance.
weighted <- function(time, status, g, stratum, weight) {
    k <- nlevels(g)
    u <- numeric(k)
    v <- matrix(0, k, k)
    for (part in split(seq_along(time), stratum, drop = TRUE)) {
        s <- 1
        peto <- 1
        for (t in sort(unique(time[part][status[part] == 1]))) {
            n_g <- tapply(time[part] >= t, g[part], sum, default = 0)
            d_g <- tapply(time[part] == t & status[part] == 1, g[part], sum, default = 0)
            n <- sum(n_g)
            d <- sum(d_g)
            peto <- peto * (1 - d / (n + 1))
            w <- weight(n, s, peto)
            s <- s * (1 - d / n)
            u <- u + w * (d_g - d * n_g / n)
            if (n > 1)
                v <- v + w^2 * d * (n - d) / (n - 1) * (diag(n_g / n, k) - outer(n_g, n_g) / n^2)
        }
    }
    list(u = u, v = v)
}

result <- function(name, chi, df)
    data.frame(test = name, chi_square = chi, df = df, p_value = pchisq(chi, df, lower.tail = FALSE))

omnibus <- function(name, sums) {
    k <- length(sums$u) - 1
    chi <- sum(sums$u[1:k] * solve(sums$v[1:k, 1:k, drop = FALSE], sums$u[1:k]))
    result(name, chi, k)
}

# Comparisons of the groups of one column: `surv` right-censored, `w` counts of rows.
comparisons <- function(name, data, surv, options, by, w = rep(1, nrow(data)), strata = NULL,
                        stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    g <- group_of(data[by])
    rows <- rep(seq_along(g), w)
    time <- surv[rows, 1]
    status <- surv[rows, 2]
    g <- g[rows]
    stratum <- if (is.null(strata)) rep(1, length(g)) else data[rows, strata]
    o <- paste(c(options, paste("--group", by), if (!is.null(strata)) paste("--strata", strata)),
               collapse = " ")
    put <- function(id, asked, expected) {
        if (!is.null(strata)) expected$test <- paste("stratified", expected$test)
        id <- paste(c(name, by, strata, id), collapse = "-")
        add_case(id, name, paste(o, asked), expected)
    }
    right <- Surv(time, status)
    for (rho in c(0, 1, 0.5)) {
        d <- survdiff(right ~ g + strata(stratum), rho = rho)
        asked <- list("0" = "logrank", "1" = "peto-peto",
                      "0.5" = "fleming-harrington --rho 0.5")[[as.character(rho)]]
        label <- if (rho == 0.5) "fleming-harrington(0.5, 0)" else asked
        put(paste0("rho", rho), paste("--test", asked), result(label, d$chisq, nlevels(g) - 1))
        if (rho == 0.5) next
        scores <- suppressWarnings(as.numeric(levels(g)))
        if (anyNA(scores)) scores <- seq_len(nlevels(g))
        scores <- scores - mean(scores) # years would cancel
        u <- if (is.matrix(d$obs)) rowSums(d$obs - d$exp) else d$obs - d$exp
        put(paste0("trend", rho), paste("--test", asked, "--trend"),
            result(paste(asked, "trend"), sum(scores * u)^2 / c(scores %*% d$var %*% scores), 1))
        pairs <- combn(levels(g), 2)
        chi <- apply(pairs, 2, function(pair) {
            within <- g %in% pair
            h <- droplevels(g[within])
            survdiff(right[within] ~ h + strata(stratum[within]), rho = rho)$chisq
        })
        p <- pchisq(chi, 1, lower.tail = FALSE)
        put(paste0("pairs", rho), paste("--test", asked, "--pairwise"),
            data.frame(test = asked, group = pairs[1, ], other = pairs[2, ], chi_square = chi,
                       df = 1, p_value = p, p_holm = p.adjust(p, "holm")))
    }
    weights <- list(gehan = function(n, s, peto) n, "tarone-ware" = function(n, s, peto) sqrt(n),
                    "peto-prentice" = function(n, s, peto) peto,
                    "modified-peto" = function(n, s, peto) peto * n / (n + 1))
    for (test in names(weights))
        put(test, paste("--test", test),
            omnibus(test, weighted(time, status, g, stratum, weights[[test]])))
    put("late", "--test fleming-harrington --rho 0.5 --gamma 2",
        omnibus("fleming-harrington(0.5, 2)",
                weighted(time, status, g, stratum, function(n, s, peto) s^0.5 * (1 - s)^2)))
}

# One data set: writes its CSV and all its cases. `groups` names columns of `data`, a vector for
# each set of groups. Options are what churn-survival needs to read the file.
study <- function(name, data, surv, options, groups = list(), weights = NULL, horizon = NULL,
                  kinds = c("log", "log-log", "plain"), stored = FALSE, test = TRUE,
                  times = NULL) {
    if (stored_only && !stored) return(invisible())
    write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
              na = "")
    w <- if (is.null(weights)) rep(1, nrow(data)) else weights
    for (by in c(list(character()), groups)) {
        id <- paste(c(name, by), collapse = "-")
        g <- if (length(by)) group_of(data[by]) else factor(rep("(all)", nrow(data)))
        o <- paste(c(options, if (length(by)) paste("--group", by)), collapse = " ")
        subjects <- as.vector(tapply(w, g, sum))
        for (kind in kinds) {
            level <- if (kind == "plain") 0.9 else 0.95
            formula <- if (length(by)) surv ~ g else surv ~ 1
            fit <- survfit(formula, weights = w, conf.type = kind, conf.int = level)
            how <- paste(o, "--interval", kind, "--confidence", level)
            if (kind == "log" || !stored_only)
                add_case(paste0(id, "-", kind), name, how, curves(fit, levels(g)))
            add_case(paste0(id, "-", kind, "-summary"), name, paste(how, "--summary"),
                     summaries(fit, levels(g), subjects, "common"))
            if (stored_only && kind != "log") next
            p <- c(0.1, 0.25, 0.5, 0.9)
            add_case(paste0(id, "-", kind, "-quantiles"), name,
                     paste(how, "--quantile 0.1,0.25,0.5,0.9"), quantiles(fit, levels(g), p))
            if (!is.null(times) && length(by) < 2)
                add_case(paste0(id, "-", kind, "-times"), name,
                         paste(how, "--at", paste(times, collapse = ",")),
                         moments(fit, levels(g), times))
            if (kind != "log-log")
                add_case(paste0(id, "-", kind, "-hazard"), name,
                         paste(how, "--estimate cumulative-hazard"),
                         hazards(fit, levels(g), kind, level))
        }
        if (!is.null(horizon))
            add_case(paste0(id, "-horizon"), name,
                     paste(o, "--interval plain --confidence 0.9 --summary --horizon", horizon),
                     summaries(fit, levels(g), subjects, horizon))
        if (test && length(by))
            add_case(paste0(id, "-test"), name, paste(o, "--test logrank"), test_of(surv, g, w))
    }
}

# Several spells of one subject: robust errors, R's infinitesimal jackknife. R's error of the
# restricted mean is Greenwood's all the same; that one is compared in tests/unit.
clustered <- function(name, data, surv, id, options, weights = NULL, stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
              na = "")
    w <- if (is.null(weights)) rep(1, nrow(data)) else weights
    for (kind in c("log", "log-log", "plain")) {
        fit <- survfit(surv ~ 1, weights = w, cluster = id, robust = TRUE, conf.type = kind)
        expected <- curves(fit, "(all)")
        expected$std_error <- fit$std.err # that of S itself here
        expected[fit$surv == 0, c("std_error", "lower", "upper")] <- NA
        add_case(paste0(name, "-", kind), name,
                 paste(options, "--interval", kind, "--confidence 0.95"), expected)
        if (kind != "log-log")
            add_case(paste0(name, "-", kind, "-hazard"), name,
                     paste(options, "--interval", kind, "--estimate cumulative-hazard"),
                     hazards(fit, "(all)", kind, 0.95))
    }
}
clustered("kidney-by-id", kidney[c("id", "time", "status")], with(kidney, Surv(time, status)),
          kidney$id, "--time time --status status --cluster id", stored = TRUE)
clustered("cgd-by-id", cgd[c("id", "tstart", "tstop", "status")],
          with(cgd, Surv(tstart, tstop, status)), cgd$id,
          "--time tstop --status status --entry tstart --cluster id", stored = TRUE)
clustered("heart-by-id", heart[c("id", "start", "stop", "event")],
          with(heart, Surv(start, stop, event)), heart$id,
          "--time stop --status event --entry start --cluster id")
eyes <- cbind(diabetic[c("id", "time", "status")], w = 1 + diabetic$id %% 3)
clustered("diabetic-by-id", eyes, with(eyes, Surv(time, status)), eyes$id,
          "--time time --status status --cluster id --weight w", eyes$w)

# Durations: `--status status=2` and the like.
lung1 <- lung[c("time", "status", "sex", "ph.ecog")]
study("lung", lung1, with(lung1, Surv(time, status)), "--time time --status status=2",
      list("sex", c("sex", "ph.ecog")), horizon = 365, stored = TRUE, times = c(0, 5, 90.5, 118))
veteran1 <- veteran[c("time", "status", "trt", "celltype")]
study("veteran", veteran1, with(veteran1, Surv(time, status)), "--time time --status status",
      list("trt", "celltype"), horizon = 200.5, times = c(30, 90))
veteran_options <- "--time time --status status"
for (strata in list(NULL, "trt"))
    comparisons("veteran", veteran1, with(veteran1, Surv(time, status)), veteran_options,
                "celltype", strata = strata)
study("ovarian", ovarian, with(ovarian, Surv(futime, fustat)), "--time futime --status fustat=1",
      list("rx", "resid.ds", c("rx", "resid.ds")), horizon = 500, stored = TRUE)
for (strata in list(NULL, "rx"))
    comparisons("ovarian", ovarian, with(ovarian, Surv(futime, fustat)),
                "--time futime --status fustat=1", "resid.ds", strata = strata, stored = TRUE)
death <- subset(colon, etype == 2, c("time", "status", "rx", "sex"))
study("colon", death, with(death, Surv(time, status)), "--time time --status status",
      list("rx", c("rx", "sex")), times = c(365, 1000.5))
for (strata in list(NULL, "sex"))
    comparisons("colon", death, with(death, Surv(time, status)), "--time time --status status",
                "rx", strata = strata)
flchain1 <- flchain[c("futime", "death", "sex", "sample.yr")] # deaths on day 0, many ties
study("flchain", flchain1, with(flchain1, Surv(futime, death)), "--time futime --status death",
      list("sex", "sample.yr"), horizon = 1000)
some <- subset(flchain1, sample.yr > 1998)
if (!stored_only) write.csv(some, file.path(folder, "flchain-late.csv"), row.names = FALSE)
comparisons("flchain-late", some, with(some, Surv(futime, death)), "--time futime --status death",
            "sample.yr", strata = "sex")
nafld <- nafld1[c("futime", "status", "male")]
study("nafld", nafld, with(nafld, Surv(futime, status)), "--time futime --status status",
      list("male"), horizon = 3650)

# Late entry: the heart transplant data, and age as the time scale (months), where the first risk
# sets run empty. The ages are made unlike by their number, as R's exact method goes through all
# subsets of a risk set.
heart1 <- heart[c("start", "stop", "event", "transplant", "surgery")]
study("heart", heart1, with(heart1, Surv(start, stop, event)),
      "--time stop --status event --entry start", list("transplant", c("transplant", "surgery")),
      horizon = 100, stored = TRUE)
by_age <- with(subset(mgus2, futime > 0),
               data.frame(from = 12 * age, to = 12 * age + futime + id / 10000, death = death,
                          sex = sex))
study("mgus2", by_age, with(by_age, Surv(from, to, death)),
      "--time to --status death --entry from", list("sex"), horizon = 1000)

# Frequency weights: counts of equal rows, and other whole numbers.
counted <- aggregate(list(n = rep(1, nrow(lung))), lung[c("time", "status", "sex")], sum)
study("lung-counted", counted, with(counted, Surv(time, status)),
      "--time time --status status=2 --weight n", list("sex"), counted$n, stored = TRUE)
comparisons("lung-counted", counted, with(counted, Surv(time, status)),
            "--time time --status status=2 --weight n", "sex", counted$n)
heavy <- cbind(veteran1, w = 1 + seq_len(nrow(veteran)) %% 4)
study("veteran-heavy", heavy, with(heavy, Surv(time, status)),
      "--time time --status status --weight w", list("celltype"), heavy$w)
late <- cbind(heart1, w = 1 + seq_len(nrow(heart)) %% 3)
study("heart-heavy", late, with(late, Surv(start, stop, event)),
      "--time stop --status event --entry start --weight w", list("transplant"), late$w,
      test = FALSE) # R's exact method would take hours

# Counts of real customers; the test has a chi-square so large that p is 0 in R and here.
if (!stored_only) {
    telco <- read.csv(file.path(Sys.getenv("DATA"), "telco/tenure.csv"))
    study("telco", telco, with(telco, Surv(tenure_months, churned == "Yes")),
          "--time tenure_months --status churned=Yes --weight customers", list("contract"),
          telco$customers, horizon = 24)
}

# Dates: the censored ones are those without an end on the last day.
as_of <- as.Date("2024-02-29")
dated <- with(lung, data.frame(start = as_of - time - ifelse(status == 2, sex * 40, 0),
                               status, time, sex))
dated$end <- ifelse(dated$status == 2, format(dated$start + dated$time), NA)
study("dated", dated[c("start", "end", "sex")], with(dated, Surv(time, status)), "--as-of 2024-02-29",
      list("sex"))

# Continuous times to a millionth, some of them tied, and one group that nobody leaves.
set.seed(20250119)
drawn <- data.frame(g = sample(c("a", "b", "c d"), 3000, TRUE))
drawn$t <- round(rweibull(3000, 1.3, c(a = 10, b = 12, `c d` = 15)[drawn$g]), 6)
drawn$t[1:300] <- drawn$t[301:600]
drawn$e <- as.integer(runif(3000) < 0.7)
study("drawn", drawn, with(drawn, Surv(t, e)), "--time t --status e", list("g"), horizon = 7.25)
drawn$e[drawn$g == "b"] <- 0L
study("drawn-stay", drawn, with(drawn, Surv(t, e)), "--time t --status e", list("g"))

writeLines(cases, file.path(folder, "cases.txt"))
