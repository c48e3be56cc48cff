# SPDX-License-Identifier: GPL-3.0-or-later
# docs/adding-a-tool.md, followed to the letter: its files are written, built, tested by the test on
# the page and held to the contract.
. "$TESTS/lib/tap.sh"
ROOT=$(cd "$TESTS/.." && pwd)
page=$ROOT/docs/adding-a-tool.md

# A file is a line that names it and the fenced block behind it.
mkdir -p tools docs tests/cli plots bin
awk '/^`[^`]+`:$/ { file = substr($0, 2, length($0) - 3); next }
     file != "" && fence == "" && /^```/ { match($0, /^`+/); fence = substr($0, 1, RLENGTH); next }
     fence != "" && $0 == fence { close(file); file = fence = ""; next }
     fence != "" { print >file }' "$page"
for file in tools/spell-count.c docs/spell-count.md tests/cli/spell-count.t; do
    ok "the page has $file" test -s "$file"
done

ok 'builds without a warning' make --no-print-directory -C "$ROOT" MODE="$MODE" program \
    SOURCE="$PWD/tools/spell-count.c" PROGRAM="$PWD/bin/spell-count"

BIN=$PWD/bin sh tests/cli/spell-count.t >own.tap 2>&1
ok 'its own test runs to its end' grep -q '^1\.\.' own.tap
tap_include own.tap

BIN=$PWD/bin perl "$TESTS/lib/console.pl" "$PWD/docs/spell-count.md" >console.tap 2>&1
ok 'the commands on its page run to their end' grep -q '^1\.\.1' console.tap
tap_include console.tap

ln -s "$ROOT/datasets" datasets
ROOT=$PWD BIN=$PWD/bin sh "$TESTS/lib/contract.sh" spell-count >contract.tap 2>&1
ok 'held to the contract to its end' grep -q '^1\.\.' contract.tap
tap_include contract.tap
finish
