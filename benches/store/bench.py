"""Measures the order store part by part and prints one Markdown table. See README.md beside this file."""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

import parts

ROOT = Path(__file__).parents[2]


def options():
    parser = argparse.ArgumentParser(prog="benches/store/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each figure; medians are shown")
    parser.add_argument("--lines", default="1000000,10000000", help="sizes of generated datasets, in order lines")
    parser.add_argument("--only", default=",".join(parts.PARTS), help="some of: " + ", ".join(parts.PARTS))
    parser.add_argument("--parallel", type=int, default=2, help="clients at once; what Affinsy recommends by default")
    parser.add_argument("--json", type=Path, default=ROOT / "target/store/table.json", help="where the figures go")
    parser.add_argument("--affinsy", type=Path, default=ROOT / "target/release/affinsy", help=argparse.SUPPRESS)
    parser.add_argument("--functions", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.only = args.only.split(",")
    args.lines = [int(lines) for lines in args.lines.split(",")]
    if unknown := set(args.only) - set(parts.PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return args


def main():
    args = options()
    measured = {**machine(), "rounds": args.rounds, "rows": []}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        print(f"measuring: {name}", file=sys.stderr)
        measured["rows"] += [{"part": name, **row} for row in parts.PARTS[name](args)]
        args.json.write_text(json.dumps(measured, indent=1))
    print(markdown(measured))
    return 0


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    return {"machine": f"{model}, {os.cpu_count()} processors, {platform.system()}", "date": date.today().isoformat(),
            "commit": commit.stdout.strip()}


def markdown(measured):
    lines = ["| part | what | figure | unit | least | greatest |", "|---|---|--:|---|--:|--:|"]
    for row in measured["rows"]:
        spread = [number(row[end]) if row.get(end) is not None else "" for end in ("least", "greatest")]
        lines.append(f"| {row['part']} | {row['what']} | {number(row['figure'])} | {row['unit']} | "
                     + " | ".join(spread) + " |")
    return "\n".join(lines) + (f"\n\nMedians of {measured['rounds']} rounds where least and greatest are given, on "
                               f"{measured['machine']}, {measured['date']}, commit {measured['commit']}.")


def number(value):
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
