//! What a column of an export may hold. Knows no export.

use serde::{Deserialize, Serialize};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Order,
    Customer,
    /// Who bought, where the customer's column says nobody.
    Email,
    Date,
    Product,
    Price,
    /// What the whole line cost, before refunds.
    Total,
    Quantity,
    /// How many pieces came back.
    Refunded,
    Currency,
    /// Whether the order was paid, cancelled, refunded.
    Status,
    /// When the order was cancelled, if it was.
    Cancelled,
    /// How much of the order's money went back.
    RefundedAmount,
    /// All of an order's items in one cell.
    Items,
}

impl Field {
    pub const COUNT: usize = 14;
    /// Fields whose cells are numbers, written as the whole file writes them.
    pub(super) const NUMBERS: [Self; 5] =
        [Self::Price, Self::Total, Self::Quantity, Self::Refunded, Self::RefundedAmount];

    /// The API's name where it has one.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order_id",
            Self::Customer => "customer_id",
            Self::Email => "customer e-mail",
            Self::Date => "order_date",
            Self::Product => "product_name",
            Self::Price => "unit_price",
            Self::Total => "line total",
            Self::Quantity => "quantity",
            Self::Refunded => "refunded quantity",
            Self::Currency => "currency",
            Self::Status => "status",
            Self::Cancelled => "cancelled at",
            Self::RefundedAmount => "refunded amount",
            Self::Items => "line items",
        }
    }
}

/// A row's cells by what they hold; empty where the file has no such column or the row no value.
pub(super) type Cells<'a> = [&'a str; Field::COUNT];
