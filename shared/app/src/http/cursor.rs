//! Cursors: opaque, signed, and good only for the tenant and the list that they were made for.

use super::refusal::Kind;
use super::{Refusal, Request};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const TAG_LEN: usize = 16;

/// Signs cursors of one tenant's list under one filter (the *context*).
#[derive(Debug)]
pub struct Cursors<'a> {
    pub secret: &'a str,
    pub context: String,
}

impl Cursors<'_> {
    pub fn encode(&self, position: &str) -> String {
        let mut bytes = self.tag(position);
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn decode(&self, cursor: &str) -> Result<String, Refusal> {
        let bad = || Refusal::invalid("/cursor", "is not a next_cursor of this list; start again without it");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        let (tag, position) = bytes.split_at_checked(TAG_LEN).ok_or_else(bad)?;
        let position = std::str::from_utf8(position).map_err(|_| bad())?;
        let mut mac = self.mac();
        mac.update(position.as_bytes());
        mac.verify_truncated_left(tag).map_err(|_| bad())?;
        Ok(position.to_owned())
    }

    fn tag(&self, position: &str) -> Vec<u8> {
        let mut mac = self.mac();
        mac.update(position.as_bytes());
        mac.finalize().into_bytes()[..TAG_LEN].to_vec()
    }

    fn mac(&self) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(&(self.context.len() as u64).to_le_bytes());
        mac.update(self.context.as_bytes());
        mac
    }
}

pub const MAX_LIMIT: usize = 100;
pub const DEFAULT_LIMIT: usize = 25;

/// `?limit=`, 1–100.
pub fn limit(request: &Request) -> Result<usize, Refusal> {
    let Some(text) = request.query("limit") else { return Ok(DEFAULT_LIMIT) };
    match text.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(Refusal::invalid("/limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))),
    }
}

/// Refuses a query parameter that the list does not know: a misspelt filter must not show everything.
pub fn only_known(request: &Request, known: &[&str]) -> Result<(), Refusal> {
    match request.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            let message = format!("The query parameter {name:?} is not known here; known are: {}.", known.join(", "));
            Err(Refusal::new(Kind::Invalid, "unknown_parameter", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_its_list_alone() {
        let cursors = |context: &str| Cursors { secret: "s", context: context.to_owned() };
        let cursor = cursors("shop reports").encode("R#1");
        assert_eq!(cursors("shop reports").decode(&cursor).as_deref(), Ok("R#1"));
        assert!(cursors("other reports").decode(&cursor).is_err());
        assert!(Cursors { secret: "t", context: "shop reports".to_owned() }.decode(&cursor).is_err());
        for forged in ["", "AAAA", "not base64!", &cursor[1..]] {
            assert!(cursors("shop reports").decode(forged).is_err(), "{forged}");
        }
    }
}
