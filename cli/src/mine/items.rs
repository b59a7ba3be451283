//! Items by number and by name. Baskets of a FIMI file have numbers of their own; products get one each, so that
//! ascending numbers are ascending names.

use std::hash::BuildHasher;

use affinsy_core::cells::listed;
use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// What an item's number stands for in the output.
#[derive(Debug)]
pub enum Names {
    /// The number itself.
    Numbers,
    /// A product's name by its number.
    Products(Vec<String>),
}

impl Names {
    /// Appends an item as the canonical list writes it: a name that could be misread there is quoted as JSON.
    pub fn write_listed(&self, item: u32, out: &mut Vec<u8>) {
        match self {
            Self::Numbers => write_number(item, out),
            Self::Products(names) => {
                let name = &names[item as usize];
                let plain =
                    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '"' || c.is_control());
                if plain {
                    out.extend_from_slice(name.as_bytes());
                } else {
                    out.extend_from_slice(as_json(name).as_bytes());
                }
            }
        }
    }

    /// The items' names as they are, for a person.
    pub fn joined(&self, items: &[u32], separator: &str) -> String {
        let name = |item: &u32| match self {
            Self::Numbers => item.to_string(),
            Self::Products(names) => names[*item as usize].clone(),
        };
        items.iter().map(name).collect::<Vec<_>>().join(separator)
    }

    /// The items as one CSV cell that can be taken apart again: a name that could be misread is quoted as JSON. Numbers
    /// never hold a space; names may.
    pub fn cell(&self, items: &[u32]) -> String {
        match self {
            Self::Numbers => self.joined(items, " "),
            Self::Products(names) => listed(items.iter().map(|item| names[*item as usize].as_str())),
        }
    }
}

fn as_json(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Digits without a detour through the formatting machinery: lists have millions of them.
pub fn write_number(mut number: u32, out: &mut Vec<u8>) {
    let mut digits = [0u8; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Gives each text a code in the order of first sight. The texts stand one behind the other in one piece of memory.
#[derive(Debug, Default)]
pub struct Codes {
    texts: Vec<u8>,
    /// Where each code's text ends.
    ends: Vec<usize>,
    by_text: HashTable<Entry>,
    /// Rows of one order mostly stand together.
    last: u32,
}

/// A code beside its text's hash, so that texts of other hashes are not looked at.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    code: u32,
}

impl Codes {
    pub fn code_of(&mut self, text: &[u8]) -> u32 {
        if (self.last as usize) < self.ends.len() && self.text(self.last) == text {
            return self.last;
        }
        let hash = FxBuildHasher.hash_one(text);
        let (texts, ends) = (&self.texts, &self.ends);
        let same = |entry: &Entry| entry.hash == hash && text_at(texts, ends, entry.code) == text;
        let code = match self.by_text.find(hash, same) {
            Some(entry) => entry.code,
            None => self.add(hash, text),
        };
        self.last = code;
        code
    }

    fn add(&mut self, hash: u64, text: &[u8]) -> u32 {
        let code = u32::try_from(self.ends.len()).expect("a file names fewer than 2^32 things");
        self.texts.extend_from_slice(text);
        self.ends.push(self.texts.len());
        self.by_text.insert_unique(hash, Entry { hash, code }, |entry| entry.hash);
        code
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    fn text(&self, code: u32) -> &[u8] {
        text_at(&self.texts, &self.ends, code)
    }

    /// Takes over another's texts, and says which code each of its codes has here.
    pub fn merge(&mut self, other: &Self) -> Vec<u32> {
        (0..other.len() as u32).map(|code| self.code_of(other.text(code))).collect()
    }

    /// The texts in their order (as numbers where all are numbers), and each code's place in it.
    pub fn ordered(self) -> (Vec<String>, Vec<u32>) {
        let text = |code| String::from_utf8_lossy(self.text(code)).into_owned();
        let mut texts: Vec<(String, u32)> = (0..self.len() as u32).map(|code| (text(code), code)).collect();
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| number.to_string() == text);
        if texts.iter().all(|(text, _)| number(text).is_some()) {
            texts.sort_unstable_by_key(|(text, _)| number(text));
        } else {
            texts.sort_unstable();
        }
        let mut places = vec![0; texts.len()];
        for (place, (_, code)) in texts.iter().enumerate() {
            places[*code as usize] = place as u32;
        }
        (texts.into_iter().map(|(text, _)| text).collect(), places)
    }
}

fn text_at<'a>(texts: &'a [u8], ends: &[usize], code: u32) -> &'a [u8] {
    let at = code as usize;
    &texts[if at == 0 { 0 } else { ends[at - 1] }..ends[at]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_digits() {
        let check = |number: u32| {
            let mut out = Vec::new();
            write_number(number, &mut out);
            assert_eq!(out, number.to_string().into_bytes());
        };
        [0, 7, 10, 65_535, u32::MAX].into_iter().for_each(check);
    }

    #[test]
    fn names_are_ordered_as_numbers_where_they_are() {
        let check = |texts: &[&str], expected: &[&str]| {
            let mut codes = Codes::default();
            texts.iter().for_each(|text| assert!((codes.code_of(text.as_bytes()) as usize) < texts.len()));
            assert_eq!(codes.ordered().0, expected);
        };
        check(&["10", "9", "10"], &["9", "10"]);
        check(&["10", "9", "a"], &["10", "9", "a"]);
        check(&["10", "09"], &["09", "10"]);
    }

    #[test]
    fn a_text_has_one_code_wherever_it_was_seen() {
        let codes = |texts: &[&str]| {
            let mut codes = Codes::default();
            let given: Vec<u32> = texts.iter().map(|text| codes.code_of(text.as_bytes())).collect();
            (codes, given)
        };
        let (mut all, given) = codes(&["tea", "jam", "tea", "", "jam"]);
        assert_eq!(given, [0, 1, 0, 2, 1]);
        let (more, _) = codes(&["bread", "jam", ""]);
        assert_eq!(all.merge(&more), [3, 1, 2]);
        assert_eq!((all.len(), all.code_of(b"bread")), (4, 3));
    }

    #[test]
    fn a_cell_of_names_can_be_taken_apart() {
        let check = |names: &[&str], expected: &str| {
            let items: Vec<u32> = (0..names.len() as u32).collect();
            let names = Names::Products(names.iter().map(|&name| name.to_owned()).collect());
            assert_eq!(names.cell(&items), expected);
        };
        check(&["GREEN TEA", "jam"], "GREEN TEA + jam");
        check(&["tea + jam", "C++"], r#""tea + jam" + C++"#);
        check(&["tea +", "+ jam"], r#""tea +" + "+ jam""#);
        check(&["19\" rack", "a+b"], r#""19\" rack" + a+b"#);
        assert_eq!(Names::Numbers.cell(&[1, 20]), "1 20");
    }

    #[test]
    fn a_name_with_a_space_is_quoted_in_the_list() {
        let names = Names::Products(vec!["85123A".to_owned(), "BANK CHARGES".to_owned()]);
        let mut out = Vec::new();
        names.write_listed(0, &mut out);
        names.write_listed(1, &mut out);
        assert_eq!(out, b"85123A\"BANK CHARGES\"");
    }
}
