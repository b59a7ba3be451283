//! What `affinsy mine` cannot use: one sentence that says what and where, exit code 2, nothing written.

use crate::kit::{Folder, Packed, check, project, run};

fn refused(path: &str, said: &str) {
    refused_with(path, &[], said);
}

fn refused_with(path: &str, more: &[&str], said: &str) {
    let args = [&["mine", path, "--min-support", "0.1"], more].concat();
    check(&args, 2, "", said);
    let output = run(&args);
    assert!(output.stdout.is_empty(), "{args:?}");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = stderr.lines().last().unwrap_or_default();
    assert!(last.len() < 400 && !stderr.contains('\0'), "{args:?}: {stderr}");
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    refused("/no/such/file", "/no/such/file: No such file");
    refused(folder.path(), "is a folder");
    refused(&folder.file("empty.dat", ""), "is empty");
    refused(&folder.file("empty.csv", ""), "is empty");
    refused(&folder.file("blank.csv", "\n\n"), "is empty");
    refused(&folder.file("header.csv", "order,product\n"), "holds no order lines");
    refused(&folder.file("empty.ndjson", "{\"order_id\":\"1\",\"line_items\":[]}\n"), "holds no order lines");
}

#[cfg(unix)]
#[test]
fn a_file_without_the_right_to_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.file("secret.dat", "1\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).expect("set");
    // An administrator may read everything.
    if std::fs::File::open(&path).is_err() {
        refused(&path, "Permission denied");
    }
}

#[test]
fn files_that_end_in_the_middle() {
    let folder = Folder::new();
    let Packed { xz, gzip, zstd, .. } = Packed::retail();
    for (name, packed) in [("r.dat.xz", &xz), ("r.dat.gz", &gzip), ("r.dat.zst", &zstd)] {
        refused(&folder.file(name, &packed[..packed.len() / 2]), "ends in the middle");
        refused(&folder.file(name, &packed[..packed.len() - 3]), "ends in the middle");
    }
    let mut damaged = gzip.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    refused(&folder.file("damaged.dat.gz", damaged), "damaged.dat.gz");
    let parquet = std::fs::read(project("demo/online_retail.parquet")).expect("the demo's file");
    refused(&folder.file("half.parquet", &parquet[..parquet.len() / 2]), "not a Parquet file");
    refused(&folder.file("magic.parquet", "PAR1 and nothing"), "not a Parquet file");
    let mut hole = parquet;
    hole[1_000..3_000].fill(0xa5);
    refused(&folder.file("hole.parquet", hole), "not a Parquet file");
    refused(&folder.file("row.csv", "order,date,product\n1,today,A\n2,to"), "line 3 has 2 cells, but the header has 3");
    refused(&folder.file("quote.csv", "order,product\n1,A\n2,\"B\n3,C\n"), "line 3: a quote opens here");
    refused(&folder.file("order.ndjson", "{\"order_id\":\"1\",\"line_it"), "line 1: is no order");
}

#[test]
fn baskets_that_are_none() {
    let folder = Folder::new();
    let dat = |content: &[u8], said: &str| refused(&folder.file("b.dat", content), said);
    dat(b"1 2\n1 x\n", "line 2: 'x' is not part of an item number");
    dat(b"1 2\n4294967296\n", "line 2: an item number is larger than 4294967295");
    dat(b"1 2\n3 -4\n", "line 2: '-'");
    dat(b"1 2\n1.5\n", "line 2: '.'");
    dat(b"1 2\0\n", "line 1: '\\0'");
    dat(b"\x89PNG\r\n\x1a\n\xff\xfe", "line 1: ");
    dat(b"InvoiceNo,StockCode\n1,A\n", "line 1: 'I' is not part of an item number (a table? --format csv");
}

#[test]
fn tables_that_are_none() {
    let folder = Folder::new();
    let csv = |content: &[u8], said: &str| refused(&folder.file("t.csv", content), said);
    csv(b"a,b\n1,2\n", "the file's columns are: a, b");
    csv(b"1 2 3\n2 3\n", "--format fimi reads them as baskets");
    csv(b"order_id,product,qty\n1,A,many\n", "line 2: \"many\" is not a quantity");
    csv(b"order_id,product,qty\n1,A,\"1,5\"\n", "line 2: \"1,5\" is not a quantity");
    csv(b"order_id,product,qty\n1,A,NaN\n", "line 2: \"NaN\" is not a quantity");
    csv(b"order_id,product\n1,A\n2,B,C\n", "line 3 has 3 cells, but the header has 2");
    csv(b"order_id,product\n1,A\n2\n", "line 3 has 1 cells, but the header has 2");
    csv(b"order_id,product\n1,A\0B\n", "line 2: a zero byte");
    csv(b"\x7fELF\x02\x01\x01\0\0\0\0\0", "a zero byte: this is no text");
    csv(&[0xfd; 3_000], "neither an order nor a product column");
    let table = folder.file("o.csv", "order_id,product\n1,A\n");
    refused_with(
        &table,
        &["--product-col", "StockCode"],
        "no column \"StockCode\"; the file's columns are: order_id, product",
    );
    refused(&folder.file("o.ndjson", "{\"order_id\":\"1\"}\n"), "line 1: is no order: missing field `line_items`");
    refused(
        &folder.file("q.ndjson", "{\"order_id\":\"1\",\"line_items\":[{\"product_name\":\"A\",\"quantity\":\"x\"}]}"),
        "line 1: ",
    );
    refused(&folder.file("l.ndjson", b"{\"order_id\":\"\xe9\",\"line_items\":[]}"), "line 1: is not UTF-8");
}

#[test]
fn numbers_out_of_their_range() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2\n");
    let bounded = |more: &[&str], said: &str| check(&[&["mine", baskets.as_str()], more].concat(), 2, "", said);
    bounded(&["--min-support", "0"], "--min-support 0 would make every set");
    bounded(&["--min-support", "1.5"], "more than 1");
    bounded(&["--min-support", "NaN"], "\"NaN\" is not a number");
    bounded(&["--min-support", "-0.1"], "\"-0.1\" is not a number");
    bounded(&["--min-support", "half"], "\"half\" is not a number");
    bounded(&["--min-support", ""], "is not a number");
    bounded(&["--min-support-count", "0"], "0 is not in");
    bounded(&["--min-support-count", "4294967296"], "4294967296 is not in");
    bounded(&[], "--min-support");
    let rules = |more: &[&str], said: &str| bounded(&[&["--min-support", "1"], more].concat(), said);
    rules(&["--min-confidence", "NaN"], "--min-confidence \"NaN\" is not a number");
    rules(&["--min-confidence", "2"], "more than 1");
    rules(&["--min-lift", "-1"], "--min-lift \"-1\" is not a number");
    rules(&["--max-q-value", "7"], "more than 1");
    rules(&["--sort-by", "beauty"], "invalid value 'beauty'");
    rules(&["--max-memory", "much"], "is not a size like 500MB");
    rules(&["--deadline", "-3"], "is not a number of seconds above 0");
    rules(&["--threads", "1025"], "1025 is not in 0..=1024");
    rules(&["--deadline", "NaN"], "is not a number of seconds above 0");
    check(&["mine", &baskets, "--top-k", "3", "--count-only"], 2, "", "--count-only needs");
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2\n");
    refused_with(&baskets, &["--itemsets", &folder.at("no/such/list.tsv")], "there is no folder");
    refused_with(&baskets, &["--rules", folder.path()], "it is a folder");
    refused_with(&baskets, &["--itemsets", &baskets], "would overwrite the file that is read");
    refused_with(&baskets, &["--itemsets", "-", "--rules", "-"], "cannot both be written to -");
    assert_eq!(std::fs::read_to_string(&baskets).expect("untouched"), "1 2\n");
    assert_eq!(folder.names(), ["b.dat"]);
}

#[test]
fn baskets_at_the_edge_are_mined() {
    let folder = Folder::new();
    let mined = |content: &str, more: &[&str], list: &str, said: &str| {
        let path = folder.file("b.dat", content);
        check(&[&["mine", &path, "--min-support", "1", "--itemsets", "-"], more].concat(), 0, list, said);
    };
    mined("7\n", &[], "7\t1\n", "1 basket");
    mined("7\n7\n7 7\n", &[], "7\t3\n", "1 itemset");
    mined("2 1 2 1 1", &[], "1\t1\n2\t1\n1 2\t1\n", "3 itemsets");
    mined("4294967295 0\n", &[], "0\t1\n4294967295\t1\n0 4294967295\t1\n", "2 items");
    mined("\n\n", &[], "", "2 baskets of 0 items");
    let long = (0..100_000).map(|item| item.to_string()).collect::<Vec<_>>().join(" ");
    mined(&long, &["--max-itemset-size", "1"], "\n99999\t1\n", "100,000 itemsets");
    let path = folder.file("long.dat", &long);
    check(
        &["mine", &path, "--min-support", "1", "--itemsets", "-", "--max-itemsets", "200000"],
        1,
        "",
        "200,000 itemsets",
    );
}
