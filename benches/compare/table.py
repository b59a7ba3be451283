"""From figures to one Markdown table, and that into the README."""

import os
import platform
import re
import statistics
import subprocess
from importlib.metadata import version

from data import ROOT

PEERS = ["PyFIM", "rusket", "mlxtend", "efficient-apriori", "fastapriori"]
BEGIN, END = "<!-- benches/compare: begin -->", "<!-- benches/compare: end -->"


def median(figures):
    return {key: None if figures[0][key] is None else statistics.median(figure[key] for figure in figures)
            for key in figures[0]}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
                            check=False)
    return {"machine": f"{model}, {os.cpu_count()} processors, {platform.system()}",
            "python": platform.python_version(), "versions": [f"{name} {version(name)}" for name in PEERS],
            "commit": commit.stdout.strip()}


def markdown(rows):
    lines = ["| data @ support | task | found | " + " | ".join(PEERS)
             + " | **affinsy**, 1 thread | **affinsy**, all | CPU × | wall × | memory × |",
             "|---|---|--:|" + "--:|" * (len(PEERS) + 5)]
    lines += [line(row) for row in rows["rows"]]
    return "\n".join(lines) + f"""

Each cell: CPU seconds / wall seconds · peak MB (+ what mining added). Medians of {rows['runs']} runs in turn on
{rows['machine']}, {rows['date']}, commit {rows['commit']}; Python {rows['python']}, {', '.join(rows['versions'])}.
*CPU ×* and *wall ×*: the best peer's time over ours, on one thread by CPU, on all by wall. *memory ×*: the leanest
peer's peak over ours, and in brackets the same of what mining added; above 1 is leaner than every peer. A cell
above 5 s is one run.
"""


def line(row):
    measured = row["measured"]
    by_peer = {name: [f for key, f in measured.items() if key.split(" ")[0] == name] for name in PEERS}
    single = [f for key, f in measured.items() if key.split(" ")[0] in PEERS and key.split(" ")[1:2] != ["0"]]
    everyone = [f for figures in by_peer.values() for f in figures]
    one, every = measured["affinsy 1"], measured["affinsy 0"]
    cells = [row["what"], row["task"], f"{one['sets']:,}" + (" (PEERS DIFFER)" if row["differ"] else "")]
    cells += [best_cell(figures, row["lost"].get(name, "–")) for name, figures in by_peer.items()]
    cells += [cell(one), cell(every)]
    if not everyone:
        return f"| {' | '.join(cells)} | – | – | – |"
    cells += [ratio(single or everyone, one, "cpu"), ratio(everyone, every, "wall"), ratio(everyone, every, "peak")]
    if every["more"] is not None:
        cells[-1] += f" ({ratio(everyone, every, 'more')})"
    return f"| {' | '.join(cells)} |"


def ratio(theirs, mine, key):
    value = min(figures[key] for figures in theirs) / max(mine[key], 1e-6)
    return f"{value:.1f}" if value < 20 else f"{value:.0f}"


def best_cell(figures, otherwise):
    """The least of each figure over the peer's variants and thread counts."""
    if not figures:
        return otherwise
    return cell({key: None if figures[0][key] is None else min(f[key] for f in figures) for key in figures[0]})


def cell(figures):
    more = "" if figures["more"] is None else f" (+{figures['more']:.0f})"
    return f"{seconds(figures['cpu'])} / {seconds(figures['wall'])} · {figures['peak']:.0f}{more}"


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def into_readme(text):
    readme = ROOT / "README.md"
    marked = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
    before = readme.read_text(encoding="utf-8")
    if not marked.search(before):
        raise SystemExit("README.md has no place for the table between its markers")
    readme.write_text(marked.sub(lambda _: f"{BEGIN}\n{text}{END}", before), encoding="utf-8")
