"""One tenant: what it has pushed, obviously kept, and the calls by which it got there. One call after the other, so
that what a report must show is what was acknowledged before it was asked for."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from datetime import date, timedelta

from history import Ask

CUSTOMERS, ORDERS, PRODUCTS = 60, 400, 40


class Shop:
    def __init__(self, tenant, key, stack, history, random, others):
        self.tenant, self.key, self.stack, self.history, self.random = tenant, key, stack, history, random
        self.others, self.orders, self.stopped = others, {}, threading.Event()
        self.statuses, self.acknowledged_lines, self.deeds = Counter(), 0, Counter()
        self.reports = []

    # What there is

    def customer(self, order):
        return f"zq-{self.tenant}-c{order * 7 % CUSTOMERS}"

    def snapshot(self):
        customers, lines = {}, 0
        for order, bought in self.orders.items():
            orders, cents = customers.get(self.customer(order), (0, 0))
            customers[self.customer(order)] = (orders + 1, cents + sum(count * price for count, price in bought.values()))
            lines += len(bought)
        return customers, len(self.orders), lines

    def put(self, order, product, count, price):
        if count:
            self.orders.setdefault(order, {})[product] = (count, price)
        elif order in self.orders:
            self.orders[order].pop(product, None)
            if not self.orders[order]:
                del self.orders[order]

    # What is done

    def run(self, receiver):
        deeds = {"pushes": (70, self.push), "uploads": (5, self.upload), "orders erased": (3, self.erase_order),
                 "customers erased": (2, self.erase_customer), "reports": (12, lambda: self.ask(receiver)),
                 "looks at others": (8, self.look_at_others)}
        while not self.stopped.is_set():
            name = self.random.choices(list(deeds), [weight for weight, _ in deeds.values()])[0]
            call = deeds[name][1]
            call()
            self.deeds[name] += 1

    def drawn(self, most):
        """Orders with lines: new ones, changed ones, removed lines."""
        drawn = {}
        for order in self.random.sample(range(ORDERS), self.random.randint(1, most)):
            products = self.random.sample(range(PRODUCTS), self.random.randint(1, 8))
            line = lambda: (0 if self.random.random() < 0.2 else self.random.randint(1, 9), self.random.randint(1, 9999))
            drawn[order] = {product: line() for product in products}
        return drawn

    def day(self, order):
        return (date(2025, 1, 1) + timedelta(days=order % 300)).isoformat()

    def push(self):
        drawn = self.drawn(80)
        orders = [{"order_id": f"o{order}", "customer_id": self.customer(order), "order_date": self.day(order),
                   "line_items": [{"product_name": f"zq-{self.tenant}-p{product}", "quantity": count,
                                   "unit_price": price / 100} for product, (count, price) in lines.items()]}
                  for order, lines in drawn.items()]
        headers = {"Idempotency-Key": str(uuid.UUID(int=self.random.getrandbits(128)))} if self.random.random() < 0.5 else {}
        # The same again until it is acknowledged: with a key or without one, it stands once.
        self.call("POST", "/data/orders", {"dataset_id": "shop", "orders": orders}, {202}, headers)
        self.acknowledge(drawn)

    def upload(self):
        drawn = self.drawn(200)
        rows = [f"o{order},{self.customer(order)},{self.day(order)},zq-{self.tenant}-p{product},{count},{price / 100:.2f}"
                for order, lines in drawn.items() for product, (count, price) in lines.items()]
        text = "\n".join(["order_id,customer_id,order_date,product_name,quantity,unit_price", *rows, ""])
        opened = self.call("POST", "/data/uploads", {"dataset_id": "shop"}, {201},
                           {"Idempotency-Key": str(uuid.UUID(int=self.random.getrandbits(128)))})
        # A link is good for one file: that it is taken may only show at the second attempt.
        self.until(lambda: self.send(opened, text.encode()), "the bucket")
        path = f"/data/imports/{opened['import_id']}"
        imported = self.until(lambda: self.ended(path), path)
        if imported["status"] != "Completed" or imported["rejected"]:
            self.history.strange.append(f"an import of {self.tenant} ended as {imported}")
        self.history.imports.append(opened["import_id"])
        self.acknowledge(drawn)

    def send(self, opened, body):
        target = opened["upload"]
        request = urllib.request.Request(target["url"], data=body, method="PUT", headers=target["headers"])
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            return error.code == 412
        except (OSError, http.client.HTTPException):
            return False

    def acknowledge(self, drawn):
        for order, lines in drawn.items():
            for product, (count, price) in lines.items():
                self.put(order, product, count, price)
                self.acknowledged_lines += 1

    def erase_order(self):
        if self.orders:
            order = self.random.choice(sorted(self.orders))
            self.call("DELETE", f"/datasets/shop/orders/o{order}", None, {202, 204, 404})
            self.orders.pop(order, None)

    def erase_customer(self):
        if self.orders:
            customer = self.customer(self.random.choice(sorted(self.orders)))
            self.history.erased.add((self.tenant, customer))
            self.call("DELETE", f"/datasets/shop/customers/{customer}", None, {202, 204, 404})
            self.orders = {order: lines for order, lines in self.orders.items() if self.customer(order) != customer}

    def ask(self, receiver):
        if not self.orders:
            return
        body = {"template": "standard_rfm", "dataset_id": "shop", "webhook_url": receiver.url(self.tenant)}
        headers = {"Idempotency-Key": str(uuid.UUID(int=self.random.getrandbits(128)))}
        twins, answers = [], []
        submit = lambda: answers.append(self.call("POST", "/reports", body, {202}, headers)["report_id"])
        for _ in range(self.random.choice([1, 1, 2])):
            twins.append(threading.Thread(target=submit))
            twins[-1].start()
        for twin in twins:
            twin.join()
        self.history.twins.append(answers)
        self.reports.append(answers[0])
        self.history.asks.append(Ask(self.tenant, answers[0], *self.snapshot()))

    def look_at_others(self):
        other = self.random.choice([shop for shop in self.others if shop is not self])
        if other.reports:
            report_id = self.random.choice(other.reports)
            path = f"/reports/{report_id}" + self.random.choice(["", "/customers", "/rules"])
            status, _ = self.until(lambda: self.once("GET", path, None, {}))
            self.history.foreign.append((path, status))

    def collect(self, ask):
        """The report as it is now, with its customers where it is completed; false while it runs."""
        ask.report = self.ended(f"/reports/{ask.report_id}")
        if not ask.report or ask.report["status"] != "Completed":
            return bool(ask.report)
        found, cursor = {}, ""
        while cursor is not None:
            page = self.call("GET", f"/reports/{ask.report_id}/customers?limit=100{cursor}", None, {200})
            found |= {row["customer_id"]: (row["frequency"], round(row["monetary"] * 100)) for row in page["data"]}
            cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
        ask.found = found
        return True

    def ended(self, path):
        answer = self.call("GET", path, None, {200})
        return answer if answer["status"] != "Processing" else None

    # How it is called

    def until(self, look, what="an answer", patience_s=600):
        """What `look` gives once it gives something."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.2)
        raise TimeoutError(f"{self.tenant} waited {patience_s} s in vain for {what}")

    def call(self, method, path, body, expected, headers=None):
        """The answer, once there is a definite one."""
        def definite():
            status, answer = self.once(method, path, body, headers or {}) or (0, None)
            # In flight: the first call with this key has not ended.
            if status in expected:
                return [answer]
            if status and status != 409 and status != 429:
                self.history.strange.append(f"{method} {path} of {self.tenant}: {status} {answer}")
                return [answer]
            return None
        return self.until(definite, f"{method} {path}")[0]

    def once(self, method, path, body, headers):
        """(status, body); none where the outcome is unknown."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.stack.base_url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            try:
                status, text = error.code, error.read().decode()
            except (OSError, http.client.HTTPException):
                status, text = 0, ""
        except (OSError, http.client.HTTPException):
            status, text = 0, ""
        self.statuses[status or "none"] += 1
        for other in self.others:
            if other is not self and f"zq-{other.tenant}-" in text:
                self.history.leaks.append(f"{method} {path} of {self.tenant} names {other.tenant}: {text[:300]}")
        if status == 0 or status >= 500:
            return None
        return status, json.loads(text) if text else None
