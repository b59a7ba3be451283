"""Each part of the order store, measured: lists of rows for the table."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import stack

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo/online_retail.parquet"
# What Affinsy is measured to take in, by its own users.
THEIR_LINES_PER_S = 1300


def row(what, figures, unit):
    """One figure as it is; of several the median."""
    if isinstance(figures, (int, float, str)):
        return {"what": what, "figure": figures, "unit": unit}
    figures = sorted(figures)
    spread = {"least": figures[0], "greatest": figures[-1]} if len(figures) > 1 else {}
    return {"what": what, "figure": statistics.median(figures), "unit": unit, **spread}


def push(args):
    return into_the_stack(args, "push", ["--parallel", str(args.parallel)], f"pushed, {args.parallel} clients")


def upload(args):
    said = subprocess.run([args.affinsy, "push", "--help"], capture_output=True, text=True, check=True).stdout
    if "--upload" not in said:
        print("SKIPPED upload: this `affinsy push` has no --upload", file=sys.stderr)
        return []
    return into_the_stack(args, "upload", ["--upload"], "uploaded, until the import is complete")


def into_the_stack(args, name, options, what):
    with stack.running(args.affinsy, args.functions) as local:
        # Of a round of its own: functions start at their first request, as they do not at every push.
        local.push(DEMO, f"{name}-warm", *options)
        rounds = [local.push(DEMO, f"{name}-{at}", *options) for at in range(args.rounds)]
        datasets = {dataset["dataset_id"]: dataset for dataset in local.get("/datasets?limit=100")["data"]}
        at_rest = datasets[f"{name}-{args.rounds - 1}"]["bytes"]
    speeds = [done["lines_per_s"] for done in rounds]
    rows = [row(what, speeds, "lines/s"),
            row("the same against Affinsy's 1,300", [speed / THEIR_LINES_PER_S for speed in speeds], "×"),
            row("at rest, before or after compaction", at_rest / rounds[-1]["lines"], "bytes/line")]
    lines = rounds[0]["lines"]
    for process in sorted(rounds[0]["cpu"], key=lambda process: -rounds[0]["cpu"][process]):
        used = [done["cpu"].get(process, 0) for done in rounds]
        if max(used) >= 0.05:
            rows.append(row(f"processor time of {process}", [seconds * 1e6 / lines for seconds in used], "µs/line"))
    if name == "push":
        requests = stack.number(rounds[0]["said"], r"([\d,]+) requests")
        used = [done["cpu"].get("ingest", 0) * 1000 / requests for done in rounds]
        rows.append(row(f"the function's processor time, with S3 and DynamoDB, {lines / requests:,.0f} lines a request",
                        used, "ms/request"))
    return rows


def request(args):
    """Bytes to segment, without a network."""
    said = [example("push_speed", "50") for _ in range(args.rounds)]
    def each(name):
        return [stack.number(text, rf"{name} +([\d.]+) ms CPU") for text in said]
    return [row("10,000 lines from bytes to segment", each("parse and encode"), "ms CPU"),
            row("of it reading JSON", each("parse"), "ms CPU"), row("of it writing Parquet", each("encode"), "ms CPU")]


def example(name, *arguments):
    command = [ROOT / "target/release/examples" / name, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rest(args):
    """Everything in one bucket, on one processor."""
    rows = []
    for lines in args.lines:
        said = [json.loads(example("store_speed", "--lines", str(lines), "--threads", "1"))
                for _ in range(args.rounds)]
        one = said[0]

        def speed(phase, of):
            return [one[of] / one[phase]["cpu_s"] for one in said]

        def most(phase):
            return max(one[phase]["peak_mb"] for one in said)

        name = f"{lines:,} lines"
        rows += [row(f"{name} compacted, {one['pushes']:,} pushes into {one['segments']} segments", speed("compact", "lines"),
                     "lines/s of CPU"),
                 row(f"{name} at rest, as pushed", one["pushed_bytes"] / lines, "bytes/line"),
                 row(f"{name} at rest, compacted", one["bytes"] / one["rows"], "bytes/line"),
                 row(f"{name}: most memory while compacted all at once", most("compact"), "MB"),
                 row(f"{name}: the history", one["history_bytes"] / 1e6, "MB")]
    return rows


def scan(args):
    """As compactor and worker do it: bucket by bucket, a range of orders on each thread at a time."""
    rows, scanned = [], []
    for lines in args.lines:
        said = example("scan_speed", "--lines", str(lines), "--rounds", str(args.rounds))

        def said_of(pattern, times=1e6):
            return stack.number(said, pattern) * times

        name, held = f"{lines:,} lines", said_of(r"peak memory of a scan: ([\d.]+) MB", 1)
        rows += [row(f"{name} compacted, runs of 100 pushes", said_of(r"runs of \d+ pushes: ([\d.]+) million"),
                     "lines/s of CPU"),
                 row(f"{name} compacted, the runs into a settled one", said_of(r"all runs: ([\d.]+) million"),
                     "lines/s of CPU"),
                 row(f"{name} scanned, from files to history", said_of(r"threads: ([\d.]+) million"), "lines/s of CPU"),
                 row(f"{name}: most memory while the runs were compacted", said_of(r"peak memory ([\d.]+) MB", 1), "MB"),
                 row(f"{name}: most memory while scanned", held, "MB")]
        scanned.append((lines, held))
    return rows + slope(scanned)


# The most memory that a Lambda function can have.
LARGEST_FUNCTION_MB = 10_240


def slope(scanned):
    """How memory grows from the smallest dataset to the largest."""
    if len(scanned) < 2:
        return []
    (few, least), (many, most) = min(scanned), max(scanned)
    per_line = (most - least) / (many - few)
    holds = few + (LARGEST_FUNCTION_MB - least) / per_line
    return [row("memory while scanned, for each line more", per_line * 1e6, "bytes"),
            row(f"lines that {LARGEST_FUNCTION_MB:,} MB hold while scanned", holds, "lines")]


PARTS = {"push": push, "upload": upload, "request": request, "rest": rest, "scan": scan}
