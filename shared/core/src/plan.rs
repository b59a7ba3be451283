//! Plans and scopes: what a key may do. Knows no key and no table.

use serde::{Deserialize, Serialize};

/// A user's plan, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    Free,
    Starter,
    Pro,
    Max,
    Enterprise,
}

impl Plan {
    pub const ALL: [Self; 5] = [Self::Free, Self::Starter, Self::Pro, Self::Max, Self::Enterprise];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Starter => "starter",
            Self::Pro => "pro",
            Self::Max => "max",
            Self::Enterprise => "enterprise",
        }
    }
    /// The API is part of the two highest plans.
    pub fn has_api(self) -> bool {
        self >= Self::Max
    }
    /// The most live lines that a dataset may hold; `None`: as many as there are.
    pub const fn max_rows(self) -> Option<u64> {
        match self {
            Self::Free => Some(10_000),
            Self::Starter => Some(100_000),
            Self::Pro => Some(1_000_000),
            Self::Max => Some(10_000_000),
            Self::Enterprise => None,
        }
    }
    /// Requests a user may make in a window of [`RATE_WINDOW_S`] seconds.
    pub const fn requests_per_window(self) -> u32 {
        60
    }
}

impl std::str::FromStr for Plan {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(Self::name).join(", ");
        Self::ALL
            .into_iter()
            .find(|plan| plan.name() == text)
            .ok_or_else(|| format!("no such plan; one of {}", names()))
    }
}

/// The length of the quota's window, from the user's first request in it.
pub const RATE_WINDOW_S: i64 = 60;

/// What a route needs of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    DataWrite,
    DataRead,
    ReportsWrite,
    ReportsRead,
    WebhooksRead,
    WebhooksWrite,
    KeysAdmin,
}

impl Scope {
    pub const ALL: [Self; 7] = [
        Self::DataWrite,
        Self::DataRead,
        Self::ReportsWrite,
        Self::ReportsRead,
        Self::WebhooksRead,
        Self::WebhooksWrite,
        Self::KeysAdmin,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::DataWrite => "data:write",
            Self::DataRead => "data:read",
            Self::ReportsWrite => "reports:write",
            Self::ReportsRead => "reports:read",
            Self::WebhooksRead => "webhooks:read",
            Self::WebhooksWrite => "webhooks:write",
            Self::KeysAdmin => "keys:admin",
        }
    }
}

/// The scopes of a key: `*`, or names separated by spaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(String);

impl Scopes {
    pub fn all() -> Self {
        Self("*".to_owned())
    }
    /// Scopes from names separated by spaces or commas; the unknown name otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = text.split([' ', ',']).filter(|name| !name.is_empty()).collect();
        let known = |name: &&str| *name == "*" || Scope::ALL.iter().any(|scope| scope.name() == *name);
        match names.iter().find(|name| !known(name)) {
            Some(unknown) => {
                Err(format!("no such scope: {unknown}; one of *, {}", Scope::ALL.map(Scope::name).join(", ")))
            }
            None if names.is_empty() => Err("a key needs at least one scope".to_owned()),
            None => Ok(Self(names.join(" "))),
        }
    }
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.split(' ').any(|name| name == "*" || name == scope.name())
    }
    /// A scope of these that others do not have.
    pub fn beyond(&self, others: &Self) -> Option<&str> {
        let has = |name: &str| others.0.split(' ').any(|known| known == "*" || known == name);
        self.0.split(' ').find(|name| !has(name))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_what_its_scopes_say() {
        let scopes = Scopes::parse("data:write, reports:read").expect("known");
        assert!(scopes.allow(Scope::DataWrite) && scopes.allow(Scope::ReportsRead));
        assert!(!scopes.allow(Scope::ReportsWrite) && Scopes::all().allow(Scope::KeysAdmin));
        assert_eq!(Scopes::all().beyond(&scopes), Some("*"));
        assert_eq!(scopes.beyond(&Scopes::parse("data:write").expect("known")), Some("reports:read"));
        assert_eq!((scopes.beyond(&scopes), scopes.beyond(&Scopes::all())), (None, None));
        assert!(Scopes::parse("data:writ").is_err() && Scopes::parse(" ").is_err());
    }

    #[test]
    fn a_higher_plan_holds_more() {
        let caps = Plan::ALL.map(|plan| plan.max_rows().unwrap_or(u64::MAX));
        assert!(caps.is_sorted_by(|a, b| a < b), "{caps:?}");
    }

    #[test]
    fn the_api_needs_a_high_plan() {
        let with_api: Vec<_> = Plan::ALL.into_iter().filter(|plan| plan.has_api()).map(Plan::name).collect();
        assert_eq!(with_api, ["max", "enterprise"]);
    }
}
