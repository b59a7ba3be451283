//! The columns of a segment and its version. The form on disk is a contract with other readers: Athena, DuckDB, Spark.

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnPath, TypePtr};
use std::sync::{Arc, LazyLock};

pub(super) const VERSION: u32 = 1;
pub(super) const VERSION_KEY: &str = "affinsy.schema_version";
/// For each row group the least and the greatest `xxh3_64(order_id)`, in hex: `first-last,first-last`.
pub(super) const HASHES_KEY: &str = "affinsy.row_group_hashes";
/// Stands in files that erase customers.
pub(super) const CUSTOMER_ERASURES_KEY: &str = "affinsy.customer_erasures";
/// Rows of one row group: what a reader holds decoded at a time.
pub(super) const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Bytes of an amount: an i128, big-endian.
pub(super) const AMOUNT_BYTES: usize = 16;

/// `quantity` 0 removes a line; an empty `product_name` erases the order's lines of lower sequences, and with an empty
/// `order_id` and a `customer_id` whatever names that customer. A settled run's files hold none of these.
const MESSAGE: &str = "message orders {
    REQUIRED BYTE_ARRAY order_id (STRING);
    OPTIONAL BYTE_ARRAY customer_id (STRING);
    OPTIONAL INT64 order_date (TIMESTAMP(MICROS, true));
    REQUIRED INT64 received_at (TIMESTAMP(MICROS, true));
    REQUIRED BYTE_ARRAY product_name (STRING);
    REQUIRED INT64 quantity (DECIMAL(18, 3));
    OPTIONAL FIXED_LEN_BYTE_ARRAY (16) amount (DECIMAL(38, 9));
    OPTIONAL INT64 sequence;
}";

pub(super) static SCHEMA: LazyLock<TypePtr> =
    LazyLock::new(|| Arc::new(parse_message_type(MESSAGE).expect("a constant that a test parses")));

/// zstd at level 1: a push waits for it, and compaction writes the data again anyway.
pub(super) static PROPERTIES: LazyLock<Arc<WriterProperties>> = LazyLock::new(|| {
    let version = KeyValue::new(VERSION_KEY.to_owned(), VERSION.to_string());
    let level = ZstdLevel::try_new(1).expect("zstd has a level 1");
    let properties = WriterProperties::builder()
        .set_created_by("affinsy".to_owned())
        .set_key_value_metadata(Some(vec![version]))
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(16 * 1024 * 1024)
        .set_column_encoding(ColumnPath::from("amount"), Encoding::PLAIN);
    Arc::new(properties.build())
});
