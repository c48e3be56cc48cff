# SPDX-License-Identifier: GPL-3.0-or-later
# draw-chart: every format, what is said where nothing can be drawn, and tables that would command
# gnuplot if they could.
. "$TESTS/lib/tap.sh"
draw=$BIN/draw-chart

cat >km.csv <<'END'
group,time,at_risk,events,censored,survival,std_error,lower,upper
TikTok,1,10,1,0,0.9,0.09,0.73,1
TikTok,3,9,2,1,0.7,0.14,0.47,1
TikTok,7,6,0,2,0.7,0.14,0.47,1
小红书 RedNote,2,8,1,1,0.875,0.12,0.67,1
小红书 RedNote,6,6,1,0,0.729,0.16,0.47,1
END

# ---- Formats -------------------------------------------------------------------------------------
for kind in svg pdf png txt gp; do
    runs "$kind by extension" 0 "$draw" churn-survival km.csv -o "km.$kind"
    runs "$kind by -f, on standard output" 0 sh -c '"$@" >again' - "$draw" churn-survival km.csv -f "$kind"
    same "$kind: the same" again "km.$kind"
done
is 'SVG' "$(head -c 5 km.svg)" '<?xml'
is 'PDF' "$(head -c 5 km.pdf)" '%PDF-'
is 'PNG' "$(head -c 4 km.png | tail -c 3)" 'PNG'
ok 'text fits 79 columns and 23 lines' perl -CSD -ne 's/\p{East_Asian_Width=Wide}/xx/g; chomp; die "$_\n" if length > 79; END { die "$.\n" if $. > 23 }' km.txt
like 'text has labels' "$(cat km.txt)" '\*\* TikTok'
like 'text has the numbers at risk' "$(cat km.txt)" '小红书 RedNote +8 '
ok 'text has no escape' sh -c '! grep -q "$(printf "\\033")" km.txt'
runs 'standard input' 0 sh -c '"$1" churn-survival -f svg <km.csv >again' - "$draw"
same 'the same' again km.svg
runs 'SVG without -f where nobody looks on' 0 sh -c '"$1" churn-survival km.csv >again' - "$draw"
same 'the same' again km.svg
runs 'the script draws by itself' 0 sh -c 'gnuplot km.gp >own.svg'
ok 'a picture' grep -q '</svg>' own.svg

on_terminal() { # arguments... : a terminal of the name script(1) gives it
    script -qec "\"$draw\" $*" /dev/null </dev/null | tr -d '\r'
}
"$draw" churn-survival km.csv -f txt >km.txt
on_terminal churn-survival km.csv >again
same 'text on a terminal' again km.txt
like 'a picture is nothing for a terminal' "$(on_terminal churn-survival km.csv -f pdf)" 'a terminal cannot show pdf: give -o FILE'

# ---- Saying what is wrong ------------------------------------------------------------------------
runs '--list' 0 "$draw" --list
like 'names the charts' "$out" '^churn-survival,"group,time,'
runs '--list alone' 2 "$draw" --list churn-survival
runs 'no tool' 2 "$draw"
runs 'an unknown tool' 2 "$draw" churn-survial km.csv
like 'with what was meant' "$err" "no chart is called 'churn-survial'; did you mean 'churn-survival'\?"
runs 'the table of another tool' 1 "$draw" rank-simulate km.csv -o x.svg
like 'with the columns' "$err" 'km.csv: no chart of rank-simulate fits this table: found the columns group,time,.* expected platform,measure,'
runs 'an unknown extension' 2 "$draw" churn-survival km.csv -o km.jpeg
like 'with the known ones' "$err" "ending in .svg, .pdf, .png, .txt or .gp"
head -1 km.csv >empty.csv
runs 'no rows' 1 "$draw" churn-survival empty.csv -o x.svg
like 'says so' "$err" 'empty.csv: the table has no rows: there is nothing to draw'
sed 's/,0\.[0-9]*,0\.[0-9]*,/,,0.1,/' km.csv >nothing.csv
runs 'a column without a number' 1 "$draw" churn-survival nothing.csv -o x.svg
like 'says which' "$err" "nothing.csv: column 'survival' holds no number: there is nothing to draw"
sed 's/0\.7,/many,/' km.csv >word.csv
runs 'a word for a number' 1 "$draw" churn-survival word.csv -o x.svg
like 'says where' "$err" "word.csv: column 'survival', row 2: found 'many', expected a number"
runs 'no gnuplot' 3 env PATH=/nonexistent "$draw" churn-survival km.csv -o x.svg
like 'says what to install' "$err" 'install gnuplot'
runs 'a full disk' 3 "$draw" churn-survival km.csv -f svg -o /dev/full
ok 'nothing is left' sh -c '! ls x.svg .x.svg.* 2>/dev/null | grep -q .'

# ---- Columns and colours -------------------------------------------------------------------------
printf 'source,destination,count\nFreenode,Libera.Chat,90\nFreenode,OFTC,10\n' >flows.csv
runs 'columns by other names' 0 "$draw" churn-flows flows.csv --column from=source --column to=destination --column users=count -o flows.svg
like 'labels with shares' "$(cat flows.svg)" '>Libera.Chat  90 \(90%\)<'
runs 'a header that is not there' 1 "$draw" churn-flows flows.csv --column from=sourse
like 'with what was meant' "$err" "no column is called 'sourse'; did you mean 'source'\?"
"$draw" churn-survival km.csv -f gp --colors 'RedNote,小红书 RedNote,TikTok' >colors.gp
like 'colours in the order asked for' "$(cat colors.gp)" "^array series_color\[2\] = \['#009E73', '#E69F00'\]"
"$draw" churn-survival km.csv -f gp >plain.gp
like 'or by name' "$(cat plain.gp)" "^array series_color\[2\] = \['#0072B2', '#E69F00'\]"

# ---- Tables that would command -------------------------------------------------------------------
hostile() { # name, text as it stands in the CSV
    printf 'group,time,at_risk,events,censored,survival,lower,upper\n"%s",1,9,1,1,0.9,0.8,1\nb,1,9,1,1,0.9,0.8,1\n' "$2" >hostile.csv
    for kind in svg txt gp; do
        runs "$1: $kind" 0 "$draw" churn-survival hostile.csv -o "hostile.$kind" --title "$3" --source "$3"
    done
    runs "$1: the script" 0 gnuplot hostile.gp
    is "$1: says nothing" "$err" ''
    ok "$1: runs nothing" test ! -e pwned
}
hostile backticks '`touch pwned`' '`touch pwned`'
hostile 'a shell' '$(touch pwned)' '$(touch pwned)'
hostile 'a quote' "'; system('touch pwned'); a='" "'; system('touch pwned'); a='"
hostile 'a quote and a macro' "' @ink '' @panel" "' @ink '' @panel"
hostile 'double quotes' '""; system(""touch pwned""); a=""' '"; system("touch pwned"); a="'
hostile 'a pipe' "plot '<touch pwned'" "<touch pwned"
hostile 'another pipe' '|touch pwned' '|touch pwned'
hostile 'percent signs' '%%d 50%% off %%s %%%%' '%d 50% off %s %%'
hostile 'the end of a block' 'DATA' 'DATA'
hostile 'braces and a hash' '{/Bold x}_2 ^3 # [1] \\\\' '{/Bold x}_2 ^3 # [1] \'
like 'percent signs stay as they are' "$(printf 'group,time,survival,lower,upper,at_risk,censored\n50%% off,1,0.9,,,9,0\nb,1,0.9,,,9,0\n' | "$draw" churn-survival -f txt)" '50% off'
for byte in '\n' '\r' '\033[2J' '\007' '\177' '\302\205'; do
    printf "group,time,at_risk,events,censored,survival,lower,upper\n\"a${byte}b\",1,9,1,1,0.9,0.8,1\n" >control.csv
    runs "a control character: $byte" 1 "$draw" churn-survival control.csv -o x.svg
    like 'is named' "$err" "control.csv: found a control character in 'a\\\\x"
done
runs 'in the title too' 1 "$draw" churn-survival km.csv -o x.svg --title "$(printf 'a\nb')"
runs 'a target that looks like a pipe' 0 "$draw" churn-survival km.csv -o "|touch pwned.svg"
ok 'is a file' test -s '|touch pwned.svg'
ok 'and runs nothing' test ! -e pwned.svg

# ---- What nothing around it changes --------------------------------------------------------------
mkdir home
echo 'set term dumb; print "read"' >home/.gnuplot
runs 'start-up files and variables' 0 env HOME="$PWD/home" GNUTERM=png GNUPLOT_DEFAULT_GDFONT=none LC_ALL=C "$draw" churn-survival km.csv -o again.svg
same 'change nothing' again.svg km.svg
finish
