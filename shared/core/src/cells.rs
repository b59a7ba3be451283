//! Texts as cells of a table that people open in a spreadsheet: nothing in them is taken for a formula, and several
//! names in one cell can be told apart again.

use std::borrow::Cow;

/// Whether the guard belongs before this text: the text of a formula, or one that looks guarded already.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text that no spreadsheet takes for a formula: one that could be begins with an apostrophe.
pub fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_risky(&text) { Cow::Owned(format!("'{text}")) } else { text }
}

/// A cell as it was before the guard.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| is_risky(text)).unwrap_or(cell)
}

/// Names as one cell: `Mug + Tea pot`. A name that could be misread there is quoted as JSON.
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<Cow<'n, str>> = names.into_iter().map(unmistakable).collect();
    names.join(" + ")
}

/// A plus beside a space may be half of a separator.
fn unmistakable(name: &str) -> Cow<'_, str> {
    let plain = !["\"", " +", "+ "].iter().any(|part| name.contains(part));
    if plain { Cow::Borrowed(name) } else { Cow::Owned(serde_json::Value::from(name).to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_is_put_before_formulas_and_taken_off_again() {
        let check = |text: &str, cell: &str| {
            assert_eq!(guarded(Cow::Borrowed(text)), cell);
            assert_eq!(unguarded(cell), text);
        };
        check("Mug", "Mug");
        check("=1+1", "'=1+1");
        check("@x", "'@x");
        check("'=1", "''=1");
        check("'til", "'til");
        check("", "");
    }

    #[test]
    fn names_in_a_cell_can_be_told_apart() {
        let check = |names: &[&str], cell: &str| assert_eq!(listed(names.iter().copied()), cell);
        check(&["Mug"], "Mug");
        check(&["Mug", "Tea pot"], "Mug + Tea pot");
        check(&["C++", "A + B", "say \"x\""], "C++ + \"A + B\" + \"say \\\"x\\\"\"");
    }
}
