"""Every rule by definition, recounted from the baskets in whole numbers and fractions."""

from fractions import Fraction
from itertools import combinations
from math import comb, sqrt

Z_95 = 1.959963984540054


def recount(case, itemsets, least):
    """All splits of the itemsets with at least this confidence, as {(antecedent, consequent): cells}."""
    support = {(): len(case.baskets), **itemsets}
    found = {}
    for items, both in itemsets.items():
        for size in range(1, len(items)):
            for antecedent in combinations(items, size):
                consequent = tuple(item for item in items if item not in antecedent)
                if Fraction(both, support[antecedent]) >= least:
                    counts = len(case.baskets), both, support[antecedent], support[consequent]
                    found[antecedent, consequent] = metrics(*counts) | {
                        "redundant": is_redundant(support, antecedent, consequent, Fraction(both, support[antecedent]))}
    adjust(found)
    return found


def is_redundant(support, antecedent, consequent, confidence):
    def is_as_good(part):
        union = tuple(sorted(part + consequent))
        return Fraction(support[union], support[part]) >= confidence

    return any(is_as_good(part) for size in range(len(antecedent)) for part in combinations(antecedent, size))


def metrics(n, both, a, c):
    excess = Fraction(both, n) - Fraction(a, n) * Fraction(c, n)
    confidence, rest = Fraction(both, a), 1 - Fraction(c, n)
    zhang = max(Fraction(both, n) * (1 - Fraction(a, n)), Fraction(a, n) * Fraction(c - both, n))
    centre, spread = wilson(both, a)
    exact = {
        "support_count": both, "antecedent_count": a, "consequent_count": c, "support": Fraction(both, n),
        "antecedent_support": Fraction(a, n), "consequent_support": Fraction(c, n), "confidence": confidence,
        "lift": Fraction(both * n, a * c), "leverage": excess,
        "conviction": rest / (1 - confidence) if confidence < 1 else None,
        "zhang": excess / zhang if zhang else None, "jaccard": Fraction(both, a + c - both),
        "certainty": (confidence - Fraction(c, n)) / rest if rest else 0,
        "kulczynski": (confidence + Fraction(both, c)) / 2, "imbalance_ratio": Fraction(abs(a - c), a + c - both),
        "p_value": fisher(n, both, a, c),
    }
    return {name: None if value is None else float(value) for name, value in exact.items()} | {
        "cosine": both / sqrt(a * c),
        "confidence_low": max(0, centre - spread),
        "confidence_high": min(1, centre + spread),
    }


def fisher(n, both, a, c):
    """Fisher's exact test, one-sided: at least so many in common by chance."""
    return Fraction(sum(comb(c, k) * comb(n - c, a - k) for k in range(both, min(a, c) + 1)), comb(n, a))


def wilson(hits, tries):
    share, weight = hits / tries, Z_95**2 / tries
    return ((share + weight / 2) / (1 + weight),
            Z_95 * sqrt(share * (1 - share) / tries + weight / (4 * tries)) / (1 + weight))


def adjust(found):
    """Benjamini and Hochberg: the least p·m/rank from this rule's rank up."""
    least = 1.0
    ordered = sorted(found.values(), key=lambda cells: cells["p_value"])
    for rank in range(len(ordered), 0, -1):
        least = min(least, ordered[rank - 1]["p_value"] * len(ordered) / rank)
        ordered[rank - 1]["q_value"] = least
