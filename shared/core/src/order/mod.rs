//! Orders as they come in: what an order and its names may be, and the bodies that carry them.
//! Knows nothing of where orders are kept.

mod batch;
mod body;
mod builder;
mod currency;
mod fields;
mod notes;
pub mod push;
mod reader;

pub use batch::{Order, OrderBatch, OrderLine};
pub use builder::{BatchBuilder, LineDraft};
pub use currency::Currency;
pub use notes::Notes;

use crate::time::Instant;

/// The most line items of one push.
pub const MAX_LINE_ITEMS: usize = 10_000;
/// The longest order, customer or dataset id, in bytes.
pub const MAX_ID_BYTES: usize = 256;
/// The longest product name, in characters.
pub const MAX_NAME_CHARS: usize = 512;
/// How far behind `now` an order's date may lie: two days, for clocks and zones that differ.
const MAX_AHEAD_MS: i64 = 2 * 86_400_000;

/// What an id of an order or dataset may be: 1 to 256 bytes, not blank, no control characters.
pub fn check_id(id: &str) -> Result<(), String> {
    if id.trim().is_empty() {
        return Err("must not be empty".to_owned());
    }
    check_id_text(id)
}

/// The id of a customer without the white space around it; `None` (a guest) where nothing is left.
pub fn customer_id(text: &str) -> Result<Option<&str>, String> {
    let id = text.trim();
    check_id_text(id)?;
    Ok(Some(id).filter(|id| !id.is_empty()))
}

/// What a product may be called: 1 to 512 characters, not blank, no control characters; else anything.
pub fn check_product_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("must not be empty or blank".to_owned());
    }
    if name.len() > MAX_NAME_CHARS && name.chars().count() > MAX_NAME_CHARS {
        return Err(format!("must have at most {MAX_NAME_CHARS} characters"));
    }
    check_no_control(name)
}

/// Whether an order may carry this date: 1970 to two days ahead of `now`.
pub fn check_date(date: Instant, now: Instant) -> Result<(), String> {
    match date {
        date if date < Instant(0) => Err("lies before 1970".to_owned()),
        date if date > now.plus_ms(MAX_AHEAD_MS) => Err("lies more than two days in the future".to_owned()),
        _ => Ok(()),
    }
}

fn check_id_text(id: &str) -> Result<(), String> {
    if id.len() > MAX_ID_BYTES {
        return Err(format!("must have at most {MAX_ID_BYTES} bytes"));
    }
    check_no_control(id)
}

fn check_no_control(text: &str) -> Result<(), String> {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if !plain && text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_names() {
        let check = |name: &str, fine: bool| assert_eq!(check_product_name(name).is_ok(), fine, "{name:?}");
        check("Running Shoes", true);
        check("", false);
        check(" \t\u{3000}", false);
        check(&"é".repeat(512), true);
        check(&"é".repeat(513), false);
        check("a\0b", false);
        check("a\nb", false);
        check("a\u{85}b", false);
        check("\u{202e}\u{200b}👟 e\u{301}", true);
    }

    #[test]
    fn ids() {
        let check = |id: &str, fine: bool| assert_eq!(check_id(id).is_ok(), fine, "{id:?}");
        check("../x#/..", true);
        check("", false);
        check(" ", false);
        check(&"x".repeat(256), true);
        check(&"é".repeat(129), false);
        check("a\u{7f}", false);
        assert_eq!(customer_id(" C-1\t"), Ok(Some("C-1")));
        assert_eq!(customer_id(" \n"), Ok(None));
        assert!(customer_id(&"x".repeat(257)).is_err());
    }

    #[test]
    fn dates() {
        let now = Instant::from_unix_ms(1_000_000_000_000);
        let check = |date: Instant, fine: bool| assert_eq!(check_date(date, now).is_ok(), fine, "{date:?}");
        check(Instant(0), true);
        check(Instant(-1), false);
        check(now.plus_ms(MAX_AHEAD_MS), true);
        check(now.plus_ms(MAX_AHEAD_MS + 1), false);
    }
}
