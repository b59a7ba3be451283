"""Starts one miner in a process of its own and brings its figures back: CPU and wall seconds, memory in MB, sets."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
MOST_SECONDS = 300  # with parsing; the mining alone has 60 s of processor time


class Failed(Exception):
    """Said in the table in the place of figures."""


def peer(name, variant, path, row, counting, threads):
    job = {"peer": name, "variant": variant, "path": str(path), "support": row.support, "size": row.max_size,
           "counting": counting}
    environment = {**os.environ, **({"RAYON_NUM_THREADS": "1"} if threads == 1 else {})}
    try:
        done = subprocess.run([sys.executable, HERE / "peers.py", json.dumps(job)], capture_output=True, text=True,
                              env=environment, check=False, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"no answer in {MOST_SECONDS} s") from None
    return json.loads(checked(done).stdout)


def ours(affinsy, path, row, counting, threads):
    command = [affinsy, "mine", path, "--min-support-count", row.support, "--threads", threads, "--stats"]
    command += ["--max-itemset-size", row.max_size] if row.max_size else []
    command += ["--count-only"] if counting else ["--itemsets", "-"]
    done = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          check=False)
    said = json.loads(checked(done).stderr.splitlines()[-1])
    return {"cpu": said["mine_cpu_s"], "wall": said["mine_s"], "peak": said["peak_rss_mb"],
            "more": said["peak_rss_mb"] - said["rss_before_mine_mb"], "sets": said["itemsets"]}


def checked(done):
    if done.returncode == 0:
        return done
    if done.returncode == -27:  # SIGPROF
        raise Failed("> 60 s")
    if "MemoryError" in done.stderr or done.returncode < 0:
        raise Failed("out of memory" if "MemoryError" in done.stderr else f"died by signal {-done.returncode}")
    raise Failed((done.stderr.strip().splitlines() or ["failed"])[-1])


def peer_whole(name, orders):
    def command(out):
        return [sys.executable, HERE / "whole.py", name, orders, out]

    return whole(command, lambda said, _out: int(said))


def ours_whole(affinsy, orders, threads):
    def command(out):
        return [affinsy, "mine", orders, "--order-col", "InvoiceNo", "--product-col", "ProductName", "--min-support",
                "0.01", "--min-confidence", "0.3", "--include-redundant", "--threads", threads, "--rules", out]

    return whole(command, lambda _said, out: sum(1 for _ in open(out, encoding="utf-8")) - 1)


def whole(command, count):
    """From start to exit, as the system accounts for it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rules.csv"
        with open(Path(folder) / "said", "w+", encoding="utf-8") as said:
            started = time.perf_counter()
            child = subprocess.Popen(list(map(str, command(out))), stdout=said, stderr=subprocess.DEVNULL)
            _, status, used = os.wait4(child.pid, 0)
            wall = time.perf_counter() - started
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                raise Failed(f"exit {child.returncode}")
            said.seek(0)
            return {"cpu": used.ru_utime + used.ru_stime, "wall": wall, "peak": used.ru_maxrss / 1024,
                    "more": None, "sets": count(said.read(), out)}
