"""Kills functions and servers of `affinsy local` under load, then checks over HTTP that nothing was lost. See
docs/reliability.md."""

import argparse
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import checker
import selftest
import stack as stacks
from history import History
from receiver import Receiver
from shop import Shop

TENANTS = ["ann", "bob", "eve"]
SECRETS = re.compile(r"whsec_|X-Amz-Signature=|X-Amz-Credential=|zq-(?:%s)-[cp]\d" % "|".join(TENANTS))


def options():
    parser = argparse.ArgumentParser(prog="tests/chaos/run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, default=1, help="what is asked and killed; not when it happens")
    parser.add_argument("--self-test", action="store_true", help="only see that the checker notices what is false")
    parser.add_argument("--affinsy", default="target/release/affinsy", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = options()
    cases, missed = selftest.run()
    print(f"{cases} falsified histories, {len(missed)} not noticed")
    if missed or args.self_test:
        print("\n".join(missed), end="")
        return 1 if missed else 0
    with tempfile.TemporaryDirectory(prefix="affinsy-chaos-") as folder:
        stack = stacks.Stack(args.affinsy, Path(folder))
        stack.start()
        try:
            return storm(args, stack)
        finally:
            stack.stop()


def storm(args, stack):
    history, keys = History(), {tenant: stack.key(tenant) for tenant in TENANTS}
    shops = []
    for at, tenant in enumerate(TENANTS):
        shops.append(Shop(tenant, keys[tenant], stack, history, random.Random(args.seed * 100 + at), shops))
    secrets = {shop.tenant: shop.call("GET", "/webhooks/secret", None, {200})["secret"] for shop in shops}
    receiver = Receiver(history, random.Random(args.seed), secrets)
    failures = []
    threads = [threading.Thread(target=guarded, args=(shop, receiver, failures)) for shop in shops]
    for thread in threads:
        thread.start()
    kills = killing(stack, random.Random(args.seed), args.minutes * 60, shops)
    calm_from, receiver.calm = time.monotonic(), True
    for shop in shops:
        shop.stopped.set()
    for thread in threads:
        thread.join()
    settle(history, stack, shops, receiver, failures)
    settled_s = time.monotonic() - calm_from
    history.leaks += in_logs(stack, keys)
    return told(args, history, shops, kills, settled_s, failures)


def guarded(shop, receiver, failures):
    try:
        shop.run(receiver)
    except Exception as error:  # a client that ends early must not pass for one that found nothing
        failures.append(f"the client of {shop.tenant} ended: {error!r}")


def killing(stack, dice, seconds, shops):
    """Kills, about one a second, until the time is over."""
    kills, end = Counter(), time.monotonic() + seconds
    next_restart = time.monotonic() + dice.uniform(15, 30)
    while time.monotonic() < end:
        time.sleep(dice.uniform(0.3, 1.5))
        if time.monotonic() >= next_restart:
            stack.kill_server()
            stack.start()
            kills["the whole server"] += 1
            next_restart = time.monotonic() + dice.uniform(15, 40)
        elif functions := stack.functions():
            name, pid = dice.choice(functions)
            kills[name] += stacks.kill(pid)
    return kills


def settle(history, stack, shops, receiver, failures):
    """Everything that was asked for comes to its end; what does not is left for the checker to see."""
    by_tenant = {shop.tenant: shop for shop in shops}
    for shop in shops:
        shop.ask(receiver)
    try:
        for ask in history.asks:
            shop = by_tenant[ask.tenant]
            shop.until(lambda: shop.collect(ask), ask.report_id)
    except TimeoutError as error:
        failures.append(f"I3: {error}")
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        history.events = stack.events()
        if not any(violation.startswith("I4") for violation in checker.violations(history)):
            break
        time.sleep(1)


def in_logs(stack, keys):
    """Log lines that hold a secret, or name a customer or a product."""
    leaks = []
    for file in sorted((stack.data / "logs").rglob("*")):
        if file.is_file():
            with file.open(errors="replace") as lines:
                for line in lines:
                    if SECRETS.search(line) or any(key in line for key in keys.values()):
                        leaks.append(f"{file.name}: {line[:300].rstrip()}")
    return leaks


def told(args, history, shops, kills, settled_s, failures):
    found = checker.violations(history) + failures
    count = lambda promise: sum(promise in violation.split(":")[0] for violation in found)
    statuses = sum((shop.statuses for shop in shops), Counter())
    deeds = sum((shop.deeds for shop in shops), Counter())
    failed = sum(1 for ask in history.asks if ask.report and ask.report["status"] == "Failed")
    rows = {
        "seed": args.seed,
        "minutes": args.minutes,
        "requests": sum(statuses.values()),
        "answers": ", ".join(f"{status}: {times}" for status, times in sorted(statuses.items(), key=str)),
        "deeds": ", ".join(f"{name}: {times}" for name, times in deeds.most_common()),
        "acknowledged lines": sum(shop.acknowledged_lines for shop in shops),
        "kills": sum(kills.values()),
        "of them": ", ".join(f"{name}: {times}" for name, times in kills.most_common()),
        "reports": len(history.asks),
        "ended by three kills": failed,
        "webhooks received": len(history.posts),
        "events on the bus": len(history.events),
        "seconds until all was quiet": f"{settled_s:.0f}",
        "lost": count("I1"),
        "invented": count("I2"),
        "hung reports": count("I3"),
        "missing webhooks and events": count("I4"),
        "leaks": count("I6"),
        "violations": len(found),
    }
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:{width}}  {value:,}" if isinstance(value, int) else f"{name:{width}}  {value}")
    for violation in found[:50]:
        print(violation, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
