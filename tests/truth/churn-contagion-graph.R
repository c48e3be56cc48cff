# SPDX-License-Identifier: GPL-3.0-or-later
# Exposure along a follow graph by its definition, user by user and day by day, and R's coxph on it:
#
#     Rscript tests/truth/churn-contagion-graph.R spells.csv graph.csv LAG
#
# Prints coefficient and robust error of the number and of the share of followed accounts gone.
suppressMessages(library(survival))
arguments <- commandArgs(TRUE)
spells <- read.csv(arguments[1], colClasses = "character")
graph <- unique(read.csv(arguments[2], colClasses = "character"))
lag <- as.numeric(arguments[3])
day <- function(x) as.numeric(as.Date(ifelse(x == "", NA, x)))
spells$start <- day(spells$start)
spells$end <- day(spells$end)
last <- max(spells$start, spells$end, na.rm = TRUE)
graph <- graph[graph$follower %in% spells$user & graph$followed %in% spells$user, ]

gone <- function(user, when) { # each user has one spell here
    end <- spells$end[match(user, spells$user)]
    !is.na(end) & end <= when
}
first <- min(spells$start, spells$end, na.rm = TRUE) - 2
rows <- do.call(rbind, lapply(seq_len(nrow(spells)), function(i) {
    entry <- if (is.na(spells$start[i])) first else spells$start[i]
    time <- if (is.na(spells$end[i])) last else spells$end[i]
    if (entry >= time) return(NULL)
    days <- (entry + 1):time
    followed <- graph$followed[graph$follower == spells$user[i]]
    count <- sapply(days, function(d) sum(gone(followed, d - lag)))
    data.frame(user = i, entry = days - 1, time = days,
               left = as.numeric(days == time & !is.na(spells$end[i])),
               count = count, share = if (length(followed)) count / length(followed) else 0)
}))
for (x in c("count", "share")) {
    fit <- coxph(as.formula(paste("Surv(entry, time, left) ~", x)), rows, cluster = user,
                 control = coxph.control(eps = 1e-13, iter.max = 50))
    cat(sprintf("%.15g", c(coef(fit), sqrt(diag(vcov(fit))))), "\n")
}
