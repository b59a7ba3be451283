"""What a body means beyond its schema: fields that go together, and values that there are. Pure."""

import datetime
import zoneinfo

# Filled by whoever knows the server: the type of report that each template makes.
TEMPLATES = {}

MBA_ONLY = ("min_support", "min_support_count", "min_confidence", "min_lift", "max_q_value", "include_redundant",
            "max_itemset_size", "max_consequent_size", "max_rules", "sort_by", "scope")
RFM_ONLY = ("bins", "segment_model", "segments", "thresholds", "compare_to")


def of_its_type(asked):
    """A parameter of the other type of report is ignored with a warning, whatever its value is: it says nothing."""
    template, params = asked.get("template"), asked.get("params")
    kind = asked.get("report_type")
    if isinstance(template, str):
        kind = TEMPLATES.get(template, kind)
    if isinstance(params, dict) and isinstance(kind, str):
        for name in RFM_ONLY if kind == "MBA" else MBA_ONLY:
            params.pop(name, None)


def consistent(body):
    """Fields that go with another field's value, or not with another field."""
    if body.get("replaces") is not None:
        body.pop("scopes", None)
        body.pop("user_id", None)
    else:
        body.pop("overlap_hours", None)
    if body.get("expires_at") is not None:
        body.pop("expires_in_days", None)
    if "user_id" in body:
        body["user_id"] = None
    if body.get("every") != "week":
        body.pop("weekday", None)
    if body.get("every") != "month":
        body.pop("day_of_month", None)
    for asked in (body, body.get("report")):
        if not isinstance(asked, dict):
            continue
        if asked.get("template") is not None:
            asked.pop("report_type", None)
        in_time(asked, asked is not body, body.get("last_days") is not None)
        params = asked.get("params")
        if not isinstance(params, dict):
            continue
        params.pop("as_of", None)
        params.pop("compare_to", None)
        if params.get("min_support") is not None:
            params.pop("min_support_count", None)
        if params.get("segment_model") == "custom":
            params["segments"] = [{"id": "everyone"}]
        else:
            params.pop("segments", None)
        if str(params.get("customer_scope")).startswith("segment:"):
            named = "everyone" if params.get("segment_model") == "custom" else "champions"
            params["customer_scope"] = f"segment:{named}"
        if isinstance(params.get("thresholds"), dict):
            params.pop("bins", None)
            for name, cut_offs in params["thresholds"].items():
                if isinstance(cut_offs, list):
                    params["thresholds"][name] = [1, 2, 3, 4]


def in_time(asked, is_scheduled, has_days):
    filters = asked.get("filters")
    if not isinstance(filters, dict):
        return
    if has_days:
        filters.pop("dateRange", None)
    if is_scheduled and isinstance(filters.get("dateRange"), dict):
        # What is scheduled is not tied to a date.
        filters["dateRange"].pop("start", None)
        filters["dateRange"].pop("end", None)
    fewest, most = filters.get("min_basket_size"), filters.get("max_basket_size")
    if isinstance(most, (int, float)):
        # A template may have a least size of its own.
        least = 10 if asked.get("template") else 1
        filters["max_basket_size"] = max(int(most), int(fewest or 0), least)


ZONES, CURRENCIES = zoneinfo.available_timezones(), ("EUR", "USD", "GBP", "JPY")
IN_RANGE = {"start": "2025-01-01", "end": "2025-03-31", "since": "2025-01-01T00:00:00Z", "until": "2025-03-31T00:00:00Z",
            "expires_at": "2100-01-01T00:00:00Z"}


def known_values(value):
    """Dates that the calendar has, in their order; zones, currencies and hosts that there are; numbers that somebody would
    write."""
    if isinstance(value, list):
        for one in value:
            known_values(one)
    if not isinstance(value, dict):
        return
    for name, one in value.items():
        if name in IN_RANGE and one is not None:
            value[name] = IN_RANGE[name]
        elif name == "order_date" and isinstance(one, str) and not is_date(one):
            value[name] = "2025-03-15"
        elif name == "time_zone" and isinstance(one, str) and one not in ZONES:
            value[name] = "Europe/Berlin"
        elif name == "date_format" and one is not None:
            value[name] = "%d/%m/%Y"
        elif name in ("url", "webhook_url") and isinstance(one, str):
            value[name] = "https://example.com/hooks"
        elif name == "params" and isinstance(one, dict):
            value[name] = {name: round(one, 9) if isinstance(one, float) else one for name, one in one.items()}
            known_values(value[name])
        elif name == "currency" and isinstance(one, str) and one not in CURRENCIES:
            value[name] = "EUR"
        else:
            known_values(one)


def is_date(text):
    try:
        return 1970 < datetime.date.fromisoformat(text[:10]).year < datetime.date.today().year and len(text) <= 20
    except ValueError:
        return False


def short_push(body):
    """At most 10,000 lines in all; a schema can only count the orders, and the lines of each."""
    orders = body.get("orders")
    if isinstance(orders, list) and sum(len(sent.get("line_items") or []) for sent in orders) > 10_000:
        body["orders"] = orders[:10]


def short_numbers(body):
    """Prices and quantities as shops write them. Were `multipleOf` to say it, 1.005 would fail where a client counts in
    binary fractions."""
    orders = body.get("orders")
    for sent in orders if isinstance(orders, list) else []:
        for line in sent.get("line_items") or [] if isinstance(sent, dict) else []:
            for name, decimals in (("quantity", 3), ("unit_price", 6)):
                if isinstance(line, dict) and isinstance(line.get(name), float):
                    line[name] = round(line[name], decimals)
