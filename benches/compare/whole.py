"""From a long CSV to a CSV of rules, each in its own words: `whole.py PEER ORDERS.csv RULES.csv`, one whole process.

Support 1 %, confidence 0.3. Prints how many rules have one item on the right, the kind that all of them can find.
mlxtend and rusket drop a rule whose confidence is exactly the bound: their bound is set a hair lower.
"""

import csv
import sys

SUPPORT, CONFIDENCE, ORDER, PRODUCT = 0.01, 0.3, "InvoiceNo", "ProductName"
HAIR = 1e-12


def read_baskets(path):
    with open(path, newline="", encoding="utf-8") as lines:
        rows = csv.reader(lines)
        header = next(rows)
        order, product = header.index(ORDER), header.index(PRODUCT)
        baskets = {}
        for row in rows:
            baskets.setdefault(row[order], set()).add(row[product])
    return list(baskets.values())


def write_rules(path, rules):
    with open(path, "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(rules)


def pyfim(orders, out):
    import fim

    baskets = read_baskets(orders)
    least = -(-len(baskets) // 100)
    rules = fim.eclat(baskets, target="r", supp=-least, conf=100 * CONFIDENCE, report="abhcl", zmin=2, mode="o")
    write_rules(out, rules)
    return len(rules)


def efficient_apriori(orders, out):
    from efficient_apriori import apriori

    baskets = [tuple(basket) for basket in read_baskets(orders)]
    _, rules = apriori(baskets, min_support=SUPPORT, min_confidence=CONFIDENCE)
    write_rules(out, ((rule.lhs, rule.rhs, rule.support, rule.confidence, rule.lift) for rule in rules))
    return sum(len(rule.rhs) == 1 for rule in rules)


def read_matrix(path):
    """As pandas reads fastest: a sparse matrix of orders and products, and the products' names."""
    import pandas
    from scipy.sparse import coo_matrix

    lines = pandas.read_csv(path, usecols=[ORDER, PRODUCT], dtype=str).drop_duplicates()
    rows, _ = pandas.factorize(lines[ORDER])
    columns, names = pandas.factorize(lines[PRODUCT])
    return coo_matrix(([True] * len(lines), (rows, columns))).tocsr(), list(names)


def mlxtend(orders, out):
    import pandas
    from mlxtend.frequent_patterns import association_rules, fpgrowth

    matrix, names = read_matrix(orders)
    frame = pandas.DataFrame.sparse.from_spmatrix(matrix, columns=names)
    found = fpgrowth(frame, min_support=SUPPORT, use_colnames=True)
    rules = association_rules(found, metric="confidence", min_threshold=CONFIDENCE - HAIR)
    rules.to_csv(out, index=False)
    return int((rules["consequents"].map(len) == 1).sum())


def rusket(orders, out):
    import rusket as library

    matrix, names = read_matrix(orders)
    found = library.mine(matrix, min_support=SUPPORT, column_names=names, method="fpgrowth")
    rules = library.association_rules(found, metric="confidence", min_threshold=CONFIDENCE - HAIR)
    rules.to_csv(out, index=False)
    return int((rules["consequents"].map(len) == 1).sum())


PEERS = {"PyFIM": pyfim, "rusket": rusket, "mlxtend": mlxtend, "efficient-apriori": efficient_apriori}

if __name__ == "__main__":
    print(PEERS[sys.argv[1]](*sys.argv[2:4]))
