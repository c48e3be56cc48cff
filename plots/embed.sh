#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the C source that carries the templates named as arguments (see chart/template.h).
set -eu
echo '#include "chart/template.h"'
n=0
for file; do
    n=$((n + 1))
    echo "static const char *const lines_$n[] = {"
    sed 's/[\\"]/\\&/g; s/.*/    "&\\n",/' "$file"
    echo '    0};'
done
echo 'const struct template_file template_files[] = {'
n=0
for file; do
    n=$((n + 1))
    echo "    {\"$(basename "$file" .gp)\", lines_$n},"
done
echo '    {0, 0}};'
