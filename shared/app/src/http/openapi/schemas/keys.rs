//! API keys (`manage_keys::issue`, `http/keys.rs`).

use super::Named;
use super::common::warnings;
use crate::http::openapi::schema::{asked, instant, list_of, nullable, object, one_of_names, page_of, text};
use crate::manage_keys::issue::{DEFAULT_OVERLAP_HOURS, MAX_EXPIRES_IN_DAYS, MAX_OVERLAP_HOURS};
use affinsy_core::plan::{Plan, Scope};
use serde_json::{Value, json};

pub fn schemas() -> Named {
    vec![
        ("CreateKey", create()),
        ("Key", object("A key, without its secret.", fields())),
        ("KeyCreated", created()),
        ("KeyList", page_of("Key", "Keys, newest first.")),
    ]
}

fn scopes(description: &str) -> Value {
    let names = ["*"].into_iter().chain(Scope::ALL.map(Scope::name));
    list_of(one_of_names("A scope; `*` is all of them.", names), description)
}

fn create() -> Value {
    let mut scopes = scopes("What the key may do: scopes of the calling key, whose own are the default.");
    scopes["minItems"] = json!(1);
    let whole = |least: i64, most: i64, description: &str| json!({"type": ["integer", "null"], "minimum": least, "maximum": most, "description": description});
    let mut overlap = whole(0, MAX_OVERLAP_HOURS, "How long the replaced key goes on; needs `replaces`.");
    overlap["default"] = json!(DEFAULT_OVERLAP_HOURS);
    let fields = json!({
        "scopes": nullable(scopes),
        "user_id": {
            "type": ["string", "null"],
            "pattern": "^[A-Za-z0-9._@+-]{1,128}$",
            "description": "Whose key it is, a user of the tenant; the caller where it is not said.",
        },
        "expires_at": nullable(instant("When it ends by itself; never where nothing is said.")),
        "expires_in_days": whole(1, MAX_EXPIRES_IN_DAYS, "In place of `expires_at`."),
        "replaces": {
            "type": ["string", "null"],
            "minLength": 1,
            "description": "The `key_id` of a key that is to end; its user and scopes are taken.",
        },
        "overlap_hours": overlap,
    });
    asked("What a new key shall be.", fields, &[])
}

fn fields() -> Value {
    json!({
        "key_id": text("The key's name, which is no secret."),
        "user_id": text("Whose key it is; quotas count by user."),
        "plan": nullable(one_of_names("The user's plan.", Plan::ALL.map(Plan::name))),
        "scopes": scopes("What it may do."),
        "status": one_of_names("Whether it still goes.", ["active", "expired", "revoked"]),
        "created_at": instant("When it was made."),
        "expires_at": nullable(instant("When it ends by itself.")),
        "revoked_at": nullable(instant("When it was revoked.")),
        "last_used_at": nullable(instant("When it was used last, within an hour or so.")),
    })
}

fn created() -> Value {
    let mut fields = fields();
    fields["key"] = nullable(text("The secret, shown this once; null in a replay."));
    fields["warnings"] = warnings();
    object("A new key.", fields)
}
