//! The schemas, each under the name by which others refer to it. Their fields are those of the structs that are
//! serialised; a test holds real results against them.

pub mod common;
mod keys;
mod mba;
mod mba_customers;
mod mba_parts;
mod orders;
mod parameters;
mod report;
mod rfm;
mod rfm_movement;
mod rfm_parts;
mod rfm_value;
mod schedules;
mod submit;
mod templates;
mod uploads;
mod webhooks;

use serde_json::Value;

/// Named schemas.
type Named = Vec<(&'static str, Value)>;

pub fn components() -> Value {
    let groups: [Named; 16] = [
        common::schemas(),
        orders::schemas(),
        uploads::schemas(),
        submit::schemas(),
        schedules::schemas(),
        templates::schemas(),
        report::schemas(),
        mba::schemas(),
        mba_parts::schemas(),
        mba_customers::schemas(),
        rfm::schemas(),
        rfm_parts::schemas(),
        rfm_movement::schemas(),
        rfm_value::schemas(),
        webhooks::schemas(),
        keys::schemas(),
    ];
    groups.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
