//! Which column of an order table is what: the caller's mapping first, then the usual names. Guesses nothing else.

use affinsy_core::import::problem::{listed, shown};
use affinsy_core::import::{self, Field, ImportProblem};
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
    pub quantity: Option<usize>,
}

impl Columns {
    /// The columns to read; a table without an order or a product column is refused with a list of what it has.
    pub fn find(header: &[String], mapping: &Mapping) -> Result<Self, Failure> {
        let found = import::order_columns(header, &mapping.as_the_api_has_it()).map_err(|problem| match &problem {
            ImportProblem::Unmapped { missing, .. } => unknown(header, missing),
            problem => Failure::input(problem.to_string()),
        })?;
        let at = |field: Field| found.iter().find(|(known, _)| *known == field).map(|(_, at)| *at);
        let needed = |field| at(field).ok_or_else(|| unknown(header, &[field]));
        Ok(Self { order: needed(Field::Order)?, product: needed(Field::Product)?, quantity: at(Field::Quantity) })
    }
}

impl Mapping {
    pub fn as_the_api_has_it(&self) -> import::Mapping {
        import::Mapping {
            order_id: self.order_col.clone(),
            customer_id: self.customer_col.clone(),
            order_date: self.date_col.clone(),
            product_name: self.product_col.clone(),
            unit_price: self.price_col.clone(),
            quantity: self.quantity_col.clone(),
            currency: None,
        }
    }
}

/// What a table lacks, what it has, and the options that name it.
pub fn unknown(header: &[String], missing: &[Field]) -> Failure {
    let has_no = |field| missing.contains(&field);
    let missing = match (has_no(Field::Order), has_no(Field::Product)) {
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
}
