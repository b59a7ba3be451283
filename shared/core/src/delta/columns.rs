//! The columns of a segment in the words of Delta Lake.

use serde::Serialize;
use serde_json::json;

/// Grows with every change of the columns below; the commit that brings it tells them anew.
pub(super) const VERSION: u32 = 1;

/// Name, type, whether it may be null, and what readers are told of it.
pub(super) const COLUMNS: [(&str, &str, bool, &str); 8] = [
    ("order_id", "string", false, "the order; all its lines stand in one file"),
    ("customer_id", "string", true, "who bought, by the push that sent this line; null: a guest"),
    ("order_date", "timestamp", true, "when it was ordered; null: nobody said, take received_at"),
    ("received_at", "timestamp", false, "when the order was first pushed"),
    ("product_name", "string", false, "at most one line a product and order"),
    ("quantity", "decimal(18,3)", false, "never 0; negative: given back"),
    ("amount", "decimal(38,9)", true, "unit price times quantity, exact; null: the price is unknown"),
    ("sequence", "long", true, "the push that sent the line's values; the order's customer is that of its highest"),
];

#[derive(Debug, Serialize)]
struct Struct {
    r#type: &'static str,
    fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
struct Field {
    name: &'static str,
    r#type: &'static str,
    nullable: bool,
    metadata: serde_json::Value,
}

/// The schema as JSON, which the log holds as a text.
pub(super) fn schema_string() -> String {
    let field = |(name, r#type, nullable, comment): (&'static str, &'static str, bool, &'static str)| Field {
        name,
        r#type,
        nullable,
        metadata: json!({ "comment": comment }),
    };
    let fields = COLUMNS.into_iter().map(field).collect();
    serde_json::to_string(&Struct { r#type: "struct", fields }).expect("texts and flags")
}
