"""Falsifies a good history in every way that the checker must notice."""

import copy
import json

import checker
from history import Ask, History, Post


def good():
    ask = Ask("ann", "rpt_1", {"c1": (2, 1250), "c2": (1, 99)}, 3, 5)
    ask.report = {"status": "Completed", "data": {"orders": 3, "line_items": 5}}
    ask.found = dict(ask.customers)
    body = json.dumps({"report_id": "rpt_1", "status": "Completed"})
    return History(asks=[ask], posts=[Post("ann", "msg_1", body, True), Post("ann", "msg_1", body, True)],
                   events=[{"report_id": "rpt_1", "id": "evt_1"}, {"import_id": "imp_2", "id": "evt_2"}],
                   imports=["imp_2"], twins=[["rpt_1", "rpt_1"]],
                   foreign=[("report", 404)])


def falsified():
    def of(name, change):
        history = copy.deepcopy(good())
        change(history)
        return name, history

    ask = lambda history: history.asks[0]
    yield of("a line lost", lambda h: ask(h).report["data"].update(line_items=4))
    yield of("an order lost", lambda h: ask(h).report["data"].update(orders=2))
    yield of("a customer lost", lambda h: ask(h).found.pop("c2"))
    yield of("an amount changed", lambda h: ask(h).found.update(c1=(2, 1251)))
    yield of("a customer invented", lambda h: ask(h).found.update(c3=(1, 1)))
    yield of("another customer erased", lambda h: (h.erased.add(("ann", "c1")), ask(h).found.pop("c2")))
    yield of("a report that hangs", lambda h: ask(h).report.update(status="Processing"))
    yield of("a report that is gone", lambda h: setattr(ask(h), "report", None))
    yield of("a report that failed of itself",
             lambda h: ask(h).report.update(status="Failed", failure={"code": "internal_error"}))
    yield of("a webhook that never came", lambda h: h.posts.clear())
    yield of("a webhook with another id", lambda h: setattr(h.posts[1], "webhook_id", "msg_2"))
    yield of("a webhook with another body", lambda h: setattr(h.posts[1], "body", h.posts[1].body + " "))
    yield of("a webhook that is wrongly signed", lambda h: setattr(h.posts[1], "genuine", False))
    yield of("a webhook to another tenant", lambda h: setattr(h.posts[1], "tenant", "bob"))
    yield of("a webhook that lies", lambda h: [setattr(p, "body", p.body.replace("Completed", "Failed")) for p in h.posts])
    yield of("an event of a report that never came", lambda h: h.events.pop(0))
    yield of("an event of an import that never came", lambda h: h.events.pop(1))
    yield of("an event in two ways", lambda h: h.events.append({"report_id": "rpt_1", "id": "evt_2"}))
    yield of("one key, two reports", lambda h: h.twins.append(["rpt_1", "rpt_2"]))
    yield of("another tenant's report", lambda h: h.foreign.append(("report", 200)))
    yield of("a name that leaked", lambda h: h.leaks.append("a name"))
    yield of("a strange answer", lambda h: h.strange.append("500"))


def run():
    """How many falsifications there are; a sentence for each that passed."""
    missed = [f"a true history is refused: {found}"] if (found := checker.violations(good())) else []
    cases = list(falsified())
    missed += [f"not noticed: {name}" for name, history in cases if not checker.violations(history)]
    return len(cases), missed
