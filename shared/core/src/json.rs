//! Strict JSON: what every body parser shares. Refuses a byte order mark, bytes that are not UTF-8, lone
//! surrogates, duplicate keys, trailing bytes and deep nesting, and says where. Knows no field names.

use crate::problem::BodyProblem;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// A small body as a tree. Numbers keep their exact text; objects their order; keys are distinct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// The deepest nesting that is read: far beyond any contract, and a bound on the work for one body.
pub const MAX_DEPTH: usize = 64;

impl Node {
    /// The value of a key of an object; `None` also where this is no object.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Object(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// What kind of value this is, in words for the caller.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads a whole body as one value. For small bodies: it builds a tree.
pub fn parse(body: &[u8]) -> Result<Node, BodyProblem> {
    let text = text(body)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    TreeReader { text }.node(raw, 0)
}

/// The body as text: UTF-8, no byte order mark.
pub fn text(body: &[u8]) -> Result<&str, BodyProblem> {
    if body.starts_with(b"\xEF\xBB\xBF") {
        let detail = "it begins with a byte order mark".to_owned();
        return Err(BodyProblem::Malformed { line: 1, column: 1, detail });
    }
    std::str::from_utf8(body).map_err(|error| {
        let (line, column) = position(&body[..error.valid_up_to()]);
        BodyProblem::Malformed { line, column, detail: "these bytes are not UTF-8".to_owned() }
    })
}

/// A serde_json error as the contract words it.
pub fn malformed(error: &serde_json::Error) -> BodyProblem {
    let (line, column) = (error.line().max(1), error.column().max(1));
    BodyProblem::Malformed { line, column, detail: detail(error) }
}

/// One step of a JSON pointer, escaped (RFC 6901).
pub fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Walks over a value nobody asked for, with the same strictness as over the others.
#[derive(Debug, Clone, Copy)]
pub struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Skip)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(A::Error::custom(duplicate_key(&key)));
            }
            seen.insert(key);
            map.next_value_seed(Skip)?;
        }
        Ok(())
    }
}

/// The words for a key that stands twice in one object.
pub fn duplicate_key(key: &str) -> String {
    let shown: String = key.chars().take(64).collect();
    format!("the key {shown:?} stands twice in one object")
}

/// serde_json's words without its position, which we give apart.
fn detail(error: &serde_json::Error) -> String {
    let words = error.to_string();
    shortened(words.rsplit_once(" at line ").map_or(words.as_str(), |(before, _)| before))
}

/// Words that may quote what was sent, at any length: its beginning, and what is said of it behind.
pub(crate) fn shortened(words: &str) -> String {
    const BEGINNING: usize = 120;
    const END: usize = 80;
    let count = words.chars().count();
    if count <= BEGINNING + END {
        return words.to_owned();
    }
    let beginning: String = words.chars().take(BEGINNING).collect();
    let end: String = words.chars().skip(count - END).collect();
    format!("{beginning}…{end}")
}

/// Line and column, counted from 1, of the byte that follows `before`.
fn position(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line, before.len() - line_start + 1)
}

/// Reads raw values within `text`. serde_json hands numbers over as floats; as raw values they keep their text.
struct TreeReader<'a> {
    text: &'a str,
}

impl<'a> TreeReader<'a> {
    fn node(&self, raw: &'a RawValue, depth: usize) -> Result<Node, BodyProblem> {
        let text = raw.get();
        if depth > MAX_DEPTH {
            return Err(self.at(raw, 1, 1, format!("it is nested more than {MAX_DEPTH} deep")));
        }
        Ok(match text.as_bytes()[0] {
            b'n' => Node::Null,
            b't' => Node::Bool(true),
            b'f' => Node::Bool(false),
            b'"' => Node::String(self.read(raw)?),
            b'[' => {
                let items: Vec<&'a RawValue> = self.read(raw)?;
                Node::Array(items.into_iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>()?)
            }
            b'{' => {
                let Fields(fields) = self.read(raw)?;
                let node = |(key, value)| Ok((key, self.node(value, depth + 1)?));
                Node::Object(fields.into_iter().map(node).collect::<Result<_, BodyProblem>>()?)
            }
            _ => Node::Number(text.to_owned()),
        })
    }

    fn read<T: serde::Deserialize<'a>>(&self, raw: &'a RawValue) -> Result<T, BodyProblem> {
        serde_json::from_str(raw.get()).map_err(|e| self.at(raw, e.line().max(1), e.column().max(1), detail(&e)))
    }

    /// A problem at a line and column counted from where `raw` begins.
    fn at(&self, raw: &RawValue, line: usize, column: usize, detail: String) -> BodyProblem {
        let offset = raw.get().as_ptr() as usize - self.text.as_ptr() as usize;
        let (first_line, first_column) = position(&self.text.as_bytes()[..offset]);
        let column = if line == 1 { first_column + column - 1 } else { column };
        BodyProblem::Malformed { line: first_line + line - 1, column, detail }
    }
}

/// The fields of one object, in order, keys distinct.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;
        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut fields, mut seen) = (Vec::new(), HashSet::new());
                while let Some(key) = map.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        map.next_value::<IgnoredAny>()?;
                        return Err(A::Error::custom(duplicate_key(&key)));
                    }
                    fields.push((key, map.next_value()?));
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(FieldsVisitor).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], expected: Result<Node, (usize, usize)>) {
        let got = parse(body).map_err(|problem| match problem {
            BodyProblem::Malformed { line, column, .. } => (line, column),
            other => panic!("{other}"),
        });
        assert_eq!(got, expected, "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn keeps_numbers_order_and_text() {
        let number = |text: &str| Node::Number(text.to_owned());
        check(b" 1.50E-1 ", Ok(number("1.50E-1")));
        check(b"[1e400,null,true]", Ok(Node::Array(vec![number("1e400"), Node::Null, Node::Bool(true)])));
        let fields =
            vec![("b".to_owned(), Node::String("\u{e9}\"".to_owned())), ("a".to_owned(), Node::Object(vec![]))];
        check(br#"{"b":"\u00e9\"","a":{}}"#, Ok(Node::Object(fields)));
    }

    #[test]
    fn refuses_what_is_not_strict_json_and_says_where() {
        check(b"", Err((1, 1)));
        check(b"nope", Err((1, 2)));
        check(b"\xEF\xBB\xBF{}", Err((1, 1)));
        check(b"{} x", Err((1, 4)));
        check(b"{\n \"a\": NaN}", Err((2, 7)));
        check(b"[\n \"\xff\"]", Err((2, 3)));
        check(b"[1,]", Err((1, 4)));
        check(b"{\"a\": \"\\ud800\"}", Err((1, 14)));
        check(b"{\"a\":1,\n\"a\":2}", Err((2, 6)));
        check(b"{\"x\":[\n{\"a\":1,\n \"a\":2}]}", Err((3, 7)));
        let deep = [vec![b'['; 200], vec![b']'; 200]].concat();
        check(&deep, Err((1, MAX_DEPTH + 2)));
    }

    #[test]
    fn a_problem_does_not_repeat_what_was_sent() {
        let check = |body: String, end: &str| {
            let error = serde_json::from_str::<Vec<u32>>(&body).expect_err("no list of numbers");
            let detail = detail(&error);
            assert!(detail.chars().count() <= 201 && detail.ends_with(end), "{detail}");
        };
        check(format!("[\"{}\"]", "é".repeat(5_000)), "é\", expected u32");
        check("[\"é\"]".to_owned(), "invalid type: string \"é\", expected u32");
    }

    #[test]
    fn skipping_is_as_strict() {
        let check = |text: &str, fine: bool| {
            let mut deserializer = serde_json::Deserializer::from_str(text);
            assert_eq!(Skip.deserialize(&mut deserializer).is_ok(), fine, "{text}");
        };
        check(r#"{"a":[1,"x",null,{"b":false}]}"#, true);
        check(r#"{"a":[{"b":1,"b":2}]}"#, false);
        check(r#"["\udc00"]"#, false);
        check(&"[".repeat(200), false);
    }
}
