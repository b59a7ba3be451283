//! What a text's bytes mean. UTF-16 is turned into UTF-8 as it comes in; Windows-1252 row by row.

use std::borrow::Cow;

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "utf-16le")]
    Utf16Le,
    #[serde(rename = "utf-16be")]
    Utf16Be,
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// By the byte order mark, whose length is told too; without one, a text whose first characters have a zero
    /// beside them is UTF-16.
    pub(super) fn sniff(head: &[u8]) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            [0, low, 0, _, ..] if *low != 0 => (Self::Utf16Be, 0),
            [low, 0, high, 0, ..] if *low != 0 && *high != 0 => (Self::Utf16Le, 0),
            _ => (Self::Utf8, 0),
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little endian)",
            Self::Utf16Be => "UTF-16 (big endian)",
            Self::Windows1252 => "Windows-1252",
        }
    }

    pub(super) const fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }
}

/// Turns UTF-16 into UTF-8, whatever the chunks; half a surrogate pair becomes U+FFFD.
pub(super) struct Transcoder {
    decoder: Decoder,
    fed: u64,
    /// Bytes of those that came out again.
    decoded: u64,
}

impl std::fmt::Debug for Transcoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoder").field("fed", &self.fed).finish_non_exhaustive()
    }
}

impl Transcoder {
    /// `None` for encodings that are read as they are.
    pub fn of(encoding: Encoding) -> Option<Self> {
        let utf16 = match encoding {
            Encoding::Utf16Le => UTF_16LE,
            Encoding::Utf16Be => UTF_16BE,
            Encoding::Utf8 | Encoding::Windows1252 => return None,
        };
        Some(Self { decoder: utf16.new_decoder_without_bom_handling(), fed: 0, decoded: 0 })
    }

    /// An odd byte, or half a pair, that waits for the next chunk.
    pub fn pending(&self) -> u64 {
        self.fed.saturating_sub(self.decoded)
    }

    /// Appends these bytes as UTF-8.
    pub fn append(&mut self, mut bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        self.fed += bytes.len() as u64;
        loop {
            let start = out.len();
            let room = self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
            out.resize(start + room, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut out[start..], last);
            out.truncate(start + written);
            self.decoded += utf16_len(&out[start..]);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

/// How many bytes of UTF-16 this UTF-8 was made of.
pub(super) fn utf16_len(text: &[u8]) -> u64 {
    let units = |byte: &u8| match byte {
        0x80..0xc0 => 0,
        0xf0.. => 2,
        _ => 1,
    };
    text.iter().map(units).sum::<u64>() * 2
}

pub(super) fn windows_1252(bytes: &[u8]) -> Cow<'_, str> {
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_known_by_their_first_bytes() {
        let check = |head: &[u8], expected| assert_eq!(Encoding::sniff(head), expected, "{head:?}");
        check(b"a,b", (Encoding::Utf8, 0));
        check(b"\xef\xbb\xbfa", (Encoding::Utf8, 3));
        check(b"\xff\xfea\0", (Encoding::Utf16Le, 2));
        check(b"\xfe\xff\0a", (Encoding::Utf16Be, 2));
        check(b"a\0,\0", (Encoding::Utf16Le, 0));
        check(b"\0a\0,", (Encoding::Utf16Be, 0));
        check(b"", (Encoding::Utf8, 0));
    }

    #[test]
    fn utf_16_is_transcoded_whatever_the_chunks() {
        let text = "a,\u{e9}\u{20ac}\u{1f600}\n";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for size in 1..bytes.len() {
            let (mut transcoder, mut out) = (Transcoder::of(Encoding::Utf16Le).expect("UTF-16"), Vec::new());
            bytes.chunks(size).for_each(|chunk| transcoder.append(chunk, false, &mut out));
            transcoder.append(&[], true, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), text);
            assert_eq!(utf16_len(&out), bytes.len() as u64);
        }
    }

    #[test]
    fn windows_1252_has_the_euro_sign() {
        assert_eq!(windows_1252(b"caf\xe9 \x80"), "caf\u{e9} \u{20ac}");
    }
}
