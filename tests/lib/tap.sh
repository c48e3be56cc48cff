# SPDX-License-Identifier: GPL-3.0-or-later
# TAP from a shell test. A test file reads:
#
#     . "$TESTS/lib/tap.sh"
#     ok 'two and two' test $((2 + 2)) = 4
#     is 'greeting' "$(echo hello)" 'hello'
#     runs 'help' 0 "$BIN/arpu-loss" --help      # exit status; $out and $err hold what it wrote
#     like 'help names the tool' "$out" 'arpu-loss'
#     table few.csv date,users 2025-01-01,5 2025-01-02,7      # a file of these lines
#     finish
#
# Each file runs in an empty folder of its own, $PWD, which goes when it ends; $DATA is datasets/.
DATA=$(cd "$TESTS/../datasets" && pwd)
tap_folder=$(mktemp -d)
trap 'cd / && rm -rf "$tap_folder"' EXIT
cd "$tap_folder" || exit 1
tap_count=0
tap_prefix= # goes before the name of each test

tap_result() { # status, name
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $tap_prefix$2"
    else
        echo "not ok $tap_count - $tap_prefix$2"
    fi
    return "$1"
}

ok() { # name, command...
    tap_name=$1
    shift
    "$@" >tap.log 2>&1
    tap_result $? "$tap_name" || sed 's/^/# /' tap.log
}

is() { # name, found, expected
    [ "$2" = "$3" ]
    tap_result $? "$1" || { echo "# found:"; echo "$2" | sed 's/^/#   /'; echo "# expected:"; echo "$3" | sed 's/^/#   /'; }
}

like() { # name, text, extended regular expression matching one of its lines
    printf '%s\n' "$2" | grep -Eq -- "$3"
    tap_result $? "$1" || { echo "# no line matches: $3"; printf '%s\n' "$2" | sed 's/^/#   /'; }
}

same() { # name, file, file
    cmp "$2" "$3" >tap.log 2>&1
    tap_result $? "$1" || { sed 's/^/# /' tap.log; diff "$2" "$3" | head -20 | sed 's/^/# /'; }
}

table() { # file, lines...
    tap_file=$1
    shift
    printf '%s\n' "$@" >"$tap_file"
}

runs() { # name, expected exit status, command...; leaves $out and $err
    tap_name=$1 tap_expected=$2
    shift 2
    "$@" >tap.out 2>tap.err </dev/null
    tap_status=$?
    out=$(cat tap.out) err=$(cat tap.err)
    [ "$tap_status" -eq "$tap_expected" ]
    tap_result $? "$tap_name" || { echo "# exit status $tap_status, expected $tap_expected: $*"; sed 's/^/#   /' tap.err; }
}

tap_include() { # file: the results that another test has printed, numbered on
    sed '/^1\.\./d' "$1" | awk -v n="$tap_count" '
        /^(not )?ok [0-9]+/ { n++; sub(/ok [0-9]+/, "ok " n) }
        { print }'
    tap_count=$((tap_count + $(grep -Ec '^(not )?ok [0-9]+' "$1")))
}

finish() {
    echo "1..$tap_count"
}
