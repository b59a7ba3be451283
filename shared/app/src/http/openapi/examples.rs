//! The examples of the document: the calls of the quick start. Tests hold them against the schemas and the parsers.

use serde_json::{Value, json};

pub fn push() -> Value {
    json!({"first_order": {
        "summary": "One order of two products",
        "value": {
            "dataset_id": "my-store",
            "orders": [{
                "order_id": "ORD-1001",
                "customer_id": "CUST-42",
                "order_date": "2025-03-15T10:30:00Z",
                "line_items": [
                    {"product_name": "Running Shoes", "unit_price": 129.99, "quantity": 1},
                    {"product_name": "Sport Socks 3-Pack", "unit_price": 14.99, "quantity": 2},
                ],
            }],
        },
    }})
}

pub fn pushed() -> Value {
    json!({"stored": {
        "summary": "Durable, and in every report submitted from now on",
        "value": {
            "import_id": "imp_01jq8z5v7k3m9x2c4b6n8p0r1s",
            "dataset_id": "my-store",
            "status": "Completed",
            "orders": 1,
            "line_items": 2,
            "warnings": [],
        },
    }})
}

pub fn key() -> Value {
    json!({
        "reader": {"summary": "For a dashboard", "value": {"scopes": ["data:read", "reports:read"], "expires_in_days": 90}},
        "rotation": {
            "summary": "In place of an older key",
            "value": {"replaces": "key_01jq8z5v7k3m9x2c4b6n8p0r1s", "overlap_hours": 24},
        },
    })
}

pub fn key_created() -> Value {
    json!({"created": {
        "summary": "Keep the key now",
        "value": {
            "key": "afn_ExampleKeyThatNoTableHolds0000000V54o7",
            "key_id": "key_01jq8z5v7k3m9x2c4b6n8p0r1t",
            "user_id": "ann",
            "plan": "max",
            "scopes": ["data:read", "reports:read"],
            "status": "active",
            "created_at": "2025-03-15T10:30:00Z",
            "expires_at": "2025-06-13T10:30:00Z",
            "revoked_at": null,
            "last_used_at": null,
            "warnings": [],
        },
    }})
}

pub fn upload() -> Value {
    json!({
        "anything": {"summary": "A usual export", "value": {"dataset_id": "my-store"}},
        "mapped": {
            "summary": "A table with columns of its own",
            "value": {
                "dataset_id": "my-store",
                "webhook_url": "https://your-server.com/hooks/affinsy",
                "mapping": {"order_id": "Beleg", "product_name": "Artikel", "order_date": "Datum", "unit_price": "Preis"},
                "time_zone": "Europe/Berlin",
                "date_format": "%d.%m.%Y",
                "decimal": ",",
                "currency": "EUR",
            },
        },
    })
}

pub fn upload_opened() -> Value {
    json!({"opened": {
        "summary": "Where the file goes",
        "value": {
            "import_id": "imp_01jq8z5v7k3m9x2c4b6n8p0r1s",
            "dataset_id": "my-store",
            "status": "Processing",
            "upload": {
                "method": "PUT",
                "url": "https://s3.eu-central-1.amazonaws.com/bucket/uploads/…?X-Amz-Signature=…",
                "headers": {"if-none-match": "*"},
                "expires_at": "2025-03-15T11:30:00Z",
                "max_bytes": 5_368_709_120u64,
            },
            "warnings": [],
        },
    }})
}

pub fn schedule() -> Value {
    json!({
        "weekly": {
            "summary": "Baskets of the last four weeks, every Monday",
            "value": {
                "name": "Mondays",
                "every": "week",
                "weekday": "monday",
                "time": "07:00",
                "last_days": 28,
                "report": {
                    "template": "standard_mba",
                    "dataset_id": "my-store",
                    "webhook_url": "https://your-server.com/hooks/affinsy",
                    "params": {"time_zone": "Europe/Berlin"},
                },
            },
        },
        "monthly": {
            "summary": "Segments of all customers, on the last day of each month",
            "value": {"every": "month", "day_of_month": 31, "report": {"template": "standard_rfm", "dataset_id": "my-store"}},
        },
    })
}

pub fn submit() -> Value {
    json!({
        "by_template": {
            "summary": "A ready-made report",
            "value": {
                "template": "high_value_baskets",
                "dataset_id": "my-store",
                "webhook_url": "https://your-server.com/hooks/affinsy",
            },
        },
        "by_type": {
            "summary": "A report of one's own",
            "value": {
                "report_type": "MBA",
                "name": "Q1 2025 Bundle Analysis",
                "dataset_id": "my-store",
                "webhook_url": "https://your-server.com/hooks/affinsy",
                "filters": {"dateRange": {"start": "2025-01-01", "end": "2025-03-31"}},
                "params": {"min_support": 0.02, "min_confidence": 0.15, "scope": "order", "customer_scope": "high_value"},
            },
        },
        "everything": {
            "summary": "Every rule, with all defaults switched off",
            "value": {
                "report_type": "MBA",
                "dataset_id": "my-store",
                "params": {
                    "min_support": 0.02, "min_confidence": 0, "max_itemset_size": null, "max_consequent_size": null,
                    "min_lift": 0, "max_q_value": 1, "include_redundant": true, "max_rules": null,
                },
            },
        },
    })
}

pub fn submitted() -> Value {
    json!({"accepted": {"summary": "The report runs", "value": {"report_id": "abc123", "status": "Processing"}}})
}

/// The event of a report that ended well, or not.
pub fn event(event: &str, status: &str) -> Value {
    json!({
        "event": event,
        "report_id": "abc123",
        "report_type": "MBA",
        "status": status,
        "timestamp": "2025-03-15T10:32:00Z",
    })
}

/// The event of an import that ended well, or not.
pub fn import_event(event: &str, status: &str) -> Value {
    json!({
        "event": event,
        "import_id": "imp_01jq8z5v7k3m9x2c4b6n8p0r1s",
        "dataset_id": "my-store",
        "status": status,
        "timestamp": "2025-03-15T10:32:00Z",
    })
}

pub fn test_webhook() -> Value {
    json!({"endpoint": {"summary": "Try out an endpoint", "value": {"url": "https://your-server.com/hooks/affinsy"}}})
}

pub fn redeliver() -> Value {
    json!({"outage": {
        "summary": "What did not arrive during an outage",
        "value": {"since": "2025-03-15T08:00:00Z", "until": "2025-03-16T08:00:00Z"},
    }})
}
