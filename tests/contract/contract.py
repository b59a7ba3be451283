"""Starts `affinsy local`, gives a tenant some orders, reports and a schedule, and lets schemathesis call every operation
of the OpenAPI document that the running API serves: with examples, at every bound of every schema, at random, and in
sequences. All of its checks are on, and no operation is left out."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "chaos"))
from stack import Stack  # noqa: E402


def call(base_url, key, method, path, body=None):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(base_url + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def furnish(base_url, key):
    """Something of everything, so that the calls find it."""
    orders = [{"order_id": f"o{at}", "customer_id": f"c{at % 7}", "order_date": f"2025-03-{1 + at % 28:02}",
               "line_items": [{"product_name": name, "quantity": 1, "unit_price": 2.5} for name in ("Tea", "Mug")]}
              for at in range(60)]
    call(base_url, key, "POST", "/data/orders", {"dataset_id": "my-store", "orders": orders})
    reports = [call(base_url, key, "POST", "/reports", {"template": template, "dataset_id": "my-store", "webhook_url": "https://example.com/hooks"})["report_id"]
               for template in ("standard_mba", "standard_rfm")]
    call(base_url, key, "POST", "/schedules",
         {"every": "day", "report": {"template": "standard_rfm", "dataset_id": "my-store"}})
    for report_id in reports:
        while call(base_url, key, "GET", f"/reports/{report_id}")["status"] == "Processing":
            time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--affinsy", required=True)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=25, help="cases at random for each operation")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(options.affinsy, Path(folder))
        stack.start()
        try:
            key = stack.key("contract")
            furnish(stack.base_url, key)
            command = [Path(options.tools, "schemathesis").resolve(), "--config-file", str(HERE / "schemathesis.toml"),
                       "run", f"{stack.base_url}/openapi.json", "--url", stack.base_url.removesuffix("/api/v1"), "--checks", "all",
                       "--phases", options.phases, "--mode", "all",
                       "--max-examples", str(options.examples), "--seed", str(options.seed),
                       "--generation-database", "none", "--no-color", "--continue-on-failure",
                       "-H", f"Authorization: Bearer {key}", *more]
            hooks = {"SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"), "CONTRACT_BASE_URL": stack.base_url, "CONTRACT_KEY": key}
            return subprocess.run(command, check=False, cwd=folder, env={**os.environ, **hooks}).returncode
        finally:
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
