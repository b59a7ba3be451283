"""Holds a rate of requests on `affinsy local` for some minutes and watches latency, errors and the memory of each
function; then measures a quiet tenant alone, and beside one that floods and one that asks for a hundred reports."""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests/chaos"))
from stack import Stack  # noqa: E402

# Of every 25 requests: what a shop that pushes orders as they come does.
MIX = ["push", "dataset", "push", "result", "push"] * 4 + ["push", "dataset", "push", "result", "report"]
# No report: one costs more than all else together, and how long it takes is measured by itself.
QUIET = ["push", "dataset", "result"]
SAMPLE_S = 5


class Client:
    def __init__(self, stack, key):
        self.stack, self.key = stack, key

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.stack.base_url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def seed(self, orders=2_000):
        """Orders to report on, and a report on them."""
        lines = [{"product_name": f"product {at % 97}", "quantity": 1, "unit_price": 2.5} for at in range(5)]
        sent = [{"order_id": f"seed-{at}", "customer_id": f"c-{at % 300}", "order_date": f"2025-02-{1 + at % 28:02}",
                 "line_items": [{**line, "product_name": f"product {(at * 7 + n * n) % 97} {n}"}
                                for n, line in enumerate(lines)]} for at in range(orders)]
        self.call("POST", "/data/orders", {"dataset_id": "load", "orders": sent})
        return self.report()[0]

    def submit(self):
        return self.call("POST", "/reports", {"template": "standard_rfm", "dataset_id": "load"})["report_id"]

    def report(self):
        """A report's id, and how long it took from the question to the answer."""
        began, report_id = time.monotonic(), self.submit()
        while (status := self.call("GET", f"/reports/{report_id}")["status"]) == "Processing":
            time.sleep(0.05)
        if status != "Completed":
            raise SystemExit(f"report {report_id} ended {status}")
        return report_id, time.monotonic() - began


def shoot(options, client, name, report_id, mix, seconds, rate=None, connections=4):
    plan = {"autocannon": options.autocannon, "base_url": client.stack.base_url, "key": client.key, "name": name,
            "report_id": report_id, "mix": mix, "seconds": seconds, "rate": rate, "connections": connections}
    done = subprocess.run(["node", HERE / "shoot.cjs", json.dumps(plan)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"autocannon failed: {done.stderr}")
    return json.loads(done.stdout)


class Memory(threading.Thread):
    """Resident megabytes of each function's processes, every few seconds: how many there are follows the load, how large
    one becomes is what may leak."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.seen, self.over = stack, {}, threading.Event()

    def run(self):
        while not self.over.wait(SAMPLE_S):
            now = {"affinsy local": [resident_mb(self.stack.process.pid)]}
            for name, pid in self.stack.functions():
                now.setdefault(name, []).append(resident_mb(pid))
            for name, mbs in now.items():
                self.seen.setdefault(name, []).append(mbs)

    def stop(self):
        self.over.set()
        self.join()
        return self.seen


def resident_mb(pid):
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0


def wrong(codes):
    return {code: count for code, count in codes.items() if not code.startswith("2")}


def steady(options, stack):
    client = Client(stack, stack.key("steady"))
    report_id = client.seed()
    memory, seconds = Memory(stack), int(options.minutes * 60)
    memory.start()
    shot = shoot(options, client, "steady", report_id, MIX, seconds, options.rate)
    seen = memory.stop()
    print(f"## Steady: {options.rate} requests a second asked for, {options.minutes:g} minutes, 4 connections\n")
    print("| held a second | p50 ms | p99 ms | max ms | answers | other than 2xx | errors | timeouts |")
    print("|---|---|---|---|---|---|---|---|")
    print(f"| {shot['per_second']:.1f} | {shot['p50']} | {shot['p99']} | {shot['max']} | {sum(shot['codes'].values()):,} "
          f"| {wrong(shot['codes']) or 0} | {shot['errors']} | {shot['timeouts']} |\n")
    print("| function | processes at most | MB of the largest, second minute | last minute | growth | peak |")
    print("|---|---|---|---|---|---|")
    minute = 60 // SAMPLE_S
    for name, samples in sorted(seen.items()):
        mbs = [max(sample) for sample in samples]
        early, late = statistics.median(mbs[minute:2 * minute] or mbs), statistics.median(mbs[-minute:])
        print(f"| {name} | {max(map(len, samples))} | {early:.0f} | {late:.0f} | {late - early:+.0f} | {max(mbs):.0f} |")
    print()
    bad = wrong(shot["codes"]) or shot["errors"] or shot["timeouts"] or shot["per_second"] < 0.97 * options.rate
    return 1 if bad else 0


def fairness(options, stack):
    quiet, many = (Client(stack, stack.key(name)) for name in ("quiet", "many"))
    flood = Client(stack, stack.key("flood", "60"))
    quiet_id, _ = quiet.seed(), many.seed()
    flood_id = flood.seed()
    seconds = options.fairness_seconds

    def measure():
        shot = shoot(options, quiet, "quiet", quiet_id, QUIET, seconds, rate=10, connections=2)
        return shot, statistics.median(quiet.report()[1] for _ in range(5))

    alone = measure()
    waiting = [many.submit() for _ in range(100)]
    noise = {}
    thread = threading.Thread(target=lambda: noise.update(
        shoot(options, flood, "flood", flood_id, QUIET, seconds + 10, connections=8)))
    thread.start()
    beside = measure()
    left = sum(many.call("GET", f"/reports/{report_id}")["status"] == "Processing" for report_id in waiting)
    thread.join()
    print(f"## Fairness: 10 requests a second of a quiet tenant, {seconds} s, and five of its reports\n")
    print("| quiet tenant | p50 ms | p99 ms | other than 2xx | a report, s (median) |")
    print("|---|---|---|---|---|")
    for name, (shot, report_s) in (("alone", alone), ("beside the two", beside)):
        print(f"| {name} | {shot['p50']} | {shot['p99']} | {wrong(shot['codes']) or 0} | {report_s:.2f} |")
    print(f"\nOne neighbour sent {noise['per_second']:.0f} requests a second against a limit of 60 a minute, answered with "
          f"{noise['codes']}; the other had asked for 100 reports at once, of which {left} were still waiting at the end. "
          "All of it ran on one machine, the load's own processes included.")
    return 1 if wrong(alone[0]["codes"]) or wrong(beside[0]["codes"]) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--affinsy", required=True)
    parser.add_argument("--autocannon", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=50, help="requests a second of the steady load")
    parser.add_argument("--fairness-seconds", type=int, default=60)
    parser.add_argument("--only", choices=["steady", "fairness"])
    options = parser.parse_args()
    failed = 0
    for part in (steady, fairness):
        if options.only in (None, part.__name__):
            # A stack of its own for each, so that neither works on what the other left.
            with tempfile.TemporaryDirectory() as folder:
                stack = Stack(options.affinsy, Path(folder))
                stack.start()
                try:
                    failed |= part(options, stack)
                finally:
                    stack.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
