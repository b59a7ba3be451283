//! Baskets in FIMI form: item numbers separated by white space, one basket a line. A blank line is an empty basket.

use std::path::Path;

use affinsy_mining::Baskets;

use super::watch::Reading;
use crate::failure::Failure;
use crate::input::blocks::{Block, Blocks, Ends};
use crate::input::open::Source;

/// Reads every basket.
pub fn read(path: &Path, source: Source, reading: &Reading<'_>) -> Result<Baskets, Failure> {
    let mut baskets = Baskets::default();
    let keep = |part: Baskets| {
        if baskets.is_empty() {
            baskets = part;
        } else {
            baskets.append(&part);
        }
    };
    let blocks = Blocks::new(path, source, Ends::Lines);
    blocks.each(reading.threads, reading.watch, |part, block| put(path, part, block), keep)?;
    if baskets.is_empty() {
        return Err(Failure::input(format!("{} is empty", path.display())));
    }
    Ok(baskets)
}

fn put(path: &Path, part: &mut Baskets, block: &Block) -> Result<(), Failure> {
    let before = part.len();
    parse(block.bytes(), part).map_err(|reason| {
        let line = block.first_line + (part.len() - before) as u64;
        Failure::input(format!("{}, line {line}: {reason}", path.display()))
    })
}

/// Adds a basket for each line.
fn parse(text: &[u8], baskets: &mut Baskets) -> Result<(), String> {
    let (mut items, mut at) = (Vec::new(), 0);
    while let Some(&byte) = text.get(at) {
        match byte {
            b'0'..=b'9' => {
                let (number, len) = number(&text[at..])?;
                items.push(number);
                at += len;
                // The common end of a number needs no second look.
                at += usize::from(text.get(at) == Some(&b' '));
                continue;
            }
            b'\n' => {
                baskets.push(&items);
                items.clear();
            }
            b' ' | b'\t' => {}
            // Lines that end in it alone would be read as one basket.
            b'\r' if text.get(at + 1).is_none_or(|&next| next == b'\n') => {}
            b'\r' => return Err("a carriage return without a line feed does not end a line".to_owned()),
            other => return Err(no_number(other)),
        }
        at += 1;
    }
    if text.last().is_some_and(|&last| last != b'\n') {
        baskets.push(&items);
    }
    Ok(())
}

fn no_number(byte: u8) -> String {
    let hint = match byte {
        b',' | b';' | b'"' | b'_' | b'A'..=b'Z' | b'a'..=b'z' => " (a table? --format csv reads it as one)",
        b'{' => " (--format ndjson reads orders in JSON)",
        _ => "",
    };
    format!("{:?} is not part of an item number{hint}", char::from(byte))
}

/// The number that the text begins with, and how many digits it has.
fn number(text: &[u8]) -> Result<(u32, usize), String> {
    if let Some(first) = text.first_chunk::<8>() {
        let word = u64::from_le_bytes(*first);
        let digits = leading_digits(word);
        if digits < 8 {
            return Ok((value_of(word, digits), digits));
        }
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut number, mut len) = (0u64, 0);
    for digit in digits {
        number = number * 10 + u64::from(digit - b'0');
        len += 1;
        if number > u64::from(u32::MAX) {
            return Err(format!("an item number is larger than {}", u32::MAX));
        }
    }
    Ok((u32::try_from(number).expect("checked digit by digit"), len))
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// How many of eight bytes (the first is the lowest) are digits before one is none.
fn leading_digits(word: u64) -> usize {
    // A digit is 0x30 to 0x39: with 0x30 taken off its high half is 0, and stays so with 6 added.
    let off = word ^ (0x30 * EACH);
    let wrong = (off | (off & (0x7f * EACH)).wrapping_add(0x06 * EACH)) & (0xf0 * EACH);
    (wrong.trailing_zeros() / 8) as usize
}

/// The value of the first 1 to 7 bytes, which are digits: neighbours are joined, then pairs, then fours.
fn value_of(word: u64, digits: usize) -> u32 {
    let aligned = (word & (0x0f * EACH)) << (64 - 8 * digits);
    let pairs = (aligned.wrapping_mul(10).wrapping_add(aligned >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[&[u32]], &str>) {
        let read = read(Path::new("f.dat"), Source::of_text(text), &Reading::unwatched());
        match (read, expected) {
            (Ok(baskets), Ok(expected)) => assert_eq!(baskets.iter().collect::<Vec<_>>(), expected, "{text:?}"),
            (Err(failure), Err(said)) => assert!(failure.message.contains(said), "{text:?}: {failure}"),
            (read, _) => panic!("{text:?}: {read:?}"),
        }
    }

    #[test]
    fn every_line_is_a_basket() {
        check("1 2 3\n7\n", Ok(&[&[1, 2, 3], &[7]]));
        check("3 1  3\t2 \r\n\n5", Ok(&[&[1, 2, 3], &[], &[5]]));
        check("4294967295\n", Ok(&[&[u32::MAX]]));
        check("00000000012 1\n", Ok(&[&[1, 12]]));
        check(" \n", Ok(&[&[]]));
        check("1 2\r\n3\r", Ok(&[&[1, 2], &[3]]));
        check("1 2\r3 4\r", Err("line 1: a carriage return without a line feed"));
    }

    #[test]
    fn numbers_of_every_length_are_read() {
        for number in (0..10).flat_map(|digits| [10u64.pow(digits), 10u64.pow(digits) * 4 - 1]) {
            let text = format!("{number} 7\n {number}");
            let number = u32::try_from(number).expect("below 2^32");
            let mut first = vec![7, number];
            first.sort_unstable();
            first.dedup();
            check(&text, Ok(&[&first, &[number]]));
        }
    }

    #[test]
    fn every_byte_ends_a_number_but_a_digit() {
        for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
            let text = [b'4', b'2', byte, b'9', b'9', b'9', b'9', b'9'];
            assert_eq!(number(&text), Ok((42, 2)), "{byte}");
        }
    }

    #[test]
    fn what_is_no_basket_is_said_with_its_line() {
        check("1 2\n3 x\n", Err("line 2: 'x' is not part"));
        check("1,2\n", Err("line 1: ','"));
        check("-1\n", Err("line 1: '-'"));
        check("4294967296\n", Err("line 1: an item number is larger"));
        check("99999999999999999999999999\n", Err("line 1: an item number is larger"));
        check("1\n2\n\0\u{1}\n", Err("line 3: '\\0' is not part"));
        check("", Err("is empty"));
    }
}
