"""What a schema cannot say of a call, put right before it is sent: a key that was not used before, a body that is what
its Content-Encoding says, and names of things that are there. Calls that are meant to be refused go as they are."""

import gzip
import itertools
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).parent))
from meaning import TEMPLATES, consistent, known_values, of_its_type, short_numbers, short_push  # noqa: E402

BASE_URL, KEY = os.environ["CONTRACT_BASE_URL"], os.environ["CONTRACT_KEY"]
NUMBERS = itertools.count(1)


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE_URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        error.close()
        return {}


def order(order_id):
    return {"order_id": order_id, "customer_id": "c1", "order_date": "2025-03-01",
            "line_items": [{"product_name": "Tea"}, {"product_name": "Mug"}]}


TEMPLATES.update((one["template"], one["report_type"]) for one in call("GET", "/templates").get("data", []))


def push(dataset_id):
    call("POST", "/data/orders", {"dataset_id": dataset_id, "orders": [order(f"o-{next(NUMBERS)}")]})


def is_negative(case, where=None):
    """Whether the call is meant to be refused, by what is in one place or at all."""
    if case.meta is None or case.meta.generation.mode.value != "negative":
        return False
    negative = {place.value for place, part in case.meta.components.items() if part.mode.value == "negative"}
    return where is None or where in negative


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_negative(case, "header"):
        own_key(case)
    if isinstance(case.body, dict):
        for asked in (case.body, case.body.get("report")):
            if isinstance(asked, dict):
                of_its_type(asked)
    if is_negative(case):
        return
    real_things(case)
    # Of the thing that is named now.
    real_cursor(case)
    if isinstance(case.body, dict):
        consistent(case.body)
        short_numbers(case.body)
        known_values(case.body)
        short_push(case.body)
    packed(case, kwargs)


def own_key(case):
    """Two different calls never share an Idempotency-Key here: one would get the other's answer, or be refused."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and re.fullmatch("[ -~]{1,256}", key):
        case.headers["Idempotency-Key"] = f"{key[:200]} {next(NUMBERS)}"


def real_cursor(case):
    """A cursor is the server's; one that a client made up is refused. So one is fetched from the same list."""
    if isinstance(case.body, dict) and case.body.get("cursor") is not None:
        case.body["cursor"] = None
    if not case.query or "cursor" not in case.query:
        return
    others = {name: str(value) for name, value in case.query.items() if name not in ("cursor", "limit")}
    path = case.formatted_path.removeprefix("/api/v1")
    page = call("GET", f"{path}?{urllib.parse.urlencode({**others, 'limit': 1})}")
    if page.get("next_cursor"):
        case.query["cursor"] = page["next_cursor"]
    else:
        del case.query["cursor"]


def real_things(case):
    """What is named is there, in about half of the calls; whoever deletes something deletes what was made for it."""
    operation, parameters = case.operation.definition.raw.get("operationId"), case.path_parameters or {}
    if operation == "CreateKey" and isinstance(case.body, dict) and case.body.get("replaces"):
        made = call("POST", "/keys", {"scopes": ["data:read"]})
        case.body["replaces"] = made.get("key_id", case.body["replaces"])
    if next(NUMBERS) % 2 == 0:
        return
    if operation in ("DeleteDataset", "EraseOrder", "EraseCustomer"):
        name = f"doomed-{next(NUMBERS)}"
        push(name)
        parameters["dataset_id"] = name
    elif operation == "GetDataset":
        parameters["dataset_id"] = "my-store"
    elif operation == "RedeliverEvent":
        page = call("GET", "/webhooks/deliveries?limit=1")
        if page.get("data"):
            parameters["delivery_id"] = page["data"][0]["delivery_id"]
    elif operation == "RevokeKey":
        made = call("POST", "/keys", {"scopes": ["data:read"]})
        parameters["key_id"] = made.get("key_id", parameters["key_id"])
    elif operation == "DeleteSchedule":
        made = call("POST", "/schedules", {"every": "day", "report": {"report_type": "RFM", "dataset_id": "my-store"}})
        parameters["schedule_id"] = made.get("schedule_id", parameters["schedule_id"])
    elif operation == "DeleteReport":
        made = call("POST", "/reports", {"report_type": "RFM", "dataset_id": "my-store"})
        parameters["report_id"] = made.get("report_id", parameters["report_id"])
    elif operation == "Recommend" and isinstance(case.query, dict):
        case.query["dataset_id"] = "my-store"
    elif operation in ("GetReport", "ListRules", "ListItemsets", "ListCustomers", "ExportReport"):
        part = (case.query or {}).get("part")
        kind = "RFM" if operation == "ListCustomers" or part in ("customers", "segments") else "MBA"
        page = call("GET", f"/reports?status=Completed&report_type={kind}&dataset_id=my-store&limit=1")
        if page.get("data"):
            parameters["report_id"] = page["data"][0]["report_id"]


def packed(case, kwargs):
    """The body in the encoding that the header names."""
    encoding = (case.headers or {}).get("Content-Encoding")
    if encoding == "gzip" and isinstance(case.body, (dict, list)):
        kwargs["data"] = gzip.compress(json.dumps(case.body).encode())
