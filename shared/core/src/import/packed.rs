//! Exports that pack all items of an order into one cell, taken apart. What cannot be told apart is refused.

use super::{DecimalMark, Kind, number};
use crate::decimal::{Price, Quantity};
use crate::order::check_product_name;

/// One item of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub product_name: &'a str,
    pub unit_price: Option<Price>,
    pub quantity: Quantity,
}

/// All items of a cell, or why there is one that cannot be read.
pub(super) fn items(kind: Kind, cell: &str) -> Result<Vec<Item<'_>>, String> {
    let items: Vec<Item<'_>> = match kind {
        _ if cell.trim().is_empty() => Vec::new(),
        Kind::Bigcommerce => cell.split('|').map(labelled).collect::<Result<_, _>>()?,
        _ => cell.split(", ").map(counted).collect::<Result<_, _>>()?,
    };
    items.iter().try_for_each(|item| {
        check_product_name(item.product_name).map_err(|reason| format!("names a product that {reason}"))
    })?;
    Ok(items)
}

/// `2× Tea`.
fn counted(text: &str) -> Result<Item<'_>, String> {
    let item = text.trim().split_once('×').and_then(|(count, name)| {
        let plain = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let quantity = Quantity::parse(count).ok().filter(|_| plain)?;
        Some(Item { product_name: name.trim(), unit_price: None, quantity })
    });
    item.ok_or_else(|| {
        "does not read as \"2× Tea, 1× Jam\" throughout; a product with a comma in its name cannot be told from two"
            .to_owned()
    })
}

/// Labels that stand in BigCommerce's cells; a value goes on to the next of them.
const LABELS: [&str; 8] = [
    "Product ID:",
    "Product Qty:",
    "Product SKU:",
    "Product Name:",
    "Product Weight:",
    "Product Variation Details:",
    "Product Unit Price:",
    "Product Total Price:",
];

/// `Product ID: 77, Product Qty: 1, …, Product Name: Tea, …, Product Unit Price: 4.50, …`.
fn labelled(text: &str) -> Result<Item<'_>, String> {
    let starts: Vec<(usize, &str)> = LABELS.iter().filter_map(|label| Some((text.find(label)?, *label))).collect();
    let value = |label: &str| {
        let (at, _) = starts.iter().find(|(_, known)| *known == label)?;
        let start = at + label.len();
        let end = starts.iter().map(|(at, _)| *at).filter(|at| *at >= start).min().unwrap_or(text.len());
        Some(text[start..end].trim().trim_end_matches(',').trim_end())
    };
    let name = value("Product Name:").ok_or_else(|| unreadable(text, "Product Name"))?;
    let quantity = match value("Product Qty:") {
        Some(count) => number::quantity(count, DecimalMark::Point).map_err(|_| unreadable(text, "Product Qty"))?,
        None => return Err(unreadable(text, "Product Qty")),
    };
    let unit_price = match value("Product Unit Price:").filter(|price| !price.is_empty()) {
        Some(price) => {
            Some(number::price(price, DecimalMark::Point).map_err(|_| unreadable(text, "Product Unit Price"))?)
        }
        None => None,
    };
    Ok(Item { product_name: name, unit_price, quantity })
}

fn unreadable(text: &str, label: &str) -> String {
    let shown: String = text.trim().chars().take(40).collect();
    format!("has an item without a readable {label}: {shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, cell: &str, expected: Option<&[(&'static str, Option<&str>, &str)]>) {
        let got = items(kind, cell).ok();
        let item = |(product_name, price, count): &(&'static str, Option<&str>, &str)| Item {
            product_name,
            unit_price: price.map(|text| Price::parse(text).expect("valid")),
            quantity: Quantity::parse(count).expect("valid"),
        };
        assert_eq!(got, expected.map(|items| items.iter().map(item).collect()), "{cell}");
    }

    #[test]
    fn woocommerce_analytics() {
        let kind = Kind::WoocommerceAnalytics;
        check(kind, "2× Tea, 1× Jam", Some(&[("Tea", None, "2"), ("Jam", None, "1")]));
        check(kind, "1×Tea × 2", Some(&[("Tea × 2", None, "1")]));
        check(kind, "", Some(&[]));
        check(kind, "2× Shirt, blue, 1× Hat", None);
        check(kind, "Tea", None);
        check(kind, "1× ", None);
    }

    #[test]
    fn bigcommerce() {
        let tea = "Product ID: 77, Product Qty: 2, Product SKU: T-1, Product Name: Tea, green, Product Weight: 1.0000, \
                   Product Variation Details: , Product Unit Price: 4.50, Product Total Price: 9.00";
        let jam = "Product ID: 78, Product Qty: 1, Product SKU: , Product Name: Jam";
        let kind = Kind::Bigcommerce;
        check(kind, tea, Some(&[("Tea, green", Some("4.5"), "2")]));
        let both = [("Tea, green", Some("4.5"), "2"), ("Jam", None, "1")];
        check(kind, &format!("{tea}|{jam}"), Some(&both));
        check(kind, &format!("{tea}|"), None);
        check(kind, "Product Name: Tea", None);
        check(kind, "Product Qty: x, Product Name: Tea", None);
    }
}
