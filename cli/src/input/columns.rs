//! Which column of an order table is what: the caller's mapping first, then the usual names. Guesses nothing else.

use clap::Args;

use crate::failure::Failure;

/// The columns of an order line as the caller names them; what is left out is found by its usual name.
#[derive(Debug, Clone, Default, Args)]
pub struct Mapping {
    /// Column with the order's number
    #[arg(long, value_name = "COLUMN")]
    pub order_col: Option<String>,
    /// Column with the product's name or code
    #[arg(long, value_name = "COLUMN")]
    pub product_col: Option<String>,
    /// Column with the customer
    #[arg(long, value_name = "COLUMN")]
    pub customer_col: Option<String>,
    /// Column with the order's date
    #[arg(long, value_name = "COLUMN")]
    pub date_col: Option<String>,
    /// Column with the price of one piece
    #[arg(long, value_name = "COLUMN")]
    pub price_col: Option<String>,
    /// Column with the number of pieces
    #[arg(long, value_name = "COLUMN")]
    pub quantity_col: Option<String>,
}

/// Where each field of an order line stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    pub order: usize,
    pub product: usize,
    pub customer: Option<usize>,
    pub date: Option<usize>,
    pub price: Option<usize>,
    pub quantity: Option<usize>,
}

// Compared without case, spaces, dashes and underscores; in order of preference.
const ORDER: &[&str] = &[
    "orderid",
    "invoiceno",
    "ordernumber",
    "orderno",
    "invoice",
    "invoiceid",
    "invoicenumber",
    "transactionid",
    "order",
];
const PRODUCT: &[&str] =
    &["productname", "description", "product", "itemname", "item", "lineitemname", "stockcode", "sku", "productid"];
const CUSTOMER: &[&str] = &["customerid", "customer", "customeremail", "email", "clientid", "userid"];
const DATE: &[&str] = &["orderdate", "invoicedate", "date", "createdat", "timestamp", "orderedat"];
const PRICE: &[&str] = &["unitprice", "price", "itemprice", "lineitemprice"];
const QUANTITY: &[&str] = &["quantity", "qty", "lineitemquantity", "itemquantity"];

impl Columns {
    /// The columns to read; a table without an order or a product column is refused with a list of what it has.
    pub fn find(header: &[String], mapping: &Mapping) -> Result<Self, Failure> {
        let order = resolve(header, mapping.order_col.as_deref(), ORDER)?;
        let product = resolve(header, mapping.product_col.as_deref(), PRODUCT)?;
        let (Some(order), Some(product)) = (order, product) else {
            return Err(unknown(header, order.is_none(), product.is_none()));
        };
        Ok(Self {
            order,
            product,
            customer: resolve(header, mapping.customer_col.as_deref(), CUSTOMER)?,
            date: resolve(header, mapping.date_col.as_deref(), DATE)?,
            price: resolve(header, mapping.price_col.as_deref(), PRICE)?,
            quantity: resolve(header, mapping.quantity_col.as_deref(), QUANTITY)?,
        })
    }

    /// `order InvoiceNo, product Description, …`, so that a wrong guess is seen.
    pub fn described(&self, header: &[String]) -> String {
        let named = [
            ("order", Some(self.order)),
            ("product", Some(self.product)),
            ("customer", self.customer),
            ("date", self.date),
            ("price", self.price),
            ("quantity", self.quantity),
        ];
        let said = named.iter().map(|(field, at)| match at {
            Some(at) => format!("{field} = {}", header[*at]),
            None => format!("no {field}"),
        });
        said.collect::<Vec<_>>().join(", ")
    }
}

fn resolve(header: &[String], given: Option<&str>, usual: &[&str]) -> Result<Option<usize>, Failure> {
    let Some(name) = given else {
        let at = |name: &&str| header.iter().position(|column| plain(column) == **name);
        return Ok(usual.iter().find_map(at));
    };
    let exact = header.iter().position(|column| column == name);
    let near = || header.iter().position(|column| plain(column) == plain(name));
    match exact.or_else(near) {
        Some(at) => Ok(Some(at)),
        None => Err(Failure::input(format!("there is no column {name:?}; the file's columns are: {}", listed(header)))),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

fn unknown(header: &[String], no_order: bool, no_product: bool) -> Failure {
    let missing = match (no_order, no_product) {
        (true, true) => "neither an order nor a product column was",
        (true, false) => "no order column was",
        _ => "no product column was",
    };
    let name = |at: usize| header.get(at).or(header.first()).map_or("COLUMN".to_owned(), |name| shown(name));
    Failure::input(format!(
        "{missing} recognised; the file's columns are: {}\nname them, for example: --order-col {:?} --product-col {:?}",
        listed(header),
        name(0),
        name(1)
    ))
}

const SHOWN_COLUMNS: usize = 40;
const SHOWN_CHARS: usize = 40;

/// The columns in a sentence; a file that is no table may have many, long and strange ones.
fn listed(header: &[String]) -> String {
    let names: Vec<String> = header.iter().take(SHOWN_COLUMNS).map(|name| shown(name)).collect();
    let more = header.len().saturating_sub(SHOWN_COLUMNS);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

fn shown(name: &str) -> String {
    let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
    let mut shown: String = name.chars().take(SHOWN_CHARS).map(plain).collect();
    if name.chars().nth(SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn knows_the_usual_names() {
        let check = |names: &str, order, product, quantity| {
            let columns = Columns::find(&header(names), &Mapping::default()).expect("known");
            assert_eq!((columns.order, columns.product, columns.quantity), (order, product, quantity), "{names}");
        };
        check("InvoiceNo,StockCode,Description,Quantity", 0, 2, Some(3));
        check("qty,PRODUCT_NAME,Order-Id", 2, 1, Some(0));
        check("Order Number,product", 0, 1, None);
    }

    #[test]
    fn a_mapping_wins() {
        let mapping = Mapping { product_col: Some("StockCode".to_owned()), ..Mapping::default() };
        let columns = Columns::find(&header("InvoiceNo,StockCode,Description"), &mapping).expect("known");
        assert_eq!(columns.product, 1);
    }

    #[test]
    fn unknown_columns_are_listed_with_an_example() {
        let problem = Columns::find(&header("foo,bar"), &Mapping::default()).expect_err("unknown");
        assert!(problem.message.contains("foo, bar") && problem.message.contains("--order-col \"foo\""), "{problem}");
        let mapping = Mapping { order_col: Some("baz".to_owned()), ..Mapping::default() };
        let problem = Columns::find(&header("foo,bar"), &mapping).expect_err("no such column");
        assert!(problem.message.contains("\"baz\""), "{problem}");
    }

    #[test]
    fn a_header_that_is_none_is_not_repeated_in_full() {
        let check = |names: &[String], expected: &str| assert_eq!(listed(names), expected);
        check(&["a\u{1b}[2J".to_owned()], "a\u{fffd}[2J");
        check(&["x".repeat(41)], &format!("{}…", "x".repeat(40)));
        check(&vec!["y".to_owned(); 42], &format!("{}y and 2 more", "y, ".repeat(39)));
    }
}
