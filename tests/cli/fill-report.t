# SPDX-License-Identifier: GPL-3.0-or-later
# fill-report: templates in, pages out, and no figure that is not in a table.
. "$TESTS/lib/tap.sh"
TINY=$DATA/tiny

runs 'Markdown' 0 "$BIN/fill-report" "$TINY/report.md" --data "$TINY" -f markdown
like 'a figure' "$out" '^If 1,000 users leave, at$'
like 'a table' "$out" '^\| 2025-01-03 \| 121 \| 151\.25 \|$'
like 'the list of figures' "$out" '^\| 1\.25 \| `scenario\.csv: value where parameter = arpu \\\| 2` \|$'

runs 'a page' 0 "$BIN/fill-report" "$TINY/report.md" --data "$TINY" -o page.html
like 'with a title' "$(cat page.html)" '<title>Tiny report</title>'
like 'and its table' "$(cat page.html)" '<td align="right">151.25</td>'
runs '.md gives Markdown' 0 "$BIN/fill-report" "$TINY/report.md" --data "$TINY" -o page.md
like 'not a page' "$(head -1 page.md)" '^# Tiny report$'

printf 'a,b\n1,2\n' >t.csv
printf '<svg xmlns="http://www.w3.org/2000/svg"/>' >p.svg
printf '# T\n\n![a chart](p.svg)\n\nb is {{t.csv: b}}.\n' >in.md
runs 'tables and pictures from here' 0 "$BIN/fill-report" in.md
like 'the picture travels inside' "$out" '<img src="data:image/svg\+xml;base64,PHN2Z'

printf 'b is\n{{t.csv: c}}\n' >bad.md
runs 'an unknown column' 1 "$BIN/fill-report" bad.md -o bad.html
is 'its place' "$err" "fill-report: bad.md:2:1: t.csv has no column 'c'"
ok 'and no page' test ! -e bad.html
printf '{{u.csv: c}}\n' >bad.md
runs 'a table that is not there' 3 "$BIN/fill-report" bad.md
like 'its name and place' "$err" "^fill-report: bad.md:1:1: cannot open 'u.csv'"
printf '![x](nowhere.svg)\n' >bad.md
runs 'a picture that is not there' 3 "$BIN/fill-report" bad.md
like 'its name' "$err" 'nowhere.svg'
printf '{{t.csv: a where b = 3}}\n' >bad.md
runs 'no such row' 1 "$BIN/fill-report" bad.md
like 'what was looked for' "$err" 'found 0 rows in t.csv where b = 3, expected exactly one'
runs 'no template' 2 "$BIN/fill-report"
runs 'a template that is not there' 3 "$BIN/fill-report" none.md

printf 'name\n张三\n' >'数.csv'
printf '{{数.csv: name}} left\n' >zh.md
runs 'Chinese names' 0 "$BIN/fill-report" zh.md -f markdown
is 'read and shown' "$out" '张三 left'
finish
