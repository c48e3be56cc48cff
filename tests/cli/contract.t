# SPDX-License-Identifier: GPL-3.0-or-later
# What every tool must do (tests/lib/contract.sh), held against each executable there is. A new tool
# is found by itself.
. "$TESTS/lib/tap.sh"
ROOT=$(cd "$TESTS/.." && pwd)
export ROOT

ls "$BIN" >tools 2>/dev/null
[ -s tools ] || { echo "1..0 # SKIP no executables"; exit 0; }
xargs -P "$(nproc)" -I TOOL sh -c 'sh "$TESTS/lib/contract.sh" TOOL >TOOL.tap 2>TOOL.err' <tools
while read -r tool; do
    ok "$tool: held to the contract to its end" grep -q '^1\.\.' "$tool.tap"
    [ -s "$tool.err" ] && sed "s/^/# $tool: /" "$tool.err"
    tap_include "$tool.tap"
done <tools
finish
