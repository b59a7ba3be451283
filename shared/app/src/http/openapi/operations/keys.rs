//! API keys.

use super::{Operation, json_body};
use crate::http::openapi::parameters::{paging, shared};
use crate::http::openapi::{examples, responses};
use serde_json::json;

const KEYS: &str = "Keys";

pub fn create() -> Operation {
    let mut body =
        json_body("What the key shall be; without a body, one like the calling key.", "CreateKey", examples::key());
    body["required"] = json!(false);
    Operation {
        tag: KEYS,
        summary: "Make a key",
        description: "The key is shown in this answer and never again; the service keeps only its hash. It works at once, \
                      and may do no more than the key that makes it.\n\nTo replace a key without a gap, name it in \
                      `replaces`: the new key takes its user and scopes, and the old one goes on for `overlap_hours`. A \
                      replay by `Idempotency-Key` has `key` null: who has lost the key revokes it and makes another."
            .to_owned(),
        parameters: vec![shared("ContentEncoding")],
        body: Some(body),
        answers: vec![(201, responses::success("The key, shown once.", "KeyCreated", &["Cache-Control"], examples::key_created()))],
        refusals: &[400, 413, 415, 422],
    }
}

pub fn list() -> Operation {
    let description = "The tenant's keys without their secrets, newest first; also those that have ended.";
    let answer = responses::success("A page of the list.", "KeyList", &[], json!({}));
    Operation::get(KEYS, "List keys", description, answer).taking(paging(), &[422])
}

pub fn revoke() -> Operation {
    let description = "Ends a key, also the calling one. It stops within 30 seconds everywhere. Revoking it again changes \
                       nothing.";
    let operation =
        Operation::get(KEYS, "Revoke a key", description, json!(null)).taking(vec![shared("KeyId")], &[404]);
    Operation { answers: vec![(204, responses::bodiless("It is revoked.", &[]))], ..operation }
}
