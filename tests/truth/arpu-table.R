# SPDX-License-Identifier: GPL-3.0-or-later
# The figures of arpu-table in R, from the definitions.
#
#     Rscript arpu-table.R FILE LEVEL      # rows as arpu-table writes them

args <- commandArgs(trailingOnly = TRUE)
log <- read.csv(args[1], colClasses = c(user = "character"))
level <- as.numeric(args[2])
log$revenue[is.na(log$revenue)] <- 0
log$period <- substr(log$date, 1, 7)
all <- aggregate(cbind(revenue, minutes, views) ~ user + platform + period, log, sum)
number <- function(x) ifelse(is.na(x), "", format(x, digits = 15, scientific = FALSE, trim = TRUE))

ratio <- function(y, x, scale = 1) { # Cochran 1977, theorem 2.5
    if (sum(x) <= 0) return(c(NA, NA, NA))
    n <- length(x)
    r <- sum(y) / sum(x)
    q <- sum((y - r * x)^2)
    reach <- if (n < 2 || q < 1e-18) NA else qt(0.5 + level / 2, n - 1) * sqrt(n / (n - 1) * q) / sum(x)
    scale * c(r, r - reach, r + reach)
}
wilson <- function(k, n) prop.test(k, n, conf.level = level, correct = FALSE)$conf.int
hill <- function(x) { # Hill 1975
    x <- sort(x, decreasing = TRUE)
    if (length(x) < 20) return(NA)
    k <- max(10, length(x) %/% 10)
    k / sum(log(x[1:k] / x[k + 1]))
}
top <- function(x, p) {
    x <- sort(x, decreasing = TRUE)
    if (length(x)) sum(head(x, ceiling(round(p * length(x), 9)))) / sum(x) else NA
}
for (platform in sort(unique(all$platform), method = "radix"))
    for (period in sort(unique(all$period))) {
        of <- all[all$platform == platform & all$period == period, ]
        if (nrow(of) == 0) next
        pays <- of$revenue > 1e-9
        paid <- of$revenue[pays]
        mean_interval <- if (nrow(of) > 1 && var(of$revenue) > 0) t.test(of$revenue, conf.level = level)$conf.int else c(NA, NA)
        cat(paste(c(platform, period,
                    number(c(nrow(of), sum(of$revenue), mean(of$revenue), mean_interval, sum(pays),
                             ratio(of$revenue, pays), mean(pays), wilson(sum(pays), nrow(of)),
                             sum(of$minutes), ratio(of$revenue, of$minutes),
                             sum(of$views), ratio(of$revenue, of$views, 1000),
                             top(paid, 0.01), top(paid, 0.1), hill(paid)))), collapse = ","), "\n", sep = "")
    }
