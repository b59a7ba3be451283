"""Judges a history. A violation begins with the promise that it breaks; see docs/reliability.md."""

import json
from collections import defaultdict

# Workers that were killed three times in one report end it so.
KILLED = {"resource_exhausted"}


def violations(history):
    found = []
    for ask in history.asks:
        found += of_report(history, ask)
    found += of_webhooks(history) + of_events(history)
    found += [f"I7: one Idempotency-Key gave {sorted(set(ids))}" for ids in history.twins if len(set(ids)) > 1]
    found += [f"I6: another tenant's {what} answered {status}" for what, status in history.foreign if status != 404]
    found += [f"I6: {leak}" for leak in history.leaks]
    found += [f"strange: {answer}" for answer in history.strange]
    return found


def of_report(history, ask):
    name = f"report {ask.report_id} of {ask.tenant}"
    if ask.report is None:
        return [f"I3: {name} is gone"]
    status = ask.report["status"]
    if status == "Failed":
        code = (ask.report.get("failure") or {}).get("code")
        return [] if code in KILLED else [f"I3: {name} failed: {ask.report.get('failure')}"]
    if status != "Completed":
        return [f"I3: {name} is still {status}"]
    data, found = ask.report["data"], []
    if (data["orders"], data["line_items"]) != (ask.orders, ask.lines):
        found.append(f"I1/I8: {name} says {data['orders']} orders and {data['line_items']} lines, "
                     f"acknowledged were {ask.orders} and {ask.lines}")
    for customer in sorted(ask.customers.keys() | (ask.found or {}).keys()):
        told, meant = (ask.found or {}).get(customer), ask.customers.get(customer)
        # Whoever is erased afterwards goes from results that there are, within an hour or so.
        if told is None and (ask.tenant, customer) in history.erased:
            continue
        if told != meant:
            promise = "I2" if meant is None else "I1"
            found.append(f"{promise}: {name} has {customer} as {told}, acknowledged was {meant}")
    return found


def of_webhooks(history):
    found, by_report = [], defaultdict(list)
    for post in history.posts:
        by_report[json.loads(post.body).get("report_id")].append(post)
        if not post.genuine:
            found.append(f"I5: a webhook to {post.tenant} is wrongly signed: {post.body}")
    tenants = {ask.report_id: ask.tenant for ask in history.asks}
    for report_id, posts in by_report.items():
        if len({(post.webhook_id, post.body) for post in posts}) > 1:
            found.append(f"I5: report {report_id} was told in several ways: {[(p.webhook_id, p.body) for p in posts]}")
        if any(post.tenant != tenants.get(report_id) for post in posts):
            found.append(f"I6: report {report_id} was told to {sorted({post.tenant for post in posts})}")
    for ask in history.asks:
        posts = by_report.get(ask.report_id)
        if not posts:
            found.append(f"I4: nobody was told of report {ask.report_id}")
        elif ask.report and json.loads(posts[0].body)["status"] != ask.report["status"]:
            found.append(f"I5: report {ask.report_id} is {ask.report['status']}, and was told as {posts[0].body}")
    return found


def of_events(history):
    by_source = defaultdict(set)
    for detail in history.events:
        source = detail.get("report_id") or detail.get("import_id")
        by_source[source].add(json.dumps(detail, sort_keys=True))
    found = [f"I5: {source} is on the bus in several ways: {sorted(events)}"
             for source, events in by_source.items() if len(events) > 1]
    ended = [ask.report_id for ask in history.asks] + history.imports
    return found + [f"I4: {source} is not on the bus" for source in ended if source not in by_source]
