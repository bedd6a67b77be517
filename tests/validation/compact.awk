# SPDX-License-Identifier: GPL-3.0-or-later
# compact.awk -- a raw log of the test bed as it is kept in data/: fewer columns and
# digits, no status where all requests succeeded. work_ms is the time that the handler
# itself took: the demand sent to it and what its sleep overran (of handlers that burn
# CPU the demand alone: -v cpu=1).
#
#     zcat S1/rho0.8-1.csv.gz | awk -f compact.awk >data/S1/rho0.8-1.csv
BEGIN { FS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    next
}
{
    n++
    left[n] = sprintf("%.4f", $at["t_s"])
    if ("user" in at)
        left[n] = left[n] "," $at["user"]
    if ("kind" in at)
        left[n] = left[n] "," $at["kind"]
    if ("app_ms" in at && "w" in at || "db_ms" in at)
        left[n] = left[n] sprintf(",%.1f", $at["app_ms"] + (cpu ? 0 : $at["over_ms"]))
    if ("db_ms" in at)
        left[n] = left[n] "," $at["db_ms"]
    status[n] = $at["status"]
    failed += status[n] != 200 || $at["err"] != ""
    # where all demands are the same, every digit of the latency tells something
    latency[n] = sprintf("w" in at || "db_ms" in at ? "%.1f" : "%.2f", $at["lat_ms"])
}
END {
    names = "t_s" ("user" in at ? ",user" : "") ("kind" in at ? ",kind" : "")
    names = names ("app_ms" in at && "w" in at || "db_ms" in at ? ",work_ms" : "")
    print names ("db_ms" in at ? ",db_ms" : "") (failed ? ",status" : "") ",lat_ms"
    for (i = 1; i <= n; i++)
        print left[i] (failed ? "," status[i] : "") "," latency[i]
}
