//! Files are read back as their readers read them.

use super::*;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use bytes::Bytes;

const CUSTOMER: &str = r#"{"customer_id":"=c,\"1\"","segment":"champions","recency_days":3,"frequency":2,"monetary":90071992547409931.1234,"r":5,"f":4,"m":3,"fm":4,"first_order":"2024-02-29","last_order":"2025-01-01","aov":-0.5,"lapsed":false,"p_alive":null,"expected_orders_90d":1.25e-7,"expected_orders_365d":2.5,"expected_value_90d":3,"expected_value_365d":4.75}
{"customer_id":"é","segment":"lost","recency_days":300,"frequency":1,"monetary":0,"r":1,"f":1,"m":1,"fm":1,"first_order":"1969-12-31","last_order":"1969-12-31","aov":null,"lapsed":true}
"#;
const RULE: &str = r#"{"antecedents":["tea","A + B"],"consequents":["pot"],"support":0.1,"support_count":7,"conviction":null,"redundant":false,"revenue":12.3}
"#;

fn file(part: ExportPart, format: ExportFormat, ndjson: &str) -> Vec<u8> {
    let mut exporter = Exporter::new(part, format);
    exporter.add(ndjson.as_bytes()).expect("rows");
    exporter.finish()
}

fn text(part: ExportPart, format: ExportFormat, ndjson: &str) -> String {
    String::from_utf8(file(part, format, ndjson)).expect("UTF-8")
}

#[test]
fn csv_keeps_digits_and_disarms_formulas() {
    let text = text(ExportPart::Customers, ExportFormat::Csv, CUSTOMER);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("customer_id,segment,recency_days,frequency,monetary,r,f,m,fm,first_order,"));
    assert_eq!(
        lines[1],
        "\"'=c,\"\"1\"\"\",champions,3,2,90071992547409931.1234,5,4,3,4,2024-02-29,2025-01-01,-0.5,false,,1.25e-7,2.5,3,4.75"
    );
    assert_eq!(lines[2], "é,lost,300,1,0,1,1,1,1,1969-12-31,1969-12-31,,true,,,,,");
    assert_eq!(lines[3..], [""]);
}

#[test]
fn names_in_one_csv_cell_can_be_told_apart() {
    let text = text(ExportPart::Rules, ExportFormat::Csv, RULE);
    let row = text.lines().nth(1).expect("a row");
    assert!(row.starts_with("\"tea + \"\"A + B\"\"\",pot,0.1,7,,,,,"), "{row}");
    assert!(row.ends_with(",false,12.3"), "{row}");
}

#[test]
fn json_is_an_array_of_the_rows_as_they_are() {
    let check = |ndjson: &str, expected: &str| {
        assert_eq!(text(ExportPart::Rules, ExportFormat::Json, ndjson), expected);
    };
    check("", "[]\n");
    check("{\"a\":1}\n", "[\n{\"a\":1}\n]\n");
    check("{\"a\":1}\n{\"a\":1.50}\n", "[\n{\"a\":1},\n{\"a\":1.50}\n]\n");
    assert_eq!(text(ExportPart::Rules, ExportFormat::Ndjson, RULE), RULE);
}

#[test]
fn parquet_has_lists_decimals_and_dates() {
    let bytes = Bytes::from(file(ExportPart::Customers, ExportFormat::Parquet, CUSTOMER));
    let reader = SerializedFileReader::new(bytes).expect("a Parquet file");
    let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), 2);
    let field = |row: usize, name: &str| {
        let (_, field) = rows[row].get_column_iter().find(|(known, _)| *known == name).expect("a column");
        field.clone()
    };
    assert_eq!(field(0, "customer_id"), Field::Str("=c,\"1\"".to_owned()), "no guard where nothing evaluates");
    let decimal = |row, name| match field(row, name) {
        Field::Decimal(decimal) => {
            let bytes: [u8; 16] = decimal.data().try_into().expect("16 bytes");
            (i128::from_be_bytes(bytes), decimal.scale())
        }
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(decimal(0, "monetary"), (900_719_925_474_099_311_234, 4));
    assert_eq!(decimal(0, "aov"), (-5_000, 4));
    assert_eq!(field(0, "first_order"), Field::Date(19_782));
    assert_eq!(field(1, "first_order"), Field::Date(-1));
    assert_eq!(field(0, "p_alive"), Field::Null);
    assert_eq!(field(0, "expected_orders_90d"), Field::Double(1.25e-7));
    assert_eq!(field(1, "expected_value_365d"), Field::Null);
    assert_eq!((field(0, "lapsed"), field(1, "fm")), (Field::Bool(false), Field::Long(1)));
    let bytes = Bytes::from(file(ExportPart::Rules, ExportFormat::Parquet, RULE));
    let reader = SerializedFileReader::new(bytes).expect("a Parquet file");
    let row = reader.get_row_iter(None).expect("rows").next().expect("one row").expect("a row");
    assert!(row.to_string().contains(r#"antecedents: ["tea", "A + B"], consequents: ["pot"]"#), "{row}");
}

#[test]
fn a_list_without_rows_is_a_file_without_rows() {
    for part in ExportPart::ALL {
        let reader = SerializedFileReader::new(Bytes::from(file(part, ExportFormat::Parquet, ""))).expect("a file");
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(text(part, ExportFormat::Csv, "").matches("\r\n").count(), 1, "the header alone");
    }
}

#[test]
fn many_rows_are_several_row_groups() {
    let rows = "{\"products\":[\"a\"],\"size\":1,\"support\":0.5,\"support_count\":2}\n".repeat(140_000);
    let bytes = Bytes::from(file(ExportPart::Itemsets, ExportFormat::Parquet, &rows));
    let reader = SerializedFileReader::new(bytes).expect("a Parquet file");
    assert_eq!((reader.metadata().num_row_groups(), reader.metadata().file_metadata().num_rows()), (2, 140_000));
}

#[test]
fn what_is_no_row_is_said_with_its_place() {
    let mut exporter = Exporter::new(ExportPart::Rules, ExportFormat::Csv);
    let problem = exporter.add(b"{\"antecedents\":[]}\n{\"antecedents\":7}\n").expect_err("no list of names");
    assert!(problem.to_string().starts_with("row 2 of rules: "), "{problem}");
    let mut exporter = Exporter::new(ExportPart::Customers, ExportFormat::Parquet);
    assert!(exporter.add(b"{\"first_order\":\"2025-02-30\"}\n").is_err());
}

#[test]
fn the_segments_stand_in_the_report_itself() {
    let report = br#"{"data":{"x":[1]},"segments":[{"id":"a","frequency":{"mean":1.5,"median":null}},{"id":"b"}]}"#;
    let rows = rows_of(ExportPart::Segments, report).expect("rows");
    assert_eq!(String::from_utf8_lossy(&rows).lines().count(), 2);
    let csv = text(ExportPart::Segments, ExportFormat::Csv, &String::from_utf8_lossy(&rows));
    assert!(csv.contains("\r\na,,,,,,,,,,1.5,,,,,,,\r\n"), "{csv}");
    assert!(rows_of(ExportPart::Segments, b"{}").expect("none").is_empty());
}
