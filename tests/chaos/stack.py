"""`affinsy local` as a process that may be killed and started again over the same folder."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Functions that run for 15 minutes hold their leases as long; here they do not.
TIMEOUT_S = 40


class Stack:
    def __init__(self, affinsy, folder):
        self.affinsy, self.data, self.port = Path(affinsy).resolve(), folder / "data", 0
        self.template, self.process = folder / "template.yaml", None
        self.template.write_text(shortened((ROOT / "infra/template.yaml").read_text()))

    def start(self):
        said = self.data / "local.json"
        said.unlink(missing_ok=True)
        command = [self.affinsy, "local", "--port", str(self.port), "--data", self.data, "--quiet",
                   "--functions", self.affinsy.parent, "--template", self.template]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not said.exists():
            if self.process.poll() is not None:
                raise SystemExit(f"affinsy local ended with {self.process.returncode}")
            time.sleep(0.05)
        # Written whole, by a rename.
        self.base_url = json.loads(said.read_text())["base_url"]
        self.port = int(re.search(r":(\d+)/", self.base_url)[1])
        while not self.answers():
            time.sleep(0.05)

    def answers(self):
        try:
            with urllib.request.urlopen(f"{self.base_url}/health", timeout=5):
                return True
        except (OSError, urllib.error.URLError):
            return False

    def key(self, tenant, a_minute="1000000"):
        made = subprocess.run([self.affinsy, "keys", "create", "--user", tenant, "--rate-limit", a_minute,
                               "--data", self.data], capture_output=True, text=True, check=True)
        return made.stdout.strip()

    def functions(self):
        """(name, pid) of all functions that run."""
        try:
            pids = json.loads((self.data / "local.json").read_text())["pids"]
        except (OSError, ValueError):
            return []
        return [(name, pid) for name, all_of in pids.items() if isinstance(all_of, list) for pid in all_of]

    def kill_server(self):
        """The server with its emulators, and the functions that it started."""
        children = self.functions()
        self.process.kill()
        self.process.wait()
        for _, pid in children:
            kill(pid)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def events(self):
        try:
            lines = (self.data / "events/events.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line)["detail"] for line in lines]


def kill(pid):
    """Whether it was there, and a function of ours: the system gives numbers away again."""
    try:
        if b"affinsy" not in Path(f"/proc/{pid}/environ").read_bytes():
            return False
        os.kill(pid, signal.SIGKILL)
        return True
    except OSError:
        return False


def shortened(template):
    """Shorter time-outs, and webhooks to this machine."""
    template, timeouts = re.subn(r"(?m)^( +)Timeout: 900$", rf"\1Timeout: {TIMEOUT_S}", template)
    template, private = re.subn(r'(WebhookAllowPrivate:\n +Type: String\n +Default: )"false"', r'\1"true"', template)
    if timeouts < 3 or private != 1:
        raise SystemExit("the template has changed: its time-outs or its webhook setting are not where they were")
    return template
