# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
header=creator,platform,period,followers

panel() { # rows, in a file with the canonical header
    printf '%s\n' "$header" "$@" >panel.csv
}

columns() { # numbers of columns, separated by commas, of the last result
    printf '%s\n' "$out" | cut -d, -f"$1"
}

# ---- By hand: datasets/tiny/creator-panel.csv ----------------------------------------------------
# Seven accounts: ada (TikTok, RedNote), ben, cao, dee, 李雷 (TikTok), eve (RedNote).
#   December  nano ada twice (9000; 0)    micro ben, dee    mid cao    macro 李雷
#   January   ada rises to micro twice, cao falls to it (48000), dee is not there, 李雷 rises to mega,
#             eve enters nano; ben stays micro with 49999
#   February  ben (50000) and cao rise to mid, eve (10000) to micro, ada's TikTok account is not
#             there, dee is again
tiny=$DATA/tiny/creator-panel.csv
runs 'the tiny panel' 0 tier-growth "$tiny"
is 'creators and flows by hand' "$(columns 1-4,10-15)" 'tier,period,creators,growth,entered,promoted_in,demoted_in,promoted_out,demoted_out,left
nano,2024-12,2,,,,,,,
nano,2025-01,1,-0.5,1,0,0,2,0,0
nano,2025-02,0,-1,0,0,0,1,0,0
micro,2024-12,2,,,,,,,
micro,2025-01,4,1,0,2,1,0,0,1
micro,2025-02,3,-0.25,1,1,0,2,0,1
mid,2024-12,1,,,,,,,
mid,2025-01,0,-1,0,0,0,0,1,0
mid,2025-02,2,,0,2,0,0,0,0
macro,2024-12,1,,,,,,,
macro,2025-01,0,-1,0,0,0,1,0,0
macro,2025-02,0,,0,0,0,0,0,0
mega,2024-12,0,,,,,,,
mega,2025-01,1,,0,1,0,0,0,0
mega,2025-02,1,0,0,0,0,0,0,0'
# A month is a twelfth of a year: (1 - 1/2)^12 - 1, (1 - 1/4)^12 - 1.
is 'annual growth compounds' "$(columns 1,2,7 | grep -E 'nano,2025-01|micro,2025-02|mega,2025-02')" \
'nano,2025-01,-0.999755859375
micro,2025-02,-0.9683236479759216
mega,2025-02,0'

runs 'by platform' 0 tier-growth --by-platform "$tiny"
is 'platforms by name, each with all tiers and periods' "$(columns 1-4 | grep -E 'platform|nano|micro')" \
'platform,tier,period,creators
RedNote,nano,2024-12,1
RedNote,nano,2025-01,1
RedNote,nano,2025-02,0
RedNote,micro,2024-12,0
RedNote,micro,2025-01,1
RedNote,micro,2025-02,2
TikTok,nano,2024-12,1
TikTok,nano,2025-01,0
TikTok,nano,2025-02,0
TikTok,micro,2024-12,2
TikTok,micro,2025-01,3
TikTok,micro,2025-02,1'

runs 'a summary' 0 tier-growth --summary "$tiny"
# nano: both left for micro or the outside; micro: ben and dee became dee, ada, eve.
is 'first to last period' "$(columns 1-6)" 'tier,from,to,creators_from,creators_to,growth
nano,2024-12,2025-02,2,0,-1
micro,2024-12,2025-02,2,3,0.5
mid,2024-12,2025-02,1,2,1
macro,2024-12,2025-02,1,0,-1
mega,2024-12,2025-02,0,1,'
is 'a sixth of a year: 1.5^6 - 1, 2^6 - 1' "$(columns 1,9 | sed -n '3,4p')" 'micro,10.390625
mid,63'

# ---- Published and closed forms ------------------------------------------------------------------
# 46.7 % a year (Topklout 2024): 1467 for 1000, twelve months or four quarters on.
many() { # creators, period
    seq -f "c%g,A,$2,60000" "$1"
}
{ echo $header; many 1000 2024-01; many 1467 2025-01; } >year.csv
runs '1000 to 1467 in twelve months' 0 tier-growth --summary --tiers mid:50000 year.csv
is 'is 46.7 % a year' "$(columns 4-6,9)" 'creators_from,creators_to,growth,annual_growth
1000,1467,0.467,0.467'
{ echo $header; many 1000 2024-Q1; many 1467 2025-Q1; } >year.csv
runs 'and in four quarters' 0 tier-growth --summary --tiers mid:50000 year.csv
is 'as well' "$(columns 9)" 'annual_growth
0.467'
{ echo $header; many 1000 2022; many 2152 2024; } >year.csv
runs 'over two years' 0 tier-growth --summary --tiers mid:50000 year.csv
ok 'its root' awk "BEGIN { exit !((x = $(columns 9 | tail -1) - (sqrt(2.152) - 1)) < 1e-15 && x > -1e-15) }"

# Intervals: R 4.2.2, poisson.test(c(2152, 1000))$conf.int - 1.
runs 'the Poisson interval' 0 tier-growth --summary --interval poisson --tiers mid:50000 year.csv
is "is R's" "$(columns 6-8 | tail -1 | sed 's/\(\.[0-9]\{6\}\)[0-9]*/\1/g')" '1.152,0.995544,1.321945'
runs 'a level' 0 tier-growth --confidence 0.5 "$tiny"
wide=$(tier-growth "$tiny" | sed -n 3p | cut -d, -f5) narrow=$(columns 5 | sed -n 3p)
ok 'a lower one is narrower' awk "BEGIN { exit !($narrow > $wide) }"

# ---- The identity, on a panel of two platforms with people coming and going ----------------------
awk -v h=$header 'BEGIN {
    srand(3); print h
    for (c = 0; c < 3000; c++) for (q = 0; q < 2; q++) {
        x = 10 ^ (2 + 5 * rand()); here = rand() < 0.6
        for (m = 1; m <= 9; m++) {
            if (rand() < 0.15) here = !here
            x *= 0.8 + 0.45 * rand()
            if (here) printf "c%d,%s,2024-%02d,%d\n", c, q ? "TikTok" : "小红书", m, x
        }
    }
}' >large.csv
for arguments in '' --by-platform; do
    tier-growth $arguments large.csv >large-out.csv
    ok "creators = before + in - out in every row $arguments" awk -F, '
        NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $(at["growth"]) != "" || $(at["left"]) != "" {
            rows++
            if ($(at["creators"]) != before + $(at["entered"]) + $(at["promoted_in"]) + $(at["demoted_in"]) \
                - $(at["promoted_out"]) - $(at["demoted_out"]) - $(at["left"])) bad = 1
        }
        { before = $(at["creators"]) }
        END { exit bad || !rows }' large-out.csv
done
tier-growth large.csv | cut -d, -f1-3,10- >all.csv
tier-growth --by-platform large.csv | cut -d, -f2-4,11- >parts.csv
ok 'the platforms add up to the whole' awk -F, '
    FNR == 1 { next }
    FNR == NR { for (i = 3; i <= NF; i++) sum[$1, $2, i] += $i; next }
    { for (i = 3; i <= NF; i++) if (sum[$1, $2, i] != $i + 0) bad = 1 }
    END { exit bad || FNR < 40 }' parts.csv all.csv
{ head -1 large.csv; sed 1d large.csv | sort -t, -k4,4; } >shuffled.csv
tier-growth --threads 3 shuffled.csv >shuffled-out.csv
tier-growth --threads 1 large.csv >large-out.csv
same 'the order of the rows does not matter' shuffled-out.csv large-out.csv

# ---- A truth that is known: the chain that synth-panel draws from --------------------------------
# Expected numbers grow by 10, 10, 46.7, 15 and 2 % a year; 3 % of all leave each month. Twelve panels
# of five tiers: 60 intervals, of which 57 or more should hold the truth (the numbers at the start are
# fixed here, and the interval allows for chance in them too); 52 are four standard errors less.
# The mean of twelve estimates for mid has an error of 0.01.
for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
    synth-panel creators --set months=13 --seed $seed -o drawn.csv
    tier-growth --summary drawn.csv | cut -d, -f1,9-11
done | awk -F, '
    BEGIN { truth["nano"] = truth["micro"] = 0.1; truth["mid"] = 0.467; truth["macro"] = 0.15; truth["mega"] = 0.02 }
    $1 in truth { n++; covered += $3 <= truth[$1] && truth[$1] <= $4 }
    $1 == "mid" { mid += $2; mids++ }
    END { print n, covered, mid / mids }' >recovered
read -r intervals covered mid <recovered
is 'a growth for each tier of each panel' "$intervals" 60
ok "the known growth is in $covered of 60 intervals" test "$covered" -ge 52
ok "mid grows by $mid where it is 0.467" awk "BEGIN { exit !($mid > 0.437 && $mid < 0.497) }"
tier-growth drawn.csv | awk -F, '
    NR > 1 { if ($15 != "") { left += $15; of += before } before = $3 }
    END { print left / of }' >leaving
# Some 120,000 months of creators: an error of 0.0005.
ok "$(cat leaving) leave each month where 0.03 do" awk '{ exit !($1 > 0.028 && $1 < 0.032) }' leaving

# ---- Small panels --------------------------------------------------------------------------------
panel
runs 'a header alone' 0 tier-growth panel.csv
is 'gives a header' "$out" 'tier,period,creators,growth,lower,upper,annual_growth,annual_lower,annual_upper,entered,promoted_in,demoted_in,promoted_out,demoted_out,left,moved_in,moved_out'
runs 'also by platform' 0 tier-growth --by-platform --summary panel.csv
is 'and in sum' "$out" 'platform,tier,from,to,creators_from,creators_to,growth,lower,upper,annual_growth,annual_lower,annual_upper'
panel 李雷,小红书,2025-01,12000
runs 'one creator in one period' 0 tier-growth panel.csv
is 'every tier has its row, none has growth' "$out" 'tier,period,creators,growth,lower,upper,annual_growth,annual_lower,annual_upper,entered,promoted_in,demoted_in,promoted_out,demoted_out,left,moved_in,moved_out
nano,2025-01,0,,,,,,,,,,,,,,
micro,2025-01,1,,,,,,,,,,,,,,
mid,2025-01,0,,,,,,,,,,,,,,
macro,2025-01,0,,,,,,,,,,,,,,
mega,2025-01,0,,,,,,,,,,,,,,'
runs 'its summary' 0 tier-growth --summary --tiers all:0 panel.csv
is 'is from the period to itself' "$(tail -1 tap.out)" 'all,2025-01,2025-01,1,1,,,,,,'
runs 'missing values in JSON' 0 tier-growth --summary --tiers all:0 -f json panel.csv
like 'are null' "$out" '"growth": null'

# ---- Periods -------------------------------------------------------------------------------------
annual() { # first period, second period: annual growth of 2 to 3 creators
    panel a,A,$1,1 b,A,$1,1 a,A,$2,1 b,A,$2,1 c,A,$2,1
    runs "$1 to $2" 0 tier-growth --tiers all:0 panel.csv
    columns 4,7 | tail -1
}
is 'years' "$(annual 2020 2021 | tail -1)" '0.5,0.5'
is 'years with a gap: over two years' "$(annual 2020 2022 | tail -1 | cut -c1-18)" '0.5,0.224744871391'
is 'quarters: 1.5^4 - 1' "$(annual 2024-Q4 2025-Q1 | tail -1 | cut -c1-10)" '0.5,4.0625'
is 'a month left out: 1.5^6 - 1' "$(annual 2024-01 2024-03 | tail -1 | cut -c1-13)" '0.5,10.390625'
# 52.1775 weeks and 365.2425 days a year: 1.5^52.1775 - 1, 1.5^(365.2425/73) - 1.
is 'weeks' "$(annual 2024-W52 2025-W01 | tail -1 | cut -c1-14)" '0.5,1541706378'
is 'dates' "$(annual 2024-12-01 2025-02-12 | tail -1 | cut -c1-11)" '0.5,6.60398'
panel a,A,2025-01,1 a,A,2025-Q1,1
runs 'kinds mixed' 1 tier-growth panel.csv
is 'both lines are named' "$err" "tier-growth: panel.csv:3: period '2025-Q1' is a quarter, expected a month as '2025-01' in panel.csv:2"

# ---- Tiers ---------------------------------------------------------------------------------------
panel a,A,2025-01,9 b,A,2025-01,10
runs 'tiers of a list' 0 tier-growth --tiers '尾部:0, 头部:10' panel.csv
is 'lower bounds belong to the tier' "$(columns 1,3)" 'tier,creators
尾部,1
头部,1'
printf 'tier,from\nsmall,0\nlarge,9\n' >tiers.csv
runs 'tiers of a file' 0 tier-growth --tiers tiers.csv panel.csv
is 'the same way' "$(columns 1,3)" 'tier,creators
small,0
large,2'
runs 'a list that falls' 2 tier-growth --tiers a:10,b:5 panel.csv
like 'is refused' "$err" "option '--tiers': tier 'b' begins at 5, expected more than the 10 of tier 'a' before it"
printf 'tier,from\nlarge,9\nsmall,0\n' >tiers.csv
runs 'a file that falls' 1 tier-growth --tiers tiers.csv panel.csv
is 'with its line' "$err" "tier-growth: tiers.csv:3: tier 'small' begins at 0, expected more than the 9 of tier 'large' before it"
runs 'neither list nor file' 3 tier-growth --tiers nano panel.csv
is 'named' "$err" "tier-growth: option '--tiers': cannot open 'nano': No such file or directory (what has no ':' is a file; a list is such as nano:0,micro:10000)"
: >nothing.csv
runs 'an empty file of tiers' 1 tier-growth --tiers nothing.csv panel.csv
is 'is refused' "$err" "tier-growth: option '--tiers': nothing.csv:1: found no line, expected a header"
runs 'below the first tier' 1 tier-growth --tiers a:10 panel.csv
is 'is a bad row' "$err" "tier-growth: panel.csv:2:4: found 9 followers, expected at least 10, where the lowest tier, 'a', begins"
runs 'that can be skipped' 0 tier-growth --tiers a:10 --bad-rows=skip panel.csv
is 'and the rest counted' "$(columns 3 | tail -1)" 1

# ---- Followers -----------------------------------------------------------------------------------
panel a,A,2025-01,0
runs 'no followers at all' 0 tier-growth panel.csv
is 'is the lowest tier' "$(columns 1,3 | sed -n 2p)" 'nano,1'
panel a,A,2025-01,1.3M
runs '1.3M' 1 tier-growth panel.csv
is 'is refused with what is expected' "$err" "tier-growth: panel.csv:2:4: found '1.3M' in column 'followers', expected plain digits, without unit or symbol (or --human-numbers)"
panel 'a,A,2025-01,"1,300,000"'
runs '1,300,000' 1 tier-growth panel.csv
like 'as well' "$err" "panel.csv:2:4: found '1,300,000' in column 'followers', expected plain digits without thousands separators"
panel a,A,2025-01,-1
runs 'fewer than none' 1 tier-growth panel.csv
is 'is a bad row' "$err" 'tier-growth: panel.csv:2:4: found -1 followers, expected 0 or more'

# ---- Who stands twice ----------------------------------------------------------------------------
panel a,A,2025-01,1 b,A,2025-01,1 a,B,2025-01,1 a,A,2025-02,1 a,A,2025-01,7
for threads in 1 4; do
    runs "twice in a period, $threads threads" 1 tier-growth --threads $threads panel.csv
    is 'both lines are named' "$err" "tier-growth: panel.csv:6: a second row of this creator on 'A' in 2025-01, expected only that in panel.csv:2 (or say which counts: --duplicates max, first or sum)"
done
panel a,A,2025-01,1
cp panel.csv more.csv
runs 'in two files' 1 tier-growth panel.csv more.csv
is 'too' "$err" "tier-growth: more.csv:2: a second row of this creator on 'A' in 2025-01, expected only that in panel.csv:2 (or say which counts: --duplicates max, first or sum)"
runs 'skipping bad rows does not choose between them' 1 tier-growth --bad-rows=skip panel.csv more.csv

# ---- Platforms -----------------------------------------------------------------------------------
panel a,A,2025-01,1 a,A,2025-03,1 a,B,2025-01,1 a,B,2025-02,1 a,C,2025-03,1
runs 'a platform without a snapshot' 0 tier-growth panel.csv
is 'is warned of' "$err" "tier-growth: platform 'A' has rows before and after 2025-02 but none in it: all its creators count as left and entered again (--gap bridges it)"
printf 'creator,period,followers\na,2025-01,1\n' >panel.csv
runs 'no column platform' 0 tier-growth -v panel.csv
like 'is one platform' "$err" "no column 'platform': all rows are taken as those of one platform"
runs 'but not by platform' 1 tier-growth --by-platform panel.csv
like 'where it is missing' "$err" "no column 'platform'"
printf '达人,平台,月份,粉丝\n李雷,小红书,2025-01,12000\n' >chinese.csv
runs 'other headers' 0 tier-growth --by-platform --column creator=达人 --column platform=平台 --column period=月份 --column followers=粉丝 chinese.csv
like 'by --column' "$out" '^小红书,micro,2025-01,1,'
# ---- Amounts, the bootstrap, moves -----------------------------------------------------------------
printf '%s\n' creator,platform,period,followers,income a,A,2025-01,5,10.50 b,A,2025-01,50,30 \
    c,A,2025-01,60, a,A,2025-02,70,1 b,A,2025-02,50,2 c,B,2025-02,8,3 >income.csv
runs 'income by tier' 0 tier-growth --tiers low:0,high:50 --sum income income.csv
is 'adds up to all, and shifts' "$(columns 1,2,18,19,22 | awk -F, 'NR > 1 { printf "%s %s %s %.9f %.9f\n", $1, $2, $3, $4, $5 }')" \
    'low 2025-01 10.50 0.259259259 0.000000000
low 2025-02 3.00 0.500000000 0.240740741
high 2025-01 30.00 0.740740741 0.000000000
high 2025-02 3.00 0.500000000 -0.240740741'
runs 'in sum' 0 tier-growth --summary --tiers low:0,high:50 --sum income income.csv
is 'of the last period, against the first' "$(columns 1,12,13,16 | awk -F, 'NR > 1 { printf "%s %s %.9f %.9f\n", $1, $2, $3, $4 }')" \
    'low 3.00 0.500000000 0.240740741
high 3.00 0.500000000 -0.240740741'
runs 'income by tier again' 0 tier-growth --tiers low:0,high:50 --sum income income.csv
# Var s = ((10.5 (1 - s))^2 + (30 s)^2) / 40.5^2, s = 10.5/40.5.
ok 'the interval of a share' awk "BEGIN { s = 10.5 / 40.5; e = sqrt((10.5 * (1 - s))^2 + (30 * s)^2) / 40.5; d = $(columns 21 | sed -n 2p) - (s + 1.959963984540054 * e); exit !(d < 1e-12 && d > -1e-12) }"
is 'c moved to B' "$(columns 1,10,15-17 | sed -n '3p;5p')" 'low,1,0,1,0
high,0,1,0,1'
runs 'tiers by income' 0 tier-growth --by income --tiers poor:0,rich:5 --bad-rows skip income.csv
is 'where there is some' "$(columns 1-3)" 'tier,period,creators
poor,2025-01,0
poor,2025-02,3
rich,2025-01,2
rich,2025-02,0'
runs 'by income and of it' 0 tier-growth --by income --tiers poor:0,rich:5 --sum income --bad-rows skip income.csv
is 'once' "$(columns 18 | tail -1)" 0.00
runs 'four sums' 2 tier-growth --sum a --sum b --sum c --sum d income.csv
many 400 2025-01 | sed 's/^c/x/' >part
{ echo $header; many 1000 2025-01; cat part; many 1300 2025-02; } >boot.csv
runs 'the interval by flows' 0 tier-growth --summary --tiers mid:0 boot.csv
flows=$(columns 7,8 | tail -1)
runs 'by a bootstrap' 0 tier-growth --summary --tiers mid:0 --interval bootstrap --replications 4000 boot.csv
ok 'is about the same' awk "BEGIN { split(\"$flows,$(columns 7,8 | tail -1)\", x, \",\"); exit !((x[1] - x[3])^2 < 1e-5 && (x[2] - x[4])^2 < 1e-5) }"
cp tap.out one.csv
runs 'again, by one thread' 0 tier-growth --threads 1 --summary --tiers mid:0 --interval bootstrap --replications 4000 boot.csv
same 'with the same digits' one.csv tap.out

# ---- Spellings and rows that stand twice -------------------------------------------------------------
panel 'Ada L,A,2025-01,1' 'adal,A,2025-02,1' '李雷,A,2025-01,1'
runs 'two spellings' 0 tier-growth panel.csv
is 'are warned of' "$err" "tier-growth: creators 'adal' and 'Ada L' may be the same (--fold-names takes them as one)"
runs 'or taken as one' 0 tier-growth --fold-names --tiers all:0 panel.csv
is 'who stayed' "$(columns 3,10,15 | tail -1)" '1,0,1'
panel a,A,2025-01,1 a,A,2025-01,7 a,A,2025-01,5
for rule in max:high first:low sum:high; do
    runs "--duplicates ${rule%:*}" 0 tier-growth --duplicates ${rule%:*} --tiers low:0,high:7 panel.csv
    is 'chooses' "$(columns 1,3 | grep ,1)" "${rule#*:},1"
done
panel a,A,2025-01,1.3M 'b,A,2025-01,"1,300,000"' c,A,2025-01,130万
runs 'numbers as people write them' 0 tier-growth --human-numbers --tiers low:0,high:1300000 panel.csv
is 'are read' "$(columns 3 | tail -1)" 3

printf '%s\n' $header 'Jos\303\251,A,2025-01,9' 'Jose\314\201,A,2025-02,0' 'ｊｏｓé,A,2025-03,0' | sed 's/\\303\\251/\xc3\xa9/; s/\\314\\201/\xcc\x81/' >forms.csv
runs 'normal forms and widths' 0 tier-growth --fold-names --tiers all:0 forms.csv
is 'one creator who stays, also with 0 followers' "$(columns 3,10,15 | tail -2)" '1,0,0
1,0,0'
runs 'as they are spelt' 0 tier-growth --tiers all:0 forms.csv
like 'are three, with a warning' "$err" 'may be the same'

# ---- What a change is made of --------------------------------------------------------------------
panel a,A,2024-01,1 b,A,2024-01,1 c,A,2024-01,9 d,A,2024-01,9 e,B,2024-01,9 \
    a,A,2024-02,9 c,A,2024-02,1 d,B,2024-02,9 e,B,2024-02,9 f,A,2024-02,1 \
    a,A,2024-03,1 c,A,2024-03,1 d,B,2024-03,9 f,A,2024-03,9
runs 'parts' 0 tier-growth --decompose --tiers low:0,high:5 panel.csv
is 'up and down again are both counted, a move apart from leaving' "$(columns 1,4,5,7)" 'tier,part,creators,running
low,start,2,2
low,entered,1,3
low,moved_in,0,3
low,promoted_in,0,3
low,demoted_in,2,5
low,promoted_out,-2,3
low,demoted_out,0,3
low,moved_out,0,3
low,left,-1,2
low,end,2,2
high,start,3,3
high,entered,0,3
high,moved_in,1,4
high,promoted_in,2,6
high,demoted_in,0,6
high,promoted_out,0,6
high,demoted_out,-2,4
high,moved_out,-1,3
high,left,-1,2
high,end,2,2'
sums() { # the flows of the steps, by group and tier, with those who moved apart
    awk -F, 'NR > 1 && $11 != "" { k = $1 "," $2; e[k] += $11 - $17; mi[k] += $17; pi[k] += $12
        di[k] += $13; po[k] -= $14; do_[k] -= $15; mo[k] -= $18; l[k] -= $16 - $18 }
        END { for (k in e) print k "," e[k] "," mi[k] "," pi[k] "," di[k] "," po[k] "," do_[k] "," mo[k] "," l[k] }' |
        sort
}
tier-growth --by-platform large.csv | sums >steps.csv
runs 'parts by platform' 0 tier-growth --decompose --by-platform large.csv
is 'are the flows of all steps' "$(printf '%s\n' "$out" | awk -F, '$5 != "start" && $5 != "end" && NR > 1 {
    k = $1 "," $2; all[k] = all[k] "," $6 } END { for (k in all) print k all[k] }' | sort)" "$(cat steps.csv)"
is 'that add up' "$(printf '%s\n' "$out" | awk -F, '$5 == "left" { last = $8 } $5 == "end" && $6 != last')" ''
panel a,A,2024-01,1
runs 'parts of one period' 0 tier-growth --decompose --tiers all:0 panel.csv
is 'are not known' "$(columns 4-7)" 'part,creators,share,running
start,1,1,1
entered,,,
moved_in,,,
promoted_in,,,
demoted_in,,,
promoted_out,,,
demoted_out,,,
moved_out,,,
left,,,
end,,,'
runs 'parts have no intervals' 2 tier-growth --decompose --interval poisson panel.csv

# ---- Charts --------------------------------------------------------------------------------------
runs 'growth of all with intervals' 0 tier-growth --summary --chart whole.txt "$tiny"
like 'a line for each tier, with the creators of today' "$(cat whole.txt)" \
    'micro .*0\.5 \(-0\.6 to 4\.8\)  *3'
runs 'growth with intervals' 0 tier-growth --summary --by-platform --chart summary.txt "$tiny"
like 'a panel for each platform' "$(cat summary.txt)" 'TikTok  *|'
like 'with what there is to say of each tier' "$(cat summary.txt)" 'mega .*[^0-9]1$'
sed 's/^\([^,]*\),TikTok/\1,头部/; s/^creator,platform/creator,niche/' "$tiny" >niches.csv
runs 'and for each group' 0 tier-growth --summary --group niche --duplicates max --chart niches.txt niches.csv
like 'by its name' "$(cat niches.txt)" '头部'
runs 'parts' 0 tier-growth --decompose --chart parts.gp -o out.csv "$tiny"
like 'have a panel for each tier' "$(cat parts.gp)" "^array panel_name.*'nano, 2024-12 to 2025-02', 'micro, "
runs 'by platform' 0 tier-growth --decompose --by-platform --tiers all:0 --chart parts.gp -o out.csv "$tiny"
like 'they have one for each of both' "$(cat parts.gp)" \
    "^array panel_name.*'RedNote, all, 2024-12 to 2025-02', 'TikTok, all, "
runs 'and by group' 0 tier-growth --decompose --group niche --tiers all:0 --duplicates max --chart parts.gp -o out.csv niches.csv
like 'likewise' "$(cat parts.gp)" "^array panel_name.*'头部, all, "
panel a,A,2024-01,1 b,A,2024-01,1 a,A,2024-12,1 b,A,2024-12,1 c,A,2024-12,20000
runs 'two periods' 0 tier-growth --chart slope.gp -o out.csv panel.csv
like 'are a slope' "$(cat slope.gp)" '^slope = 1$'
like 'with tics at these two' "$(cat slope.gp)" "^array x_label\[2\] = \['2024-01', '2024-12'\]$"
runs 'platforms' 0 tier-growth --by-platform --chart panels.gp -o out.csv large.csv
like 'have a panel each' "$(cat panels.gp)" "^array panel_name\[2\] = \['TikTok', '小红书'\]$"
finish
