//! The body of a push: what is accepted is within the contract's bounds, and is read back from its segment.

use crate::{check_problem, check_warnings, now};
use affinsy_core::decimal::Quantity;
use affinsy_core::history::History;
use affinsy_core::order::push::{self, Push};
use affinsy_core::order::{MAX_LINE_ITEMS, OrderBatch, check_date, check_id, check_product_name, customer_id};
use affinsy_core::segment;
use bytes::Bytes;

/// An order's id, customer and date, and of each line its product, quantity and amount.
pub(crate) type Texts = Vec<(String, Option<String>, i64, Vec<(String, i64, Option<i128>)>)>;

pub fn push(data: &[u8]) {
    match push::parse(data, now()) {
        Err(problem) => check_problem(data, &problem),
        Ok(push) => {
            check_push(&push);
            check_segment(data, &push);
        }
    }
}

fn check_push(push: &Push) {
    assert_eq!(check_id(&push.dataset_id), Ok(()));
    let (orders, lines) = (push.batch.order_count(), push.batch.line_count());
    assert_eq!((push.order_count, push.line_count), (orders, lines));
    assert!(orders > 0 && orders <= lines && lines <= push.received_line_items);
    assert!(push.received_line_items <= MAX_LINE_ITEMS);
    check_warnings(&push.warnings);
    let places: Vec<(u64, &str)> = push.batch.orders().map(|order| (order.hash, order.id)).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "orders stand once each, by hash and id");
    for order in push.batch.orders() {
        assert_eq!(check_id(order.id), Ok(()));
        let customer = order.customer.map(|code| push.batch.customer(code));
        assert!(customer.is_none_or(|id| customer_id(id) == Ok(Some(id))), "{customer:?}");
        assert!(order.date.is_none_or(|date| check_date(date, now()).is_ok()), "{:?}", order.date);
        let products: Vec<&str> = order.lines.iter().map(|line| push.batch.product(line.product)).collect();
        assert!(products.is_sorted_by(|a, b| a < b), "products stand once each, by name");
        for line in order.lines {
            assert_eq!(check_product_name(push.batch.product(line.product)), Ok(()));
            let most = 10i64.pow(12) * MAX_LINE_ITEMS as i64;
            assert!(line.quantity.thousandths().abs() <= most, "{line:?}");
            let amount = line.amount.map_or(0, |amount| amount.billionths());
            assert!(amount.unsigned_abs() <= 10u128.pow(30) * MAX_LINE_ITEMS as u128, "{line:?}");
            assert!(amount == 0 || line.quantity != Quantity::ZERO, "a line that is removed costs nothing");
        }
    }
}

fn check_segment(data: &[u8], push: &Push) {
    let segment = segment::encode(push, now());
    assert!(segment.bytes.len() <= 16_384 + 16 * data.len(), "{} of {}", segment.bytes.len(), data.len());
    assert_eq!((segment.meta.rows, segment.meta.bytes), (push.line_count as u64, segment.bytes.len() as u64));
    let rows = segment::decode(Bytes::from(segment.bytes), Some(&segment.meta.sha256)).expect("a segment of ours");
    assert_eq!((rows.row_count(), rows.order_count()), (push.line_count, push.order_count));
    assert_eq!(texts(&segment::merge(vec![(1, rows)])), live(&push.batch));
}

/// The orders of a history, as it has them.
pub(crate) fn texts(history: &History) -> Texts {
    let orders = history.orders().iter().enumerate().map(|(at, order)| {
        let lines = history.lines(order).map(|line| {
            let amount = line.amount.map(|amount| amount.billionths());
            (history.product(line.product).to_owned(), line.quantity.thousandths(), amount)
        });
        let customer = order.customer.map(|code| history.customer(code).to_owned());
        (history.order_id(at).to_owned(), customer, order.date.0, lines.collect())
    });
    orders.collect()
}

/// What a batch leaves in a dataset that had nothing.
fn live(batch: &OrderBatch) -> Texts {
    let orders = batch.orders().map(|order| {
        let lines = order.lines.iter().filter(|line| !line.quantity.is_zero()).map(|line| {
            let amount = line.amount.map(|amount| amount.billionths());
            (batch.product(line.product).to_owned(), line.quantity.thousandths(), amount)
        });
        let customer = order.customer.map(|code| batch.customer(code).to_owned());
        (order.id.to_owned(), customer, order.date.unwrap_or(now()).0, lines.collect::<Vec<_>>())
    });
    orders.filter(|(.., lines)| !lines.is_empty()).collect()
}
