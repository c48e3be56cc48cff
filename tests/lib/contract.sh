# SPDX-License-Identifier: GPL-3.0-or-later
# What every tool must do, held against one tool: sh contract.sh TOOL, with BIN, TESTS and ROOT set.
# tests/cli/contract.t runs it for each executable there is.
#
# It knows no tool by name. The command it works with is the first example of the tool's own --help,
# which for a tool that reads a table ends with the name of its input file.
tool=$1
. "$TESTS/lib/tap.sh"
tap_prefix="$tool: "

# Examples name files from the root of the project, and may write into the folder they run in.
mkdir run left variants
for part in datasets docs plots tests; do
    [ -e "$ROOT/$part" ] && ln -s "$ROOT/$part" "run/$part"
done
PATH=$BIN:$PATH
vary=$TESTS/lib/vary.pl

in_run() { # command... : in the folder of the examples; the harness keeps its files here
    (cd run && "$@")
}

nothing_in() { # folder
    [ -z "$(ls -A "$1")" ]
}

has() { # option without its dashes
    grep -Eq -- "^  (-., |    )--$1( |\$)" help
}

# ---- Help and version ----------------------------------------------------------------------------
runs '--help ends well' 0 "$tool" --help
is '--help says nothing on standard error' "$err" ''
printf '%s\n' "$out" >help
like '--help starts with the usage' "$(head -1 help)" "^Usage: $tool \[OPTION\]"
ok '--help fits 80 columns' awk '!/^ *\$ / && length($0) > 80 { print; bad = 1 } END { exit bad }' help
runs '-h is the same' 0 "$tool" -h
is '-h is --help' "$out" "$(cat help)"
runs '--version ends well' 0 "$tool" --version
like '--version names tool and version' "$(printf '%s\n' "$out" | head -1)" "^$tool \(sojourn\) [0-9]+\.[0-9]+\.[0-9]+$"
for option in help version; do
    runs "--$option on a full disk fails" 3 sh -c '"$0" --'$option' >/dev/full' "$tool"
done

# ---- The files that belong to a tool -------------------------------------------------------------
ok 'has a page' test -s "$ROOT/docs/$tool.md"
ok 'has a test' test -s "$ROOT/tests/cli/$tool.t"
if has chart; then
    ok 'has a chart template' sh -c 'ls "$0"/plots/'"$tool"'.gp "$0"/plots/'"$tool"'.*.gp 2>/dev/null | grep -q .' "$ROOT"
fi
for option in $(sed -n '/^Options:/,/^$/s/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p' help); do
    ok "the page says what --$option is" grep -q -- "--$option" "$ROOT/docs/$tool.md"
done
for option in $(sed -n '/^Common options:/,/^$/s/^  \(-., \|    \)--\([a-z0-9-]*\).*/\2/p' help); do
    ok "the page of common options says what --$option is" grep -q -- "--$option" "$TESTS/../docs/command-line.md"
done

# ---- Mistakes on the command line ----------------------------------------------------------------
runs 'an unknown option is refused' 2 "$tool" --no-such-option-anywhere
is 'and nothing printed' "$out" ''
like 'with one line that says where to look' "$err" "^$tool: unknown option '--no-such-option-anywhere'.*; try '$tool --help'\$"
runs 'a near miss is refused' 2 "$tool" --thread 2
like 'with what was meant' "$err" "did you mean '--threads'"
runs 'threads are a positive number' 2 "$tool" --threads 0
runs 'an option twice is refused' 2 "$tool" --threads 1 --threads 1

# ---- The examples --------------------------------------------------------------------------------
sed -n 's/^ *\$ //p' help >examples
ok 'has an example' test -s examples
while read -r example; do
    printf '%s\n' "$example" >command
    runs "example: $example" 0 in_run sh -e ../command
    [ -n "$out" ] || ok 'which writes a file' sh -c 'find run -type f | grep -q .'
done <examples
first=$(head -1 examples)
case $first in
"$tool "* | "$tool") ok 'the first example is one plain command' sh -c 'case $0 in *\|*|*\;*|*\>*) exit 1 ;; esac' "$first" ;;
*) ok "the first example starts with $tool" false ;;
esac

base() { # further arguments...
    eval "set -- $first \"\$@\""
    in_run "$@"
}

# ---- Writing -------------------------------------------------------------------------------------
# A tool whose result is no table (a chart, a page) has formats of its own and is asked for none.
csv='' result=result
tr -s ' \n' ' ' <help | grep -q 'csv, tsv, json, markdown or table' && csv='-f csv' result=result.csv
base >expected 2>/dev/null
if has format; then
    # shellcheck disable=SC2086 # $csv is two words or none; $result has no blank
    base $csv >expected 2>/dev/null
    runs 'writes the same again' 0 base $csv
    is 'byte for byte' "$out" "$(cat expected)"
    if [ -n "$csv" ]; then
        ok 'writes a header' sh -c 'head -1 expected | grep -q ,'
        for name in $(head -1 expected | tr -d '"' | tr ',' ' '); do
            ok "--help says what column $name is" sh -c 'sed -n "/^Output:/,/ptions:\$/p" help | grep -qw -- "$0"' "$name"
        done
        for format in tsv json markdown table; do
            runs "writes $format" 0 base -f "$format"
            is "$format without a word" "$err" ''
            [ "$format" != json ] || ok 'JSON that others read' perl -MJSON::PP -0777 -ne 'exit ref decode_json($_) ne "ARRAY"' tap.out
        done
    fi
    runs 'writes to a file' 0 base $csv -o "../left/$result"
    same 'the same' "left/$result" expected
    is 'and to nothing else' "$out" ''
    is 'only there' "$(ls -A left)" "$result"
    rm "left/$result"
    runs 'a full disk fails' 3 base -o /dev/full
    like 'and says so' "$err" 'No space left on device'
    runs 'a folder that is not there fails' 3 base -o ../left/no/folder.csv
    runs 'a full disk behind standard output fails' 3 sh -c 'exec >/dev/full; cd run; '"$first"
    is 'none left a file' "$(ls -A left)" ''
    # Whoever reads has gone before the first byte is written.
    runs 'a closed pipe ends quietly' 141 sh -c 'cd run; exec perl -e '\''pipe R, W; close R; open STDOUT, ">&", W; exec @ARGV'\'' '"$first"
    is 'without a word' "$err" ''
fi
runs '--verbose ends well' 0 base --verbose --progress always
ok '--verbose and --progress change nothing but messages' cmp tap.out expected
if has check; then
    runs '--check ends well' 0 base --check -o "../left/$result"
    is '--check prints no result' "$out" ''
    like '--check says what it has read' "$err" "^$tool: [0-9]+ rows? in [0-9]+ files?: no fault found\$"
    ok '--check writes nothing' nothing_in left
fi
if has provenance; then
    runs '--provenance ends well' 0 base --provenance ../left/provenance.json -o /dev/null
    ok '--provenance is JSON with a version' perl -MJSON::PP -0777 -ne 'exit !decode_json($_)->{version}' left/provenance.json
    rm -f left/provenance.json
fi
if has chart; then
    runs 'a chart of a kind unknown is refused' 2 base --chart ../left/chart.xyz
    if command -v gnuplot >/dev/null 2>&1; then
        runs 'draws a chart' 0 base --chart ../left/chart.svg -o /dev/null
        ok 'the chart is a picture' grep -q '</svg>' left/chart.svg
        rm -f left/chart.svg
    fi
fi
if has seed; then
    base --seed 4294967295 -f csv >seed1
    base --seed 4294967295 -f csv >seed2
    same 'the same seed, the same numbers' seed1 seed2
fi
for threads in 1 2 4; do
    base --threads "$threads" >threads 2>/dev/null
    base --threads 3 >threads3 2>/dev/null
    same "$threads threads, 3 threads: the same" threads threads3
done

# ---- Reading -------------------------------------------------------------------------------------
if has bad-rows; then
    input=${first##* }
    command=${first% *}
    ok 'the first example ends with its input file' test -f "run/$input"
    original=$PWD/run/$input

    on() { # files and further arguments, in place of the input file
        eval "set -- $command \"\$@\""
        "$@"
    }

    agrees() { # name, files and further arguments...
        tap_what=$1
        shift
        runs "$tap_what: ends well" 0 on "$@" -f csv
        ok "$tap_what: the same" cmp tap.out ../expected
    }

    refuses() { # name, place, file
        runs "$1: is bad data" 1 on "$3" -o ../left/result.csv
        is "$1: nothing printed" "$out" ''
        like "$1: says where" "$err" "^$tool: $2"
        ok "$1: nothing left behind" nothing_in ../left
    }

    # The variants have their own folder, with the project beside them as the examples expect it.
    cp -R run/. variants
    cd variants || exit 1
    export tap_prefix

    runs 'a missing file is the system'"'"'s' 3 on no-such-file.csv
    like 'and named' "$err" "^$tool: cannot open 'no-such-file.csv': No such file or directory\$"

    : >empty.csv
    refuses 'an empty file' 'empty.csv' empty.csv

    perl "$vary" header "$original" >header.csv
    on header.csv -f csv -o ../left/header-out.csv 2>header.err
    case $? in
    0) is 'a header alone: the same columns, no bad row' "$(head -1 ../left/header-out.csv)" "$(head -1 ../expected)" ;;
    1) like 'a header alone: says what is missing' "$(cat header.err)" "^$tool: .*header.csv" ;;
    *) ok 'a header alone is a table' false ;;
    esac
    rm -f ../left/header-out.csv

    # No column must accept everything by chance: one at least is a number or a date.
    said_where=0
    for column in $(seq "$(perl "$vary" columns "$original")"); do
        perl "$vary" cell "$column" '?!' "$original" >bad.csv
        on bad.csv -o ../left/result.csv >bad.out 2>bad.err
        status=$?
        case $status in
        0) rm -f ../left/result.csv ;;
        1)
            grep -Eq "^$tool: bad.csv:2:$column: " bad.err && said_where=$((said_where + 1))
            like "a bad cell in column $column: says where" "$(cat bad.err)" "^$tool: bad.csv:[0-9]+"
            ok "a bad cell in column $column: nothing left behind" nothing_in ../left
            ;;
        *) is "a bad cell in column $column: exit status" "$status" 1 ;;
        esac
    done
    ok 'a bad cell: its place is told by file, line and column' test "$said_where" -gt 0

    lines=$(wc -l <"$original")
    { cat "$original"; perl "$vary" header "$original" | sed 's/$/,one-too-many/'; } >ragged.csv
    refuses 'a ragged row' "ragged.csv:$((lines + 1))" ragged.csv
    agrees 'a ragged row skipped' ragged.csv --bad-rows=skip --rejects ../left/rejects.csv
    like 'and counted' "$err" "^$tool: skipped 1 of [0-9]+ rows; the first: ragged.csv:$((lines + 1))"
    is 'and kept' "$(head -1 ../left/rejects.csv)" 'file,line,column,reason,record'
    rm -f ../left/rejects.csv

    { cat "$original"; printf '"open'; } >open.csv
    refuses 'an unterminated quote' 'open.csv:' open.csv
    { cat "$original"; printf 'a\000b\n'; } >nul.csv
    refuses 'a NUL' 'nul.csv:' nul.csv

    gzip -nc "$original" >whole.csv.gz
    agrees 'gzip' whole.csv.gz
    head -c $(($(wc -c <whole.csv.gz) - 9)) whole.csv.gz >cut.csv.gz
    refuses 'a truncated gzip' 'cut.csv.gz' cut.csv.gz
    if command -v zstd >/dev/null 2>&1; then
        zstd -qc "$original" >whole.csv.zst
        agrees 'zstd' whole.csv.zst
    fi
    for variant in quote crlf bom; do
        perl "$vary" "$variant" "$original" >"$variant.csv"
        agrees "$variant" "$variant.csv"
    done
    # "FILE..." takes shards, and a first operand in brackets may be left out for standard input.
    operands=$(head -1 help | sed "s/^Usage: $tool \[OPTION\]\.\.\. //")
    perl "$vary" shards 7 shard "$original"
    for threads in 1 2 4; do
        case $operands in *...*)
            agrees "seven shards, $threads threads" shard1.csv shard2.csv shard3.csv shard4.csv shard5.csv shard6.csv shard7.csv --threads "$threads" ;;
        esac
        agrees "one file, $threads threads" "$original" --threads "$threads"
    done
    cat "$original" | on - -f csv >piped.out 2>/dev/null
    same 'standard input by "-": the same' piped.out ../expected
    case $operands in "["*)
        on -f csv <"$original" >piped.out 2>/dev/null
        same 'standard input by no file: the same' piped.out ../expected ;;
    esac
    LC_ALL=C agrees 'the C locale' "$original"
fi
finish
