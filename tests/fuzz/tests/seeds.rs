//! Writes the seeds that no editor can: files and segments in Parquet, and addresses. Their texts stand here.

use affinsy_core::order::push;
use affinsy_core::segment;
use affinsy_core::time::parse_instant;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray};
use parquet::data_type::{FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::net::IpAddr;
use std::sync::Arc;

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(format!("{folder}/{name}"), bytes).expect("written");
}

fn column<T: DataType>(group: &mut SerializedRowGroupWriter<'_, Vec<u8>>, values: &[T::T]) {
    let mut column = group.next_column().expect("opens").expect("a column");
    column.typed::<T>().write_batch(values, Some(&vec![1; values.len()]), None).expect("written");
    column.close().expect("closes");
}

/// Two row groups with a column of each form that is read.
fn orders(compression: Compression) -> Vec<u8> {
    let schema = "message orders { optional binary order_id (UTF8); optional binary product (UTF8); \
                  optional int64 date (TIMESTAMP(MILLIS,false)); optional double price; \
                  optional fixed_len_byte_array(4) total (DECIMAL(9,2)); optional int32 quantity (DECIMAL(9,3)); \
                  optional int32 day (DATE); }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).expect("opens");
    for products in [["tea", "jam"], ["pot", ""]] {
        let mut group = file.next_row_group().expect("a row group");
        column::<ByteArrayType>(&mut group, &["A", "B"].map(ByteArray::from));
        column::<ByteArrayType>(&mut group, &products.map(ByteArray::from));
        column::<Int64Type>(&mut group, &[1_741_948_200_000; 2]);
        column::<DoubleType>(&mut group, &[1.234, f64::NAN]);
        let total = |cents: i32| FixedLenByteArray::from(ByteArray::from(cents.to_be_bytes().to_vec()));
        column::<FixedLenByteArrayType>(&mut group, &[total(1_999), total(-50)]);
        column::<Int32Type>(&mut group, &[1_500, -2_000]);
        column::<Int32Type>(&mut group, &[20_000, 0]);
        group.close().expect("closes");
    }
    file.into_inner().expect("written")
}

#[test]
#[ignore = "writes into fuzz/corpus"]
fn writes_seeds() {
    for (name, compression) in [("plain", Compression::UNCOMPRESSED), ("zstd", Compression::ZSTD(ZstdLevel::default()))]
    {
        let file = orders(compression);
        write("import_parquet", name, &[b"0", file.as_slice()].concat());
        write("import_parquet", &format!("{name}_cut"), &[b"0", &file[..file.len() / 2]].concat());
    }
    write("import_parquet", "not_parquet", b"0PAR1 and no more");
    let now = parse_instant("2025-12-01").expect("a date");
    let bodies = [
        r#"{"orders":[{"order_id":"1","line_items":[{"product_name":"tea"}]}]}"#,
        r#"{"orders":[{"order_id":"1","customer_id":"c","order_date":"2025-03-15","line_items":[
            {"product_name":"tea","quantity":2,"unit_price":1.5},{"product_name":"pot","quantity":0},
            {"product_name":"jam","quantity":-1.5,"unit_price":0.000001}]},
            {"order_id":"2","customer_id":"d","line_items":[{"product_name":"tea","quantity":1,"unit_price":9e11}]}]}"#,
    ];
    for (at, body) in bodies.iter().enumerate() {
        let push = push::parse(body.as_bytes(), now).expect("a push");
        write("segment", &format!("push_{at}"), &segment::encode(&push, now).bytes);
    }
    write("segment", "erases_orders", &segment::encode_erasure(["1", "2"], now).bytes);
    write("segment", "erases_customers", &segment::encode_customer_erasure(["c", "d"], now).bytes);
    write("segment", "not_a_segment", &orders(Compression::UNCOMPRESSED));
    let addresses = ["127.0.0.1", "8.8.8.8", "172.31.255.255", "::1", "::ffff:10.0.0.1", "2a00:1450::8a", "2002::1"];
    for text in addresses {
        let bytes = match text.parse().expect("an address") {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        write("address", &text.replace(':', "_"), &bytes);
    }
}
