//! Listing keys in their order, page by page, with what lies behind a delimiter rolled up. Seeks in the index, so a
//! page costs what it shows and not what the bucket holds.

use s3s::S3Result;

use super::index::{Index, collect, object_at};
use super::object::StoredObject;

/// Greater than every key that begins with the text before it.
const LAST_CHARACTER: char = '\u{10FFFF}';

#[derive(Debug, Clone, Default)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    pub(super) delimiter: Option<&'a str>,
    /// Only what comes after this key or rolled-up prefix.
    pub(super) after: Option<&'a str>,
    pub(super) limit: usize,
}

/// A key, or many rolled up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Listed {
    Object(String, Box<StoredObject>),
    Prefix(String),
}

#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entries: Vec<Listed>,
    /// Where the next page begins, if there is one.
    pub(super) next: Option<String>,
}

impl Listed {
    fn name(&self) -> &str {
        match self {
            Self::Object(key, _) => key,
            Self::Prefix(prefix) => prefix,
        }
    }
}

impl Index {
    pub(super) fn list(&self, bucket: &str, query: &Query<'_>) -> S3Result<Page> {
        self.require_bucket(bucket)?;
        let mut page = Page::default();
        if query.limit == 0 {
            return Ok(page);
        }
        let mut after = query.after.unwrap_or_default().to_owned();
        loop {
            // One more than fits tells whether another page follows.
            let wanted = query.limit + 1 - page.entries.len();
            let keys = self.keys_after(bucket, query.prefix, &after, wanted)?;
            let exhausted = keys.len() < wanted;
            let mut skip = None;
            for (key, object) in keys {
                let entry = roll_up(query, key, object);
                after = entry.name().to_owned();
                if let Listed::Prefix(prefix) = &entry {
                    skip = Some(format!("{prefix}{LAST_CHARACTER}"));
                }
                // A page that ended in a rolled-up prefix must not show it again.
                if query.after.is_none_or(|after| entry.name() > after) {
                    page.entries.push(entry);
                }
                if skip.is_some() {
                    break;
                }
            }
            if page.entries.len() > query.limit {
                page.entries.truncate(query.limit);
                page.next = page.entries.last().map(|entry| entry.name().to_owned());
                return Ok(page);
            }
            match skip {
                Some(skipped) => after = skipped,
                None if exhausted => return Ok(page),
                None => {}
            }
        }
    }

    fn keys_after(
        &self,
        bucket: &str,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> S3Result<Vec<(String, StoredObject)>> {
        let sql = "SELECT key, blob, size, etag, modified_ms, headers, checksums FROM objects
                   WHERE bucket = ?1 AND key > ?2 AND key >= ?3 AND key < ?4 ORDER BY key LIMIT ?5";
        let end = format!("{prefix}{LAST_CHARACTER}");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        collect(self.connection(), sql, (bucket, after, prefix, end, limit), |row| {
            Ok((row.get(0)?, object_at(row, 1)?))
        })
    }
}

fn roll_up(query: &Query<'_>, key: String, object: StoredObject) -> Listed {
    let Some(delimiter) = query.delimiter.filter(|delimiter| !delimiter.is_empty()) else {
        return Listed::Object(key, Box::new(object));
    };
    match key[query.prefix.len()..].find(delimiter) {
        Some(at) => Listed::Prefix(key[..query.prefix.len() + at + delimiter.len()].to_owned()),
        None => Listed::Object(key, Box::new(object)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::Write;
    use super::super::object::{Checksums, Headers, WriteCondition};
    use super::*;
    use crate::services::Durability;

    fn index(keys: &[&str]) -> Index {
        let mut index = Index::open(std::path::Path::new(":memory:"), Durability::OperatingSystem).unwrap();
        index.create_bucket("b", 0).unwrap();
        for key in keys {
            let object = StoredObject {
                blob: (*key).into(),
                size: 0,
                etag: String::new(),
                modified_ms: 0,
                headers: Headers::default(),
                checksums: Checksums::default(),
            };
            let write = Write { condition: &WriteCondition::default(), upload_id: None, event: None };
            index.put("b", key, &object, write).unwrap();
        }
        index
    }

    /// All pages of one and of two entries must show the same, in the order expected.
    fn check(keys: &[&str], prefix: &str, delimiter: Option<&str>, expected: &[&str]) {
        let index = index(keys);
        for limit in [1, 2, 3, 100] {
            let mut names = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let query = Query { prefix, delimiter, after: after.as_deref(), limit };
                let page = index.list("b", &query).unwrap();
                assert!(page.entries.len() <= limit);
                names.extend(page.entries.iter().map(|entry| entry.name().to_owned()));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(names, expected, "{prefix} {delimiter:?} {limit}");
        }
    }

    #[test]
    fn pages_show_every_key_once_in_byte_order() {
        let keys = ["a", "a/1", "a/2", "a/b/3", "b", "c/1", "c/2", "z", "é"];
        check(&keys, "", None, &keys);
        check(&keys, "a/", None, &["a/1", "a/2", "a/b/3"]);
        check(&keys, "", Some("/"), &["a", "a/", "b", "c/", "z", "é"]);
        check(&keys, "a/", Some("/"), &["a/1", "a/2", "a/b/"]);
        check(&keys, "nothing", Some("/"), &[]);
        check(&[], "", None, &[]);
    }
}
