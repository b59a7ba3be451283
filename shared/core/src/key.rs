//! API keys: `afn_` + 32 base-62 characters + 6 that check them. The checksum lets a mistyped or made-up key
//! be refused without a table read; the table holds only the SHA-256.

use sha2::{Digest, Sha256};

const PREFIX: &str = "afn_";
const SECRET_LEN: usize = 32;
const CHECK_LEN: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key of the right form whose checksum fits. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(afn_…)")
    }
}

impl ApiKey {
    /// A key made of random bytes. Bytes over 247 are skipped, for an even choice of 62; 64 bytes fall short
    /// of 32 usable ones less than once in 10^30 keys, and then it is `None`.
    pub fn from_random(random: &[u8; 64]) -> Option<Self> {
        let usable = random.iter().filter(|byte| **byte < 248).take(SECRET_LEN);
        let secret: String = usable.map(|byte| BASE62[usize::from(byte % 62)] as char).collect();
        (secret.len() == SECRET_LEN).then(|| Self(format!("{PREFIX}{secret}{}", checksum(&secret))))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let well_formed = rest.len() == SECRET_LEN + CHECK_LEN && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        (well_formed && checksum(&rest[..SECRET_LEN]) == rest[SECRET_LEN..]).then(|| Self(text.to_owned()))
    }

    /// What the table knows the key by: SHA-256 in hex.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// CRC-32 of the secret in 6 base-62 digits (62^6 > 2^32).
fn checksum(secret: &str) -> String {
    let crc = u64::from(crc32fast::hash(secret.as_bytes()));
    (0..CHECK_LEN as u32).rev().map(|at| BASE62[(crc / 62u64.pow(at) % 62) as usize] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_key_is_a_key() {
        let key = ApiKey::from_random(&[7; 64]).expect("enough usable bytes");
        let text = key.reveal().to_owned();
        assert_eq!(text.len(), 42);
        let check = |text: &str, valid| assert_eq!(ApiKey::parse(text).is_some(), valid, "{text}");
        check(&text, true);
        check(&text[..41], false);
        check(&format!("{text}0"), false);
        check(&text.replace("afn_7", "afn_8"), false);
        check(&text.replace("afn_", "AFN_"), false);
        check("afn_", false);
        check("", false);
        check(&format!("afn_{}", "é".repeat(19)), false);
        assert!(!format!("{key:?}").contains(&text[4..]));
    }
}
