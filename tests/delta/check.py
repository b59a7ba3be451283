"""Reads the open table as its readers do, and ends with 1 at the first row that differs from the demo's file."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet
from deltalake import DeltaTable, QueryBuilder

import expected

FILE = Path(__file__).parents[2] / "demo/online_retail.parquet"
VERSIONS = (0, 1)
SINCE = datetime(2011, 12, 1, tzinfo=timezone.utc)


class Difference(Exception):
    """What differs, in words."""


def main():
    parser = argparse.ArgumentParser(prog="tests/delta/run", description=__doc__)
    parser.add_argument("--self-test", action="store_true", help="spoil the table in several ways; each is noticed")
    parser.add_argument("--writer", default="target/release/examples/open_table", help=argparse.SUPPRESS)
    args = parser.parse_args()
    duck = duckdb.connect()
    expected.create_views(duck, FILE)
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table"
        table.mkdir()
        subprocess.run([args.writer, table], check=True)
        return self_test(duck, table) if args.self_test else check_all(duck, table)


def check_all(duck, table):
    try:
        for version in VERSIONS:
            rows = check(duck, table, version)
            print(f"version {version}: {rows:,} rows as in the demo's file, by duckdb and by deltalake")
        for name, of_log in LOGS.items():
            same_table(duck, table, changed(table, of_log))
            print(f"log of {name}: the same table")
    except Difference as difference:
        print(f"DIFFERENCE: {difference}")
        return 1
    return 0


def check(duck, table, version):
    """Every row, by both engines."""
    delta = DeltaTable(table, version=version)
    described(delta, version)
    compare(duck, version, "duckdb", f"read_parquet({delta.file_uris()!r})")
    duck.register("arrow", delta.to_pyarrow_table())
    compare(duck, version, "deltalake", "arrow")
    pruned(duck, delta, version)
    return expected.count(duck, version)


def compare(duck, version, engine, theirs):
    if rows := expected.differences(duck, version, theirs):
        raise Difference(f"version {version} by {engine}: {len(rows)} rows, the first: {rows[0]}")


def same_table(duck, table, other):
    """Another form of the log leads to the same files."""
    version = VERSIONS[-1]
    delta = DeltaTable(other)
    described(delta, version)
    files = [{Path(uri).name for uri in of.file_uris()} for of in (DeltaTable(table), delta)]
    if files[0] != files[1]:
        raise Difference(f"{other} has the files {sorted(files[1])}, not {sorted(files[0])}")
    pruned(duck, delta, version)


def described(delta, version):
    """What the log says of the table without its rows."""
    protocol = delta.protocol()
    said = (delta.version(), protocol.min_reader_version, protocol.min_writer_version, delta.metadata().name,
            delta.metadata().partition_columns)
    if said != (version, 1, 2, "online-retail", []):
        raise Difference(f"the table says of itself: {said}")
    types = {field.name: (str(field.type.type), field.nullable) for field in delta.schema().fields}
    wanted = {"order_id": ("string", False), "customer_id": ("string", True), "order_date": ("timestamp", True),
              "received_at": ("timestamp", False), "product_name": ("string", False),
              "quantity": ("decimal(18,3)", False), "amount": ("decimal(38,9)", True), "sequence": ("long", True)}
    if types != wanted:
        raise Difference(f"its columns are {types}")


def pruned(duck, delta, version):
    """A condition on a column whose bounds the log holds leaves out whole files, and no row."""
    since = f"order_date >= to_timestamp({SINCE.timestamp()})"
    query = f"SELECT count(*) AS n FROM orders WHERE order_date >= timestamp '{SINCE:%Y-%m-%d %H:%M:%S}'"
    found = QueryBuilder().register("orders", delta).execute(query).read_all()["n"][0].as_py()
    wanted = expected.count(duck, version, f"order_date >= {int(SINCE.timestamp()) * 1_000_000}")
    if found != wanted:
        raise Difference(f"version {version}: {found} rows with {since}, not {wanted}")


def changed(table, change):
    """A copy of the table after `change`, in a folder beside it."""
    copy = Path(tempfile.mkdtemp(dir=table.parent)) / "table"
    shutil.copytree(table, copy)
    change(copy)
    return copy


def remove(pattern):
    return lambda table: [file.unlink() for file in (table / "_delta_log").glob(pattern)]


def only_commits(table):
    remove("*checkpoint*")(table)


def only_checkpoint(table):
    remove("*.json")(table)
    remove("*0.checkpoint.parquet")(table)


LOGS = {
    "commits alone": only_commits,
    "checkpoints without a pointer": remove("_last_checkpoint"),
    "the checkpoint alone": only_checkpoint,
}


def without_line(table, action):
    """Takes the first such action out of the last commit."""
    only_commits(table)
    commit = sorted((table / "_delta_log").glob("*.json"))[-1]
    lines = commit.read_text().splitlines(keepends=True)
    lines.remove(next(line for line in lines if action in json.loads(line)))
    commit.write_text("".join(lines))


def with_other_bounds(table):
    only_commits(table)
    commit = sorted((table / "_delta_log").glob("*.json"))[-1]
    commit.write_text(commit.read_text().replace("2025-10-09T", "2010-10-09T"))


def with_other_amount(table):
    """One amount of one line by the least that the type holds."""
    file = sorted(table.glob("000002-*.parquet"))[0]
    rows = pyarrow.parquet.read_table(file)
    amounts = rows["amount"].to_pylist()
    at = next(at for at, amount in enumerate(amounts) if amount is not None)
    amounts[at] += Decimal("1e-9")
    place = rows.schema.get_field_index("amount")
    rows = rows.set_column(place, rows.schema.field(place), pyarrow.array(amounts, rows.schema.field(place).type))
    pyarrow.parquet.write_table(rows, file)


SPOILED = {
    "a file that the log does not name": lambda table: without_line(table, "add"),
    "an old file that stays": lambda table: without_line(table, "remove"),
    "bounds that leave rows out": with_other_bounds,
    "an amount": with_other_amount,
}


def self_test(duck, table):
    """Each spoiled table must be noticed, or the check could not fail."""
    for name, spoil in SPOILED.items():
        try:
            check(duck, changed(table, spoil), VERSIONS[-1])
        except Difference as difference:
            print(f"spoiled, {name}: noticed: {str(difference)[:120]}")
        else:
            print(f"spoiled, {name}: NOT NOTICED")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
