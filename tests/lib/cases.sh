# SPDX-License-Identifier: GPL-3.0-or-later
# Many tables of a tool, held to what R gave. A folder has cases.txt, with a line `NAME INPUT OPTION...`
# for each case, INPUT.csv, and NAME.tsv, what is expected.
#
#     . "$TESTS/lib/tap.sh"
#     . "$TESTS/lib/cases.sh"
#     cases_stored churn-survival 1e-9     # tests/truth/churn-survival/, kept from a run of the .R beside it
#     cases_live churn-survival 1e-9       # the .R runs now, in expected/; without R the test is skipped
#
# The last number is the tolerance, relative to what is expected. A third word, `first`, lets the
# output have more columns than R gave.

cases_agree() { # tool, folder, tolerance, first or nothing, name, input, options...
    cases_tool=$1 cases_folder=$2 cases_tolerance=$3 cases_first=$4 cases_name=$5 cases_input=$6
    shift 6
    "$BIN/$cases_tool" "$@" -f tsv -o found.tsv "$cases_folder/$cases_input.csv" || return
    if [ "$cases_first" = first ]; then
        cut -f "1-$(head -1 "$cases_folder/$cases_name.tsv" | tr '\t' '\n' | wc -l)" found.tsv >columns.tsv
        mv columns.tsv found.tsv
    fi
    perl "$TESTS/lib/near.pl" "$cases_folder/$cases_name.tsv" found.tsv "$cases_tolerance"
}

cases_all() { # tool, folder, tolerance, first or nothing
    while read -r name input options; do
        # shellcheck disable=SC2086 # options are words
        ok "as R: $name" cases_agree "$1" "$2" "$3" "$4" "$name" "$input" $options
    done <"$2/cases.txt"
}

cases_stored() { # tool, tolerance
    cases_all "$1" "$TESTS/truth/$1" "$2" ''
}

cases_live() { # tool, tolerance, first or nothing
    command -v Rscript >/dev/null || { echo '1..0 # SKIP Rscript is not installed'; exit 0; }
    ok 'R computes what to expect' Rscript "$TESTS/truth/$1.R" expected
    [ -s expected/cases.txt ] || { finish; exit 1; }
    cases_all "$1" expected "$2" "${3:-}"
}
