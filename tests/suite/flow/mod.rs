//! One order's whole way over memory twins, and what happens when something on it breaks. The clock stands until a
//! test moves it, and a message is seen when a test handles it.

mod deletions;
mod erasures;
mod exports;
mod faults;
mod happy;
mod inputs;
mod messages;
mod pushes;
mod recommendations;
mod retries;
mod row_cap;
mod running;
mod schedules;

use crate::kit::{Shop, caller};
use affinsy_app::http::Caller;

const HOOK: &str = "https://example.com/hooks/affinsy";

/// Two customers who buy the same pair, and one guest.
const ORDERS: &str = r#"{"dataset_id": "my-store", "orders": [
    {"order_id": "o1", "customer_id": "ann", "order_date": "2025-03-01T10:00:00Z",
     "line_items": [{"product_name": "Tea", "unit_price": 4.5, "quantity": 2}, {"product_name": "Mug", "unit_price": 9.99}]},
    {"order_id": "o2", "customer_id": "bob", "order_date": "2025-03-02T10:00:00Z",
     "line_items": [{"product_name": "Tea", "unit_price": 4.5}, {"product_name": "Mug", "unit_price": 9.99}]},
    {"order_id": "o3", "order_date": "2025-03-03T10:00:00Z", "line_items": [{"product_name": "Jam", "unit_price": 3}]}]}"#;

/// A shop with orders in it.
async fn shop() -> (Shop, Caller) {
    let (shop, ann) = (Shop::new(), caller("shop"));
    shop.push(&ann, ORDERS).await;
    (shop, ann)
}

/// The body of a submission that will tell [`HOOK`].
fn told(template: &str) -> String {
    format!(r#"{{"template": "{template}", "dataset_id": "my-store", "webhook_url": "{HOOK}"}}"#)
}
