//! The exports that shops have, known by their headers, and which column of each holds what.

use serde::{Deserialize, Serialize};

use super::{DecimalMark, Field, ImportProblem, Mapping, Settings};

/// What wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Shopify,
    /// One row an item, as SkyVerge's Customer/Order/Coupon Export writes it.
    WoocommerceItems,
    /// The plug-in Advanced Order Export.
    WoocommerceAdvanced,
    /// WooCommerce's own Analytics: all items of an order in one cell, without prices.
    WoocommerceAnalytics,
    /// All items of an order in one cell.
    Bigcommerce,
    /// A table with one order line a row.
    Plain,
    /// One order of the API a line.
    Orders,
}

/// How an export's rows belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    /// Each row says everything.
    None,
    /// An order's fields stand on each of its rows.
    Repeated,
    /// They may stand on the first of its rows only, which stand together.
    FirstRow,
    /// As before, and even the order's number may be missing on the others.
    FirstRowWithNumber,
}

struct Export {
    kind: Kind,
    /// Of each list the header has one.
    needs: &'static [&'static [&'static str]],
    fields: &'static [(Field, &'static [&'static str])],
}

// Names are compared without case, spaces, dashes, dots and underscores; those of a list stand in order of preference.
const EXPORTS: &[Export] = &[
    Export {
        kind: Kind::Shopify,
        needs: &[&["name"], &["lineitemname"], &["lineitemquantity", "lineitemprice"]],
        fields: &[
            (Field::Order, &["name"]),
            (Field::Customer, &["email"]),
            (Field::Date, &["createdat"]),
            (Field::Product, &["lineitemname"]),
            (Field::Price, &["lineitemprice"]),
            (Field::Quantity, &["lineitemquantity"]),
            (Field::Currency, &["currency"]),
            (Field::Status, &["financialstatus"]),
            (Field::Cancelled, &["cancelledat", "canceledat"]),
            (Field::RefundedAmount, &["refundedamount"]),
        ],
    },
    Export {
        kind: Kind::WoocommerceItems,
        needs: &[&["itemname"], &["ordernumber", "orderid"], &["itemquantity"]],
        fields: &[
            (Field::Order, &["ordernumber", "orderid"]),
            (Field::Customer, &["customerid"]),
            (Field::Email, &["billingemail"]),
            (Field::Date, &["date", "orderdate"]),
            (Field::Product, &["itemname"]),
            (Field::Price, &["itemprice"]),
            (Field::Total, &["itemsubtotal"]),
            (Field::Quantity, &["itemquantity"]),
            (Field::Refunded, &["itemrefundedqty"]),
            (Field::Currency, &["ordercurrency", "currency"]),
            (Field::Status, &["status", "orderstatus"]),
        ],
    },
    Export {
        kind: Kind::WoocommerceAdvanced,
        needs: &[&["ordernumber"], &["itemcost", "quantity(refund)"], &["itemname", "name", "productname"]],
        fields: &[
            (Field::Order, &["ordernumber"]),
            (Field::Customer, &["email(billing)", "billingemail"]),
            (Field::Date, &["orderdate"]),
            (Field::Product, &["itemname", "name", "productname"]),
            (Field::Price, &["itemcost"]),
            (Field::Quantity, &["quantity(refund)", "quantity"]),
            (Field::Currency, &["ordercurrency", "currency"]),
            (Field::Status, &["orderstatus", "status"]),
        ],
    },
    Export {
        kind: Kind::WoocommerceAnalytics,
        needs: &[&["order#"], &["product(s)", "products"]],
        fields: &[
            (Field::Order, &["order#"]),
            (Field::Date, &["date"]),
            (Field::Items, &["product(s)", "products"]),
            (Field::Status, &["status"]),
        ],
    },
    Export {
        kind: Kind::Bigcommerce,
        needs: &[&["orderid"], &["productdetails"]],
        fields: &[
            (Field::Order, &["orderid"]),
            (Field::Customer, &["customerid"]),
            (Field::Email, &["customeremail"]),
            (Field::Date, &["orderdate"]),
            (Field::Items, &["productdetails"]),
            (Field::Status, &["orderstatus"]),
            (Field::Currency, &["ordercurrencycode", "currencycode"]),
        ],
    },
];

const PLAIN: Export = Export {
    kind: Kind::Plain,
    needs: &[],
    fields: &[
        (
            Field::Order,
            &[
                "orderid",
                "invoiceno",
                "ordernumber",
                "orderno",
                "invoice",
                "invoiceid",
                "invoicenumber",
                "transactionid",
                "order",
            ],
        ),
        (
            Field::Product,
            &[
                "productname",
                "description",
                "product",
                "itemname",
                "item",
                "lineitemname",
                "stockcode",
                "sku",
                "productid",
            ],
        ),
        (Field::Customer, &["customerid", "customer", "customeremail", "email", "clientid", "userid"]),
        (Field::Date, &["orderdate", "invoicedate", "date", "createdat", "timestamp", "orderedat"]),
        (Field::Price, &["unitprice", "price", "itemprice", "lineitemprice"]),
        (Field::Quantity, &["quantity", "qty", "lineitemquantity", "itemquantity"]),
        (Field::Currency, &["currency", "currencycode", "ordercurrency"]),
    ],
};

/// Of each list a header of Magento's order grid has one, and no export of line items has them all.
const MAGENTO_GRID: &[&[&str]] = &[
    &["purchasepoint", "purchasedfrom(store)"],
    &["purchasedate", "purchasedon"],
    &["billtoname"],
    &["grandtotal(base)", "gt(base)"],
];

/// A header's columns by what they hold.
pub(super) type Columns = Vec<(Field, usize)>;

/// What wrote the file with this header, and where each field stands; the caller's mapping wins.
pub(super) fn recognise(header: &[String], settings: &Settings) -> Result<(Kind, Columns), ImportProblem> {
    let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
    let export = match settings.source {
        Some(Kind::Orders | Kind::Plain) => &PLAIN,
        Some(kind) => EXPORTS.iter().find(|export| export.kind == kind).unwrap_or(&PLAIN),
        None => EXPORTS.iter().find(|export| has_all(&names, export.needs)).unwrap_or(&PLAIN),
    };
    // Whoever names the product's column has a row an item, whatever the export's own form.
    let export = if settings.mapping.product_name.is_some() && export.packs_items() { &PLAIN } else { export };
    let found = |(field, usual): &(Field, &[&str])| Some((*field, usual.iter().find_map(|name| place(&names, name))?));
    let mut columns: Columns = export.fields.iter().filter_map(found).collect();
    for (field, name) in settings.mapping.named() {
        let exact = header.iter().position(|column| column == name);
        let at = exact.or_else(|| place(&names, &plain(name))).ok_or_else(|| ImportProblem::NoSuchColumn {
            field,
            name: name.to_owned(),
            columns: header.to_vec(),
        })?;
        columns.retain(|(known, _)| *known != field);
        columns.push((field, at));
    }
    let has = |field| columns.iter().any(|(known, _)| *known == field);
    let mut missing = Vec::new();
    if !has(Field::Order) {
        missing.push(Field::Order);
    }
    if !has(Field::Product) && !has(Field::Items) {
        missing.push(if export.packs_items() { Field::Items } else { Field::Product });
    }
    match missing.is_empty() {
        true => Ok((export.kind, columns)),
        false if has_all(&names, MAGENTO_GRID) => Err(ImportProblem::NoLineItems { detail: MAGENTO_HINT.to_owned() }),
        false => Err(ImportProblem::Unmapped { missing, columns: header.to_vec() }),
    }
}

/// Where the fields of an order line stand in a table that has one a row, whatever wrote it.
pub fn order_columns(header: &[String], mapping: &Mapping) -> Result<Vec<(Field, usize)>, ImportProblem> {
    let settings = Settings { source: Some(Kind::Plain), mapping: mapping.clone(), ..Settings::default() };
    recognise(header, &settings).map(|(_, columns)| columns)
}

const MAGENTO_HINT: &str = "this is an export of Magento's order grid, which has no line items: fetch the orders with \
                            their items from Magento's REST API (GET /rest/V1/orders?searchCriteria[pageSize]=…) and \
                            send order, customer, date, product, price and quantity of each item as a row";

fn has_all(names: &[String], needs: &[&[&str]]) -> bool {
    needs.iter().all(|one_of| one_of.iter().any(|name| place(names, name).is_some()))
}

fn place(names: &[String], name: &str) -> Option<usize> {
    names.iter().position(|column| column == name)
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.')).flat_map(char::to_lowercase).collect()
}

impl Export {
    fn packs_items(&self) -> bool {
        self.fields.iter().any(|(field, _)| *field == Field::Items)
    }
}

impl Kind {
    /// In words, for `this is …`.
    pub const fn described(self) -> &'static str {
        match self {
            Self::Shopify => "a Shopify export of orders",
            Self::WoocommerceItems => "a WooCommerce export with one row an item",
            Self::WoocommerceAdvanced => "a WooCommerce export of the plug-in Advanced Order Export",
            Self::WoocommerceAnalytics => "an export of WooCommerce Analytics",
            Self::Bigcommerce => "a BigCommerce export of orders",
            Self::Plain => "a table with one order line a row",
            Self::Orders => "orders as the API takes them, one a line",
        }
    }

    pub(super) const fn filling(self) -> Filling {
        match self {
            Self::Plain | Self::Orders => Filling::None,
            Self::WoocommerceItems | Self::WoocommerceAnalytics | Self::Bigcommerce => Filling::Repeated,
            Self::Shopify => Filling::FirstRow,
            Self::WoocommerceAdvanced => Filling::FirstRowWithNumber,
        }
    }

    /// How the export writes numbers, as long as nobody wrote it anew.
    pub(super) const fn usual_decimal(self) -> Option<DecimalMark> {
        match self {
            Self::Plain => None,
            _ => Some(DecimalMark::Point),
        }
    }

    /// Why an order of this state is left out; `None` where it counts.
    pub(super) fn left_out(self, status: &str, cancelled_at: &str) -> Option<&'static str> {
        let status = status.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        let status = status.strip_prefix("wc_").unwrap_or(&status);
        let names: &[&'static str] = match self {
            Self::Shopify if !cancelled_at.trim().is_empty() => return Some("cancelled"),
            Self::Shopify => &["voided", "refunded"],
            Self::Bigcommerce => &["cancelled", "declined", "refunded", "incomplete"],
            Self::WoocommerceItems | Self::WoocommerceAdvanced | Self::WoocommerceAnalytics => {
                &["cancelled", "refunded", "failed", "trash", "checkout_draft", "auto_draft"]
            }
            Self::Plain | Self::Orders => &[],
        };
        names.iter().find(|name| **name == status).copied()
    }

    pub(super) fn is_partly_refunded(status: &str) -> bool {
        ["partially_refunded", "partially refunded"].iter().any(|partly| status.trim().eq_ignore_ascii_case(partly))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &str) -> Vec<String> {
        names.split(',').map(str::to_owned).collect()
    }

    fn at(columns: &Columns, field: Field) -> Option<usize> {
        columns.iter().find(|(known, _)| *known == field).map(|(_, at)| *at)
    }

    #[test]
    fn exports_are_known_by_their_headers() {
        let check = |names: &str, expected| {
            let kind = recognise(&header(names), &Settings::default()).map(|(kind, _)| kind);
            assert_eq!(kind.map_err(|problem| problem.code()), expected, "{names}");
        };
        check("Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name", Ok(Kind::Shopify));
        check("order_id,order_number,date,item_name,item_quantity,item_subtotal", Ok(Kind::WoocommerceItems));
        check("Order Number,Order Date,Quantity (- Refund),Item Name", Ok(Kind::WoocommerceAdvanced));
        check("Order Number,Order Date,Item Cost,Name", Ok(Kind::WoocommerceAdvanced));
        check("Date,Order #,Status,Customer,Product(s),Items sold", Ok(Kind::WoocommerceAnalytics));
        check("Order ID,Customer ID,Order Date,Product Details", Ok(Kind::Bigcommerce));
        check("InvoiceNo,StockCode,Description,Quantity", Ok(Kind::Plain));
        check("Order Number,product", Ok(Kind::Plain));
        check("ID,Purchase Point,Purchase Date,Bill-to Name,Grand Total (Base)", Err("no_line_items"));
        check("foo,bar", Err("unknown_columns"));
    }

    #[test]
    fn the_usual_names_of_a_plain_table() {
        let check = |names: &str, order, product, quantity| {
            let (_, columns) = recognise(&header(names), &Settings::default()).expect("known");
            let got = [Field::Order, Field::Product, Field::Quantity].map(|field| at(&columns, field));
            assert_eq!(got, [Some(order), Some(product), quantity], "{names}");
        };
        check("InvoiceNo,StockCode,Description,Quantity", 0, 2, Some(3));
        check("qty,PRODUCT_NAME,Order-Id", 2, 1, Some(0));
        check("Order Number,product", 0, 1, None);
    }

    #[test]
    fn the_caller_s_mapping_wins() {
        let settings = |product: &str, source| Settings {
            mapping: Mapping { product_name: Some(product.to_owned()), ..Mapping::default() },
            source,
            ..Settings::default()
        };
        let (_, columns) =
            recognise(&header("InvoiceNo,StockCode,Description"), &settings("stock code", None)).expect("known");
        assert_eq!(at(&columns, Field::Product), Some(1));
        let shopify = header("Name,Lineitem name,Lineitem price,Lineitem SKU");
        let (kind, columns) = recognise(&shopify, &settings("Lineitem SKU", None)).expect("known");
        assert_eq!((kind, at(&columns, Field::Product)), (Kind::Shopify, Some(3)));
        let problem = recognise(&shopify, &settings("Barcode", None)).expect_err("no such column");
        assert_eq!(problem.code(), "no_such_column");
        let problem = recognise(&shopify, &Settings { source: Some(Kind::Plain), ..Settings::default() });
        assert_eq!(problem.expect_err("not plain").code(), "unknown_columns");
    }

    #[test]
    fn orders_that_never_were_are_left_out() {
        let check = |kind: Kind, status: &str, cancelled: &str, expected| {
            assert_eq!(kind.left_out(status, cancelled), expected, "{kind:?} {status}")
        };
        check(Kind::Shopify, "paid", "", None);
        check(Kind::Shopify, "paid", "2025-10-07 09:50:26 +0200", Some("cancelled"));
        check(Kind::Shopify, "voided", "", Some("voided"));
        check(Kind::Shopify, "partially_refunded", "", None);
        check(Kind::WoocommerceItems, "wc-cancelled", "", Some("cancelled"));
        check(Kind::WoocommerceItems, "Processing", "", None);
        check(Kind::Bigcommerce, "Declined", "", Some("declined"));
        check(Kind::Plain, "cancelled", "", None);
    }
}
