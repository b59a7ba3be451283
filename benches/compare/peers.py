"""How each peer is fed and called, at its best: input as it likes it most, parsed before the clock starts, and the
cheapest call that still finds every set. One process mines once: `peers.py '{"peer": …}'` prints one line of JSON.
"""

import ctypes
import gc
import json
import os
import resource
import signal
import sys
import time

MOST_CPU_SECONDS = 60
MOST_BYTES = 8 << 30

# PyFIM's algorithms and variants that ever came first in a row; the others (eclat e i b t s r d, fpgrowth c, sam)
# never did, and fpgrowth t misses sets on mushroom. name, algo, mode.
PYFIM = [("eclat", "a", ""), ("eclat", "o", ""), ("eclat", "o", "l"), ("fpgrowth", "s", ""), ("fpgrowth", "s", "l"),
         ("fpgrowth", "d", ""), ("relim", None, ""), ("apriori", None, "")]
# rusket's fin and negfin were slower in every row tried, its lcm lists closed sets only.
VARIANTS = {"PyFIM": range(len(PYFIM)), "rusket": ["fpgrowth", "eclat"], "mlxtend": ["fpgrowth"],
            "efficient-apriori": ["apriori"], "fastapriori": ["rust"]}
THREADED = {"rusket", "fastapriori"}
# The others list, whether that is wanted or not: measured once, shown in both rows.
COUNTS = {"PyFIM", "rusket"}


def read_lists(path):
    with open(path, "rb") as lines:
        numbers = {}
        return [[numbers.setdefault(item, int(item)) for item in line.split()] for line in lines]


def read_csr(path):
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = read_lists(path)
    ends = np.cumsum([0] + [len(row) for row in rows], dtype=np.int32)
    items = np.fromiter((item for row in rows for item in sorted(row)), np.int32, ends[-1])
    return csr_matrix((np.ones(len(items), np.uint8), items, ends), shape=(len(rows), int(items.max()) + 1))


def share(support, count):
    """A threshold as a share that no rounding moves to the neighbouring count."""
    return (support - 0.5) / count


def pyfim(path, support, size, counting, variant):
    import fim

    rows = read_lists(path)
    name, algo, mode = PYFIM[variant]
    options = {"target": "s", "supp": -support, "report": "#" if counting else "a", "mode": mode}
    options |= ({"algo": algo} if algo else {}) | ({"zmax": size} if size else {})
    # It omits an item that is in every basket, and so each set of nothing but such items.
    everywhere = len(set.intersection(*map(set, rows)))
    omitted = 2 ** everywhere - 1 if name not in ("relim", "sam") else 0
    return lambda: getattr(fim, name)(rows, **options), lambda r: omitted + int(sum(r.values()) if counting else len(r))


def rusket(path, support, size, counting, variant):
    import rusket
    from rusket import _rusket

    baskets = read_csr(path)
    if counting:  # it has no call that counts: the bare kernel, without the frame around its arrays
        kernel = getattr(_rusket, f"{variant}_from_csr")
        arrays = baskets.indptr, baskets.indices, baskets.shape[1]
        return lambda: kernel(*arrays, support, size or None), lambda found: len(found[0])
    mine = getattr(rusket, variant)
    mine(baskets[:100], min_support=0.9)  # its imports
    return lambda: mine(baskets, min_support=share(support, baskets.shape[0]), max_len=size or None), len


def mlxtend(path, support, size, _counting, _variant):
    import pandas
    from mlxtend.frequent_patterns import fpgrowth

    frame = pandas.DataFrame.sparse.from_spmatrix(read_csr(path).astype(bool))
    return lambda: fpgrowth(frame, min_support=share(support, len(frame)), max_len=size or None), len


def efficient_apriori(path, support, size, _counting, _variant):
    from efficient_apriori import itemsets_from_transactions

    rows = [tuple(row) for row in read_lists(path)]
    return (lambda: itemsets_from_transactions(rows, share(support, len(rows)), max_length=size or 1_000),
            lambda found: sum(map(len, found[0].values())))


def fastapriori(path, support, size, _counting, _variant):
    import numpy as np
    import pandas
    from fastapriori import find_associations

    matrix = read_csr(path)
    basket = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    frame = pandas.DataFrame({"basket": basket, "item": matrix.indices.astype(np.int64)})
    options = {"min_support": share(support, matrix.shape[0]), "sorted_by": None}
    singles = int((np.bincount(matrix.indices) >= support).sum())
    # One row for each item that may stand on the right.
    return (lambda: [find_associations(frame, "basket", "item", k=k, **options) for k in range(2, size + 1)],
            lambda found: singles + sum(len(rows) // k for k, rows in enumerate(found, 2)))


LOADERS = {"PyFIM": pyfim, "rusket": rusket, "mlxtend": mlxtend, "efficient-apriori": efficient_apriori,
           "fastapriori": fastapriori}


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def status_mb(field):
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def measure(job):
    mine, size_of = LOADERS[job["peer"]](job["path"], job["support"], job["size"], job["counting"], job["variant"])
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what the parsing left behind is no room that the mining had for nothing
    with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:
        reset.write("5")  # the peak starts anew, so that it is the mining's and not the parsing's
    before = status_mb("VmRSS")
    signal.setitimer(signal.ITIMER_PROF, MOST_CPU_SECONDS)  # nobody handles it: the process ends
    cpu, wall = cpu_seconds(), time.perf_counter()
    found = mine()
    cpu, wall = cpu_seconds() - cpu, time.perf_counter() - wall
    signal.setitimer(signal.ITIMER_PROF, 0)
    peak = status_mb("VmHWM")
    return {"cpu": cpu, "wall": wall, "peak": peak, "more": peak - before, "sets": size_of(found)}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    print(json.dumps(measure(json.loads(sys.argv[1]))), flush=True)
    os._exit(0)  # freeing millions of objects is nobody's time
