"""The rows of the table: which data, at which threshold, up to which size. Knows nothing of miners."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    data: str
    support: int
    max_size: int = 0  # 0: any
    listing: bool = True  # false: millions of sets as Python objects would say nothing about mining
    quick: bool = False  # true: one of the few rows of --quick

    @property
    def what(self):
        size = {0: "", 2: ", size ≤ 2", 3: ", size ≤ 3"}[self.max_size]
        return f"{self.data} @{self.support:,}{size}"


ROWS = [
    Row("online_retail", 400, quick=True),
    Row("online_retail", 200),
    Row("online_retail", 100, quick=True),
    Row("online_retail", 60),
    Row("retail", 89, quick=True),
    Row("retail", 9),
    Row("T10I4D100K", 100),
    Row("T10I4D100K", 10),
    Row("mushroom", 812, quick=True),
    Row("mushroom", 406, listing=False),
    Row("groceries", 10, quick=True),
    Row("online_retail", 20, max_size=2, quick=True),
    Row("online_retail", 20, max_size=3),
    Row("retail", 9, max_size=2),
    Row("million", 1000),
]
