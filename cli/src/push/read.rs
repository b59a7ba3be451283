//! A file of order lines read into orders; what cannot be used is listed with its line and the reason. What the file is
//! and how it writes things is found out by `affinsy_core::import`, over the whole file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use affinsy_core::import::parquet::{ParquetReader, ParquetRows};
use affinsy_core::import::{
    self, FileFormat, Findings, HEAD_BYTES, ImportProblem, Line, Plan, Reader, Settings, Sink, Summary, Survey,
};
use affinsy_core::time::Instant;
use serde_json::value::RawValue;

use super::orders::{Order, Orders};
use super::source::Source;
use crate::failure::Failure;
use crate::input::guard::guarded;
use crate::input::{self, columns, open};

/// How to understand the file's cells.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    pub settings: Settings,
    /// Dates far ahead of this are refused.
    pub now: Instant,
}

/// A row that was left out.
#[derive(Debug, PartialEq, Eq)]
pub struct Reject {
    said: String,
    /// Its line in a list of rejects.
    pub csv: String,
}

impl Reject {
    /// `line 7: price "one" is not a number`.
    pub fn said(&self) -> String {
        self.said.clone()
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct ReadOrders {
    pub orders: Vec<Order>,
    pub rows: u64,
    /// The first of them; `rejected` counts all.
    pub rejects: Vec<Reject>,
    pub rejected: u64,
    /// The header of a list of rejects.
    pub rejects_header: String,
    /// What the caller should know of the file as a whole.
    pub warnings: Vec<String>,
    /// That of the file's column of currencies, if it has one.
    pub currency: Option<String>,
    /// What the file was taken for, and how its columns were understood.
    pub taken_for: String,
}

/// Rejects kept to be shown or written; a file that is wrong throughout must not fill the memory.
const MAX_REJECTS_KEPT: usize = 100_000;
/// Bytes handed on at a time: few enough to stay in cache.
const CHUNK_BYTES: usize = 256 << 10;

pub fn read(path: &Path, options: &ReadOptions) -> Result<ReadOrders, Failure> {
    let source = Source::of(path)?;
    if source.is_parquet() {
        return read_parquet(path, &source, options);
    }
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let refuse = |error| open::unreadable(path, &error);
    source.open()?.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(refuse)?;
    if input::named_fimi(path) || input::is_stdin(path) && input::looks_fimi(&head) {
        let name = path.display();
        return Err(Failure::input(format!("{name} holds baskets without orders; `affinsy mine` reads those")));
    }
    let settings = &options.settings;
    match settings.format.unwrap_or_else(|| FileFormat::sniff(&head)) {
        FileFormat::Ndjson if is_orders(&head, settings) => {
            read_ndjson(path, BufReader::with_capacity(CHUNK_BYTES, source.open()?))
        }
        _ => read_table(path, &source, &head, options),
    }
}

fn read_table(path: &Path, source: &Source, head: &[u8], options: &ReadOptions) -> Result<ReadOrders, Failure> {
    let refuse = |problem| explained(path, &problem);
    let plan = import::detect(head, &options.settings).map_err(refuse)?;
    let mut survey = Survey::new(&plan);
    in_chunks(path, source, |chunk| survey.feed(chunk))?;
    let findings = survey.finish().map_err(refuse)?;
    let mut taken = Taken::default();
    let mut reader = Reader::new(&plan, &findings, options.now);
    in_chunks(path, source, |chunk| reader.feed(chunk, &mut taken))?;
    let summary = reader.finish(&mut taken);
    Ok(taken.into_read(&plan, &findings, &summary))
}

fn read_parquet(path: &Path, source: &Source, options: &ReadOptions) -> Result<ReadOrders, Failure> {
    let read = || {
        let file = source.parquet()?;
        let plan = file.detect(&options.settings)?;
        let findings = file.survey(&plan)?;
        let (mut taken, mut reader) = (Taken::default(), ParquetReader::new(&file, &plan, &findings, options.now));
        while reader.next(&mut taken)? {}
        let summary = reader.summary().clone();
        Ok(taken.into_read(&plan, &findings, &summary))
    };
    let broken = || ImportProblem::Damaged { detail: "it breaks the rules of Parquet".to_owned() };
    guarded(read).unwrap_or_else(|| Err(broken())).map_err(|problem| explained(path, &problem))
}

impl Source {
    fn parquet(&self) -> Result<ParquetRows, ImportProblem> {
        match self {
            Self::File(path) => {
                let file = std::fs::File::open(path);
                ParquetRows::open(file.map_err(|error| ImportProblem::Damaged { detail: error.to_string() })?)
            }
            Self::Memory(bytes) => ParquetRows::open(bytes.clone()),
        }
    }
}

fn in_chunks(path: &Path, source: &Source, mut feed: impl FnMut(&[u8])) -> Result<(), Failure> {
    let (mut stream, mut chunk) = (source.open()?, vec![0; CHUNK_BYTES]);
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => feed(&chunk[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(open::unreadable(path, &error)),
        }
    }
}

/// The problem in the command's own words: the library speaks of the API's settings.
fn explained(path: &Path, problem: &ImportProblem) -> Failure {
    let name = path.display();
    let hint = match problem {
        ImportProblem::Unmapped { missing, columns } => return columns::unknown(columns, missing),
        ImportProblem::AmbiguousNumbers { .. } | ImportProblem::MixedNumbers { .. } => {
            "\n(on the command line: --decimal-point or --decimal-comma)"
        }
        ImportProblem::AmbiguousDates { .. }
        | ImportProblem::MixedDates { .. }
        | ImportProblem::UnknownDates { .. } => "\n(on the command line: --date-format)",
        _ => "",
    };
    Failure::input(format!("{name}: {problem}{hint}"))
}

/// What comes out of a file.
#[derive(Debug, Default)]
struct Taken {
    orders: Orders,
    rejects: Vec<Reject>,
}

impl Sink for Taken {
    fn line(&mut self, line: &Line<'_>) {
        self.orders.add_line(line);
    }
    fn reject(&mut self, reject: &import::Reject<'_>) {
        if self.rejects.len() < MAX_REJECTS_KEPT {
            self.rejects.push(Reject { said: reject.said(), csv: import::rejects_row(reject) });
        }
    }
}

impl Taken {
    fn into_read(self, plan: &Plan, findings: &Findings, summary: &Summary) -> ReadOrders {
        ReadOrders {
            orders: self.orders.into_vec(),
            rows: summary.rows,
            rejects: self.rejects,
            rejected: summary.rejected,
            rejects_header: import::rejects_header(plan),
            warnings: summary.warnings(plan, findings),
            currency: findings.currency.clone(),
            taken_for: plan.described(findings.encoding),
        }
    }
}

/// Whether a file of JSON has whole orders: those go to the API as they are, which knows best what they may hold.
fn is_orders(head: &[u8], settings: &Settings) -> bool {
    import::detect(head, settings).is_ok_and(|plan| plan.kind == import::Kind::Orders)
}

impl ReadOrders {
    pub fn line_count(&self) -> usize {
        self.orders.iter().map(|order| order.line_count).sum()
    }
}

fn read_ndjson(path: &Path, mut reader: impl BufRead) -> Result<ReadOrders, Failure> {
    let mut read = ReadOrders {
        taken_for: import::Kind::Orders.described().to_owned(),
        rejects_header: "line,column,value,reason,row\r\n".to_owned(),
        ..ReadOrders::default()
    };
    let (mut orders, mut text, mut line) = (Orders::default(), String::new(), 0);
    loop {
        text.clear();
        line += 1;
        let refuse = |error| Failure::input(format!("{}, line {line}: {error}", path.display()));
        if reader.read_line(&mut text).map_err(refuse)? == 0 {
            break;
        }
        let row = text.trim_start_matches('\u{feff}').trim();
        if row.is_empty() {
            continue;
        }
        match order_of_json(row) {
            Ok(order) => {
                read.rows += order.line_count as u64;
                orders.add_order(order);
            }
            Err(reason) => {
                read.rows += 1;
                read.reject(line, row, &format!("the order {reason}"));
            }
        }
    }
    read.orders = orders.into_vec();
    Ok(read)
}

impl ReadOrders {
    fn reject(&mut self, line: u64, row: &str, reason: &str) {
        self.rejected += 1;
        if self.rejects.len() < MAX_REJECTS_KEPT {
            let row = [row.to_owned()];
            let reject = import::Reject { line, column: "", value: "", reason, row: &row };
            self.rejects.push(Reject { said: reject.said(), csv: import::rejects_row(&reject) });
        }
    }
}

/// An order's JSON taken apart no further than needed: numbers and unknown fields go on as they are.
fn order_of_json(text: &str) -> Result<Order, String> {
    let mut fields: BTreeMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))?;
    let id = fields.remove("order_id").ok_or("has no order_id")?;
    let id: String = serde_json::from_str(id.get()).map_err(|_| "has an order_id that is not a text")?;
    let items = fields.remove("line_items").ok_or("has no line_items")?;
    let items: Vec<&RawValue> = serde_json::from_str(items.get()).map_err(|_| "has line_items that are not a list")?;
    let mut header = String::new();
    for (name, value) in fields {
        header.push(',');
        super::orders::push_json_string(&mut header, &name);
        header.push(':');
        header.push_str(value.get());
    }
    let line_items: Vec<&str> = items.iter().map(|item| item.get()).collect();
    Ok(Order { id, header, line_items: line_items.join(","), line_count: items.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, text: &str) -> Result<ReadOrders, Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        read(&path, &ReadOptions::usual())
    }

    #[test]
    fn a_table_becomes_orders() {
        let read =
            read_text("o.csv", "InvoiceNo,Description,Quantity,UnitPrice\n1,tea,2,2.50\n1,jam,,\n").expect("reads");
        assert_eq!(read.rejected, 0);
        assert_eq!(
            read.orders[0].line_items,
            r#"{"product_name":"tea","unit_price":2.5,"quantity":2},{"product_name":"jam"}"#
        );
    }

    #[test]
    fn an_export_is_known_and_said() {
        let header = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price\n";
        let rows =
            "#1,a@b.c,paid,2025-10-07 09:50:26 +0200,1,tea,2.50\n#1,,,,2,jam,1\n#2,a@b.c,voided,2025-10-07,1,tea,2\n";
        let read = read_text("o.csv", &format!("{header}{rows}")).expect("reads");
        assert!(read.taken_for.starts_with("a Shopify export of orders (CSV, comma, UTF-8)"), "{}", read.taken_for);
        assert_eq!(read.orders.len(), 1);
        assert_eq!(read.orders[0].header, r#","customer_id":"a@b.c","order_date":"2025-10-07T07:50:26Z""#);
        assert_eq!(read.warnings, ["1 order was left out: voided"]);
    }

    #[test]
    fn rows_that_cannot_be_used_are_named() {
        let text = "order_id,product,price,order_date\n,tea,1,\n1,tea,one,\n2,tea,1,yesterday\n3,,1,\n4,,,2025-01-01\n";
        let read = read_text("o.csv", text).expect("reads");
        let said: Vec<String> = read.rejects.iter().map(Reject::said).collect();
        assert_eq!(said.len(), 5);
        assert!(said[0].starts_with("line 2: order_id"), "{said:?}");
        assert!(said[1].starts_with("line 3: price \"one\" is not a number"), "{said:?}");
        assert!(said[2].starts_with("line 4: order_date \"yesterday\" is not a date"), "{said:?}");
        assert!(said[3].starts_with("line 5: product"), "{said:?}");
        assert!(read.orders.is_empty());
    }

    #[test]
    fn what_a_file_does_not_decide_is_asked_with_the_option_that_says_it() {
        let check = |text: &str, option: &str| {
            let problem = read_text("o.csv", text).expect_err("asked");
            assert!(problem.message.contains(option), "{problem}");
        };
        check("order,product,price\n1,a,\"1,234\"\n", "--decimal-comma");
        check("order,product,date\n1,a,1/2/2025\n", "--date-format");
        check("foo,bar\n1,2\n", "--order-col \"foo\" --product-col \"bar\"");
    }

    #[test]
    fn ndjson_goes_on_as_it_is() {
        let one =
            r#"{"order_id": "1", "customer_id": "c", "line_items": [{"product_name": "tea", "unit_price": 1.10}]}"#;
        let two = r#"{"order_id": "1", "line_items": [{"product_name": "jam"}]}"#;
        let read = read_text("o.ndjson", &format!("{one}\n\n{two}\n{{\"order_id\": 7}}\n")).expect("reads");
        assert_eq!(read.orders.len(), 1);
        assert_eq!(read.orders[0].header, r#","customer_id":"c""#);
        assert_eq!(read.orders[0].line_items, r#"{"product_name": "tea", "unit_price": 1.10},{"product_name": "jam"}"#);
        assert_eq!((read.rejected, read.rejects[0].said().starts_with("line 4: ")), (1, true));
    }
}
