//! The leaves of a push body: keys, strings and numbers as they stand there, and which keys were seen.
//! Knows JSON, not what the fields mean.

use crate::json::{Skip, duplicate_key};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// An object's key, borrowed from the body where it has no escapes.
pub(super) struct Key<'de>(pub Cow<'de, str>);

/// A value where a string should stand.
pub(super) enum Leaf<'de> {
    Null,
    Text(Cow<'de, str>),
    Other(&'static str),
}

/// A value where a number should stand; numbers by their exact text.
pub(super) enum NumberText<'de> {
    Null,
    Number(&'de str),
    Other(&'static str),
}

/// What kind of object a field stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Body,
    Order,
    Line,
}

/// Names of fields nobody knows, each once; the first 64, which bounds the memory.
#[derive(Default)]
pub(super) struct UnknownFields {
    names: Vec<(Place, String)>,
    more: bool,
}

/// The keys seen so far in one object: known ones by index, unknown ones by their place in [`UnknownFields`].
#[derive(Default)]
pub(super) struct Seen {
    known: u8,
    unknown: u64,
    rest: HashSet<String>,
}

const MAX_UNKNOWN: usize = 64;
const MAX_UNKNOWN_WARNINGS: usize = 20;

impl Seen {
    /// The index of `key` among `fields`; `None` where it is unknown. A key seen before is an error.
    pub fn enter(
        &mut self,
        fields: &[&str],
        place: Place,
        key: &str,
        unknown: &mut UnknownFields,
    ) -> Result<Option<usize>, String> {
        let index = fields.iter().position(|field| *field == key);
        let new = match index {
            Some(index) => first_bit(&mut self.known, 1 << index),
            None => match unknown.index(place, key) {
                Some(index) => {
                    let bit = 1 << index;
                    let new = self.unknown & bit == 0;
                    self.unknown |= bit;
                    new
                }
                None => self.rest.insert(key.to_owned()),
            },
        };
        if new { Ok(index) } else { Err(duplicate_key(key)) }
    }
}

fn first_bit(mask: &mut u8, bit: u8) -> bool {
    let new = *mask & bit == 0;
    *mask |= bit;
    new
}

impl UnknownFields {
    fn index(&mut self, place: Place, key: &str) -> Option<usize> {
        let found = self.names.iter().position(|(known, name)| *known == place && name == key);
        if found.is_none() && self.names.len() < MAX_UNKNOWN {
            self.names.push((place, key.to_owned()));
            return Some(self.names.len() - 1);
        }
        self.more |= found.is_none();
        found
    }

    pub fn into_warnings(self) -> Vec<String> {
        let shown = self.names.len().min(MAX_UNKNOWN_WARNINGS);
        let mut warnings: Vec<String> = self.names[..shown].iter().map(|(place, name)| ignored(*place, name)).collect();
        if self.more || shown < self.names.len() {
            warnings.push("more unknown fields were ignored".to_owned());
        }
        warnings
    }
}

fn ignored(place: Place, name: &str) -> String {
    let parent = match place {
        Place::Body => "",
        Place::Order => "orders[].",
        Place::Line => "orders[].line_items[].",
    };
    let shown: String = name.chars().take(64).collect();
    format!("the unknown field {:?} was ignored", format!("{parent}{shown}"))
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for NumberText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&'de RawValue>::deserialize(deserializer)?.get();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Other("a boolean"),
            Some(b'"') => Self::Other("a string"),
            Some(b'[') => Self::Other("an array"),
            Some(b'{') => Self::Other("an object"),
            _ => Self::Number(text),
        })
    }
}

/// Reads a [`Leaf`].
pub(super) struct LeafSeed;

impl<'de> DeserializeSeed<'de> for LeafSeed {
    type Value = Leaf<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Leaf<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LeafSeed {
    type Value = Leaf<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Text(Cow::Borrowed(text)))
    }
    fn visit_str<E>(self, text: &str) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Text(Cow::Owned(text.to_owned())))
    }
    fn visit_unit<E>(self) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Null)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Other("a boolean"))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Other("a number"))
    }
    fn visit_u64<E>(self, _: u64) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Other("a number"))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Leaf<'de>, E> {
        Ok(Leaf::Other("a number"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Leaf<'de>, A::Error> {
        Skip.visit_seq(seq).map(|()| Leaf::Other("an array"))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Leaf<'de>, A::Error> {
        Skip.visit_map(map).map(|()| Leaf::Other("an object"))
    }
}
