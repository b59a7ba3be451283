//! Keys that a key makes: never more than its maker may do, for a user that exists, and in place of an older key where
//! one is replaced. Knows no HTTP.

use super::draw;
use crate::http::Caller;
use crate::ports::{Clock, KeyRecord, KeyTable, PortError, Random, UserRecord};
use affinsy_core::decimal::Quantity;
use affinsy_core::ids::User;
use affinsy_core::json::{self, Node};
use affinsy_core::key::ApiKey;
use affinsy_core::plan::Scopes;
use affinsy_core::problem::{BodyProblem, FieldProblem};
use affinsy_core::time::{Instant, parse_instant};

/// The most bytes of a body that asks for a key.
pub const MAX_REQUEST_BYTES: usize = 16 << 10;
pub const MAX_EXPIRES_IN_DAYS: i64 = 3_650;
/// How long a replaced key may go on, and how long it does where nothing is said.
pub const MAX_OVERLAP_HOURS: i64 = 168;
pub const DEFAULT_OVERLAP_HOURS: i64 = 24;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The most unknown fields that are named.
const MAX_WARNINGS: usize = 20;

const FIELDS: [&str; 6] = ["scopes", "user_id", "expires_at", "expires_in_days", "replaces", "overlap_hours"];

#[derive(Debug, thiserror::Error)]
pub enum IssueRefused {
    #[error(transparent)]
    Body(#[from] BodyProblem),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl From<FieldProblem> for IssueRefused {
    fn from(problem: FieldProblem) -> Self {
        Self::Body(problem.into())
    }
}

/// What was asked for, checked as far as that goes without the table.
#[derive(Debug, Default)]
pub struct KeyRequest {
    scopes: Option<Scopes>,
    user: Option<User>,
    expires_at: Option<Instant>,
    replaces: Option<String>,
    overlap_hours: i64,
    pub warnings: Vec<String>,
}

impl KeyRequest {
    /// A key in place of another, which goes on for so many hours.
    pub fn replacing(key_id: &str, overlap_hours: i64, expires_at: Option<Instant>) -> Self {
        Self { replaces: Some(key_id.to_owned()), overlap_hours, expires_at, ..Self::default() }
    }

    /// No body asks for a key like the caller's own.
    pub fn parse(body: &[u8], now: Instant) -> Result<Self, BodyProblem> {
        let root = if body.is_empty() { Node::Object(Vec::new()) } else { json::parse(body)? };
        let Node::Object(fields) = &root else {
            let detail = format!("an object is expected, not {}", root.kind());
            return Err(BodyProblem::Malformed { line: 1, column: 1, detail });
        };
        let mut errors = Vec::new();
        let request = Self {
            scopes: read(&root, "scopes", &mut errors, scopes),
            user: read(&root, "user_id", &mut errors, |node| text(node)?.parse().map_err(|e| format!("{e}"))),
            expires_at: ends(&root, now, &mut errors),
            replaces: read(&root, "replaces", &mut errors, |node| text(node).map(str::to_owned)),
            overlap_hours: read(&root, "overlap_hours", &mut errors, |node| whole(node, 0..=MAX_OVERLAP_HOURS))
                .unwrap_or(DEFAULT_OVERLAP_HOURS),
            warnings: unknown(fields),
        };
        let given = |name: &str| root.get(name).is_some_and(|node| *node != Node::Null);
        for name in ["scopes", "user_id"].into_iter().filter(|name| given("replaces") && given(name)) {
            errors.push(FieldProblem::new(
                format!("/{name}"),
                "a key that replaces another takes this from it: leave it out",
            ));
        }
        if given("overlap_hours") && !given("replaces") {
            errors.push(FieldProblem::new("/overlap_hours", "needs replaces, the key that is to end"));
        }
        if errors.is_empty() { Ok(request) } else { Err(BodyProblem::Invalid { errors }) }
    }
}

/// A field's value; null is a field that is not there.
fn read<T>(
    root: &Node,
    name: &str,
    errors: &mut Vec<FieldProblem>,
    read: impl FnOnce(&Node) -> Result<T, String>,
) -> Option<T> {
    let node = root.get(name).filter(|node| **node != Node::Null)?;
    read(node).map_err(|detail| errors.push(FieldProblem::new(format!("/{name}"), detail))).ok()
}

fn text(node: &Node) -> Result<&str, String> {
    match node {
        Node::String(text) => Ok(text),
        other => Err(format!("must be a string, not {}", other.kind())),
    }
}

fn whole(node: &Node, range: std::ops::RangeInclusive<i64>) -> Result<i64, String> {
    let number = match node {
        // 30.0 is a whole number, to JSON as to JSON Schema.
        Node::Number(digits) => Quantity::parse(digits).ok().map(Quantity::thousandths),
        _ => None,
    };
    let number = number.filter(|thousandths| thousandths % 1_000 == 0).map(|thousandths| thousandths / 1_000);
    let wrong = || format!("must be a whole number from {} to {}", range.start(), range.end());
    number.filter(|number| range.contains(number)).ok_or_else(wrong)
}

fn scopes(node: &Node) -> Result<Scopes, String> {
    let Node::Array(names) = node else { return Err(format!("must be a list of scopes, not {}", node.kind())) };
    let names: Vec<&str> = names.iter().map(text).collect::<Result<_, _>>()?;
    if names.iter().any(|name| name.contains([' ', ','])) {
        return Err("must name one scope in each of its strings".to_owned());
    }
    Scopes::parse(&names.join(" "))
}

fn ends(root: &Node, now: Instant, errors: &mut Vec<FieldProblem>) -> Option<Instant> {
    let at = read(root, "expires_at", errors, |node| {
        let at = parse_instant(text(node)?).ok_or("must be a time as in RFC 3339, such as 2027-01-31T00:00:00Z")?;
        if at > now { Ok(at) } else { Err("lies in the past".to_owned()) }
    });
    let days = read(root, "expires_in_days", errors, |node| whole(node, 1..=MAX_EXPIRES_IN_DAYS));
    if at.is_some() && days.is_some() {
        errors.push(FieldProblem::new("/expires_in_days", "say either this or expires_at"));
    }
    at.or(days.map(|days| now.plus_ms(days * DAY_MS)))
}

fn unknown(fields: &[(String, Node)]) -> Vec<String> {
    let names = fields.iter().map(|(name, _)| name).filter(|name| !FIELDS.contains(&name.as_str()));
    let shown = names.take(MAX_WARNINGS).map(|name| name.chars().take(64).collect::<String>());
    shown.map(|name| format!("/{name} is not a known field and was ignored")).collect()
}

/// A key that was made. `key` is `None` where it had been made before, by a call that died before it could answer.
#[derive(Debug)]
pub struct Issued {
    pub key: Option<ApiKey>,
    pub record: KeyRecord,
    pub user: UserRecord,
}

/// Makes a key as the caller asks. The user's own record stays as it is: nobody gets another plan this way.
pub async fn issue(
    request: KeyRequest,
    caller: &Caller,
    keys: &dyn KeyTable,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Issued, IssueRefused> {
    let now = clock.now();
    let old = match &request.replaces {
        Some(key_id) => Some(replaced(key_id, caller, keys, now).await?),
        None => None,
    };
    let from_old = old.as_ref().map(|old| (old.user.clone(), old.scopes.clone()));
    let (user, scopes) = from_old.unwrap_or_else(|| {
        (request.user.unwrap_or_else(|| caller.user.clone()), request.scopes.unwrap_or_else(|| caller.scopes.clone()))
    });
    let pointer = if old.is_some() { "/replaces" } else { "/scopes" };
    if let Some(beyond) = scopes.beyond(&caller.scopes) {
        return Err(FieldProblem::new(pointer, format!("the scope {beyond} is none of the calling key's own")).into());
    }
    let Some(user) = keys.user(&caller.tenant, &user).await? else {
        return Err(FieldProblem::new(
            "/user_id",
            "there is no such user; an operator makes users, by affinsy keys create",
        )
        .into());
    };
    let key = draw(random);
    let record = KeyRecord {
        key_id: random.id("key_", now),
        hash: key.hash(),
        tenant: caller.tenant.clone(),
        user: user.user.clone(),
        scopes,
        created_at: now,
        expires_at: request.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let stored = keys.add(&record).await?;
    if let Some(old) = old {
        // From the moment the new key was made, whoever comes to this line.
        let until = stored.created_at.plus_ms(request.overlap_hours * HOUR_MS);
        keys.expire(&caller.tenant, &old.key_id, until).await?;
    }
    Ok(Issued { key: (stored == record).then_some(key), record: stored, user })
}

/// The key that is to be replaced, if it still goes.
async fn replaced(key_id: &str, caller: &Caller, keys: &dyn KeyTable, now: Instant) -> Result<KeyRecord, IssueRefused> {
    let old = keys.list(&caller.tenant).await?.into_iter().find(|key| key.key_id == key_id);
    let wrong = |detail: &str| IssueRefused::from(FieldProblem::new("/replaces", detail));
    let old = old.ok_or_else(|| wrong("there is no such key"))?;
    if old.has_ended(now) { Err(wrong("has ended already: make a new key without replaces")) } else { Ok(old) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pointer of the first problem; empty where there is none.
    fn check(body: &str, expected: &str) {
        let now = Instant::from_unix_ms(1_750_000_000_000);
        let found = match KeyRequest::parse(body.as_bytes(), now) {
            Ok(_) => "fine".to_owned(),
            Err(BodyProblem::Invalid { errors }) => errors[0].pointer.clone(),
            Err(other) => format!("{other:?}").chars().take(9).collect(),
        };
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn what_is_asked_is_checked() {
        check("", "fine");
        check("{}", "fine");
        check("[]", "Malformed");
        check(r#"{"scopes": ["data:read", "reports:read"], "expires_in_days": 30}"#, "fine");
        check(r#"{"scopes": "data:read"}"#, "/scopes");
        check(r#"{"scopes": []}"#, "/scopes");
        check(r#"{"scopes": ["data:read reports:read"]}"#, "/scopes");
        check(r#"{"scopes": ["everything"]}"#, "/scopes");
        check(r#"{"user_id": "a#b"}"#, "/user_id");
        check(r#"{"expires_in_days": 0}"#, "/expires_in_days");
        check(r#"{"expires_in_days": 1.5}"#, "/expires_in_days");
        check(r#"{"expires_in_days": 30.0}"#, "fine");
        check(r#"{"expires_at": "2020-01-01T00:00:00Z"}"#, "/expires_at");
        check(r#"{"expires_at": "soon"}"#, "/expires_at");
        check(r#"{"expires_at": "2099-01-01T00:00:00Z", "expires_in_days": 3}"#, "/expires_in_days");
        check(r#"{"replaces": "key_1", "overlap_hours": 0}"#, "fine");
        check(r#"{"replaces": "key_1", "overlap_hours": 169}"#, "/overlap_hours");
        check(r#"{"replaces": "key_1", "scopes": ["data:read"]}"#, "/scopes");
        check(r#"{"overlap_hours": 1}"#, "/overlap_hours");
    }
}
