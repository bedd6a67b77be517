# SPDX-License-Identifier: GPL-3.0-or-later
"""Every payload of payloads.txt in every text that a stranger can choose: in scenarios,
experiments, their files' names, the command line, and in results files. What headroom
makes of them must be inert, and the canary must not appear.

    canary.py HEADROOM WORK
"""
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import inert  # noqa: E402

HEADROOM, WORK = sys.argv[1], pathlib.Path(sys.argv[2])
CANARY = WORK / "canary"
# Under sanitizers all is ten times slower: then every so many, the plain build tries all.
EACH = int(os.environ.get("CANARY_EACH", "1"))
TOGETHER = 6  # payloads of an experiment: as many lines as a figure shows
failures = []
counts = {"commands": 0, "pages": 0, "figures": 0, "tables": 0, "refused": 0, "strange": 0}


def payloads():
    here = pathlib.Path(__file__).parent / "payloads.txt"
    for line in here.read_text().split("\n"):
        if line and not line.startswith("# "):
            yield json.loads(f'"{line}"').replace("@C@", str(CANARY))


def fail(what, wrong, payload):
    failures.append(f"{what}: {wrong} ({payload!r})"[:600])


def hold(what, wrong, payload):
    for sentence in wrong[:3]:
        fail(what, sentence, payload)


def run(arguments, payload, statuses, gnuplot=True, machine=False):
    """The command's output, which must be text that a terminal can be shown."""
    environment = dict(os.environ)
    if not gnuplot:
        environment["PATH"] = str(WORK / "nothing")
    try:
        done = subprocess.run([HEADROOM, *arguments], cwd=WORK, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    except ValueError:  # a NUL is no argument
        return ""
    counts["commands"] += 1
    what = " ".join(arguments[:2])
    out = done.stdout.decode("utf-8", "surrogateescape")
    err = done.stderr.decode("utf-8", "surrogateescape")
    if done.returncode not in statuses:
        fail(what, f"status {done.returncode}: {err[-300:]}", payload)
    counts["refused"] += done.returncode == 2
    hold(what, inert.text(err), payload)
    if not machine:
        hold(what, inert.text(out), payload)
    if CANARY.exists():
        fail(what, "the canary sings", payload)
        CANARY.unlink()
    return out


def write(name, tree, comment="", escaped=False):
    """As bytes that stand for themselves, or as JSON's escapes."""
    comment = "".join(" " if ord(c) < 32 or c == "\ufeff" else c for c in comment)
    comment = comment.replace("*/", "* /")
    text = json.dumps(tree, ensure_ascii=escaped)
    (WORK / name).write_text(f"/* {comment} */\n{text}\n", errors="surrogatepass")
    return name


def scenario(**more):
    base = {
        "workloads": {"v": {"target": "api", "open": {"rate": "50/s"},
                            "mix": {"page": "50%", "chat": "rest"}, "timeout": "1s"}},
        "services": {"api": {"kind": "server", "slots": 2, "queue_limit": 10,
                             "time": "10ms"}},
        "slo": ["page.p95 < 200ms", "errors < 1%"],
        "run": {"duration": "2s", "warmup": "0s", "replications": 2},
    }
    base.update(more)
    return base


def with_all(p):
    """The payload wherever the language has a text, a name, or a key."""
    tree = scenario(name=p, description=p, slo=[p, f"{p}.p95 < 1s", f"p95 < {p}"],
                    silence={p: p, "overload": p}, cost={"currency": p, "monthly": {p: 1}})
    tree["$schema"] = p
    tree[p] = p
    tree["workloads"] = {p: {"target": p, "open": {"rate": p}, "mix": {p: "rest"},
                             "timeout": p, "retry": {"on": [p]}, "trace": p, p: p},
                         "t": {"target": "api", "trace": {"file": p, "time": p, "type": p}}}
    tree["services"] = {p: {"kind": p, "slots": p, "handlers": {p: [{"call": p, "as": p},
                            {"fail": p}, {p: p}, {"query": p, "via": p}]}},
                        "api": {"kind": "server", "time": {"empirical": {
                            "file": p, "column": p, "unit": p}}, "upstream": {p: p}}}
    tree["links"] = [{"from": p, "to": p, "latency": p}]
    tree["run"] = {"duration": p, "seed": p, "precision": p, p: p}
    return tree


def pages(stem, payload, what):
    page = WORK / f"{stem}.html"
    if page.exists():
        counts["pages"] += 1
        hold(what, inert.html(page.read_text()), payload)
        page.unlink()
    notes = WORK / f"{stem}.md"
    if notes.exists():
        counts["pages"] += 1
        hold(what, inert.markdown(notes.read_text()), payload)
        notes.unlink()
    for figure in WORK.rglob("*.svg"):
        counts["figures"] += 1
        hold(f"{what} {figure.name}", inert.svg(figure.read_text()), payload)
    for folder in [f for f in WORK.iterdir() if f.is_dir() and f.name != "nothing"]:
        shutil.rmtree(folder)


def tables(results, payload, statuses=(0,)):
    for option in ([], ["--points"], ["--replications"], ["--histograms"]):
        out = run(["export", *option, results], payload, statuses, machine=True)
        counts["tables"] += 1
        hold(f"export {option}", inert.sheet(out), payload)


# ---- one payload at a time ---------------------------------------------------------------


def alone(p):
    write("all.json", with_all(p))
    run(["check", "all.json"], p, (2,))
    run(["check", "all.json", "--json"], p, (2,), machine=True)
    write("all-load.json", {"name": p, "description": p, "scenario": p, "variants": {p: p},
                            "vary": {p: [p], f"/{p}": [p]}, "sample": p, p: p})
    run(["check", "all-load.json"], p, (2,))
    free = scenario(name=p, description=p, silence={"pools-above-database": p})
    write("free.json", free, comment=p)
    run(["run", "free.json", "--quiet"], p, (0, 1, 2))
    run(["report", "free.json", "--out", "free.html", "--quiet"], p, (0, 2), gnuplot=False)
    run(["report", "free.json", "--out", "free.md", "--quiet"], p, (0, 2), gnuplot=False)
    pages("free", p, "report of a scenario")
    run(["run", "free.json", "--set", f"/services/api/time={p}"], p, (2,))
    run(["explain", p], p, (0, 2))


def as_file_name(p):
    """A scenario is called like its file, and so are the page and the folders."""
    name = f"{p[:80]}.json"
    if "/" in name or "\0" in name or not p.strip(" .") or p.startswith("-"):
        return
    try:
        write(name, scenario())
    except (OSError, UnicodeEncodeError):
        return
    run(["report", f"./{name}", "--quiet", "--force"], p, (0, 2), gnuplot=False)
    (WORK / name).unlink()
    for page in WORK.glob("*-report.html"):
        page.rename(WORK / "named.html")
    pages("named", p, "report of a file called so")


# ---- many together -----------------------------------------------------------------------


def together(group, number):
    # No NUL and no byte order mark may stand within a file of ours.
    names = [p for p in group if p and "\0" not in p and "\ufeff" not in p]
    write("free.json", scenario(description=" ".join(names)), escaped=True)
    write("load.json", {
        "name": "load", "description": " ".join(names), "scenario": "free.json",
        "replications": 2, "variants": {p: {"services": {"api": {"slots": 1 + i}}}
                                        for i, p in enumerate(names)},
        "vary": {"/workloads/v/open/rate": ["40/s", "70/s"]}}, names[0], escaped=True)
    (WORK / "load.hdb").unlink(missing_ok=True)
    run(["check", "load.json"], names, (0,))
    run(["batch", "load.json", "--quiet"], names, (0,))
    run(["check", "load.hdb"], names, (0,))
    tables("load.hdb", names)
    drawn = number % 8 == 0  # into a page, too
    run(["plot", "load.hdb", *([] if drawn else ["--kind", "latency,goodput"])], names, (0,))
    run(["report", "load.hdb", "--out", "load.html"], names, (0,), gnuplot=drawn)
    run(["report", "load.hdb", "--out", "load.md"], names, (0,), gnuplot=False)
    run(["report", "load.json", "--brief", "--out", "brief.html"], names, (0,),
        gnuplot=False)
    pages("brief", names, "brief report")
    pages("load", names, "report of results")


# What a point's seal is made of (experiments/store_check.c), with the order of its rows.
SEALED = [
    ("digest simulation state verdict reason stage replications requests events precise"
     " promises missed undecided", "point where id = ?"),
    ("pointer value number", "value where point = ? order by pointer"),
    ("scope name metric unit value half_width n lack",
     "estimate where point = ? order by scope, name, metric"),
    ("number name streaming", "type where point = ? order by number"),
    ("first count", "evidence where point = ? order by first, count"),
]


def sealed(cell):
    if isinstance(cell, float):
        return struct.pack("<d", cell)
    text = b"" if cell is None else cell if isinstance(cell, bytes) else str(cell).encode()
    return len(text).to_bytes(8, "little") + text


def seal(file, point):
    """A stranger can make seals, too."""
    digest = hashlib.sha256()
    for columns, source in SEALED:
        wanted = ", ".join(columns.split())
        for row in file.execute(f"select {wanted} from {source}", (point,)):
            for cell in row:
                digest.update(sealed(cell))
    file.execute("update point set seal = ? where id = ?", (digest.digest(), point))


def spoil(file, p):
    text = json.dumps({"description": p})
    file.execute("update experiment set name = ?, text = ?", (p, text))
    file.execute("update point set label = label || ?, variant = ?, reason = ?", (p, p, p))
    file.execute("update value set value = ? where pointer like '%rate'",
                 (json.dumps(p, ensure_ascii=False),))
    file.execute("update estimate set name = name || ?, value = 2.0, half_width = 0.5"
                 " where value is not null", (p,))
    file.execute("update type set name = name || ?", (p,))
    file.execute("update scenario set text = json_set(text, '$.name', ?, '$.description',"
                 " ?)", (p, p))
    file.execute("update execution set version = ?, host = ?", (p, p))
    file.execute("update meta set value = ? where key = 'made_by'", (p,))
    for (point,) in file.execute("select id from point").fetchall():
        seal(file, point)


def in_results(p):
    """A results file of somebody else, where nothing was checked by the language."""
    shutil.copy(WORK / "good.hdb", WORK / "bad.hdb")
    file = sqlite3.connect(WORK / "bad.hdb")
    try:
        spoil(file, p)
        file.commit()
    except UnicodeEncodeError:  # half a character is no text of SQLite's
        return
    finally:
        file.close()
    run(["check", "bad.hdb"], p, (0, 2, 3))
    run(["report", "bad.hdb", "--out", "bad.html"], p, (0, 2, 3), gnuplot=False)
    out = run(["export", "--points", "bad.hdb"], p, (0, 2, 3), machine=True)
    hold("export of a stranger's file", inert.sheet(out), p)
    counts["strange"] += (WORK / "bad.html").exists() and out.count("\n") > 2
    pages("bad", p, "report of a stranger's file")


def main():
    (WORK / "nothing").mkdir()
    every = list(payloads())[::EACH]
    groups = [every[i:i + TOGETHER] for i in range(0, len(every), TOGETHER)]
    for p in every:
        alone(p)
        as_file_name(p)
    for number, group in enumerate(groups):
        together(group, number)
    (WORK / "load.hdb").rename(WORK / "good.hdb")
    for p in every:
        in_results(p)
    print(f"{len(every)} payloads: {counts}; {len(failures)} failures")
    for failure in failures[:20]:
        print(failure)
    least = {"commands": 1000, "pages": 300, "figures": 60, "tables": 100, "refused": 300,
             "strange": 100}
    for what, number in least.items():
        if counts[what] < number // EACH:
            failures.append(what)
            print(f"only {counts[what]} {what}: nothing was tested")
    return 1 if failures or len(every) < 100 // EACH else 0


sys.exit(main())
