# SPDX-License-Identifier: GPL-3.0-or-later
. "$TESTS/lib/tap.sh"
PATH=$BIN:$PATH
header=creator,platform,period,followers
tiny=$DATA/tiny/creator-panel.csv
two='small:0,large:50000'

panel() { # rows, in a file with the canonical header
    printf '%s\n' "$header" "$@" >panel.csv
}

columns() { # numbers of columns, separated by commas, of the last result
    printf '%s\n' "$out" | cut -d, -f"$1"
}

# ---- By hand (see tier-growth.t for who is where) ------------------------------------------------
runs 'the tiny panel' 0 tier-mobility "$tiny"
is 'only moves that somebody made' "$(columns 2-5 | awk -F, 'NR == 1 || $3 > 0')" 'from,to,creators,share
nano,micro,3,1
micro,micro,2,0.3333333333333333
micro,mid,2,0.3333333333333333
micro,(gone),2,0.3333333333333333
mid,micro,1,1
macro,mega,1,1
mega,mega,1,1
(new),nano,1,0.5
(new),micro,1,0.5'
is 'every cell has a row' "$(columns 2,3 | wc -l)" 36

runs 'steps' 0 tier-mobility --steps --tiers $two "$tiny"
is 'by the period they lead to' "$(columns 1-4 | grep 2025-02)" '2025-02,small,small,2
2025-02,small,large,2
2025-02,small,(gone),1
2025-02,large,small,0
2025-02,large,large,1
2025-02,large,(gone),0
2025-02,(new),small,1
2025-02,(new),large,0'

# Jeffreys by R: qbeta(c(0.025, 0.975), 2.5, 7 + 1).
runs 'two tiers' 0 tier-mobility --tiers $two "$tiny"
ok 'the interval of 2 in 9' awk "BEGIN { exit !((x = $(columns 6 | sed -n 3p) / 0.046533021449610676 - 1) < 1e-9 && x > -1e-9) }"
runs 'stayers' 0 tier-mobility --tiers $two --stayers "$tiny"
is 'are in the panel before and after' "$(columns 2-5)" 'from,to,creators,share
small,small,5,0.7142857142857143
small,large,2,0.2857142857142857
large,small,1,0.3333333333333333
large,large,2,0.6666666666666666'

# pi = (q, p)/(p + q), p = 2/7, q = 1/3: 7/13; time to large 1/p.
runs 'stationary of stayers' 0 tier-mobility --tiers $two --stayers --stationary "$tiny"
is 'in closed form' "$(columns 1,4 | awk -F, 'NR > 1 { printf "%s %.12f\n", $1, $2 * 13 }')" 'small 7.000000000000
large 6.000000000000'
runs 'time to large of stayers' 0 tier-mobility --tiers $two --stayers --time-to large "$tiny"
is 'in closed form' "$(columns 1,2,5 | sed -n 2p)" 'small,1,3.5'
# 2/9 each step against 2/9 to be gone; whoever goes anywhere does so after 9/4 steps.
runs 'time to large' 0 tier-mobility --tiers $two --time-to large "$tiny"
is 'against leaving' "$(columns 1,2,5 | sed -n 2p)" 'small,0.5,2.25'
# Leavers are replaced: small to large 2/9, large to small 1/3, and 2 new ones are small.
runs 'stationary with replacement' 0 tier-mobility --tiers $two --stationary "$tiny"
is 'two fifths are large' "$(columns 1,4 | awk -F, 'NR > 1 { printf "%s %.12f\n", $1, $2 }')" 'small 0.600000000000
large 0.400000000000'
runs 'indices' 0 tier-mobility --tiers $two --indices "$tiny"
# 2/7 + 1/3 = 13/21; 2 x 2/7 x 7/13.
is 'in closed form' "$(columns 1-3 | awk -F, 'NR > 1 { printf "%s %s %.12f\n", $1, $2, $3 }')" 'shorrocks  0.619047619048
bartholomew  0.307692307692
upward  0.153846153846
downward  0.153846153846
prais small 3.500000000000
prais large 3.000000000000'
# R: 1 / (1 - qbeta(c(0.025, 0.975), 5.5, 2.5)); delta method: sqrt(p / n) / (1 - p)^1.5
ok 'the mean stay has bounds' awk "BEGIN { split(\"$(columns 4-6 | sed -n 6p)\", x, \",\"); e = x[3] / (sqrt(5 / 7 / 7) / (2 / 7) ^ 1.5) - 1; exit !(e < 1e-12 && e > -1e-12 && x[1] > 1.5 && x[1] < 1.6 && x[2] > 13 && x[2] < 16) }"

# ---- Other platforms, groups, gaps, units --------------------------------------------------------
panel a,A,2025-01,10 a,B,2025-02,99 b,A,2025-01,10 b,A,2025-02,10 b,B,2025-02,7 c,A,2025-01,5
runs 'moving to another platform' 0 tier-mobility --by-platform --tiers low:0,high:50 panel.csv
is 'has a place of its own' "$(columns 1,3-5 | awk -F, 'NR == 1 || $4 > 0')" 'platform,from,to,creators
A,low,low,1
A,low,(gone),1
A,low,(to B),1
B,(new),low,1
B,(from A),high,1'
runs 'of all platforms' 0 tier-mobility --tiers low:0,high:50 panel.csv
is 'as well' "$(columns 2-4 | awk -F, 'NR == 1 || $3 > 0')" 'from,to,creators
low,low,1
low,(gone),1
low,(to B),1
(new),low,1
(from A),high,1'
runs 'creators once' 0 tier-mobility --count creator --tiers low:0,high:50 panel.csv
is 'do not leave by moving' "$(columns 2-4 | awk -F, 'NR == 1 || $3 > 0')" 'from,to,creators
low,low,1
low,high,1
low,(gone),1'
runs 'but have no one platform' 2 tier-mobility --count creator --by-platform panel.csv
like 'says so' "$err" 'expected --count account'

printf '%s\n' creator,period,followers,role a,2025-01,1,x a,2025-02,2,y b,2025-01,1,y b,2025-02,1,y >roles.csv
runs 'groups' 0 tier-mobility --group role --tiers all:0 roles.csv
is 'who changes the role has gone to the other' "$(columns 1,3-5 | awk -F, 'NR == 1 || $4 > 0')" 'group,from,to,creators
x,all,(to y),1
y,all,all,1
y,(from x),all,1'

panel a,A,2025-01,10 a,A,2025-03,99 b,A,2025-02,1
runs 'a month missing' 0 tier-mobility --tiers low:0,high:50 panel.csv
is 'is leaving and entering' "$(columns 2-4 | awk -F, '$3 > 0')" 'from,to,creators
low,(gone),2
(new),low,1
(new),high,1'
runs 'with --gap 1' 0 tier-mobility --gap 1 --tiers low:0,high:50 panel.csv
is 'it is not' "$(columns 2-4 | awk -F, '$3 > 0')" 'from,to,creators
low,low,1
low,high,1
low,(gone),1
(new),low,1'

# ---- Ranks: of 10 creators the lower 9 are the tail; equals stand together -----------------------
{ echo creator,period,followers
  for i in 1 2 3 4 5 6 7 8 9 10; do
      echo "c$i,2025-01,$i"
      echo "c$i,2025-02,$((i == 9 ? 11 : i))"
  done; } >ranks.csv
runs 'ranks' 0 tier-mobility --by rank --tiers tail:0,head:0.9 --stayers ranks.csv
is 'one overtakes another' "$(columns 2-4)" 'from,to,creators
tail,tail,8
tail,head,1
head,tail,1
head,head,0'

# ---- Gibrat: by hand, y = 2 - x/2 exactly ---------------------------------------------------------
{ echo creator,period,followers
  for x in 1 10000 100000000; do echo "c$x,2025-01,$x"; done
  echo c1,2025-02,1000; echo c10000,2025-02,100000; echo c100000000,2025-02,10000000; } >gibrat.csv
runs 'a perfect line' 0 tier-mobility --gibrat --tiers all:0 gibrat.csv
ok 'has its slope' awk "BEGIN { exit !((x = $(columns 2 | tail -1) + 0.5) < 1e-12 && x > -1e-12) }"
panel a,A,2025-01,0 a,A,2025-02,10 b,A,2025-01,5 b,A,2025-02,0
runs 'followers fall to 0' 0 tier-mobility --gibrat panel.csv
is 'no logarithm: left out and counted' "$(columns 1,2,9-11 | tail -1)" '(all),,0,0,2'

# ---- Tests ----------------------------------------------------------------------------------------
runs 'tests' 0 tier-mobility --tiers $two --test "$tiny"
is 'by hand: small 2 of 2 and 2 of 4 stayed...' "$(columns 1,2,3,7 | sed -n 3,4p)" 'same in all steps,small,2.1000000000000005,1
same in all steps,large,0.75,1'
like 'few cells are warned of' "$err" 'fewer than 5 are expected in 8 of 8 cells'

# ---- Rates: one look apart, two tiers: q = s p / (p + q), s = -ln(1 - p - q) ---------------------------
{ echo creator,period,followers
  for i in 1 2 3 4 5 6 7 8 9 10; do
      echo "a$i,2025-01,1"
      echo "a$i,2025-02,$((i <= 2 ? 10 : 1))"
      echo "b$i,2025-01,10"
      echo "b$i,2025-02,$((i <= 3 ? 1 : 10))"
  done; } >rates.csv
runs 'rates' 0 tier-mobility --rate --tiers small:0,large:10 rates.csv
ok 'in closed form' awk "BEGIN { d = $(columns 3 | sed -n 2p) / (-log(0.5) * 0.4) - 1; exit !(d < 1e-9 && d > -1e-9) }"
is 'and the mean stay' "$(columns 1,2,7 | sed -n 3p)" 'small,(mean stay),month'
sed 's/2025-02/2025-03/' rates.csv >later.csv
runs 'two months apart' 0 tier-mobility --rate --tiers small:0,large:10 later.csv
ok 'half as fast' awk "BEGIN { d = $(columns 3 | sed -n 2p) / (-log(0.5) * 0.2) - 1; exit !(d < 1e-9 && d > -1e-9) }"

# ---- R's Gibrat on the tiny panel: steps by merge(); fit <- lm(log(y/x) ~ log(x)), 9 steps of 5;
# vcovCL(fit, cluster = creator, type = "HC1") ----------------------------------------------------------
runs 'Gibrat' 0 tier-mobility --gibrat "$tiny"
is 'as R has it' "$(columns 2-5 | awk -F, 'END { printf "%.9f %.9f %.9f %.9f\n", $1, $2, $3, $4 }')" '-0.122189035 -0.346683586 0.102305516 0.205271335'

# ---- Nothing and little ----------------------------------------------------------------------------
panel
for what in '' --steps --stationary --indices --test --gibrat '--time-to mega'; do
    runs "a header alone $what" 0 tier-mobility $what panel.csv
done
panel a,A,2025-01,5
runs 'one period' 0 tier-mobility panel.csv
is 'no moves' "$out" 'step,from,to,creators,share,lower,upper'
runs 'its stationary shares' 0 tier-mobility --stationary --stayers panel.csv
is 'are not known' "$(columns 1-5 | sed -n 2p)" 'nano,1,1,,'
like 'and that is said' "$err" 'lead to no one distribution'

# ---- Usage -----------------------------------------------------------------------------------------
runs 'a tier that is none' 2 tier-mobility --time-to meaga "$tiny"
like 'did you mean' "$err" "found 'meaga', expected the name of a tier, such as 'mega'"
runs 'income without tiers' 2 tier-mobility --by income "$tiny"
like 'has no default' "$err" 'tiers by income have no default'
runs 'income without the column' 1 tier-mobility --by income --tiers a:0,b:10 "$tiny"
like 'names it' "$err" "no column 'income'"
runs 'a group that is the platform' 2 tier-mobility --group platform "$tiny"
like 'has an option' "$err" 'for platforms: --by-platform'

# ---- Recovery: the chain of synth-panel ------------------------------------------------------------
synth-panel creators --seed 3 -o synthetic.csv
runs 'the synthetic chain' 0 tier-mobility --confidence 0.999 synthetic.csv
for cell in 'nano,micro 0.005' 'mid,macro 0.005' 'micro,nano 0.01' 'mid,(gone) 0.03' 'mid,mid 0.955'; do
    ok "holds its $cell" sh -c "printf '%s\n' '$out' | grep -F ',${cell% *},' | awk -F, '{ exit !(\$6 <= ${cell#* } && ${cell#* } <= \$7) }'"
done

runs 'a chart' 0 tier-mobility --chart moves.gp -o out.csv "$tiny"
like 'has the tiers in order' "$(cat moves.gp)" "'nano'.*'micro'.*'mid'"
for threads in 1 3; do
    tier-mobility --threads $threads --gibrat synthetic.csv >gibrat.$threads
done
same 'the same digits for any number of threads' gibrat.1 gibrat.3

# ---- Where there is nothing to tell an error by --------------------------------------------------
printf '%s\n' creator,period,followers a,2024-01,0 b,2024-01,9 a,2024-02,0 b,2024-02,9 >still.csv
runs 'nobody moved' 0 tier-mobility --time-to high --tiers low:0,high:5 still.csv
is 'no bounds of a chance that nobody had' "$out" 'tier,chance,chance_lower,chance_upper,steps,lower,upper
low,0,,,,,
high,1,1,1,0,0,0'
runs 'nor of mobility' 0 tier-mobility --indices --tiers low:0,high:5 still.csv
is 'none was seen' "$(printf '%s\n' "$out" | grep shorrocks)" 'shorrocks,,0,,,'
printf '%s\n' a,2024-01,0 b,2024-01,9 c,2024-01,0 a,2024-02,9 b,2024-02,0 c,2024-02,0 >rows.csv
{ echo creator,period,followers; cat rows.csv; } >some.csv
runs 'all who stay' 0 tier-mobility --stayers --time-to high --tiers low:0,high:5 some.csv
is 'reach it for certain' "$(printf '%s\n' "$out" | sed -n 2p | cut -d, -f1-5)" 'low,1,1,1,2'
runs 'one tier' 0 tier-mobility --stayers --stationary --tiers all:0 some.csv
is 'has all of them' "$out" 'tier,creators,share,stationary,lower,upper,error
all,3,1,1,1,1,0'
runs 'a map of two platforms' 2 tier-mobility --by-platform --chart two.svg "$tiny"
like 'is refused' "$err" "option '--chart': found a table for each of 2 platforms, expected one"
finish
