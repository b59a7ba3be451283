//! Words by which a text could say more than its facts do. Knows no report.

/// Numbers in words, and parts: a text may write numbers as placeholders only.
const NUMBERS: [&str; 52] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "hundreds",
    "thousand",
    "thousands",
    "million",
    "millions",
    "billion",
    "billions",
    "dozen",
    "dozens",
    "half",
    "halves",
    "third",
    "thirds",
    "quarter",
    "quarters",
    "twice",
    "thrice",
    "double",
    "doubles",
    "doubled",
    "triple",
    "tripled",
    "tenfold",
];

/// Units that only stand beside a number that somebody made up.
const UNITS: [&str; 8] = ["percent", "percentage", "per-cent", "pct", "dollars", "euros", "pounds", "cents"];

/// A cause that no count shows.
const CAUSES: [&str; 24] = [
    "because",
    "cause",
    "causes",
    "caused",
    "causing",
    "drive",
    "drives",
    "driven",
    "driving",
    "drove",
    "due",
    "thanks",
    "therefore",
    "hence",
    "consequently",
    "makes",
    "forces",
    "boosts",
    "boosted",
    "triggers",
    "triggered",
    "guarantee",
    "guarantees",
    "guaranteed",
];

const UP: [&str; 20] = [
    "rise",
    "rises",
    "rose",
    "risen",
    "rising",
    "grow",
    "grows",
    "grew",
    "grown",
    "growing",
    "increase",
    "increases",
    "increased",
    "increasing",
    "climbed",
    "gained",
    "stronger",
    "strengthened",
    "higher",
    "surged",
];
const DOWN: [&str; 20] = [
    "fall",
    "falls",
    "fell",
    "fallen",
    "falling",
    "drop",
    "drops",
    "dropped",
    "decline",
    "declines",
    "declined",
    "declining",
    "decrease",
    "decreases",
    "decreased",
    "shrank",
    "weaker",
    "weakened",
    "lower",
    "plunged",
];

/// Words that hold one number against another: which stands first then matters.
const COMPARISONS: [&str; 9] = ["than", "against", "versus", "vs", "compared", "from", "instead", "unlike", "whereas"];

/// What numbers of a report count.
const NOUNS: [&str; 7] = ["basket", "order", "customer", "day", "link", "product", "time"];

/// A text's words in lower case, apostrophes and hyphens inside them kept.
pub fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let words = text.split(|c: char| !is_part(c)).map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn found(words: &[String], list: &[&str]) -> Option<String> {
    // Of `twenty-five` each part counts.
    words.iter().find(|word| list.contains(&word.as_str()) || word.split('-').any(|part| list.contains(&part))).cloned()
}

/// A number or a unit in words.
pub fn number(words: &[String]) -> Option<String> {
    // "One of each", "one bundle": the pronoun is no number of the report's.
    let rest: Vec<String> = words.iter().filter(|word| *word != "one" && *word != "third").cloned().collect();
    found(&rest, &NUMBERS).or_else(|| found(&rest, &UNITS))
}

pub fn cause(words: &[String]) -> Option<String> {
    found(words, &CAUSES)
}

pub fn up(words: &[String]) -> Option<String> {
    found(words, &UP)
}

pub fn down(words: &[String]) -> Option<String> {
    found(words, &DOWN)
}

pub fn compares(words: &[String]) -> bool {
    found(words, &COMPARISONS).is_some()
}

/// What a word counts, whatever its number: `baskets` is `basket`.
pub fn noun(word: &str) -> Option<&'static str> {
    NOUNS.into_iter().find(|noun| word == *noun || word.strip_suffix('s') == Some(noun))
}
