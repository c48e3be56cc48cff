# SPDX-License-Identifier: GPL-3.0-or-later
# What R says to customer-value: run by customer-value.t. The likelihoods are written down from the
# papers, with numerical integrals in place of special functions, and maximised by R's optim.
#
#   Rscript customer-value.R FOLDER FILE MODEL     parameters, log-likelihood, and for each customer
#                                                  the chance of being alive and purchases in 12 units

arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[2])
x <- data$frequency; tx <- data$recency; age <- data$T
area <- function(f, a, b) vapply(seq_along(a), function(i) if (b[i] > a[i])
    integrate(f(i), a[i], b[i], rel.tol = 1e-11, subdivisions = 500)$value else 0, 0)

# The marginal likelihood, given rate and death, integrated over both: BG/NBD and Pareto/NBD.
bg <- function(p) {
    r <- p[1]; alpha <- p[2]; a <- p[3]; b <- p[4]
    alive <- beta(a, b + x) / beta(a, b) * gamma(r + x) / gamma(r) * alpha^r / (alpha + age)^(r + x)
    dead <- ifelse(x > 0, beta(a + 1, b + x - 1) / beta(a, b) * gamma(r + x) / gamma(r) * alpha^r /
                   (alpha + tx)^(r + x), 0)
    list(likelihood = alive + dead, alive = alive / (alive + dead), purchases = function(t)
        alive / (alive + dead) * vapply(seq_along(x), function(i) integrate(function(q)
            dbeta(q, a, b + x[i]) * (1 - (1 + q * t / (alpha + age[i]))^-(r + x[i])) / q,
            0, 1, rel.tol = 1e-10, subdivisions = 500)$value, 0))
}
pareto <- function(p) {
    r <- p[1]; alpha <- p[2]; s <- p[3]; beta <- p[4]
    front <- gamma(r + x) / gamma(r) * alpha^r * beta^s
    alive <- front * (alpha + age)^-(r + x) * (beta + age)^-s
    dead <- front * s * area(function(i) function(u) (alpha + u)^-(r + x[i]) * (beta + u)^-(s + 1), tx, age)
    list(likelihood = alive + dead, alive = alive / (alive + dead), purchases = function(t)
        alive / (alive + dead) * (r + x) / (alpha + age) * area(function(i) function(u)
            ((beta + age[i]) / (beta + age[i] + u))^s, 0 * x, 0 * x + t))
}
model <- if (arguments[3] == "bg-nbd") bg else pareto
spent <- !is.null(data$value) & x > 0 & !is.na(data$value) & data$value > 0
gg <- function(p) sum(log(vapply(which(spent), function(i) { # the mean of x gammas, mixed over their rate
    dgamma_mean <- function(nu) dgamma(data$value[i], p[1] * x[i], nu * x[i]) * dgamma(nu, p[2], p[3])
    peak <- (p[1] * x[i] + p[2] - 1) / (p[3] + x[i] * data$value[i])
    integrate(dgamma_mean, 0, peak, rel.tol = 1e-10)$value +
        integrate(dgamma_mean, peak, Inf, rel.tol = 1e-10)$value }, 0)))

fit <- function(f, start) {
    scaled <- function(q) tryCatch({ v <- f(exp(q)); if (is.finite(v)) -v else 1e10 }, error = function(e) 1e10)
    found <- optim(log(start), scaled, method = "BFGS", control = list(reltol = 1e-12, maxit = 300))
    list(p = exp(found$par), value = -found$value)
}
all <- fit(function(p) sum(log(model(p)$likelihood)), if (arguments[3] == "bg-nbd") c(0.8, 5, 0.6, 1.5) else c(1.5, 12, 1, 25))
at <- model(all$p)
lines <- sprintf("%.10g", c(all$p, all$value))
if (any(spent)) {
    spend <- fit(gg, c(6, 4, 15))
    lines <- c(lines, sprintf("%.10g", c(spend$p, spend$value)))
}
writeLines(lines, file.path(arguments[1], "fit.txt"))
write.table(data.frame(sprintf("%.12g", at$alive), sprintf("%.12g", at$purchases(12))),
            file.path(arguments[1], "each.txt"), quote = FALSE, row.names = FALSE, col.names = FALSE)
