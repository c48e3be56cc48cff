# SPDX-License-Identifier: GPL-3.0-or-later
# Revenue at risk from survival curves: estimates from survfit, errors by differences of the whole
# answer for each increment of ln S, and by draws of the increments and of the money.
#
#     Rscript arpu-loss-risk.R telco FILE PER LEVEL HORIZON...    # rows as arpu-loss writes them
#     Rscript arpu-loss-risk.R draws FILE HORIZON                 # contract,value,std_error by draws
#     Rscript arpu-loss-risk.R destinations SPELLS USERS PER LEVEL HORIZON...
#         # group,destination,horizon,covered,at risk,lower,upper,lost,lower,upper: shares of
#         # destinations from survfit, errors by differences for each increment of each hazard
suppressPackageStartupMessages(library(survival))

args <- commandArgs(trailingOnly = TRUE)
if (args[1] == "destinations") {
    spells <- read.csv(args[2])
    users <- read.csv(args[3])
    per <- as.numeric(args[4])
    z <- qnorm(0.5 + as.numeric(args[5]) / 2)
    horizons <- as.numeric(args[-(1:5)])
    causes <- sort(setdiff(unique(spells$to), "stayed"), method = "radix")
    number <- function(x) format(x, digits = 15, scientific = FALSE, trim = TRUE)
    for (group in sort(unique(spells$group), method = "radix")) {
        of <- spells[spells$group == group, ]
        fit <- survfit(Surv(time, factor(to, c("stayed", causes))) ~ 1, of)
        n <- fit$n.risk[, 1]
        d <- fit$n.event[, -1, drop = FALSE]
        # What increments dA of the cumulative hazards (a row a time, a column a cause) make of users.
        shares <- function(dA) {
            S <- cumprod(1 - rowSums(dA))
            list(S = c(1, S), F = rbind(0, apply(c(1, head(S, -1)) * dA, 2, cumsum)))
        }
        stopifnot(max(abs(shares(d / n)$F[-1, ] - fit$pstate[, -1])) < 1e-12)
        here <- users[users$group == group, ]
        reached <- function(h) here$age + h <= max(fit$time) | tail(shares(d / n)$S, 1) < 1e-12
        answer <- function(dA, h, k) {
            s <- shares(dA)
            inside <- function(t) findInterval(t, fit$time) + 1
            at_risk <- lost <- 0
            for (i in which(reached(h))) {
                a <- here$age[i]
                p <- function(t) (s$F[inside(t), k] - s$F[inside(a), k]) / s$S[inside(a)]
                knots <- sort(unique(c(a, fit$time[fit$time > a & fit$time < a + h], a + h)))
                at_risk <- at_risk + here$revenue[i] * p(a + h)
                lost <- lost + here$revenue[i] * sum(diff(knots) * p(head(knots, -1))) / per
            }
            c(at_risk, lost)
        }
        for (k in seq_along(causes)) for (h in horizons) {
            value <- answer(d / n, h, k)
            variance <- c(0, 0)
            for (j in seq_along(n)) {
                slopes <- sapply(seq_along(causes), function(l) {
                    step <- 0 * d
                    step[j, l] <- 1e-6
                    (answer(d / n + step, h, k) - answer(d / n - step, h, k)) / 2e-6
                })
                V <- (diag(d[j, ], length(causes)) * n[j] - d[j, ] %o% d[j, ]) / n[j]^3
                variance <- variance + rowSums((slopes %*% V) * slopes)
            }
            covered <- sum(here$revenue[reached(h)])
            low <- pmax(value - z * sqrt(variance), 0)
            high <- pmin(value + z * sqrt(variance), covered * c(1, h / per))
            cat(paste(c(group, causes[k], h, number(c(covered, value[1], low[1], high[1], value[2],
                                                   low[2], high[2]))), collapse = ","), "\n", sep = "")
        }
    }
    quit()
}
tenure <- read.csv(args[2])
here <- tenure[tenure$churned == "No", ]

curve_of <- function(contract) {
    fit <- survfit(Surv(tenure_months, churned == "Yes") ~ 1, tenure[tenure$contract == contract, ],
                   weights = customers)
    list(time = fit$time, step = log(1 - fit$n.event / fit$n.risk),
         v = fit$n.event / fit$n.risk / (fit$n.risk - fit$n.event), end = max(fit$time))
}

# Money no longer there at the horizon, and lost up to it, for increments `step` of ln S.
answer <- function(curve, step, age, money, h, per) {
    after <- c(1, exp(cumsum(step)))
    survival <- function(t) after[findInterval(t, curve$time) + 1]
    q <- survival(age + h) / survival(age)
    lost <- vapply(age, function(a) {
        knots <- sort(unique(c(a, curve$time[curve$time > a & curve$time < a + h], a + h)))
        h - sum(diff(knots) * survival(head(knots, -1))) / survival(a)
    }, 0) / per
    c(sum(money * (1 - q)), sum(money * lost))
}

delta <- function(curve, age, money, h, per) {
    value <- answer(curve, curve$step, age, money, h, per)
    slopes <- vapply(seq_along(curve$step), function(j) {
        d <- replace(0 * curve$step, j, 1e-5)
        (answer(curve, curve$step + d, age, money, h, per) -
             answer(curve, curve$step - d, age, money, h, per)) / 2e-5
    }, c(0, 0))
    list(value = value, se = sqrt(drop(slopes^2 %*% curve$v)))
}

number <- function(x) format(x, digits = 15, scientific = FALSE, trim = TRUE)

if (args[1] == "telco") {
    per <- as.numeric(args[3])
    z <- qnorm(0.5 + as.numeric(args[4]) / 2)
    for (contract in sort(unique(tenure$contract), method = "radix")) {
        curve <- curve_of(contract)
        for (h in as.numeric(args[-(1:4)])) {
            of <- here[here$contract == contract & here$tenure_months + h <= curve$end, ]
            covered <- sum(of$monthly_charges)
            d <- delta(curve, of$tenure_months, of$monthly_charges, h, per)
            low <- pmax(d$value - z * d$se, 0)
            high <- pmin(d$value + z * d$se, covered * c(1, h / per))
            cat(paste(c(contract, number(c(h, covered, d$value[1], low[1], high[1],
                                           d$value[1] / covered, d$value[2], low[2], high[2]))),
                      collapse = ","), "\n", sep = "")
        }
    }
} else {
    set.seed(1)
    h <- as.numeric(args[3])
    for (contract in c("Month-to-month", "One year")) {
        curve <- curve_of(contract)
        of <- here[here$contract == contract & here$tenure_months + h <= curve$end, ]
        d <- delta(curve, of$tenure_months, of$monthly_charges, h, 1)
        drawn <- replicate(250, answer(curve, rnorm(length(curve$step), curve$step, sqrt(curve$v)),
                                        of$tenure_months, of$monthly_charges, h, 1))
        cat(contract, number(sd(drawn[1, ]) / d$se[1]), number(sd(drawn[2, ]) / d$se[2]), "\n")
    }
}
