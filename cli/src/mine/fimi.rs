//! Baskets in FIMI form: item numbers separated by white space, one basket a line. A blank line is an empty basket.

use std::io::BufRead;
use std::path::Path;

use affinsy_mining::Baskets;

use crate::failure::Failure;

/// Reads every basket, byte by byte as they stream in: no line is copied.
pub fn read(path: &Path, mut reader: Box<dyn BufRead>) -> Result<Baskets, Failure> {
    let mut lines = Lines::default();
    loop {
        let chunk = reader.fill_buf().map_err(|error| {
            Failure::input(format!("{}, line {}: cannot be read: {error}", path.display(), lines.number()))
        })?;
        if chunk.is_empty() {
            break;
        }
        let len = chunk.len();
        lines
            .take(chunk)
            .map_err(|reason| Failure::input(format!("{}, line {}: {reason}", path.display(), lines.number())))?;
        reader.consume(len);
    }
    lines.finish().map_err(|reason| Failure::input(format!("{}: {reason}", path.display())))
}

/// Where the reader stands in the text.
#[derive(Debug)]
struct Lines {
    baskets: Baskets,
    items: Vec<u32>,
    number: Option<u64>,
    /// Whether the current line has begun.
    begun: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { baskets: Baskets::with_capacity(1 << 12, 1 << 16), items: Vec::new(), number: None, begun: false }
    }
}

impl Lines {
    fn number(&self) -> usize {
        self.baskets.len() + 1
    }

    fn take(&mut self, chunk: &[u8]) -> Result<(), String> {
        for &byte in chunk {
            match byte {
                b'0'..=b'9' => {
                    let number = self.number.unwrap_or(0) * 10 + u64::from(byte - b'0');
                    if number > u64::from(u32::MAX) {
                        return Err(format!("an item number is larger than {}", u32::MAX));
                    }
                    self.number = Some(number);
                    self.begun = true;
                }
                b'\n' => self.end_line(),
                b' ' | b'\t' | b'\r' => {
                    self.end_number();
                    self.begun = true;
                }
                other => return Err(format!("{:?} is not part of an item number", char::from(other))),
            }
        }
        Ok(())
    }

    fn end_number(&mut self) {
        if let Some(number) = self.number.take() {
            self.items.push(u32::try_from(number).expect("checked digit by digit"));
        }
    }

    fn end_line(&mut self) {
        self.end_number();
        self.baskets.push(&self.items);
        self.items.clear();
        self.begun = false;
    }

    fn finish(mut self) -> Result<Baskets, String> {
        if self.begun {
            self.end_line();
        }
        if self.baskets.is_empty() { Err("the file is empty".to_owned()) } else { Ok(self.baskets) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn check(text: &str, expected: Result<&[&[u32]], &str>) {
        let read = read(Path::new("f.dat"), Box::new(Cursor::new(text.to_owned().into_bytes())));
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
    }

    #[test]
    fn what_is_no_basket_is_said_with_its_line() {
        check("1 2\n3 x\n", Err("line 2: 'x' is not part"));
        check("1,2\n", Err("line 1: ','"));
        check("-1\n", Err("line 1: '-'"));
        check("4294967296\n", Err("line 1: an item number is larger"));
        check("", Err("is empty"));
    }
}
