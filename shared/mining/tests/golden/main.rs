//! Itemsets and rules equal those of other programs, on real data. The data shipped with the repository is
//! always compared; with `AFFINSY_SHARED` set, also what may not be shipped.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says where it failed")]

mod compare;
mod source;

use source::Source;

#[test]
fn shipped_itemsets_are_those_of_other_programs() {
    compare::all_itemsets(&Source::shipped());
}

#[test]
fn shipped_rules_are_those_of_other_programs() {
    compare::all_rules(&Source::shipped());
}

#[test]
fn further_itemsets_are_those_of_other_programs() {
    if let Some(source) = Source::further() {
        compare::all_itemsets(&source);
    }
}

#[test]
fn further_rules_are_those_of_other_programs() {
    if let Some(source) = Source::further() {
        compare::all_rules(&source);
    }
}
