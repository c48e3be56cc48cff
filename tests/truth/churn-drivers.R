# SPDX-License-Identifier: GPL-3.0-or-later
# What R's survival and cmprsk give for churn-drivers:
#
#     Rscript tests/truth/churn-drivers.R FOLDER [stored]
#
# writes to FOLDER, for each case, NAME.csv (the input, unless it is an earlier case's) and NAME.tsv
# (the expected output), and cases.txt with a line `NAME INPUT OPTION...` each. With `stored`, only
# the cases that are kept in tests/truth/churn-drivers, which were written by R 4.2.2, survival
# 3.5-3.
#
# The data sets come with R's survival (T. Therneau, LGPL): lung (Loprinzi et al. 1994), ovarian
# (Edmunson et al. 1979), veteran (Kalbfleisch & Prentice 1980), heart (Crowley & Hu 1977), colon
# (Moertel et al. 1995), pbc, pbcseq (Fleming & Harrington 1991), flchain (Dispenzieri et al. 2012),
# bladder, bladder2 (Wei, Lin & Weissfeld 1989), mgus2 (Kyle et al. 2002).
suppressPackageStartupMessages({library(survival); library(cmprsk)})
options(warn = 1)
arguments <- commandArgs(TRUE)
folder <- arguments[1]
stored_only <- identical(arguments[2], "stored")
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
cases <- character()
exactly <- coxph.control(eps = 1e-14, iter.max = 100, timefix = FALSE)

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

write_input <- function(data, name)
    write.csv(data, file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE,
              na = "")

# A model: covariates that are numbers, categories with their references, products "a:b". Categories
# become factors, reference first, the others in the order of bytes.
levels_of <- function(x, reference) {
    all <- sort(unique(as.character(x)), method = "radix")
    c(reference, setdiff(all, reference))
}
coded <- function(data, model) {
    for (v in names(model$categorical))
        data[[v]] <- factor(data[[v]], levels_of(data[[v]], model$categorical[[v]]))
    data
}
formula_of <- function(model, left) {
    right <- c(model$numbers, names(model$categorical), model$products)
    if (!is.null(model$strata)) right <- c(right, sprintf("strata(%s)", model$strata))
    as.formula(paste(left, "~", paste(right, collapse = " + ")))
}
options_of <- function(model, cut = "")
    paste(c(cut, paste("--covariate", model$numbers)[length(model$numbers) > 0],
            sprintf("--categorical %s=%s", names(model$categorical), unlist(model$categorical)),
            paste("--interaction", model$products)[length(model$products) > 0],
            paste("--strata", model$strata)[length(model$strata) > 0]), collapse = " ")

# Rows of coefficients in our order, with a row for each reference.
coefficients_of <- function(model, data, b, v, level = 0.95) {
    se <- sqrt(diag(as.matrix(v)))
    z <- qnorm(1 - (1 - level) / 2)
    out <- data.frame(term = names(b), coefficient = b, hazard_ratio = exp(b), std_error = se,
                      z = b / se, p_value = 2 * pnorm(-abs(b / se)), lower = exp(b - z * se),
                      upper = exp(b + z * se), row.names = NULL)
    categories <- names(model$categorical)
    at <- length(model$numbers) + 1
    rows <- if (at > 1) out[seq_len(at - 1), ] else out[0, ]
    for (c in categories) {
        others <- levels(data[[c]])[-1]
        part <- out[at + seq_along(others) - 1, ]
        part$term <- paste0(c, "=", others)
        reference <- data.frame(term = paste0(c, "=", levels(data[[c]])[1]), coefficient = 0,
                                hazard_ratio = 1, std_error = NA, z = NA, p_value = NA, lower = NA,
                                upper = NA)
        part <- rbind(reference, part)
        rows <- rbind(rows, part[order(part$term, method = "radix"), ])
        at <- at + length(others)
    }
    if (at <= nrow(out)) {
        rest <- out[at:nrow(out), ]
        for (c in categories) # R writes contractTwo, we contract=Two
            for (l in levels(data[[c]])[-1])
                rest$term <- sub(paste0(c, l), paste0(c, "=", l), rest$term, fixed = TRUE)
        rows <- rbind(rows, rest)
    }
    rows
}

`%||%` <- function(a, b) if (is.null(a)) b else a
used <- function(fit, x) if (is.null(fit$na.action)) x else x[-fit$na.action]
nlevels_of <- function(d, model)
    if (is.null(model$strata)) 1 else length(unique(d[[model$strata]]))

summary_of <- function(fit, left_out, cluster, strata) {
    p <- length(coef(fit))
    c <- fit$concordance
    se <- unname(c["std"])
    chi <- function(x) pchisq(x, p, lower.tail = FALSE)
    one <- function(statistic, value, std_error = NA, lower = NA, upper = NA, df = NA, p_value = NA)
        data.frame(statistic, value, std_error, lower, upper, df, p_value)
    test <- function(statistic, x) one(statistic, x, df = p, p_value = chi(x))
    rows <- list(one("rows", fit$n), one("rows_left_out", left_out), one("events", fit$nevent),
                 one("strata", strata),
                 if (!is.null(cluster)) one("clusters", length(unique(cluster))),
                 one("loglik_null", fit$loglik[1]), one("loglik", fit$loglik[2]),
                 one("aic", 2 * p - 2 * fit$loglik[2]),
                 test("likelihood_ratio", 2 * diff(fit$loglik)), test("wald", fit$wald.test),
                 test("score", fit$score),
                 if (!is.null(fit$rscore)) test("robust_score", fit$rscore),
                 one("concordance", unname(c["concordance"]), se,
                     unname(c["concordance"]) - qnorm(0.975) * se,
                     unname(c["concordance"]) + qnorm(0.975) * se))
    do.call(rbind, rows)
}

ph_of <- function(fit, g, model) {
    z <- cox.zph(fit, transform = g)$table
    terms <- c(model$numbers, names(model$categorical), model$products, "(all)")
    data.frame(term = terms, chi_square = z[, 1], df = z[, 2], p_value = z[, 3])
}

# Two people: the first numbers of the data, and categories that are not the reference.
curves <- function(name, fit, d, model, input, options, ties, level) {
    if (length(coef(fit)) == 0) return()
    person <- lapply(model$numbers, function(v) round(quantile(d[[v]], 0.6, na.rm = TRUE), 1))
    names(person) <- model$numbers
    for (v in names(model$categorical)) person[[v]] <- levels(d[[v]])[2]
    new <- as.data.frame(lapply(person, unname))
    for (v in names(model$categorical)) new[[v]] <- factor(new[[v]], levels(d[[v]]))
    label <- paste(sprintf("%s=%s", names(person), sapply(person, as.character)), collapse = ", ")
    if (is.null(model$strata)) {
        s <- survfit(fit, new, conf.type = "log", conf.int = level)
        group <- rep(label, length(s$time))
    } else {
        all <- sort(unique(as.character(d[[model$strata]])), method = "radix")
        new <- new[rep(1, length(all)), , drop = FALSE]
        new[[model$strata]] <- if (is.numeric(d[[model$strata]])) as.numeric(all) else all
        s <- survfit(fit, new, conf.type = "log", conf.int = level)
        group <- rep(paste0(label, ", ", all), s$strata)
    }
    keep <- s$n.event > 0
    out <- data.frame(group = group, time = s$time, at_risk = s$n.risk, events = s$n.event,
                      hazard = as.vector(s$cumhaz), survival = as.vector(s$surv),
                      std_error = as.vector(s$std.err) * as.vector(s$surv),
                      lower = as.vector(s$lower), upper = as.vector(s$upper))[keep, ]
    if (any(d$.w != 1)) { # R sums weights there, we count rows
        rows <- survfit(do.call(coxph, list(formula(fit), data = d, ties = ties)), new)
        out$at_risk <- rows$n.risk[keep]
        out$events <- rows$n.event[keep]
    }
    given <- paste(sprintf("%s=%s", names(person), sapply(person, as.character)), collapse = ",")
    add_case(paste0(name, "-", ties, "-curve"), input,
             paste(options, "--predict", given, "--confidence", level), out)
}

# One model on one data set, in all that coxph and what belongs to it say.
study <- function(name, data, left, options, model, weights = NULL, cluster = NULL, robust = NULL,
                  ties = "efron", input = name, stored = FALSE, level = 0.95, what = "coefficients",
                  sampling = FALSE) {
    if (stored_only && !stored) return(invisible())
    if (!file.exists(file.path(folder, paste0(input, ".csv")))) write_input(data, input)
    d <- coded(data, model)
    d$.w <- if (is.null(weights)) rep(1, nrow(d)) else d[[weights]]
    if (!is.null(weights) && !sampling) { # a row stands for so many: repeat it
        d <- d[rep(seq_len(nrow(d)), d$.w), ]
        d$.w <- 1
    }
    arguments <- list(formula_of(model, left), data = d, ties = ties, control = exactly,
                      weights = d$.w, x = TRUE)
    if (!is.null(cluster)) arguments$cluster <- d[[cluster]]
    if (isTRUE(robust)) arguments$robust <- TRUE
    fit <- do.call(coxph, arguments)
    o <- paste(options, options_of(model), "--ties", ties,
               if (!is.null(weights)) paste(if (sampling) "--sampling-weight" else "--weight",
                                            weights),
               if (!is.null(cluster)) paste("--cluster", cluster),
               if (isTRUE(robust) && !sampling) "--robust")
    add_case(paste0(name, "-", ties), input, paste(o, "--confidence", level),
             coefficients_of(model, d, coef(fit), vcov(fit), level))
    if (stored_only && ties == "breslow") return(invisible())
    add_case(paste0(name, "-", ties, "-summary"), input, paste(o, "--summary"),
             summary_of(fit, nrow(data) - fit$n - if (is.null(weights) || sampling) 0 else
                 nrow(data) - nrow(d), used(fit, d[[cluster %||% "none"]]), nlevels_of(d, model)))
    for (g in c("km", "rank", "identity", "log")) {
        expected <- tryCatch(ph_of(fit, g, model), error = function(e) NULL)
        if (!is.null(expected)) # R's solve() takes some of these for singular
            add_case(paste0(name, "-", ties, "-ph-", g), input,
                     paste(o, "--test ph --transform", g), expected)
    }
    curves(name, fit, d, model, input, o, ties, level)
    invisible(fit)
}

both <- function(...) {
    study(..., ties = "efron")
    study(..., ties = "breslow")
}

# lung: ties, a few missing values (left out here by R and there by --missing drop).
both("lung", lung, "Surv(time, status == 2)", "--time time --status status=2 --missing drop",
     list(numbers = c("age", "ph.karno"), categorical = list(sex = "1", ph.ecog = "1"),
          products = c("age:sex")), stored = TRUE)
both("veteran", veteran, "Surv(time, status)", "--time time --status status",
     list(numbers = c("karno", "diagtime", "age"),
          categorical = list(celltype = "squamous", trt = "1"), products = "celltype:trt"),
     level = 0.9)
both("veteran-strata", veteran, "Surv(time, status)", "--time time --status status",
     list(numbers = c("karno", "age"), categorical = list(trt = "2"), strata = "celltype"),
     input = "veteran", stored = TRUE)
both("ovarian-robust", ovarian, "Surv(futime, fustat)", "--time futime --status fustat",
     list(numbers = "age", categorical = list(rx = "1")), robust = TRUE, stored = TRUE)

# Start and stop, with covariates that change; errors over users.
heart1 <- transform(heart, transplant = as.integer(as.character(transplant)))
both("heart", heart1, "Surv(start, stop, event)", "--time stop --entry start --status event",
     list(numbers = c("age", "year"), categorical = list(transplant = "0", surgery = "0")),
     stored = TRUE)
both("heart-cluster", heart1, "Surv(start, stop, event)",
     "--time stop --entry start --status event",
     list(numbers = c("age", "year"), categorical = list(transplant = "0")), cluster = "id",
     input = "heart", stored = TRUE)
bladder3 <- subset(bladder2, stop > start)
both("bladder", bladder3, "Surv(start, stop, event)", "--time stop --entry start --status event",
     list(numbers = c("rx", "size", "number"), strata = "enum"), cluster = "id")
visits <- with(pbcseq, data.frame(id, start = day, end = c(day[-1], 0), age, bili, albumin, protime,
                                  edema, sex, futime, status))
last <- c(pbcseq$id[-1] != pbcseq$id[-nrow(pbcseq)], TRUE)
visits$end[last] <- visits$futime[last]
visits$death <- as.integer(last & visits$status == 2)
visits <- subset(visits, end > start)
visits$logbili <- log(visits$bili)
both("pbcseq", visits, "Surv(start, end, death)", "--time end --entry start --status death",
     list(numbers = c("age", "logbili", "albumin", "protime", "edema"),
          categorical = list(sex = "f")), cluster = "id")

# Strata and clusters together, many ties, weights.
colon1 <- subset(colon, TRUE, c("id", "time", "status", "rx", "sex", "age", "nodes", "etype"))
both("colon", colon1, "Surv(time, status)", "--time time --status status --missing drop",
     list(numbers = c("age", "nodes"), categorical = list(rx = "Obs", sex = "0"), strata = "etype"),
     cluster = "id")
both("flchain", subset(flchain, TRUE, c("futime", "death", "age", "sex", "kappa", "lambda",
                                        "sample.yr")),
     "Surv(futime, death)", "--time futime --status death",
     list(numbers = c("age", "kappa", "lambda"), categorical = list(sex = "F"),
          strata = "sample.yr"), robust = TRUE)
pbc1 <- subset(pbc, TRUE, c("time", "status", "age", "bili", "albumin", "edema", "sex"))
both("pbc", pbc1, "Surv(time, status == 2)", "--time time --status status=2",
     list(numbers = c("age", "bili", "albumin", "edema"), categorical = list(sex = "m")))
heavy <- cbind(veteran, w = 1 + seq_len(nrow(veteran)) %% 4, s = 0.25 + seq_len(nrow(veteran)) %% 7)
both("veteran-counts", heavy, "Surv(time, status)", "--time time --status status",
     list(numbers = c("karno", "age"), categorical = list(celltype = "large")), weights = "w",
     input = "heavy")
both("veteran-counts-robust", heavy, "Surv(time, status)", "--time time --status status",
     list(numbers = c("karno", "age"), categorical = list(celltype = "large")), weights = "w",
     robust = TRUE, input = "heavy")
both("veteran-sampling", heavy, "Surv(time, status)", "--time time --status status",
     list(numbers = c("karno", "age"), categorical = list(celltype = "large")), weights = "s",
     robust = TRUE, sampling = TRUE, input = "heavy")

# Fine and Gray. cmprsk's crr takes a censoring at the time of an event to come before it, and we
# after it as everywhere, so censorings are moved a little for it; its ties are Breslow's. Its
# errors are those with the weights' own uncertainty. survival's finegray orders them as we do; its
# coefficients are compared for both ties.
mgus <- with(mgus2, data.frame(time = ifelse(pstat == 1, ptime, futime),
                               left = as.integer(pstat == 1 | death == 1),
                               destination = ifelse(pstat == 1, "pcm", ifelse(death == 1, "death", "")),
                               age, male = as.integer(sex == "M"), hgb, mspike))
mgus <- subset(mgus, !is.na(hgb) & !is.na(mspike) & time > 0)
numbers <- c("age", "male", "hgb", "mspike")
competing <- function(name, data, to, stored = FALSE) {
    if (stored_only && !stored) return(invisible())
    write_input(data, name)
    x <- as.matrix(data[numbers])
    code <- ifelse(data$left == 0, 0, ifelse(data$destination == to, 1, 2))
    fit <- crr(data$time, code, x, gtol = 1e-12, maxiter = 100)
    options <- paste("--time time --status left --destination", to,
                     paste("--covariate", numbers, collapse = " "))
    b <- setNames(fit$coef, numbers)
    add_case(paste0(name, "-", to, "-crr"), name, paste(options, "--ties breslow"),
             coefficients_of(list(numbers = numbers), data, b, fit$var))
}
moved <- transform(mgus, time = time + ifelse(left == 0, 0.5, 0))
competing("mgus2-moved", moved, "pcm", stored = TRUE)
competing("mgus2-moved", moved, "death")
# Nobody left for elsewhere: Cox's coefficients, with errors that are robust all the same.
competing("mgus2-alone", subset(moved, destination != "pcm")[1:150, ], "death", stored = TRUE)
set.seed(20250119)
jittered <- transform(mgus, time = round(time + runif(nrow(mgus)) / 2, 6))
competing("mgus2-jittered", jittered, "pcm")
for (ties in c("efron", "breslow")) if (!stored_only) {
    write_input(mgus, "mgus2")
    status <- factor(ifelse(mgus$left == 0, 0, ifelse(mgus$destination == "pcm", 1, 2)))
    long <- finegray(Surv(time, status) ~ ., cbind(mgus[c("time", numbers)], status = status),
                     etype = "1")
    b <- coef(coxph(Surv(fgstart, fgstop, fgstatus) ~ age + male + hgb + mspike, long,
                    weights = fgwt, ties = ties, control = exactly))
    add_case(paste0("mgus2-finegray-", ties), "mgus2",
             paste("--time time --status left --destination pcm --ties", ties,
                   paste("--covariate", numbers, collapse = " ")),
             data.frame(term = numbers, coefficient = b, hazard_ratio = exp(b)))
    cause <- coxph(Surv(time, status == 1) ~ age + male + hgb + mspike, mgus, ties = ties,
                   control = exactly)
    add_case(paste0("mgus2-cause-", ties), "mgus2",
             paste("--time time --status left --destination pcm --cause-specific --ties", ties,
                   paste("--covariate", numbers, collapse = " ")),
             coefficients_of(list(numbers = numbers), mgus, coef(cause), vcov(cause)))
}

# ---- Fine and Gray with late entry, and what it predicts -----------------------------------------
# Months as the users of mgus2 could have been found: some from the first month on, most later.
set.seed(20260122)
late <- transform(mgus, id = seq_len(nrow(mgus)),
                  entry = pmax(0, pmin(time - 1, round(rexp(nrow(mgus), 1 / 40)) - 20)))
late$entry[late$entry == 0 & late$id %% 2 == 0] <- -0.5 # who entered first did not enter together
from_the_start <- function(d) transform(d, entry = ifelse(entry < 0, NA, entry))
code_of <- function(d, to)
    factor(ifelse(d$left == 0, 0, ifelse(d$destination == to, 1, 2)), 0:2)

# finegray, and Geskus' weights written out, must agree with each other. At one time events come
# first, then censorings, then entries. (crprep of mstate moves censorings and entries likewise, but
# takes those who enter at a time for at risk of being censored at it: a little off where these tie.)
geskus <- function(d, to, ties) {
    code <- code_of(d, to)
    eps <- 1e-7
    g <- survfit(Surv(entry + 2 * eps, time + ifelse(code == 0, eps, 0), code == 0) ~ 1, d,
                 timefix = FALSE)
    h <- survfit(Surv(-time, -(entry + 2 * eps), rep(1, nrow(d))) ~ 1, d, timefix = FALSE)
    at <- sort(unique(d$time[code == 1]))
    G <- function(t) c(1, g$surv)[findInterval(t, g$time, left.open = TRUE) + 1]
    H <- function(t) c(1, h$surv)[findInterval(-t, h$time) + 1]
    own <- cbind(d, start = d$entry, stop = d$time, event = code == 1, w = 1)
    others <- do.call(rbind, lapply(which(code == 2), function(j) {
        t <- at[at > d$time[j]]
        if (length(t) == 0) return(NULL)
        cbind(d[rep(j, length(t)), ], start = c(d$time[j], t[-length(t)]), stop = t, event = FALSE,
              w = G(t) * H(t) / (G(d$time[j]) * H(d$time[j])))
    }))
    coxph(as.formula(paste("Surv(start, stop, event) ~", paste(numbers, collapse = "+"))),
          rbind(own, others), weights = w, ties = ties, control = exactly)
}

finegray_fit <- function(d, to, ties) {
    d$code <- code_of(d, to)
    long <- finegray(Surv(entry, time, code) ~ ., d[c("id", "entry", "time", "code", numbers)],
                     id = id, etype = "1")
    coxph(as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", paste(numbers, collapse = "+"))),
          long, weights = fgwt, ties = ties, control = exactly)
}

person <- round(colMeans(mgus[numbers]), 1)
given <- paste(names(person), person, sep = "=", collapse = ",")

# The curve up to the columns that R gives: hazard and incidence.
incidence_of <- function(fit, d, to) {
    s <- survfit(fit, as.data.frame(as.list(person)))
    events <- d$time[code_of(d, to) == 1]
    keep <- s$time %in% events
    data.frame(group = paste(names(person), person, sep = "=", collapse = ", "), time = s$time[keep],
               at_risk = sapply(s$time[keep], function(t) sum(d$entry < t & d$time >= t)),
               events = sapply(s$time[keep], function(t) sum(events == t)),
               hazard = as.vector(s$cumhaz)[keep], incidence = 1 - as.vector(s$surv)[keep])
}

options_for <- function(to, ties, more = "")
    paste("--time time --status left --destination", to, "--ties", ties,
          paste("--covariate", numbers, collapse = " "), more)
fine_late <- function(name, d, to, ties) {
    if (stored_only) return(invisible())
    write_input(from_the_start(d), name)
    fit <- finegray_fit(d, to, ties)
    stopifnot(all.equal(coef(fit), coef(geskus(d, to, ties)), tolerance = 1e-9))
    id <- paste(name, to, ties, sep = "-")
    add_case(id, name, options_for(to, ties, "--entry entry"),
             data.frame(term = numbers, coefficient = coef(fit), hazard_ratio = exp(coef(fit))))
    add_case(paste0(id, "-curve"), name,
             options_for(to, ties, paste("--entry entry --predict", given)),
             incidence_of(fit, d, to))
}
late_whole <- late[c("id", "entry", "time", "left", "destination", numbers)]
late_unlike <- transform(late_whole, time = time + round(runif(nrow(late)) / 4, 6) + 0.1)
for (ties in c("efron", "breslow")) {
    fine_late("mgus2-late", late_whole, "pcm", ties)
    fine_late("mgus2-late-unlike", late_unlike, "death", ties)
}
# Users in stretches: the same fit and the same weights, whatever the stretches.
cut <- survSplit(Surv(entry, time, left) ~ ., late_whole, cut = c(7, 20, 21.5, 60, 133))
cut$destination[cut$left == 0] <- NA
if (!stored_only)
    for (ties in c("efron", "breslow")) {
        write_input(from_the_start(cut), "mgus2-cut")
        fit <- finegray_fit(late_whole, "pcm", ties)
        add_case(paste0("mgus2-cut-", ties), "mgus2-cut",
                 options_for("pcm", ties, "--entry entry --cluster id"),
                 data.frame(term = numbers, coefficient = coef(fit), hazard_ratio = exp(coef(fit))))
    }

# cmprsk's curve, without late entry.
predict_crr <- function(name, d, to) {
    if (stored_only) return(invisible())
    fit <- crr(d$time, as.integer(as.character(code_of(d, to))), as.matrix(d[numbers]),
               gtol = 1e-12, maxiter = 100)
    f <- predict(fit, rbind(person))
    add_case(paste0(name, "-", to, "-crr-curve"), name,
             options_for(to, "breslow", paste("--predict", given)),
             data.frame(group = paste(names(person), person, sep = "=", collapse = ", "),
                        time = f[, 1], at_risk = sapply(f[, 1], function(t) sum(d$time >= t)),
                        events = sapply(f[, 1], function(t) sum(d$time[code_of(d, to) == 1] == t)),
                        hazard = -log1p(-f[, 2]), incidence = f[, 2]))
}
predict_crr("mgus2-moved", moved, "pcm")
predict_crr("mgus2-moved", moved, "death")

# The errors by their definition: every row's influence on coefficients, weights and hazards, one by
# one, for some users (Fine & Gray 1999, eq. 7 and 8, with the terms of entering). Breslow's ties.
by_definition <- function(d, to, cluster = seq_len(nrow(d))) {
    code <- as.integer(as.character(code_of(d, to)))
    x <- as.matrix(d[numbers])
    b <- coef(finegray_fit(d, to, "breslow"))
    n <- nrow(d)
    u <- sort(unique(c(d$time, d$entry)))
    at <- sort(unique(d$time[code == 1]))
    gone <- code != 0
    Y <- outer(seq_len(n), u, function(i, u) d$entry[i] < u &
                   (d$time[i] > u | (d$time[i] == u & !gone[i])))
    R <- outer(seq_len(n), u, function(i, u) d$entry[i] <= u & d$time[i] > u)
    dC <- outer(seq_len(n), u, function(i, u) d$time[i] == u & !gone[i])
    dE <- outer(seq_len(n), u, function(i, u) d$entry[i] == u)
    rate <- function(x, y) {
        ret <- x / y # 0/0 where nobody is at risk
        ret[!is.finite(ret)] <- 0
        ret
    }
    y <- colSums(Y)
    r <- colSums(R)
    psi <- t(rate(t(dE) - t(R) * rate(colSums(dE), r), r) -
                 rate(t(dC) - t(Y) * rate(colSums(dC), y), y))
    step <- ifelse(y > 0, (1 - rate(colSums(dC), y)), 1) /
        ifelse(r > 0 & colSums(dE) < r, 1 - rate(colSums(dE), r), 1)
    between <- function(from, to) u >= from & u < to
    w <- outer(seq_len(n), seq_along(at), Vectorize(function(j, k) {
        if (d$entry[j] < at[k] && d$time[j] >= at[k]) 1
        else if (code[j] == 2 && d$time[j] < at[k]) prod(step[between(d$time[j], at[k])])
        else 0
    }))
    risk <- as.vector(exp(x %*% b)) * w
    S0 <- colSums(risk)
    xbar <- t(risk) %*% x / S0
    h <- sapply(at, function(t) sum(code == 1 & d$time == t)) / S0
    bread <- matrix(0, ncol(x), ncol(x))
    for (k in seq_along(at)) {
        z <- sweep(x, 2, xbar[k, ])
        bread <- bread + h[k] * t(z) %*% (risk[, k] * z)
    }
    U <- matrix(0, n, ncol(x))
    A <- matrix(0, n, length(at)) # of the increments of the baseline at each event
    later <- which(code == 2)
    for (k in seq_along(at)) {
        own <- code == 1 & d$time == at[k]
        z <- sweep(x, 2, xbar[k, ])
        U <- U + own * z - h[k] * risk[, k] * z
        A[, k] <- own / S0[k] - risk[, k] * h[k] / S0[k]
        for (j in later[d$time[later] < at[k]]) {
            L <- rowSums(psi[, between(d$time[j], at[k]), drop = FALSE])
            U <- U - h[k] * risk[j, k] * L %o% z[j, ]
            A[, k] <- A[, k] - h[k] / S0[k] * risk[j, k] * L
        }
    }
    shift <- U %*% solve(bread)
    a <- t(apply(A, 1, cumsum))
    drift <- apply(h * sweep(-xbar, 2, person, "+"), 2, cumsum)
    J <- rowsum(a + shift %*% t(drift), cluster) * exp(sum(person * b))
    list(b = b, v = crossprod(rowsum(shift, cluster)), at = at,
         hazard = exp(sum(person * b)) * cumsum(h), error = sqrt(colSums(J^2)))
}
defined <- function(name, d, to, cluster = NULL) {
    write_input(from_the_start(d), name)
    m <- by_definition(d, to, if (is.null(cluster)) seq_len(nrow(d)) else d[[cluster]])
    o <- options_for(to, "breslow", paste("--entry entry", if (!is.null(cluster)) paste("--cluster", cluster)))
    id <- paste0(name, "-", to, if (!is.null(cluster)) "-cluster")
    add_case(paste0(id, "-errors"), name, o,
             coefficients_of(list(numbers = numbers), d, m$b, m$v))
    z <- qnorm(0.975)
    add_case(paste0(id, "-curve-errors"), name, paste(o, "--predict", given),
             data.frame(group = paste(names(person), person, sep = "=", collapse = ", "),
                        time = m$at,
                        at_risk = sapply(m$at, function(t) sum(d$entry < t & d$time >= t)),
                        events = sapply(m$at, function(t) sum(d$time[code_of(d, to) == 1] == t)),
                        hazard = m$hazard, incidence = 1 - exp(-m$hazard),
                        std_error = exp(-m$hazard) * m$error,
                        lower = 1 - exp(-m$hazard * exp(-z * m$error / m$hazard)),
                        upper = 1 - exp(-m$hazard * exp(z * m$error / m$hazard))))
}
some <- late_whole[seq(1, nrow(late_whole), 8), ]
some$home <- seq_len(nrow(some)) %% 60
defined("mgus2-some", some, "death")
defined("mgus2-some", some, "death", "home")
defined("mgus2-some-first", transform(some, entry = -0.5), "death")

# Without censoring and late entry the weights are 1, and the derivatives by the weights of users can be
# taken from coxph itself, numerically (Richardson's extrapolation of central differences).
numerically <- function(name, d, to, ties) {
    if (stored_only) return(invisible())
    write_input(d, name)
    code <- code_of(d, to)
    d$until <- ifelse(code == 2, max(d$time) + 1, d$time)
    d$event <- code == 1
    formula <- as.formula(paste("Surv(until, event) ~", paste(numbers, collapse = "+")))
    at <- sort(unique(d$time[d$event]))
    hazard <- function(w) {
        fit <- do.call(coxph, list(formula, data = d, weights = w, ties = ties, control = exactly))
        s <- survfit(fit, as.data.frame(as.list(person)), se.fit = FALSE)
        as.vector(s$cumhaz)[match(at, s$time)]
    }
    central <- function(i, e) {
        up <- down <- rep(1, nrow(d))
        up[i] <- 1 + e
        down[i] <- 1 - e
        (hazard(up) - hazard(down)) / (2 * e)
    }
    J <- sapply(seq_len(nrow(d)), function(i) (4 * central(i, 0.01) - central(i, 0.02)) / 3)
    H <- hazard(rep(1, nrow(d)))
    add_case(paste0(name, "-", to, "-", ties, "-numerically"), name,
             options_for(to, ties, paste("--predict", given)),
             data.frame(group = paste(names(person), person, sep = "=", collapse = ", "), time = at,
                        at_risk = sapply(at, function(t) sum(d$time >= t)),
                        events = sapply(at, function(t) sum(d$event & d$time == t)), hazard = H,
                        incidence = 1 - exp(-H), std_error = exp(-H) * sqrt(rowSums(J^2))))
}
gone <- subset(mgus, left == 1)[seq(1, 960, 8), ]
gone$destination[seq(1, 120, 3)] <- "pcm"
for (ties in c("efron", "breslow")) numerically("mgus2-gone", gone, "pcm", ties)

# Small data sets, of which many have no finite estimate: infinite.txt has a line `NUMBER finite` or
# `NUMBER infinite`, as R warns; covariates far from 0, of long tails, and of two values.
if (!stored_only) {
    set.seed(5)
    verdicts <- character()
    for (i in 1:90) {
        n <- sample(c(8, 12, 20, 40), 1)
        x <- switch(i %% 3 + 1, exp(3 * rnorm(n)), rnorm(n) + 1e6, rbinom(n, 1, 0.3))
        small <- data.frame(t = if (i %% 2) ceiling(rexp(n) * 5) else round(rexp(n), 5) + 1e-5,
                            s = rbinom(n, 1, 0.5), x = signif(x, 15), y = rbinom(n, 1, 0.2))
        warned <- FALSE
        b <- withCallingHandlers(
            coef(coxph(Surv(t, s) ~ x + y, small, control = exactly)),
            warning = function(w) {
                warned <<- warned || grepl("infinite", conditionMessage(w))
                invokeRestart("muffleWarning")
            })
        if (anyNA(b) || sum(small$s) == 0) next
        write_input(small, paste0("small-", i))
        verdicts <- c(verdicts, paste(i, if (warned) "infinite" else "finite"))
    }
    writeLines(verdicts, file.path(folder, "infinite.txt"))
}

writeLines(cases, file.path(folder, "cases.txt"))
