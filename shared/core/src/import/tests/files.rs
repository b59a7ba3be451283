//! The exports that shops have, one small file each.

use super::*;

const NO_OFFSET: &str = "2 dates name no offset and were read as UTC; time_zone says where the shop's clock hangs";
const NO_CUSTOMERS: &str = "the file has no customer column: all orders are guests', good for baskets, not for RFM";

#[test]
fn shopify() {
    check(
        "shopify.csv",
        "{}",
        Kind::Shopify,
        &[
            "2: #1001|ada@example.com|2025-10-07T07:50:26Z|Teapot, blue|29.5|1",
            "4: #1001|ada@example.com|2025-10-07T07:50:26Z|Green tea 100 g|5|2",
            "5: #1002||2025-10-07T09:02:09Z|Green tea 100 g|5|1",
            "10: #1006|cy@example.com|2025-10-08T08:00:00Z|Honey|7.9|2",
            "14: #1008|dee@example.com|2025-10-09T08:30:00Z|Green tea 100 g|5|1",
        ],
        &[
            "line 11: Currency \"USD\" is not EUR; a dataset has one currency",
            "line 12: the row belongs to the order whose first row, line 11, was rejected",
            "line 13: Lineitem price \"seven\" is not a number such as 1,234.56",
            "line 15: the row says nothing of its order, whose first row does not stand above it: keep the rows of an \
             order together",
        ],
        &[
            "1 order was left out: cancelled",
            "1 order was left out: refunded",
            "1 order was left out: voided",
            "1 order was refunded in part; the file does not say which lines, so all of them count",
            "the file's currency is EUR; rows in another are rejected",
        ],
    );
}

#[test]
fn woocommerce_with_one_row_an_item() {
    check(
        "woocommerce_items.csv",
        r#"{"time_zone":"Europe/Berlin"}"#,
        Kind::WoocommerceItems,
        &[
            "2: A-512|42|2025-03-01T09:15:00Z|Oak board|40|2",
            "3: A-512|42|2025-03-01T09:15:00Z|Linen towel|6.666667|3",
            "4: A-513|guest@example.com|2025-03-02T10:00:00Z|Oak board|40|1",
            "7: A-516||2025-03-03T08:30:00Z|Linen towel|6.67|1",
        ],
        &[],
        &[
            "1 order was left out: cancelled",
            "1 order was left out: failed",
            "the file's currency is EUR; rows in another are rejected",
        ],
    );
}

#[test]
fn more_pieces_back_than_a_quantity_can_say_are_rejected() {
    let header = "order_id,item_name,item_quantity,item_refunded_qty\n";
    let (_, _, got, _) = read_with(format!("{header}1,tea,-999999999,999999999\n2,jam,3,-1\n").as_bytes(), "{}");
    assert_eq!(got.lines, ["3: 2|||jam||2"]);
    assert_eq!(got.rejects, ["line 2: item_refunded_qty \"999999999\" is out of range"]);
}

#[test]
fn woocommerce_advanced_order_export() {
    check(
        "woocommerce_advanced.csv",
        "{}",
        Kind::WoocommerceAdvanced,
        &[
            "2: 2001|ada@example.com|2025-05-04T08:15:00Z|Oak board|40|1",
            "3: 2001|ada@example.com|2025-05-04T08:15:00Z|Linen towel|6.5|2",
            "6: 2003||2025-05-05T10:00:00Z|Linen towel|6.5|1",
        ],
        &[],
        &["1 order was left out: cancelled", NO_OFFSET],
    );
}

#[test]
fn woocommerce_analytics() {
    check(
        "woocommerce_analytics.csv",
        r#"{"time_zone":"UTC"}"#,
        Kind::WoocommerceAnalytics,
        &["2: 3001||2025-04-01T09:00:00Z|Oak board||1", "2: 3001||2025-04-01T09:00:00Z|Linen towel||2"],
        &[
            "line 3: Product(s) \"1× Shirt, blue\" does not read as \"2× Tea, 1× Jam\" throughout; a product with a comma \
           in its name cannot be told from two",
        ],
        &[
            "1 order was left out: cancelled",
            "WooCommerce Analytics exports neither prices nor customer ids: good for baskets, not for RFM",
        ],
    );
}

#[test]
fn magento_s_grid_has_no_line_items() {
    let problem = detect(&file("magento_grid.csv"), &Settings::default()).expect_err("refused");
    assert_eq!(problem.code(), "no_line_items");
    assert!(problem.to_string().contains("REST API"), "{problem}");
}

#[test]
fn bigcommerce() {
    check(
        "bigcommerce.csv",
        "{}",
        Kind::Bigcommerce,
        &[
            "2: 100|9|2025-06-13T00:00:00Z|Tea, green|4.5|2",
            "2: 100|9|2025-06-13T00:00:00Z|Jam|9.4|1",
            "3: 101|guest@example.com|2025-07-01T00:00:00Z|Jam|9.4|1",
        ],
        &["line 5: Product Details \"Jam x 1\" has an item without a readable Product Name: \"Jam x 1\""],
        &[
            "1 order was left out: cancelled",
            "3 dates name no offset and were read as UTC; time_zone says where the shop's clock hangs",
            "the file's currency is GBP; rows in another are rejected",
        ],
    );
}

#[test]
fn a_table_of_a_german_shop() {
    let mapping = r#"{"order_id":"Rechnung","order_date":"Datum","customer_id":"Kunde","product_name":"Artikel",
                      "quantity":"Menge","unit_price":"Einzelpreis"}"#;
    check(
        "german.csv",
        &format!(r#"{{"mapping":{mapping},"time_zone":"Europe/Berlin"}}"#),
        Kind::Plain,
        &[
            "2: R-1|K 1|2025-10-07T07:50:00Z|Teekanne f\u{fc}r zwei|1234.5|1",
            "3: R-1|K 1|2025-10-07T07:50:00Z|Gr\u{fc}ner Tee|5|2.5",
            "4: R-2||2025-10-31T17:00:00Z|Honig|7.9|1000",
            "6: R-3|K 2|2025-10-07T22:00:00Z|Gr\u{fc}ner Tee|5|-1",
        ],
        &["line 5: Menge \"ein Glas\" is not a number such as 1.234,56"],
        &[],
    );
    let problem = detect(&file("german.csv"), &Settings::default()).expect_err("unknown columns");
    assert!(problem.to_string().contains("Rechnung, Datum, Kunde, Artikel, Menge, Einzelpreis"), "{problem}");
}

#[test]
fn utf_16() {
    let (plan, findings, got, _) = read_with(&file("utf16.csv"), "{}");
    assert_eq!(findings.encoding, Encoding::Utf16Le);
    assert!(plan.described(findings.encoding).contains("UTF-16"));
    assert_eq!(got.lines, ["2: 1|||Caf\u{e9} au lait|2.5|1", "4: 2|||Tea \u{1f375}|3|2"]);
}

#[test]
fn rows_that_cannot_be_used_are_named_and_the_others_are_read() {
    check(
        "damaged.csv",
        "{}",
        Kind::Plain,
        &["2: 1|||tea|2.5|1", "8: 6|||Caf\u{e9}|1|1", "9: 7|||never \"closed|1|1"],
        &[
            "line 3: the row has 3 cells, but the header has 5",
            "line 4: the row has 6 cells, but the header has 5",
            "line 5: the row is not UTF-8, as the rest of the file is",
            "line 6: the row has a zero byte",
            "line 10: order_id \"\" is empty",
            "line 11: price \"x\" is not a number such as 1,234.56",
            "line 12: product \"\" is empty",
            "line 14: price \"1.1234567\" has more than 6 decimals",
        ],
        &[NO_CUSTOMERS],
    );
}

#[test]
fn orders_as_the_api_takes_them() {
    check(
        "orders.ndjson",
        "{}",
        Kind::Orders,
        &[
            "1: N-1|c1|2025-03-15T10:30:00Z|Tea|2.5|2",
            "1: N-1|c1|2025-03-15T10:30:00Z|Jam||1",
            "8: N-6||2025-03-16T00:00:00Z|Tea||-1",
        ],
        &[
            "line 3: line_items/0: unit_price 1.2345678 has more than 6 decimals",
            "line 4: line_items must have at least one line item",
            "line 5: the row invalid type: integer `7`, expected a string",
            "line 6: the row is no JSON object",
            "line 7: line_items/0: is no JSON object",
        ],
        &["1 date names no offset and was read as UTC; time_zone says where the shop's clock hangs"],
    );
}

#[test]
fn flat_order_lines() {
    check(
        "lines.ndjson",
        "{}",
        Kind::Plain,
        &["1: F-1|c1|2025-03-15T00:00:00Z|Tea|2.5|2", "2: F-1|||Jam||3"],
        &[
            "line 3: the row has a product that is neither a text nor a number",
            "line 4: the row is no JSON object: EOF while parsing a value",
        ],
        &["1 date names no offset and was read as UTC; time_zone says where the shop's clock hangs"],
    );
}

#[test]
fn what_the_file_does_not_decide_is_asked() {
    let check = |text: &str, settings: &str, code: &str| {
        let settings: Settings = serde_json::from_str(settings).expect("settings");
        let problem = understood(text.as_bytes(), &settings, 5).map(|_| "").map_err(|problem| problem.code());
        assert_eq!(problem, if code.is_empty() { Ok("") } else { Err(code) }, "{text}");
    };
    let (number, date) = ("order,product,price\n1,a,\"1,234\"\n", "order,product,date\n1,a,1/2/2025\n");
    check(number, "{}", "ambiguous_numbers");
    check(number, r#"{"decimal":"."}"#, "");
    check(date, "{}", "ambiguous_dates");
    check(date, r#"{"date_format":"%d/%m/%Y"}"#, "");
    check("order,product,date\n1,a,Oct 7\n", "{}", "unknown_dates");
    check("order,product\n1,a\n2,\"b\n", "{}", "open_quote");
}

#[test]
fn a_mended_list_of_rejects_is_read_as_the_file() {
    let rejected = |bytes: &[u8]| {
        let (plan, _, got, _) = read_with(bytes, r#"{"currency":"EUR"}"#);
        (rejects_header(&plan) + &got.rejects_csv, got)
    };
    let (list, _) = rejected(&file("shopify.csv"));
    assert!(list.starts_with("line,column,value,reason,Name,Email,"), "{list}");
    let mended = list.replace(",seven,", ",7.90,").replace(",USD,7.90", ",EUR,7.90");
    let (again, got) = rejected(mended.as_bytes());
    let honey = "4: #1008|dee@example.com|2025-10-09T08:30:00Z|Honey|7.9|1";
    assert_eq!(got.lines.last().map(String::as_str), Some(honey), "{again}");
    assert_eq!(got.lines.len(), 3, "{mended}");
    assert_eq!(got.rejects.len(), 1, "{again}");
    // Formulas are guarded in the list, and read as they were.
    let (list, _) = rejected(b"order_id,product,price\n=1,-tea,x\n");
    assert!(list.ends_with("2,price,x,\"is not a number such as 1,234.56\",'=1,'-tea,x\r\n"), "{list}");
    let (_, got) = rejected(list.replace(",x\r", ",1\r").as_bytes());
    assert_eq!(got.lines, ["2: =1|||-tea|1|1"]);
}
