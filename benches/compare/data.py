"""Brings the baskets to where every miner can read them: plain FIMI text, and one long CSV for the rules row."""

import csv
import lzma
import os
import shutil
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "target" / "compare"
SHIPPED = ROOT / "tests" / "golden" / "mba"
ORDERS = ROOT / "demo" / "online_retail.parquet"


def baskets(name):
    """The path of a data set as plain text, or None when its source is not at hand."""
    plain = FOLDER / f"{name}.dat"
    if plain.exists():
        return plain
    FOLDER.mkdir(parents=True, exist_ok=True)
    partial = plain.with_suffix(".partial")
    if name == "million":
        write_million(partial)
    else:
        shared = os.environ.get("AFFINSY_SHARED")
        folders = [SHIPPED] + ([Path(shared) / "data" / "baskets"] if shared else [])
        packed = next((path for folder in folders if (path := folder / f"{name}.dat.xz").exists()), None)
        if packed is None:
            return None
        with lzma.open(packed) as source, open(partial, "wb") as out:
            shutil.copyfileobj(source, out)
    partial.rename(plain)
    return plain


def write_million(path, count=1_000_000, items=70_000, seed=20_250_315):
    """A million baskets of a long-tailed shop: popularity by Zipf's law, sizes geometric with mean 8, and in half of
    the baskets about half of one of 3,000 themes, so that things are bought together as they are in shops."""
    random = np.random.default_rng(seed)
    popularity = np.cumsum(1.0 / (np.arange(1, items + 1) + 20) ** 0.9)
    popularity /= popularity[-1]
    names = random.permutation(items)

    def draw(shape):
        return names[np.searchsorted(popularity, random.random(shape))]

    themes = draw((3_000, 8))
    with open(path, "w", encoding="ascii") as out:
        for _ in range(0, count, 50_000):
            sizes = random.geometric(1 / 8, 50_000)
            drawn = np.split(draw(sizes.sum()), np.cumsum(sizes)[:-1])
            themed = random.random(50_000) < 0.5
            theme = (random.random(50_000) ** 3 * len(themes)).astype(int)
            taken = random.random((50_000, 8)) < 0.5
            for at in range(50_000):
                basket = set(drawn[at].tolist())
                if themed[at]:
                    basket.update(themes[theme[at]][taken[at]].tolist())
                out.write(" ".join(map(str, sorted(basket))) + "\n")


def long_csv():
    """Online Retail as a shop exports it: one line an order's product, all columns, returns left out."""
    path = FOLDER / "online_retail.csv"
    if path.exists():
        return path
    if not ORDERS.exists():
        return None
    import pyarrow.parquet

    FOLDER.mkdir(parents=True, exist_ok=True)
    table = pyarrow.parquet.read_table(ORDERS)
    rows = zip(*(table.column(name).to_pylist() for name in table.column_names))
    quantity = table.column_names.index("Quantity")
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(table.column_names)
        writer.writerows(row for row in rows if row[quantity] > 0)
    partial.rename(path)
    return path
