"""A case by its number: baskets of some shape, as they may stand in a file, and what is asked of them."""

import random
from dataclasses import dataclass

MOST = 2**32 - 1


@dataclass(frozen=True)
class Case:
    text: str
    baskets: list  # of sets: what the text says
    support: int
    max_size: int | None
    confidence: str
    threads: int
    strategy: str


def case(seed, number):
    pick = random.Random(f"{seed}/{number}")
    shape = pick.choice(SHAPES)
    baskets = [set(basket) for basket in shape(pick)]
    if pick.random() < 0.2:  # an item or two in every basket
        everywhere = pick.sample(range(90, 94), pick.randint(1, 2))
        baskets = [basket | set(everywhere) for basket in baskets]
    if pick.random() < 0.2:  # item numbers anywhere up to the largest
        names = {item: pick.choice([MOST - item, pick.randrange(MOST)]) for item in set().union(*baskets)}
        if len(set(names.values())) == len(names):
            baskets = [{names[item] for item in basket} for basket in baskets]
    if pick.random() < 0.2:  # blank lines: empty baskets
        for _ in range(pick.randint(1, 4)):
            baskets.insert(pick.randint(0, len(baskets)), set())
    if not any(baskets):
        baskets.append({pick.randint(0, 9)})
    highest = max(2, len(baskets) // pick.choice([1, 2, 4, 10, 20]))
    return Case(
        text=written(pick, baskets),
        baskets=baskets,
        support=pick.choice([1, 2, pick.randint(1, highest), pick.randint(1, highest), len(baskets)]),
        max_size=pick.choice([None, None, None, 1, 2, 3, pick.randint(4, 9)]),
        confidence=pick.choice(["0.1", "0.25", "0.3", "0.5", "0.6", "0.75", "0.9", "1", f"{pick.random():.3f}"]),
        threads=pick.choice([0, 1, 1, 2, 3, 7]),
        strategy=pick.choice(["auto", "rows", "bits"]),
    )


def written(pick, baskets):
    """The lines, some with repeated items, tabs, spaces at the ends, and without the last newline."""
    messy = pick.random() < 0.3
    lines = []
    for basket in baskets:
        items = list(map(str, basket))
        pick.shuffle(items)
        if messy and items:
            items += pick.choices(items, k=pick.randint(0, 3))
        gap = pick.choice([" ", "  ", "\t"]) if messy else " "
        edge = pick.choice(["", " "]) if messy else ""
        lines.append(edge + gap.join(items) + edge)
    text = "\n".join(lines) + "\n"
    return text[:-1] if messy and baskets[-1] else text


def sparse(pick):
    items = pick.randint(1, 300)
    return [pick.choices(range(items), k=pick.randint(1, 8)) for _ in range(pick.randint(1, 300))]


def dense(pick):
    items, share = pick.randint(1, 14), pick.uniform(0.3, 0.95)
    return [[item for item in range(items) if pick.random() < share] for _ in range(pick.randint(1, 120))]


def attributes(pick):
    """As in mushroom: one value of each attribute, some constant."""
    values = [pick.randint(1, 5) for _ in range(pick.randint(1, 10))]
    return [[10 * at + min(pick.randrange(of), pick.randrange(of)) for at, of in enumerate(values)]
            for _ in range(pick.randint(1, 150))]


def long_tailed(pick):
    def item():
        return int(2 ** pick.uniform(0, pick.choice([6, 10, 16]))) - 1

    return [[item() for _ in range(1 + int(pick.expovariate(0.15)))] for _ in range(pick.randint(1, 400))]


def equal_rows(pick):
    kinds = [pick.sample(range(30), pick.randint(1, 10)) for _ in range(pick.randint(1, 4))]
    return [pick.choice(kinds) for _ in range(pick.randint(1, 200))]


def bundles(pick):
    """Bought together: parts of few bundles, and noise."""
    kinds = [pick.sample(range(80), pick.randint(2, 9)) for _ in range(pick.randint(1, 10))]
    return [[item for item in pick.choice(kinds) if pick.random() < 0.8] + pick.choices(range(80), k=pick.randint(0, 4))
            for _ in range(pick.randint(1, 400))]


def nested(pick):
    """Each basket within the next: perfect extensions everywhere."""
    length = pick.randint(1, 13)
    return [range(pick.randint(1, length)) for _ in range(pick.randint(1, 100))]


def one_basket(pick):
    return [pick.sample(range(50), pick.randint(1, 13))]


def wide(pick):
    """More frequent items than fit a machine word, few together."""
    items = pick.randint(60, 200)
    return [pick.sample(range(items), pick.randint(1, min(items, 30))) for _ in range(pick.randint(5, 80))]


SHAPES = [sparse, dense, attributes, long_tailed, equal_rows, bundles, nested, one_basket, wide]
