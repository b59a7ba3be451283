"""Asks `affinsy mine` and others the same random questions and ends with 1 at the first answer that differs."""

import argparse
import csv
import io
import sys
import tempfile
import time
from fractions import Fraction
from math import isclose
from pathlib import Path

import inputs
import peers
import rules
from affinsy import Affinsy, Difference

MOST_ITEMSETS, MOST_FOR_RULES = 60_000, 400
# rusket's names where they differ from ours.
THEIR_NAMES = {"zhangs_metric": "zhang"}


def main():
    parser = argparse.ArgumentParser(prog="tests/differential/run", description=__doc__)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", default="0", help="any text; the same text asks the same questions")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--minutes", type=float, default=0, help="go on for so long instead of --cases")
    parser.add_argument("--self-test", action="store_true", help="spoil each kind of answer and see it noticed")
    parser.add_argument("--affinsy", default="target/release/affinsy", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.self_test:
        return self_test(args)
    end = time.monotonic() + 60 * args.minutes
    number, counts = args.first, {"itemsets": 0, "rules": 0}
    while time.monotonic() < end if args.minutes else number < args.first + args.cases:
        if difference := ask(args, number, counts):
            print(difference)
            return 1
        number += 1
        if number % 1000 == 0:
            print(f"seed {args.seed}: {number} cases, {counts}", flush=True)
    print(f"no difference in {number - args.first} cases of seed {args.seed}: {counts['itemsets']:,} itemsets "
          f"against PyFIM and rusket, {counts['rules']:,} rules against a recount and rusket")
    return 0


def ask(args, number, counts, spoil=lambda kind, text: text):
    """Nothing, or the difference as a report."""
    case = inputs.case(args.seed, number)
    support = case.support
    while peers.size_of_answer(case, support) > MOST_ITEMSETS:
        support += max(1, support // 2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.dat"
        path.write_text(case.text)
        asked = Affinsy(args.affinsy, path, case, support, spoil)
        try:
            compare(asked, case, support, counts)
        except Difference as difference:
            again = f"tests/differential/run --seed {args.seed} --first {number} --cases 1"
            return f"DIFFERENCE: {difference}\nasked: {asked.last}\nagain: {again}\ninput:\n{case.text}"
    return None


def compare(asked, case, support, counts):
    answers = {"PyFIM eclat": peers.pyfim(case, support), "rusket fpgrowth": peers.rusket(case, support, "fpgrowth"),
               "rusket eclat": peers.rusket(case, support, "eclat")}
    said = asked.says("itemsets", "--itemsets", "-")
    for name, answer in answers.items():
        if (theirs := canonical(answer)) != said:
            raise Difference(f"itemsets, {name} and affinsy\n{differing(theirs, said)}")
    itemsets = answers["PyFIM eclat"]
    counts["itemsets"] += len(itemsets)
    if int(asked.says("count", "--count-only")) != len(itemsets):
        raise Difference("--count-only and the list")
    if len(itemsets) <= MOST_FOR_RULES:
        counts["rules"] += compare_rules(asked, case, itemsets)


def canonical(itemsets):
    ordered = sorted(itemsets.items(), key=lambda entry: (len(entry[0]), entry[0]))
    return "".join(f"{' '.join(map(str, items))}\t{count}\n" for items, count in ordered)


def differing(theirs, ours):
    theirs, ours = theirs.splitlines(), ours.splitlines()
    only = [f"theirs: {line}" for line in theirs if line not in set(ours)][:20]
    only += [f"ours:   {line}" for line in ours if line not in set(theirs)][:20]
    return "\n".join(only or ["the same lines in another order, or some twice"])


def compare_rules(asked, case, itemsets):
    said = asked.says("rules", "--everything", "--min-confidence", case.confidence, "--rules", "-")
    ours = {(ids(row["antecedents"]), ids(row["consequents"])): row for row in csv.DictReader(io.StringIO(said))}
    least = Fraction(case.confidence)
    expected = rules.recount(case, itemsets, least)
    if len(ours) != said.count("\n") - 1 or ours.keys() != expected.keys():
        raise Difference(f"rules, only one of recount and affinsy has {sorted(ours.keys() ^ expected.keys())[:20]}")
    theirs = peers.rusket_rules(itemsets, len(case.baskets), least)
    if ours.keys() != theirs.keys():
        raise Difference(f"rules, only one of rusket and affinsy has {sorted(ours.keys() ^ theirs.keys())[:20]}")
    for pair, row in ours.items():
        for name, value in expected[pair].items():
            if not agree(row[name], value):
                raise Difference(f"rule {pair}: {name} is {row[name]!r}, recounted {value!r}")
        for name, value in theirs[pair].items():
            name = THEIR_NAMES.get(name, name)
            if row[name] and not agree(row[name], value, 1e-6):  # they divide rounded numbers
                raise Difference(f"rule {pair}: {name} is {row[name]!r}, by rusket {value!r}")
    return len(ours)


def ids(cell):
    return tuple(map(int, cell.split()))


def agree(text, value, tolerance=1e-9):
    if value is None or isinstance(value, bool):
        return text == ("" if value is None else str(value).lower())
    return text != "" and isclose(float(text), value, rel_tol=tolerance, abs_tol=1e-12)


def self_test(args):
    """Each spoiled answer must be noticed in some case, or the test could not fail."""
    spoilers = {
        "itemsets": lambda text: text[:-2] + str((int(text[-2]) + 1) % 10) + "\n",
        "count": lambda text: f"{int(text) + 1}\n",
        "rules": lambda text: text[:text.rstrip().rindex("\n") + 1],
    }
    for kind, spoiled in spoilers.items():
        def spoil(of, text, kind=kind, spoiled=spoiled):
            return spoiled(text) if of == kind and text.count("\n") > (kind == "rules") else text

        counts = {"itemsets": 0, "rules": 0}
        noticed = next((number for number in range(100) if ask(args, number, counts, spoil)), None)
        print(f"spoiled {kind}: {'NOT NOTICED' if noticed is None else f'noticed in case {noticed}'}")
        if noticed is None:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
