# SPDX-License-Identifier: GPL-3.0-or-later
# compact.awk -- a raw log of the test bed as it is kept in data/: fewer columns and
# digits, no status where all requests succeeded. work_ms is the time that the handler
# itself took: the demand sent to it and what its sleep overran (of handlers that burn
# CPU the demand alone: -v cpu=1). -v until=65 leaves out what was sent later. Where the
# log has a line for each attempt the attempts of a request become one line: its first
# start, its last status, and the time between the first start and the last answer.
#
#     zcat S1/rho0.8-1.csv.gz | awk -f compact.awk >data/S1/rho0.8-1.csv
BEGIN { FS = "," }
NR == 1 {
    for (i = 1; i <= NF; i++)
        at[$i] = i
    # where all demands are the same, every digit of the latency tells something
    works = "app_ms" in at && "w" in at || "db_ms" in at
    digits = works ? "%.1f" : "%.2f"
    next
}
until && $at["t_s"] > until { next }
{
    request = "id" in at ? $at["id"] + 1 : n + 1
    if (request > n)
        n = request
    last = "att" in at ? $at["att"] : 0
    if (last == 0) {
        start[request] = $at["t_s"]
        left[request] = sprintf("%.4f", $at["t_s"])
        if ("user" in at)
            left[request] = left[request] "," $at["user"]
        if ("kind" in at)
            left[request] = left[request] "," $at["kind"]
        if (works)
            left[request] = left[request] \
                sprintf(",%.1f", $at["app_ms"] + (cpu ? 0 : $at["over_ms"]))
        if ("db_ms" in at)
            left[request] = left[request] "," $at["db_ms"]
    }
    if (last >= attempt[request]) {
        attempt[request] = last
        status[request] = $at["status"]
        wrong[request] = $at["status"] != 200 || $at["err"] != ""
        latency[request] = sprintf(digits, ($at["t_s"] - start[request]) * 1000 + $at["lat_ms"])
    }
}
END {
    for (i = 1; i <= n; i++)
        failed += wrong[i]
    names = "t_s" ("user" in at ? ",user" : "") ("kind" in at ? ",kind" : "")
    names = names (works ? ",work_ms" : "") ("db_ms" in at ? ",db_ms" : "")
    print names (failed ? ",status" : "") ",lat_ms"
    for (i = 1; i <= n; i++)
        print left[i] (failed ? "," status[i] : "") "," latency[i]
}
