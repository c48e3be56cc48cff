# SPDX-License-Identifier: GPL-3.0-or-later
# Runs one script on one input with data.table, on so many threads:
#
#     Rscript --vanilla fread.R THREADS INPUT OUT SCRIPT
#
# SCRIPT finds `input`, `out` and `read`, which is fread for a file that may be compressed.
library(data.table)
arguments <- commandArgs(TRUE)
setDTthreads(as.integer(arguments[1]))
input <- arguments[2]
out <- arguments[3]
read <- function(path, ...) {
    if (endsWith(path, ".gz")) fread(cmd = paste("gzip -dc", path), ...) else fread(path, ...)
}
source(arguments[4])
