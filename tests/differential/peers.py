"""The same question to others: every frequent itemset with its support, as a dictionary from sorted tuples."""

from itertools import combinations
from math import comb

import fim
import numpy as np
from rusket import _rusket


def size_of_answer(case, support):
    """How many itemsets there are, counted and not listed."""
    spectrum = fim.eclat(case.baskets, supp=-support, zmax=case.max_size or -1, report="#")
    everywhere, sizes = omitted(case, support)
    return (sum(spectrum.values()) if spectrum else 0) + sum(comb(len(everywhere), size) for size in sizes)


def pyfim(case, support):
    found = fim.eclat(case.baskets, supp=-support, zmax=case.max_size or -1, report="a")
    answer = {tuple(sorted(items)): int(count) for items, count in found}
    everywhere, sizes = omitted(case, support)
    for size in sizes:
        answer.update((items, len(case.baskets)) for items in combinations(everywhere, size))
    return answer


def omitted(case, support):
    """PyFIM omits items that are in every basket, and each set of nothing but such items: those items, and the sizes
    of the sets to be added."""
    everywhere = sorted(set.intersection(*case.baskets)) if len(case.baskets) >= support else []
    return everywhere, range(1, min(len(everywhere), case.max_size or len(everywhere)) + 1)


def rusket(case, support, method):
    """It counts columns in 32 bits with a sign: items are numbered through."""
    items = sorted(set().union(*case.baskets))
    column = {item: at for at, item in enumerate(items)}
    ends = np.cumsum([0] + [len(basket) for basket in case.baskets], dtype=np.int32)
    cells = np.fromiter((column[item] for basket in case.baskets for item in sorted(basket)), np.int32, int(ends[-1]))
    mine = getattr(_rusket, f"{method}_from_csr")
    counts, offsets, columns = mine(ends, cells, len(items), support, case.max_size)
    bounds = zip(offsets[:-1].tolist(), offsets[1:].tolist())
    sets = (tuple(sorted(items[at] for at in columns[begin:end].tolist())) for begin, end in bounds)
    return dict(zip(sets, counts.tolist()))


def rusket_rules(itemsets, basket_count, confidence):
    """Rules with metrics, by antecedent and consequent. It drops a rule at exactly the bound: a hair lower."""
    names = ["support", "confidence", "lift", "leverage", "conviction", "zhangs_metric", "jaccard", "certainty",
             "kulczynski"]
    items = sorted({item for items in itemsets for item in items})
    column = {item: at for at, item in enumerate(items)}
    sets = [[column[item] for item in items] for items in itemsets]
    shares = [count / basket_count for count in itemsets.values()]
    antecedents, consequents, columns = _rusket.association_rules_inner(
        sets, shares, basket_count, "confidence", float(confidence) - 1e-9, False, names)
    pairs = (tuple(tuple(sorted(items[at] for at in side)) for side in pair) for pair in zip(antecedents, consequents))
    return {pair: dict(zip(names, values)) for pair, values in zip(pairs, zip(*columns))}
