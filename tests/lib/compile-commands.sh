#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes compile_commands.json for the C files named after the first argument, the compile command.
set -eu
command=$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')
shift
separator='['
for file; do
    printf '%s\n{"directory": "%s", "file": "%s", "command": "%s -c %s"}' \
        "$separator" "$PWD" "$file" "$command" "$file"
    separator=,
done
printf '\n]\n'
