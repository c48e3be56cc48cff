# SPDX-License-Identifier: GPL-3.0-or-later
# Spells that start on 2025-01-01 and are watched to the end of that year, as whole days and
# whether they ended: user,segment,age,time,status.
BEGIN {
    FS = OFS = ","
    split("31 28 31 30 31 30 31 31 30 31 30 31", length_of, " ")
    for (month = 1; month <= 12; month++)
        for (day = 1; day <= length_of[month]; day++)
            days[sprintf("2025-%02d-%02d", month, day)] = passed++
    days["2026-01-01"] = passed
}
NR == 1 { print "user", "segment", "age", "time", "status"; next }
{ print $1, $3, $4, $6 == "" ? passed : days[$6], $6 != "" }
