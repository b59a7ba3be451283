"""Checks the insights of the demo's RFM report against SQL over the demo's orders: every number of every sentence
stands in the report where its fact points, is written as it is, and is what DuckDB finds. Ends with 1 at a difference."""

import argparse
import copy
import json
import re
import sys
from functools import partial
from pathlib import Path

import duckdb

HERE = Path(__file__).parent
FILE = HERE.parents[1] / "demo/online_retail.parquet"
# The queries' answers, kept: a change of a query shows.
ANSWERS = HERE / "answers.json"
# Where a query's short names stand in the report.
PLACES = {
    "biggest_segment": r"/segments/\d+/",
    "concentration": "/concentration/top_20_percent/",
    "revenue_at_risk": "/summary/at_risk/",
    "lapsed_customers": "/summary/lapsed/",
    "biggest_move": r"/migration/matrix/\d+/",
}
# Names that must stand in the title.
NAMES = ("label", "source", "target")
# The value model's own: no query can know them.
OF_MODEL = {
    "/lifetime_value/total/expected_value_90d",
    "/lifetime_value/total/expected_orders_90d",
    "/lifetime_value/backtest/expected_orders",
}
# For the self-test: a name of the title, and one that is wrong there.
OTHER_NAMES = {
    "biggest_segment": {"Champions": "Hibernating"},
    "biggest_move": {"At risk": "Champions", "Loyal customers": "Promising"},
}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Difference(Exception):
    """What differs, in words."""


def main():
    parser = argparse.ArgumentParser(prog="tests/statements/run", description=__doc__)
    parser.add_argument("--report", metavar="FILE", help="a finished standard_rfm report of the demo's orders, as JSON")
    parser.add_argument("--self-test", action="store_true", help="spoil the report in many ways; each is noticed")
    args = parser.parse_args()
    report = json.loads(Path(args.report).read_text())
    found = answers(FILE)
    try:
        if found != json.loads(ANSWERS.read_text()):
            raise Difference(f"the queries answer {json.dumps(found, indent=1)}, and not what answers.json keeps")
        if args.self_test:
            return self_test(report, found)
        for insight in check(report, found):
            print(f"as in the orders: {insight['title']}. {insight['body']}")
    except Difference as difference:
        print(f"DIFFERENCE: {difference}")
        return 1
    return 0


def answers(file):
    """By kind of insight, the one row of its query."""
    duck = duckdb.connect()
    duck.execute(f"CREATE VIEW sold AS SELECT * FROM read_parquet('{file}', file_row_number = true)").fetchall()
    prepare, *queries = re.split(r"^-- name: (\w+)$", (HERE / "statements.sql").read_text(), flags=re.MULTILINE)
    duck.execute(prepare).fetchall()
    rows = {}
    for kind, query in zip(queries[::2], queries[1::2]):
        row = duck.execute(query).fetchall()[0]
        names = [column[0] for column in duck.description]
        rows[kind] = {name: value if isinstance(value, (str, int)) else float(value) for name, value in zip(names, row)}
    return rows


def check(report, found):
    """The insights, all of them true."""
    insights = report["insights"]["items"]
    missing = set(found) - {insight["kind"] for insight in insights}
    if missing:
        raise Difference(f"the report says nothing of {', '.join(sorted(missing))}")
    for insight in insights:
        kind = insight["kind"]
        if kind not in found:
            raise Difference(f"there is no query for {kind}")
        for fact in insight["facts"]:
            check_fact(report, kind, fact, found[kind])
        check_text(insight, found[kind])
    return insights


def check_fact(report, kind, fact, answer):
    pointer, value = fact["pointer"], fact["value"]
    if at(report, pointer) != value:
        raise Difference(f"{kind}: {pointer} is {at(report, pointer)}, the fact says {value}")
    if not written_as(fact["display"], value):
        raise Difference(f"{kind}: {pointer} is {value}, written as {fact['display']}")
    if pointer in OF_MODEL:
        return
    name = pointer if pointer in answer else re.sub(PLACES.get(kind, "^$"), "", pointer)
    if name not in answer:
        raise Difference(f"{kind}: no query answers {pointer}")
    # Money has four decimals; the rest are whole numbers and shares.
    if abs(value - answer[name]) > 1e-4 * (abs(value) >= 1000) + 1e-4 * ("mean" in name) + 1e-9 * max(1, abs(value)):
        raise Difference(f"{kind}: {pointer} is {value}, in the orders {answer[name]}")


def check_text(insight, answer):
    text = " ".join(insight[field] for field in ("title", "body", "action"))
    shown = [number for fact in insight["facts"] for number in NUMBER.findall(fact["display"])]
    for number in NUMBER.findall(text):
        if number not in shown:
            raise Difference(f"{insight['kind']}: {number} is no fact: {text}")
    for fact in insight["facts"]:
        if fact["display"] not in text:
            raise Difference(f"{insight['kind']}: {fact['display']} is not said: {text}")
    for name in (answer[name] for name in NAMES if name in answer):
        if name not in insight["title"]:
            raise Difference(f"{insight['kind']}: the orders say {name}: {insight['title']}")


def written_as(display, value):
    """Whether a text is the value, rounded to the places that it has; of a long whole number three digits count."""
    text = display.replace(",", "").removesuffix(" %")
    value = value * 100 if display.endswith(" %") else value
    whole, _, decimals = text.partition(".")
    estimated = not decimals and len(whole) > 3 and set(whole[3:]) == {"0"}
    place = 10.0 ** (len(whole) - 3 if estimated else -len(decimals))
    return abs(float(text) - value) <= place / 2 * (1 + 1e-9)


def at(report, pointer):
    for step in pointer.split("/")[1:]:
        report = report[int(step)] if isinstance(report, list) else report[step]
    return report


def put(report, pointer, value):
    place, step = pointer.rsplit("/", 1)
    parent = at(report, place)
    parent[int(step) if isinstance(parent, list) else step] = value


def self_test(report, found):
    """Every number a little off, wherever it stands; sentences that say more, less, or of somebody else."""
    check(report, found)
    spoils = [spoil for nth, insight in enumerate(report["insights"]["items"]) for spoil in spoils_of(nth, insight)]
    for spoil in spoils:
        copied = copy.deepcopy(report)
        spoil(copied)
        if is_true(copied, found):
            raise Difference("a spoilt report was not noticed")
    print(f"{len(spoils)} spoilt reports, each noticed")
    return 0


def is_true(report, found):
    try:
        check(report, found)
    except Difference:
        return False
    return True


def spoils_of(nth, insight):
    place = f"/insights/items/{nth}"
    yield partial(put, pointer=f"{place}/kind", value="unknown")
    for which, fact in enumerate(insight["facts"]):
        wrong = fact["value"] + (1 if fact["value"] > 1 else 0.01)
        other_number = insight["body"].replace(fact["display"], "4,711") + " 4,711"
        yield partial(put, pointer=fact["pointer"], value=wrong)
        yield partial(put, pointer=f"{place}/facts/{which}/display", value="4,711")
        yield partial(put, pointer=f"{place}/body", value=other_number)
        if fact["pointer"] not in OF_MODEL:
            yield partial(both, place=f"{place}/facts/{which}", wrong=wrong)
    for good, bad in OTHER_NAMES.get(insight["kind"], {}).items():
        yield partial(put, pointer=f"{place}/title", value=insight["title"].replace(good, bad))


def both(report, place, wrong):
    """The report and its fact agree, and both are wrong."""
    put(report, at(report, place)["pointer"], wrong)
    put(report, f"{place}/value", wrong)


if __name__ == "__main__":
    sys.exit(main())
