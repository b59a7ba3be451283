"""Checks the demo's basket report against SQL over the demo's orders: DuckDB works out from the raw file what the
report's summary, rules, bundles, anchors, substitutes, gateway products and next purchases state, and every insight is
followed to the numbers that it quotes. Ends with 1 at the first statement that differs."""

import argparse
import copy
import json
import math
import re
import sys
from pathlib import Path

import duckdb

FILE = Path(__file__).parents[2] / "demo/online_retail.parquet"
# What the report must have been asked for: the queries know no filters.
ASKED = {"report_type": "MBA", "customer_scope": "all", "time_zone": "UTC", "scope": "order", "max_rules": 1000}
HORIZON_DAYS = 90
LISTS = r"/(association_rules|bundles|anchors|substitutes|gateway_products/products|next_purchases/pairs)/\d+/"
MONEY = re.compile(r"revenue|average(?!_basket_size)|aov|price")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

# An order belongs to the customer and the time of its first line. Lines of one product add up; what comes to no
# pieces is no line. A basket is what an order bought more of than it gave back.
PREPARE = f"""
    SET TimeZone = 'UTC';
    CREATE TABLE header AS
    SELECT InvoiceNo AS order_id, arg_min(CustomerID, file_row_number) AS customer,
           arg_min(InvoiceDate, file_row_number) AS moment, moment::DATE AS day
    FROM read_parquet('{{file}}', file_row_number = true) GROUP BY InvoiceNo;
    CREATE TABLE line AS
    SELECT InvoiceNo AS order_id, ProductName AS product, sum(Quantity)::BIGINT AS quantity,
           sum(Quantity * UnitPrice)::DECIMAL(18, 3) AS amount
    FROM read_parquet('{{file}}') GROUP BY ALL HAVING sum(Quantity) <> 0;
    CREATE TABLE item AS FROM line WHERE quantity > 0;
    CREATE TABLE basket AS SELECT order_id, sum(amount) AS value, count(*) FILTER (quantity > 0) AS size
    FROM line GROUP BY order_id HAVING size > 0;
    CREATE TABLE net AS SELECT order_id, customer, moment, day, sum(coalesce(amount, 0)) AS net
    FROM header LEFT JOIN line USING (order_id) GROUP BY ALL;
    CREATE MACRO choose(n, k) AS lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
    CREATE MACRO chance(k, a, b, n) AS exp(choose(a, k) + choose(n - a, b - k) - choose(n, b));
    CREATE MACRO at_least(k, a, b, n) AS least(1, list_sum(list_transform(range(k, least(a, b) + 1), lambda i: chance(i, a, b, n))));
    CREATE MACRO at_most(k, a, b, n) AS least(1, list_sum(list_transform(range(greatest(0, a + b - n), k + 1), lambda i: chance(i, a, b, n))));

    INSERT INTO named SELECT DISTINCT place, 'all', product FROM named WHERE side IN ('antecedents', 'consequents');
    CREATE TABLE holding AS
    WITH wanted AS (SELECT place, side, count(*) AS products FROM named GROUP BY ALL)
    SELECT place, side, order_id, sum(amount) AS amount, any_value(value) AS value
    FROM named JOIN item USING (product) JOIN basket USING (order_id) JOIN wanted USING (place, side)
    GROUP BY ALL HAVING count(*) = any_value(products);
    CREATE TABLE total AS SELECT place, side, count(*) AS baskets, sum(amount) AS amount, sum(value) AS value
    FROM holding GROUP BY ALL;
    CREATE TABLE price AS SELECT product, median(amount::DOUBLE / quantity) AS price
    FROM item WHERE product IN (SELECT product FROM named) GROUP BY product;

    CREATE TABLE step AS
    WITH numbered AS (
        SELECT customer, order_id, day, lead(order_id) OVER journey AS next, lead(day) OVER journey AS next_day,
               row_number() OVER journey AS nth
        FROM net JOIN basket USING (order_id) WHERE customer IS NOT NULL
        WINDOW journey AS (PARTITION BY customer ORDER BY moment, order_id))
    SELECT *, next_day - day AS days FROM numbered;
    CREATE TABLE newcomer AS
    SELECT customer, s.order_id, days, (days <= {HORIZON_DAYS}) IS TRUE AS returned,
           (SELECT max(day) FROM header) - s.day < {HORIZON_DAYS} AS too_recent,
           (SELECT coalesce(sum(n.net), 0) FROM net n JOIN header h ON h.order_id = s.order_id
            WHERE n.customer = s.customer AND (n.moment, n.order_id) > (h.moment, h.order_id) AND n.day - s.day <= {HORIZON_DAYS}) AS later
    FROM step s WHERE nth = 1;
    CREATE TABLE added AS
    SELECT s.order_id, s.next, i.product, i.amount FROM step s JOIN item i ON i.order_id = s.next
    WHERE NOT EXISTS (FROM item f WHERE f.order_id = s.order_id AND f.product = i.product);
"""

# By statement: the fields that it is about (all of them must be found), and the query of (pointer, value).
STATEMENTS = {
    "summary": (
        r"/data/(orders|baskets|line_items|customers|guest_orders|products|exclusions/refund_only_orders)"
        r"|/summary/(baskets|products|average_basket_size|single_item_baskets|single_item_share|revenue|aov"
        r"|average_\w+_value|itemsets_by_size/[12]|covered_baskets|coverage|products_in_rules)",
        """WITH frequent AS (
            SELECT * FROM item SEMI JOIN (SELECT product FROM item GROUP BY product
                HAVING count(*) >= (SELECT value FROM told WHERE pointer = '/parameters/min_support_count')) USING (product)),
        pairs AS (SELECT a.product, b.product FROM frequent a JOIN frequent b ON a.order_id = b.order_id AND a.product < b.product
            GROUP BY ALL HAVING count(*) >= (SELECT value FROM told WHERE pointer = '/parameters/min_support_count')),
        n AS (SELECT count(*) AS n, sum(value) AS value, sum(size) AS size, count(*) FILTER (size = 1) AS single,
            sum(value) FILTER (size = 1) AS single_value, sum(value) FILTER (size > 1) AS multi_value FROM basket),
        covered AS (SELECT count(DISTINCT order_id) AS covered FROM holding
            WHERE place LIKE '/association_rules/%' AND side = 'antecedents'),
        line_counts AS (SELECT count(*) AS line_count, count(DISTINCT product) AS products FROM line),
        of AS (SELECT * FROM n, covered, line_counts)
        SELECT unnest(['/data/orders', '/data/baskets', '/data/line_items', '/data/customers', '/data/guest_orders',
            '/data/products', '/data/exclusions/refund_only_orders', '/summary/baskets', '/summary/products',
            '/summary/average_basket_size', '/summary/single_item_baskets', '/summary/single_item_share',
            '/summary/revenue', '/summary/aov', '/summary/average_basket_value',
            '/summary/average_single_item_basket_value', '/summary/average_multi_item_basket_value',
            '/summary/itemsets_by_size/1', '/summary/itemsets_by_size/2', '/summary/covered_baskets',
            '/summary/coverage', '/summary/products_in_rules']),
          unnest([(SELECT count(*) FROM header)::DOUBLE, n, line_count, (SELECT count(DISTINCT customer) FROM header),
            (SELECT count(*) FROM header WHERE customer IS NULL), products, (SELECT count(*) FROM header) - n
                - (SELECT count(*) FROM header ANTI JOIN line USING (order_id)), n,
            (SELECT count(DISTINCT product) FROM item), size / n, single, single / n, value, value / n, value / n,
            single_value / single, multi_value / (n - single), (SELECT count(DISTINCT product) FROM frequent),
            (SELECT count(*) FROM pairs), covered, covered / n,
            (SELECT count(DISTINCT product) FROM named WHERE place LIKE '/association_rules/%' AND side = 'all')]) FROM of""",
    ),
    "rules": (
        r"/association_rules/\d+/(support|support_count|antecedent_support|consequent_support|antecedent_count"
        r"|consequent_count|confidence|lift|leverage|conviction|jaccard|kulczynski|cosine|revenue|p_value)",
        """WITH of AS (SELECT place, b.baskets AS k, a.baskets AS a, c.baskets AS c, b.amount AS revenue,
                (SELECT count(*) FROM basket) AS n
            FROM total b JOIN total a USING (place) JOIN total c USING (place)
            WHERE place LIKE '/association_rules/%' AND b.side = 'all' AND a.side = 'antecedents' AND c.side = 'consequents')
        SELECT place || unnest(['/support', '/support_count', '/antecedent_support', '/consequent_support',
            '/antecedent_count', '/consequent_count', '/confidence', '/lift', '/leverage', '/conviction', '/jaccard',
            '/kulczynski', '/cosine', '/revenue', '/p_value']),
          unnest([k / n, k, a / n, c / n, a, c, k / a, (k / a) / (c / n), k / n - (a / n) * (c / n),
            CASE WHEN k < a THEN (1 - c / n) / (1 - k / a) END, k / (a + c - k), (k / a + k / c) / 2, k / sqrt(a * c),
            revenue::DOUBLE, at_least(k, a, c, n)]) FROM of""",
    ),
    "bundles": (
        r"/bundles/\d+/(support_count|support|revenue|basket_revenue|average_basket_value_with(out)?|median_unit_prices/\d+"
        r"|list_price|attach/\w+(?<!cedents)(?<!quents)|basket_values/\w+/\w+|scenario/(baskets|revenue))",
        """WITH shop AS (SELECT count(*) AS n, sum(value)::DOUBLE AS worth FROM basket),
        prices AS (SELECT place, side, sum(price) AS listed FROM named JOIN price USING (product) GROUP BY ALL),
        of AS (SELECT t.place AS place, t.baskets AS k, t.amount::DOUBLE AS revenue, t.value::DOUBLE AS value, a.baskets AS a,
                c.baskets AS c, a.value::DOUBLE AS value_a, c.value::DOUBLE AS value_c, p.listed AS listed,
                (a.baskets - t.baskets) // 10 AS takers, o.listed AS other, n, worth
            FROM shop, total t JOIN total a ON a.place = t.place || '/attach' AND a.side = 'antecedents'
            JOIN total c ON c.place = t.place || '/attach' AND c.side = 'consequents'
            JOIN prices p ON p.place = t.place AND p.side = 'products'
            JOIN prices o ON o.place = c.place AND o.side = 'consequents'
            WHERE t.place LIKE '/bundles/%' AND t.side = 'products')
        SELECT place || unnest(['/support_count', '/support', '/revenue', '/basket_revenue', '/average_basket_value_with',
            '/average_basket_value_without', '/list_price', '/attach/confidence', '/attach/reverse_confidence',
            '/attach/antecedent_count', '/attach/consequent_count', '/attach/baskets_without',
            '/basket_values/both/baskets', '/basket_values/both/average', '/basket_values/only_antecedents/baskets',
            '/basket_values/only_antecedents/average', '/basket_values/only_consequents/baskets',
            '/basket_values/only_consequents/average', '/basket_values/neither/baskets', '/basket_values/neither/average',
            '/scenario/baskets', '/scenario/revenue']),
          unnest([k, k / n, revenue, value, value / k, (worth - value) / (n - k), listed, k / a, k / c, a, c, a - k,
            k, value / k, a - k, (value_a - value) / nullif(a - k, 0), c - k, (value_c - value) / nullif(c - k, 0),
            n - a - c + k, (worth - value_a - value_c + value) / nullif(n - a - c + k, 0), takers, takers * other]) FROM of
        UNION ALL SELECT pointer, price FROM priced JOIN price USING (product)""",
    ),
    "anchors": (
        r"/anchors/\d+/(support|support_count|revenue|basket_revenue)",
        """SELECT place || unnest(['/support', '/support_count', '/revenue', '/basket_revenue']),
          unnest([baskets / (SELECT count(*) FROM basket), baskets, amount::DOUBLE, value::DOUBLE])
        FROM total WHERE place LIKE '/anchors/%' AND side = 'product'""",
    ),
    "substitutes": (
        r"/substitutes/\d+/(counts/\d|support_count|expected_count|lift|p_value)",
        """WITH pair AS (SELECT place, min(product) AS one, max(product) AS other FROM named WHERE place LIKE '/substitutes/%' GROUP BY place),
        counts AS (SELECT product, count(*) AS k FROM item GROUP BY product),
        of AS (SELECT place, a.k AS a, b.k AS b, coalesce(baskets, 0) AS k, (SELECT count(*) FROM basket) AS n
            FROM pair JOIN counts a ON a.product = one JOIN counts b ON b.product = other
            LEFT JOIN (FROM total WHERE side = 'products') USING (place))
        SELECT place || unnest(['/counts/0', '/counts/1', '/support_count', '/expected_count', '/lift', '/p_value']),
          unnest([a, b, k, a * b / n, k * n / (a * b), at_most(k, a, b, n)]) FROM of""",
    ),
    "gateway products": (
        r"/gateway_products/(customers|too_recent_customers|returned|second_order_rate|average_later_revenue"
        r"|products/\d+/(customers|returned|second_order_rate|second_order_rate_others|median_days_to_second_order"
        r"|average_later_revenue|average_later_revenue_others|p_value))",
        """WITH known AS (FROM newcomer WHERE NOT too_recent),
        everybody AS (SELECT count(*) AS n, count(*) FILTER (returned) AS r, sum(later)::DOUBLE AS worth FROM known),
        product AS (SELECT place, count(*) AS c, count(*) FILTER (returned) AS back, sum(later)::DOUBLE AS later,
                median(days) FILTER (returned) AS days
            FROM named JOIN item USING (product) JOIN known USING (order_id)
            WHERE place LIKE '/gateway_products/%' GROUP BY place)
        SELECT '/gateway_products/' || unnest(['customers', 'returned', 'second_order_rate', 'average_later_revenue',
            'too_recent_customers']),
          unnest([n, r, r / n, worth / n, (SELECT count(*) FROM newcomer WHERE too_recent)]) FROM everybody
        UNION ALL SELECT place || unnest(['/customers', '/returned', '/second_order_rate', '/second_order_rate_others',
            '/median_days_to_second_order', '/average_later_revenue', '/average_later_revenue_others', '/p_value']),
          unnest([c, back, back / c, (r - back) / (n - c), days, later / c, (worth - later) / (n - c), at_least(back, c, r, n)])
        FROM product, everybody""",
    ),
    "next purchases": (
        r"/next_purchases/(steps|customers|median_days|pairs/\d+/(times|customers|product_times|next_product_times|rate"
        r"|usual_rate|lift|median_days|revenue|p_value))",
        """WITH every AS (SELECT count(*) AS n, count(DISTINCT customer) AS customers, median(days) AS days
            FROM step WHERE next IS NOT NULL),
        pair AS (SELECT place, any_value(product) FILTER (side = 'product') AS product,
            any_value(product) FILTER (side = 'next_product') AS other FROM named WHERE place LIKE '/next_purchases/%' GROUP BY place),
        of AS (SELECT place, n, count(*) AS k, count(DISTINCT customer) AS customers, median(days) AS days, sum(a.amount)::DOUBLE AS revenue,
            (SELECT count(*) FROM step s JOIN item i USING (order_id) WHERE s.next IS NOT NULL AND i.product = pair.product) AS f,
            (SELECT count(*) FROM added x WHERE x.product = pair.other) AS t
            FROM (SELECT n FROM every), pair JOIN item i ON i.product = pair.product JOIN added a ON a.order_id = i.order_id AND a.product = pair.other
            JOIN step s ON s.order_id = i.order_id GROUP BY ALL)
        SELECT '/next_purchases/' || unnest(['steps', 'customers', 'median_days']), unnest([n, customers, days]) FROM every
        UNION ALL SELECT place || unnest(['/times', '/customers', '/product_times', '/next_product_times', '/rate',
            '/usual_rate', '/lift', '/median_days', '/revenue', '/p_value']),
          unnest([k, customers, f, t, k / f, t / n, (k / f) / (t / n), days, revenue, at_least(k, f, t, n)]) FROM of""",
    ),
}


class Difference(Exception):
    """What differs, in words."""


def main():
    parser = argparse.ArgumentParser(prog="tests/statements/mba.py", description=__doc__)
    parser.add_argument("report", help="a finished standard_mba report of the demo's orders, as JSON")
    parser.add_argument("--self-test", action="store_true", help="spoil each kind of number once; each is noticed")
    args = parser.parse_args()
    report = json.loads(Path(args.report).read_text())
    try:
        check_asked(report)
        found = answers(report)
        if args.self_test:
            return self_test(report, found)
        for name, (pattern, _) in STATEMENTS.items():
            print(f"{name}: {check(report, pattern, found[name])} numbers as in the orders")
        print(f"insights: {check_insights(report)} texts, each number where it says")
    except Difference as difference:
        print(f"DIFFERENCE: {difference}")
        return 1
    return 0


def check_asked(report):
    asked = report["parameters"]
    bounds = [asked["filters"][bound] for bound in ("min_basket_size", "max_basket_size")]
    named = list(asked["filters"]["dateRange"].values()) + list(asked["filters"]["products"].values()) + bounds
    if any(named) or any(asked[name] != value for name, value in ASKED.items()):
        raise Difference(f"this checks reports by the template standard_mba, and this one was asked for {asked}")


def leaves(value, pointer=""):
    """Every number, text and null of the report with its JSON pointer."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{pointer}/{key}")
    elif not isinstance(value, bool):
        yield pointer, value


def answers(report):
    """By statement, what the orders say: value by pointer."""
    duck = duckdb.connect()
    duck.execute("CREATE TABLE told (pointer VARCHAR, value DOUBLE)")
    duck.execute("CREATE TABLE named (place VARCHAR, side VARCHAR, product VARCHAR)")
    duck.execute("CREATE TABLE priced (pointer VARCHAR, product VARCHAR)")
    threshold = report["parameters"]["min_support_count"]
    duck.execute("INSERT INTO told VALUES ('/parameters/min_support_count', ?)", [threshold])
    names = [(re.sub(r"/\d+$", "", p), v) for p, v in leaves(report) if isinstance(v, str) and re.match(LISTS, p)]
    rows = [(*place.rsplit("/", 1), name) for place, name in names]
    duck.executemany("INSERT INTO named VALUES (?, ?, ?)", rows)
    listed = [(at, place, name) for place, bundle in enumerate(report["bundles"]) for at, name in enumerate(bundle["products"])]
    prices = [(f"/bundles/{place}/median_unit_prices/{at}", name) for at, place, name in listed]
    if prices:
        duck.executemany("INSERT INTO priced VALUES (?, ?)", prices)
    duck.execute(PREPARE.format(file=FILE)).fetchall()
    return {name: dict(duck.execute(query).fetchall()) for name, (_, query) in STATEMENTS.items()}


def check(report, pattern, found):
    """How many numbers the orders confirm; all that the pattern covers must be among them."""
    told = {pointer: value for pointer, value in leaves(report) if re.fullmatch(pattern, pointer)}
    for pointer, value in told.items():
        if pointer not in found:
            raise Difference(f"{pointer} is {value}, and no query answers it")
        if not is_same(pointer, value, found[pointer]):
            raise Difference(f"{pointer} is {value}, in the orders {found[pointer]}")
    invented = set(found) - set(told)
    if invented:
        raise Difference(f"the report lacks {sorted(invented)[:3]}")
    return len(told)


def is_same(pointer, told, found):
    """Money is cut to four decimals, and sums of logarithms are good for nine digits."""
    if told is None or found is None:
        return told is None and found is None
    return math.isclose(told, found, rel_tol=1e-8, abs_tol=5.1e-5 if MONEY.search(pointer) else 0)


def check_insights(report):
    insights = report["insights"]["items"]
    if not insights:
        raise Difference("the report says nothing")
    known = dict(leaves(report))
    for insight in insights:
        text = " ".join(insight[part] for part in ("title", "body", "action"))
        for fact in insight["facts"]:
            if known.get(fact["pointer"]) != fact["value"]:
                raise Difference(f"{fact['pointer']} is {known.get(fact['pointer'])}, the fact says {fact['value']}")
            if not written_as(fact["display"], fact["value"]) or fact["display"] not in text:
                raise Difference(f"{fact['display']} does not say {fact['value']}: {text}")
        shown = {number for fact in insight["facts"] for number in NUMBER.findall(fact["display"])}
        unnamed = re.sub("“[^”]*”", "", text)
        for number in NUMBER.findall(unnamed):
            if number not in shown:
                raise Difference(f"{number} is no fact: {text}")
    return len(insights)


def written_as(display, value):
    number = NUMBER.search(display)
    if number is None:
        return False
    written = float(number.group().replace(",", ""))
    decimals = len(number.group().partition(".")[2])
    scale = 100 if "%" in display else 1
    return abs(written - abs(value) * scale) <= 0.5000001 * 10.0**-decimals


def self_test(report, found):
    """Every kind of number, spoilt, is a difference; and so is an insight's."""
    spoilt = 0
    for name, (pattern, _) in STATEMENTS.items():
        check(report, pattern, found[name])
        kinds = {re.sub(r"\d+", "*", pointer): pointer for pointer, _ in leaves(report) if re.fullmatch(pattern, pointer)}
        for pointer in kinds.values():
            spoil(report, pointer, lambda other: check(other, pattern, found[name]))
            spoilt += 1
    check_insights(report)
    for nth, insight in enumerate(report["insights"]["items"]):
        for at in range(len(insight["facts"])):
            spoil(report, f"/insights/items/{nth}/facts/{at}/value", check_insights)
            spoilt += 1
    print(f"{spoilt} spoilt numbers, all noticed")
    return 0


def spoil(report, pointer, check_it):
    # The lists are long, and only one number changes: it is put back.
    *path, last = pointer.strip("/").split("/")
    node = report
    for key in path:
        node = node[int(key) if isinstance(node, list) else key]
    last = int(last) if isinstance(node, list) else last
    kept = copy.copy(node[last])
    node[last] = 1.5 if kept is None else kept * 1.001 + (0.001 if kept == 0 else 0)
    try:
        check_it(report)
    except Difference:
        return
    finally:
        node[last] = kept
    raise Difference(f"{pointer} was spoilt and nobody noticed")


if __name__ == "__main__":
    sys.exit(main())
