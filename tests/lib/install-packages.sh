#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs those of the Debian packages named as arguments that are missing; touches nothing, and
# needs no network, when all are there.
set -eu
missing=
for package; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    as_root=none
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "make deps: cannot install packages here; as root run: apt-get install -y$missing" >&2
    exit 1
fi
echo "installing:$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    { echo "make deps: apt-get failed; try: apt-get install -y$missing" >&2; exit 1; }
