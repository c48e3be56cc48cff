#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Holds the includes of analysis/ and tools/ to the layers of docs/architecture.md: each line below
# names a folder and the folders it may include from, itself among them.
set -eu
status=0
while read -r folder allowed; do
    for file in "$folder"/*.[ch]; do
        [ -e "$file" ] || continue
        for target in $(sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u); do
            case " $allowed " in
            *" $target "*) ;;
            *)
                echo "$file includes $target/, but $folder may include only: $allowed" >&2
                status=1
                ;;
            esac
        done
    done
done <<'END'
analysis/base base
analysis/stats stats base
analysis/table table base
analysis/chart chart base
analysis/cli cli chart table base
analysis/revenue revenue stats table base
analysis/creators creators stats table base
analysis/users users stats table base
analysis/ranking ranking stats table base
analysis/synth synth stats table base
analysis/report report base
tools cli chart table stats base revenue creators users ranking synth report
END
if grep -nE '(^|[^_a-z])(printf|puts|putchar|exit|abort) *\(' analysis/[!c]*/*.c analysis/c[!l]*/*.c; then
    echo 'the library neither prints nor ends the process (the lines above)' >&2
    status=1
fi
exit $status
