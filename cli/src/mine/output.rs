//! Itemsets and rules as they are written: the canonical list, CSV, and a short table for a person.

use std::io::{self, Write};

use affinsy_mining::{Itemsets, Rule, RuleSet};

use super::items::{Names, write_number};
use crate::layout::{Align, TextTable, grouped};

/// One itemset a line: its items ascending, a space between them, a tab, the support count.
pub fn itemsets(itemsets: &Itemsets, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    for (items, support_count) in itemsets.iter() {
        line.clear();
        for (nth, item) in items.iter().enumerate() {
            if nth > 0 {
                line.push(b' ');
            }
            names.write_listed(*item, &mut line);
        }
        line.push(b'\t');
        write_number(support_count, &mut line);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

const RULE_COLUMNS: [&str; 22] = [
    "antecedents",
    "consequents",
    "support_count",
    "antecedent_count",
    "consequent_count",
    "antecedent_support",
    "consequent_support",
    "support",
    "confidence",
    "lift",
    "leverage",
    "conviction",
    "zhang",
    "jaccard",
    "certainty",
    "kulczynski",
    "cosine",
    "imbalance_ratio",
    "confidence_low",
    "confidence_high",
    "p_value",
    "q_value",
];

/// CSV with every metric in full; an infinite conviction is empty.
pub fn rules(found: &RuleSet, basket_count: u64, names: &Names, out: &mut dyn Write) -> io::Result<()> {
    let mut file = csv::Writer::from_writer(out);
    file.write_record(RULE_COLUMNS.iter().copied().chain(["redundant"]))?;
    for rule in &found.rules {
        let m = rule.metrics(basket_count);
        let mut cells = vec![
            names.cell(&rule.antecedent),
            names.cell(&rule.consequent),
            rule.support_count.to_string(),
            rule.antecedent_count.to_string(),
            rule.consequent_count.to_string(),
        ];
        let numbers = [
            Some(m.antecedent_support),
            Some(m.consequent_support),
            Some(m.support),
            Some(m.confidence),
            Some(m.lift),
            Some(m.leverage),
            m.conviction,
            m.zhang,
            Some(m.jaccard),
            Some(m.certainty),
            Some(m.kulczynski),
            Some(m.cosine),
            Some(m.imbalance_ratio),
            Some(m.confidence_low),
            Some(m.confidence_high),
            Some(rule.p_value),
            Some(rule.q_value),
        ];
        // Debug is the shortest text that reads back as the same number, with an exponent where it is tiny.
        cells.extend(numbers.map(|number| number.map_or(String::new(), |number| format!("{number:?}"))));
        cells.push(rule.redundant.to_string());
        file.write_record(&cells)?;
    }
    file.flush()
}

const SHOWN_RULES: usize = 20;

/// The first rules as a table.
pub fn best_rules(found: &RuleSet, basket_count: u64, names: &Names) -> String {
    if found.rules.is_empty() {
        return "no rules reach these bounds\n".to_owned();
    }
    let mut table = TextTable::new(&[
        ("if", Align::Left),
        ("then", Align::Left),
        ("baskets", Align::Right),
        ("confidence", Align::Right),
        ("lift", Align::Right),
    ]);
    found.rules.iter().take(SHOWN_RULES).for_each(|rule| table.row(shown(rule, basket_count, names)));
    table.render()
}

fn shown(rule: &Rule, basket_count: u64, names: &Names) -> Vec<String> {
    let metrics = rule.metrics(basket_count);
    vec![
        names.joined(&rule.antecedent, " + "),
        names.joined(&rule.consequent, " + "),
        grouped(&rule.support_count.to_string()),
        format!("{:.1} %", metrics.confidence * 100.0),
        format!("{:.2}", metrics.lift),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_mining::{Baskets, MineOptions, Ratio, RuleOptions};

    fn mined() -> (Itemsets, u64) {
        let mut baskets = Baskets::with_capacity(4, 8);
        for basket in [&[1, 2][..], &[1, 2], &[10], &[1]] {
            baskets.push(basket);
        }
        let itemsets = affinsy_mining::mine(&baskets, &MineOptions::with_support_count(1)).expect("few itemsets");
        (itemsets, 4)
    }

    #[test]
    fn the_list_is_canonical() {
        let mut out = Vec::new();
        itemsets(&mined().0, &Names::Numbers, &mut out).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), "1\t3\n2\t2\n10\t1\n1 2\t2\n");
    }

    #[test]
    fn rules_have_every_metric() {
        let (itemsets, basket_count) = mined();
        let found = affinsy_mining::rules(&itemsets, basket_count, &RuleOptions::everything(Ratio::new(1, 2)));
        let mut out = Vec::new();
        rules(&found.expect("few rules"), basket_count, &Names::Numbers, &mut out).expect("memory");
        let text = String::from_utf8(out).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split(',').count(), RULE_COLUMNS.len() + 1);
        assert!(lines.iter().any(|line| line.starts_with("2,1,2,2,3,0.5,0.75,0.5,1.0,1.333")), "{text}");
    }
}
