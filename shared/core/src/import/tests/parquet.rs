//! Parquet files: typed numbers, texts, times with and without a zone; damaged ones; going on by row group.

use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use bytes::Bytes;

use super::*;
use crate::import::parquet::{ParquetReader, ParquetRows};

const SCHEMA: &str = "message orders { required binary order_id (UTF8); required binary product (UTF8); \
                      required int64 date (TIMESTAMP(MILLIS,false)); required double price; \
                      required binary quantity (UTF8); }";

fn write<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[T::T]) {
    let mut column = group.next_column().expect("opens").expect("a column");
    column.typed::<T>().write_batch(values, None, None).expect("written");
    column.close().expect("closes");
}

/// Two row groups of two rows each.
fn written(quantities: [&str; 4]) -> Bytes {
    let schema = Arc::new(parse_message_type(SCHEMA).expect("a schema"));
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).expect("opens");
    for half in 0..2 {
        let text = |texts: [&str; 2]| texts.map(ByteArray::from);
        let mut group = file.next_row_group().expect("a row group");
        write::<ByteArrayType>(&mut group, &text(["A", "B"]));
        write::<ByteArrayType>(&mut group, &text(if half == 0 { ["tea", "tea"] } else { ["jam", ""] }));
        write::<Int64Type>(&mut group, &[1_741_948_200_000; 2]);
        write::<DoubleType>(&mut group, &[1.234, 2.5]);
        write::<ByteArrayType>(&mut group, &text([quantities[half * 2], quantities[half * 2 + 1]]));
        group.close().expect("closes");
    }
    file.into_inner().expect("written").into()
}

fn understood(bytes: Bytes, settings: &str) -> Result<(ParquetRows, Plan, Findings), ImportProblem> {
    let file = ParquetRows::open(bytes)?;
    let plan = file.detect(&serde_json::from_str(settings).expect("settings"))?;
    let findings = file.survey(&plan)?;
    Ok((file, plan, findings))
}

#[test]
fn typed_columns_are_numbers_and_texts_are_as_the_file_has_them() {
    let (file, plan, findings) =
        understood(written(["1,5", "2", "3", "4"]), r#"{"time_zone":"Europe/Berlin"}"#).expect("read");
    let (mut got, mut reader) = (Got::default(), ParquetReader::new(&file, &plan, &findings, now()));
    while reader.next(&mut got).expect("reads") {}
    assert_eq!(
        got.lines,
        [
            "1: A||2025-03-14T09:30:00Z|tea|1.234|1.5",
            "2: B||2025-03-14T09:30:00Z|tea|2.5|2",
            "3: A||2025-03-14T09:30:00Z|jam|1.234|3",
        ]
    );
    assert_eq!(got.rejects, ["line 4: product \"\" is empty"]);
    assert_eq!(got.rejects_csv, "4,product,,is empty,B,,2025-03-14T10:30:00,2.5,4\r\n");
    assert_eq!((findings.rows, file.row_count(), reader.summary().rows), (4, 4, 4));
    // From the second row group on.
    let (mut parts, mut first) = (Got::default(), ParquetReader::new(&file, &plan, &findings, now()));
    first.next(&mut parts).expect("reads");
    let mut second = ParquetReader::resume(&file, &plan, &findings, now(), &first.checkpoint());
    while second.next(&mut parts).expect("reads") {}
    assert_eq!((parts, second.summary()), (got, reader.summary()));
}

#[test]
fn a_damaged_file_is_refused_whichever_byte_of_it_is_wrong() {
    let whole = written(["1", "2", "3", "4"]);
    let mut damaged = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0xff;
        let read = understood(bytes.into(), "{}").and_then(|(file, plan, findings)| {
            let mut reader = ParquetReader::new(&file, &plan, &findings, now());
            while reader.next(&mut Got::default())? {}
            Ok(())
        });
        damaged += usize::from(read.is_err_and(|problem| problem.code() == "damaged_file"));
    }
    assert!(damaged > 0);
    let cut = understood(whole.slice(..whole.len() / 2), "{}").expect_err("cut").code();
    assert_eq!(cut, "damaged_file");
}

#[test]
fn a_small_file_does_not_fill_the_memory_with_copies_of_one_text() {
    let schema = "message orders { required binary order_id (UTF8); required binary product (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).expect("opens");
    let mut group = file.next_row_group().expect("a row group");
    write::<ByteArrayType>(&mut group, &vec![ByteArray::from("A"); 2_000]);
    write::<ByteArrayType>(&mut group, &vec![ByteArray::from("x".repeat(100_000).as_str()); 2_000]);
    group.close().expect("closes");
    let bytes: Bytes = file.into_inner().expect("written").into();
    assert!(bytes.len() < 1_000_000, "{} bytes", bytes.len());
    let problem = understood(bytes, "{}").expect_err("200 MB of text");
    assert_eq!(problem.code(), "damaged_file");
    assert!(problem.to_string().contains("too long"), "{problem}");
}
