"""A running `affinsy local` in a temporary folder, a key without a brake, and what its processes use."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
USER = "bench"


class Stack:
    def __init__(self, affinsy, folder, process):
        self.affinsy, self.folder, self.process = affinsy, folder, process
        made = subprocess.run([affinsy, "keys", "create", "--user", USER, "--rate-limit", "1000000", "--data", folder],
                              capture_output=True, text=True, check=True)
        self.key = made.stdout.strip()

    def said(self):
        return json.loads((self.folder / "local.json").read_text())

    def push(self, file, dataset, *options):
        """Lines a second as the client measured them; also what each process used, and what the client said."""
        before = self.cpu()
        child = subprocess.Popen([self.affinsy, "push", file, "--dataset", dataset, *options, "--key", self.key,
                                  "--url", self.said()["base_url"]],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said, complaints = child.stdout.read(), child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"affinsy push ended with {child.returncode}:\n{complaints}{said}")
        cpu = {name: after - before.get(name, 0) for name, after in self.cpu().items()}
        cpu["client, with reading the file"] = used.ru_utime + used.ru_stime
        return {"lines_per_s": number(said, r"([\d,]+) lines/s"), "lines": number(said, r"(?:pushed|uploaded) ([\d,]+) lines"),
                "cpu": cpu, "said": said}

    def cpu(self):
        """Seconds of processor time by process name."""
        pids = {name: pid if isinstance(pid, list) else [pid] for name, pid in self.said()["pids"].items()}
        return {name: sum(map(seconds_of, of_name)) for name, of_name in pids.items()}

    def get(self, path):
        request = urllib.request.Request(self.said()["base_url"] + path,
                                         headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


def seconds_of(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def number(text, pattern):
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"the command's words have changed; no {pattern!r} in:\n{text}")
    return float(found[1].replace(",", ""))


@contextmanager
def running(affinsy, functions):
    """`functions`: the folder of their binaries; none: the command builds them where it must."""
    with tempfile.TemporaryDirectory(prefix="affinsy-bench-") as folder:
        folder = Path(folder)
        options = ["--functions", functions] if functions else []
        process = subprocess.Popen([affinsy, "local", "--port", "0", "--quiet", "--data", folder, *options],
                                   stdout=subprocess.DEVNULL)
        try:
            while not (folder / "local.json").exists():
                if process.poll() is not None:
                    sys.exit("affinsy local did not start")
                time.sleep(0.1)
            yield Stack(affinsy, folder, process)
        finally:
            process.terminate()
            process.wait()
