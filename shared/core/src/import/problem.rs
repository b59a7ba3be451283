//! Why a file as a whole cannot be read, and what to do about it. A row that cannot is a reject, not a problem.

use super::field::Field;

/// What stands in the way of a whole file. The text is for the caller: what, where, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportProblem {
    #[error("the file is empty: a header with the columns' names is needed")]
    Empty,
    #[error("line {line} has a zero byte: this is no text")]
    NotText { line: u64 },
    #[error("the header goes on for more than {0} kB", super::HEAD_BYTES >> 10)]
    EndlessHeader,
    #[error("the header has {count} columns, more than {}: this is no table of orders", super::MAX_COLUMNS)]
    TooManyColumns { count: usize },
    #[error("line {line}: a quote opens here that is never closed")]
    OpenQuote { line: u64 },
    #[error("{}", unmapped(.missing, .columns))]
    Unmapped { missing: Vec<Field>, columns: Vec<String> },
    #[error("there is no column {name:?}; the file's columns are: {}", listed(.columns))]
    NoSuchColumn { field: Field, name: String, columns: Vec<String> },
    /// An export that lists orders, not what was bought.
    #[error("{detail}")]
    NoLineItems { detail: String },
    #[error(
        "line {line}: {example:?} may be a number in thousands or one with decimals, and nothing in the file decides: \
         say \"decimal\": \".\" or \",\""
    )]
    AmbiguousNumbers { line: u64, example: String },
    #[error(
        "the file writes numbers in two ways, {point:?} (line {point_line}) and {comma:?} (line {comma_line}): mend \
         it, or say \"decimal\": \".\" or \",\" and rows in the other way are rejected"
    )]
    MixedNumbers { point: String, point_line: u64, comma: String, comma_line: u64 },
    #[error(
        "line {line}: {example:?} may begin with the day or with the month, and nothing in the file decides: say \
         \"date_format\", for example {:?} or {:?}",
        "%d/%m/%Y",
        "%m/%d/%Y"
    )]
    AmbiguousDates { line: u64, example: String },
    #[error(
        "the file writes dates in two ways, {day_first:?} (line {day_line}) and {month_first:?} (line {month_line}): \
         mend it, or say \"date_format\" and rows in the other way are rejected"
    )]
    MixedDates { day_first: String, day_line: u64, month_first: String, month_line: u64 },
    #[error(
        "no date of the file can be read; the first is {example:?} (line {line}): say how they are written in \
         \"date_format\", for example {:?}",
        "%d/%m/%Y %H:%M"
    )]
    UnknownDates { line: u64, example: String },
    #[error("{setting}: {detail}")]
    Setting { setting: &'static str, detail: String },
    #[error("the file is damaged: {detail}")]
    Damaged { detail: String },
}

impl ImportProblem {
    /// Stable, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::NotText { .. } => "not_text",
            Self::EndlessHeader => "endless_header",
            Self::TooManyColumns { .. } => "too_many_columns",
            Self::OpenQuote { .. } => "open_quote",
            Self::Unmapped { .. } => "unknown_columns",
            Self::NoSuchColumn { .. } => "no_such_column",
            Self::NoLineItems { .. } => "no_line_items",
            Self::AmbiguousNumbers { .. } => "ambiguous_numbers",
            Self::MixedNumbers { .. } => "mixed_numbers",
            Self::AmbiguousDates { .. } => "ambiguous_dates",
            Self::MixedDates { .. } => "mixed_dates",
            Self::UnknownDates { .. } => "unknown_dates",
            Self::Setting { .. } => "invalid_setting",
            Self::Damaged { .. } => "damaged_file",
        }
    }
}

/// What is missing, what the file has, and a mapping to begin with.
fn unmapped(missing: &[Field], columns: &[String]) -> String {
    let fields: Vec<&str> = missing.iter().map(|field| field.name()).collect();
    let example: Vec<String> = missing
        .iter()
        .enumerate()
        .map(|(nth, field)| {
            let column = columns.get(nth).or(columns.last()).map_or("COLUMN".to_owned(), |name| shown(name));
            format!("{:?}: {column:?}", field.name())
        })
        .collect();
    format!(
        "no column for {} was recognised; the file's columns are: {}; name them, for example: \"mapping\": {{{}}}",
        fields.join(" and "),
        listed(columns),
        example.join(", ")
    )
}

const SHOWN_COLUMNS: usize = 80;
const SHOWN_CHARS: usize = 40;

/// The columns in a sentence; a file that is no table may have many, long and strange ones.
pub fn listed(columns: &[String]) -> String {
    let names: Vec<String> = columns.iter().take(SHOWN_COLUMNS).map(|name| shown(name)).collect();
    let more = columns.len().saturating_sub(SHOWN_COLUMNS);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// A name without control characters, cut.
pub fn shown(name: &str) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = name.chars().take(SHOWN_CHARS).map(plain).collect();
    if name.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_columns_come_with_an_example() {
        let check = |missing: &[Field], columns: &[&str], said: &str| {
            let columns = columns.iter().map(|name| (*name).to_owned()).collect();
            let problem = ImportProblem::Unmapped { missing: missing.to_vec(), columns }.to_string();
            assert!(problem.contains(said), "{problem}");
        };
        let both = [Field::Order, Field::Product];
        check(
            &both,
            &["foo", "bar"],
            r#"for order_id and product_name was recognised; the file's columns are: foo, bar"#,
        );
        check(&both, &["foo", "bar"], r#""mapping": {"order_id": "foo", "product_name": "bar"}"#);
        check(&both, &["one"], r#"{"order_id": "one", "product_name": "one"}"#);
        check(&[Field::Product], &["a\u{1b}[2J"], "columns are: a\u{fffd}[2J;");
    }

    #[test]
    fn a_header_that_is_none_is_not_repeated_in_full() {
        let check = |names: &[String], expected: &str| assert_eq!(listed(names), expected);
        check(&["x".repeat(41)], &format!("{}…", "x".repeat(40)));
        check(&vec!["y".to_owned(); 82], &format!("{}y and 2 more", "y, ".repeat(79)));
    }
}
