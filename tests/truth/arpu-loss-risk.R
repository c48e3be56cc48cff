# SPDX-License-Identifier: GPL-3.0-or-later
# Revenue at risk from survival curves: estimates from survfit, errors by differences of the whole
# answer for each increment of ln S, and by draws of the increments and of the money.
#
#     Rscript arpu-loss-risk.R telco FILE PER LEVEL HORIZON...    # rows as arpu-loss writes them
#     Rscript arpu-loss-risk.R draws FILE HORIZON                 # contract,value,std_error by draws
suppressPackageStartupMessages(library(survival))

args <- commandArgs(trailingOnly = TRUE)
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
