//! Names of things: identifiers we make, and the tenant and user names an operator gives.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whose data it is. Letters, digits and `. _ @ + -` only, so that it can stand in a table key or an object key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Tenant(String);

/// Who calls, within a tenant; quotas count by user. Same alphabet as [`Tenant`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct User(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: 1 to 128 letters, digits, or . _ @ + -")]
pub struct NotAName(String);

macro_rules! name_type {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = NotAName;
            fn try_from(text: String) -> Result<Self, NotAName> {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"._@+-".contains(&b);
                let valid = (1..=128).contains(&text.len()) && text.bytes().all(plain);
                if valid { Ok(Self(text)) } else { Err(NotAName(text)) }
            }
        }
        impl std::str::FromStr for $type {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, NotAName> {
                Self::try_from(text.to_owned())
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}
name_type!(Tenant);
name_type!(User);

/// A new identifier: prefix, then 48 bits of time and 80 random bits in Crockford's base 32 (lower case).
/// Identifiers made later sort later, which is what lists by time rely on.
pub fn new_id(prefix: &str, now: crate::time::Instant, random: [u8; 10]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bits = u128::from(now.unix_ms().unsigned_abs() & 0xffff_ffff_ffff) << 80;
    bits |= random.iter().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
    let digits = (0..26).rev().map(|at| ALPHABET[(bits >> (5 * at) & 31) as usize] as char);
    prefix.chars().chain(digits).collect()
}

/// Whether a path segment can be one of our identifiers; anything else is unknown without a look-up.
pub fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == 26 && rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()))
}

/// 32 hex digits that stand for a name of any form in an object key or a table key.
pub fn name_hash(name: &str) -> String {
    hex::encode(&Sha256::digest(name.as_bytes())[..16])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Instant;

    #[test]
    fn later_ids_sort_later() {
        let early = new_id("rpt_", Instant::from_unix_ms(1_000), [255; 10]);
        let late = new_id("rpt_", Instant::from_unix_ms(1_001), [0; 10]);
        assert!(early < late, "{early} {late}");
        assert!(is_id(&early, "rpt_") && !is_id(&early, "imp_") && !is_id("rpt_../x", "rpt_"));
    }

    #[test]
    fn names_cannot_leave_their_key() {
        let check = |name: &str, valid| assert_eq!(name.parse::<Tenant>().is_ok(), valid, "{name}");
        check("shop-1@example.com", true);
        check("", false);
        check("a#b", false);
        check("../x", false);
        check(&"x".repeat(129), false);
    }
}
