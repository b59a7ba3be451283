//! Files that are sent to the store and imported from there.

use super::{Operation, json_body};
use crate::http::openapi::parameters::shared;
use crate::http::openapi::{examples, responses};
use crate::import_upload::MAX_FILE_BYTES;

pub fn open() -> Operation {
    let body = "What is known of the file; `{}` is: find out everything.";
    let description = format!(
        "For files of any number of rows: CSV (the exports of Shopify, WooCommerce, BigCommerce and plain tables), NDJSON \
         and Parquet; plain, gzip or zstd; at most {} GiB. Answers an `import_id` and one request to make: send the file \
         with `upload.method` to `upload.url` with `upload.headers` before `upload.expires_at`. The import begins by \
         itself when the whole file is there.\n\nThe import ends `Completed` when every row that was not rejected is \
         seen by every report submitted from then on: all at once, never a part. Rows that cannot be used are counted \
         and listed with line, column and reason (`rejects_url`). A file that cannot be used at all, or that never \
         comes, ends it `Failed` with a sentence. Within one file, rows of an order may stand anywhere, and the same \
         product twice in one order adds up.",
        MAX_FILE_BYTES >> 30
    );
    Operation {
        tag: super::orders::ORDERS,
        summary: "Upload a file of orders",
        description,
        parameters: vec![shared("ContentEncoding")],
        body: Some(json_body(body, "OpenUpload", examples::upload())),
        answers: vec![(201, responses::success("Send the file now.", "UploadOpened", &[], examples::upload_opened()))],
        refusals: &[400, 413, 415, 422],
    }
}
