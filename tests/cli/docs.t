# SPDX-License-Identifier: GPL-3.0-or-later
# Every command shown in the pages runs and prints what the page says it prints.
root=$(cd "$TESTS/.." && pwd)
exec perl "$TESTS/lib/console.pl" "$root/README.md" "$root"/docs/*.md
