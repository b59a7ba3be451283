"""Runs every miner on every row, in turn, and prints the table. See README.md beside this file."""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

import data
import peers
import table
import whole
from measure import Failed, ours, ours_whole, peer, peer_whole
from rows import ROWS


def options():
    parser = argparse.ArgumentParser(prog="benches/compare/run", description="One table: each peer, ours, the ratios.")
    parser.add_argument("--runs", type=int, default=5, help="measurements of each cell, in turn; medians are shown")
    parser.add_argument("--quick", action="store_true", help="few rows, one run")
    parser.add_argument("--only", default="", help="rows whose name holds this text")
    parser.add_argument("--peers", default=",".join(peers.VARIANTS), help="only these, such as PyFIM,rusket")
    parser.add_argument("--json", type=Path, default=data.FOLDER / "table.json", help="where the figures go")
    parser.add_argument("--readme", action="store_true", help="put the table into README.md too")
    parser.add_argument("--show", action="store_true", help="measure nothing: show the figures of --json")
    parser.add_argument("--affinsy", default="target/release/affinsy", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = options()
    if args.show:
        rows = json.loads(args.json.read_text())
    else:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        rows = {"date": date.today().isoformat(), **table.machine(), "rows": []}
        rows["runs"] = 1 if args.quick else args.runs
        for measured in measure_all(args, rows["runs"]):
            rows["rows"].append(measured)
            args.json.write_text(json.dumps(rows, indent=1))
    text = table.markdown(rows)
    print(text)
    if args.readme:
        table.into_readme(text)
    return 1 if any(row["differ"] for row in rows["rows"]) else 0


def measure_all(args, runs):
    hopeless = {}  # variants that already took too long on this data, and why
    for row in ROWS:
        if (args.quick and not row.quick) or args.only not in row.what:
            continue
        path = data.baskets(row.data)
        if path is None:
            print(f"SKIPPED {row.what}: no {row.data}.dat.xz; is AFFINSY_SHARED set?", file=sys.stderr)
            continue
        yield from measure_row(args, row, path, runs, hopeless)
    if args.only in "rules" and (orders := data.long_csv()):
        contenders = {name: (lambda n=name: peer_whole(n, orders)) for name in whole.PEERS if name in args.peers}
        contenders |= {f"affinsy {n}": (lambda n=n: ours_whole(args.affinsy, orders, n)) for n in (1, 0)}
        yield finish("online_retail.csv to rules, 1 %, confidence 0.3", "whole", in_turn(contenders, runs, "rules"))


SLOW_SECONDS = 5  # a peer this slow is measured once


def measure_row(args, row, path, runs, hopeless):
    listed, best = {}, {}
    for counting in [True, False] if row.listing else [True]:
        contenders, once = {}, {}
        for name, variants in peers.VARIANTS.items():
            if name not in args.peers.split(",") or (name == "fastapriori" and not row.max_size):
                continue
            if name not in peers.COUNTS and not counting:  # it only lists, and was measured for the row above
                continue
            if name not in best:
                best[name] = fastest(name, variants, path, row, hopeless)
            for variant, trial in best[name].items():
                if trial["cpu"] > SLOW_SECONDS:
                    once[f"{name} 1 {variant}"] = trial
                    continue
                for threads in (1, 0) if name in peers.THREADED else (1,):
                    contenders[f"{name} {threads} {variant}"] = (
                        lambda n=name, v=variant, t=threads: peer(n, v, path, row, counting, t))
        for threads in (1, 0):
            contenders[f"affinsy {threads}"] = lambda t=threads: ours(args.affinsy, path, row, counting, t)
        measured = once | in_turn(contenders, runs, row.what)
        lost = {name: text for (name, _, *of), text in hopeless.items() if of == [row.data, row.max_size]}
        yield finish(row.what, "count" if counting else "list", listed | measured, lost)
        counting_ones = {*peers.COUNTS, "affinsy"}
        listed = {key: figures for key, figures in measured.items() if key.split(" ")[0] not in counting_ones}


def fastest(name, variants, path, row, hopeless):
    """The variants that one trial shows to be within a quarter of the fastest, with the trial's figures. What fails,
    or takes four times as long as another variant, is not tried again at lower thresholds."""
    trials = {}
    for variant in variants:
        if (name, variant, row.data, row.max_size) in hopeless:
            continue
        try:
            trials[variant] = peer(name, variant, path, row, name in peers.COUNTS, 1)
        except Failed as failed:
            hopeless[name, variant, row.data, row.max_size] = str(failed)
            print(f"{row.what}: {name} {variant}: {failed}", file=sys.stderr)
    least = min((trial["cpu"] for trial in trials.values()), default=0)
    for variant, trial in trials.items():
        if trial["cpu"] > 4 * least and trial["cpu"] > 1:
            hopeless[name, variant, row.data, row.max_size] = "slow"
    return {variant: trial for variant, trial in trials.items() if trial["cpu"] <= 1.25 * least}


def in_turn(contenders, runs, what):
    measured = {key: [] for key in contenders}
    for _ in range(runs):
        for key, run in contenders.items():
            try:
                measured[key].append(run())
            except Failed as failed:
                print(f"{what}: {key}: {failed}", file=sys.stderr)
                if key.startswith("affinsy"):
                    raise
    print(f"measured {what}", file=sys.stderr)
    return {key: table.median(figures) for key, figures in measured.items() if figures}


def finish(what, task, measured, lost=None):
    sets = {figures["sets"] for figures in measured.values()}
    if len(sets) > 1:
        print(f"DIFFERENCE in {what}: {[(key, f['sets']) for key, f in measured.items()]}", file=sys.stderr)
    return {"what": what, "task": task, "measured": measured, "lost": lost or {}, "differ": len(sets) > 1}


if __name__ == "__main__":
    sys.exit(main())
