//! `affinsy mine`: every form and packing of a file, every form of output, and how a run ends.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::kit::{Folder, Packed, affinsy, check, check_output, project, run, start};

#[test]
fn writes_the_canonical_list() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2 3\n2 3\n10 2\n");
    check(&["mine", &baskets, "--min-support-count", "2", "--itemsets", "-"], 0, "2\t3\n3\t2\n2 3\t2\n", "3 baskets");
    check(&["mine", &baskets, "--min-support", "0.6", "--count-only", "--stats"], 0, "", r#""itemsets":3,"#);
    check(&["mine", &baskets, "--min-support-count", "2", "--count-only"], 0, "3\n", "3 itemsets");
}

const ORDERS: &str = "InvoiceNo,StockCode,Quantity\n1,A,1\n1,B,2\n2,A,1\n2,B,1\n3,B,-1\n";
const NDJSON: &str = "{\"order_id\":\"1\",\"line_items\":[{\"product_name\":\"A\"},{\"product_name\":\"B\"}]}\n\
    {\"order_id\":\"2\",\"line_items\":[{\"product_name\":\"B\",\"quantity\":2},{\"product_name\":\"A\"}]}\n";
const LIST: &str = "A\t2\nB\t2\nA B\t2\n";

#[test]
fn reads_every_form_alike() {
    let folder = Folder::new();
    let same = |name: &str, content: &[u8]| {
        check(&["mine", &folder.file(name, content), "--min-support", "1", "--itemsets", "-"], 0, LIST, "2 baskets");
    };
    let other = |from: &str, to: &str| ORDERS.replace(from, to);
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    same("comma.csv", ORDERS.as_bytes());
    same("semicolon.csv", other(",", ";").as_bytes());
    same("tab.tsv", other(",", "\t").as_bytes());
    same("pipe.txt", other(",", "|").as_bytes());
    same("crlf.csv", other("\n", "\r\n").as_bytes());
    same("cr.csv", other("\n", "\r").as_bytes());
    same("cut_newline.csv", ORDERS.trim_end().as_bytes());
    same("blank_lines.csv", other("\n", "\n\n").as_bytes());
    same("mark.csv", format!("\u{feff}{ORDERS}").as_bytes());
    same("utf16.csv", &utf16(&format!("\u{feff}{ORDERS}")));
    same("utf16_without_mark.csv", &utf16(ORDERS));
    same("quoted.csv", other("B", "\"B\"").as_bytes());
    same("trailing.csv", other("\n", ",,\n").replacen(",,\n", ",Note,Other\n", 1).as_bytes());
    same("orders.ndjson", NDJSON.as_bytes());
    same("orders.jsonl", NDJSON.replace('\n', "\r\n\n").as_bytes());
    let baskets = folder.file("b.txt", "1 2\n2 1\n");
    let fimi = ["mine", &baskets, "--min-support", "1", "--itemsets", "-", "--format", "fimi"];
    check(&fimi, 0, "1\t2\n2\t2\n1 2\t2\n", "2 baskets");
}

#[test]
fn reads_packed_files() {
    let folder = Folder::new();
    let Packed { plain, xz, gzip, zstd } = Packed::retail();
    let files = [("r.dat", &plain), ("r.dat.xz", &xz), ("r.dat.gz", &gzip), ("r.dat.zst", &zstd), ("r.fimi", &gzip)];
    for (name, content) in files {
        let path = folder.file(name, content);
        for threads in ["1", "2"] {
            let count = ["mine", &path, "--min-support-count", "89", "--count-only", "--threads", threads];
            check(&count, 0, "7589\n", "88,162 baskets of 16,470 items");
        }
    }
    let orders = folder.file("o.csv.zst", zstd::encode_all(ORDERS.as_bytes(), 1).expect("packs"));
    check(&["mine", &orders, "--min-support", "1", "--itemsets", "-"], 0, LIST, "2 baskets");
}

#[test]
fn names_keep_their_characters() {
    let folder = Folder::new();
    let listed = |name: &str, content: &[u8], expected: &str| {
        check(&["mine", &folder.file(name, content), "--min-support", "1", "--itemsets", "-"], 0, expected, "1 basket");
    };
    listed("utf8.csv", "order,product\n1,Café\n".as_bytes(), "Café\t1\n");
    listed("latin1.csv", b"order,product\n1,Caf\xe9\n", "Café\t1\n");
    listed("both.csv", b"order,product\n1,Caf\xe9\n1,Caf\xc3\xa9\n", "Café\t1\n");
    listed("newline.csv", b"order,product\n1,\"two\nlines\"\n", "\"two\\nlines\"\t1\n");
    listed("quote.csv", b"order,product\n1,\"19\"\" rack\"\n", "\"19\\\" rack\"\t1\n");
    listed("escape.ndjson", br#"{"order_id":"1","line_items":[{"product_name":"Caf\u00e9"}]}"#, "Café\t1\n");
}

#[test]
fn reads_standard_input() {
    let read = |args: &[&str], stdin: &[u8], on_stdout: &str| {
        let args = [&["mine", "-", "--min-support", "1", "--itemsets", "-"], args].concat();
        let output = start(&args, stdin).wait_with_output().expect("ends");
        check_output(&args, &output, 0, on_stdout, "baskets");
    };
    let packed = zstd::encode_all(ORDERS.as_bytes(), 1).expect("packs");
    read(&[], b"1 2\n2 1\n", "1 2\t2\n");
    read(&[], ORDERS.as_bytes(), LIST);
    read(&[], &packed, LIST);
    read(&[], NDJSON.as_bytes(), LIST);
    read(&["--format", "csv"], b"order,product\n1,7\n2,7\n", "7\t2\n");
}

#[test]
fn finds_in_the_demos_orders_what_was_worked_out_independently() {
    let orders = project("demo/online_retail.parquet");
    let orders = orders.to_str().expect("a plain path");
    let bounds =
        ["mine", orders, "--min-support", "0.01", "--min-confidence", "0.3", "--stats", "--rules", "/dev/null"];
    let counted = |stderr: &str| check(&bounds, 0, "", stderr);
    counted(r#""baskets":20728"#);
    counted(r#""min_support_count":208,"itemsets":1840"#);
    check(&[&bounds[..], &["--everything"]].concat(), 0, "", "1,723 rules of 1,723 tested");
    check(&[&bounds[..], &["--include-redundant"]].concat(), 0, "", "1,466 rules of 1,466 tested");
    let packed = std::fs::File::open(orders).expect("the demo's file");
    let count = affinsy(&["mine", "-", "--min-support", "0.01", "--count-only"]).stdin(Stdio::from(packed)).output();
    check_output(&["< parquet"], &count.expect("the command starts"), 0, "1840\n", "20,728 baskets");
}

#[test]
fn rules_are_sorted_and_cut_as_asked() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2\n1 2\n1 3\n3 4\n1\n4 3\n");
    let first = |sort: &str, expected: &str| {
        let args =
            ["mine", &baskets, "--min-support-count", "1", "--rules", "-", "--max-rules", "1", "--sort-by", sort];
        let output = run(&args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert!(rows.len() == 1 && rows[0].starts_with(expected), "{sort}: {text}");
    };
    first("lift", "3,4,2,3,2,");
    first("confidence", "2,1,2,2,4,");
    first("support", "1,2,2,4,2,");
}

#[test]
fn stats_name_times_and_memory() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2\n1 2\n");
    let output = run(&["mine", &baskets, "--min-support", "1", "--stats"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let stats: serde_json::Value = serde_json::from_str(stderr.lines().last().expect("a line")).expect("JSON");
    let numbers = ["read_s", "read_cpu_s", "mine_s", "mine_cpu_s", "rules_s", "rules_cpu_s"];
    assert!(numbers.iter().all(|name| stats[name].is_f64()), "{stats}");
    assert_eq!(stats["by_length"], serde_json::json!({"1": 2, "2": 1}));
}

#[test]
fn a_bound_ends_the_run_with_advice() {
    let retail = project("tests/golden/mba/retail.dat.xz");
    let retail = retail.to_str().expect("a plain path");
    let ended = |more: &[&str], said: &str| {
        check(&[&["mine", retail, "--min-support-count", "9", "--itemsets", "/dev/null"], more].concat(), 1, "", said);
    };
    ended(&["--max-itemsets", "10000"], "more than 10,000 itemsets; --min-support-count ");
    ended(&["--max-memory", "1MB"], "more than 1 MB of memory are needed");
    ended(&["--max-memory", "20kB"], "more than 20 kB of memory are needed");
    ended(&["--deadline", "0.000001"], "not done within --deadline 0.000001 s");
}

#[test]
fn a_file_that_exists_is_replaced_whole_and_nothing_is_left_beside_it() {
    let folder = Folder::new();
    let baskets = folder.file("b.dat", "1 2\n1 2\n");
    let (list, rules) = (folder.file("list.tsv", "old"), folder.at("rules.csv"));
    check(&["mine", &baskets, "--min-support", "1", "--itemsets", &list, "--rules", &rules], 0, "", "2 baskets");
    assert_eq!(std::fs::read_to_string(&list).expect("written"), "1\t2\n2\t2\n1 2\t2\n");
    check(&["mine", &baskets, "--min-support", "1", "--itemsets", &list, "--max-itemsets", "1"], 1, "", "itemsets");
    assert!(std::fs::read_to_string(&list).expect("the old one").starts_with("1\t2"));
    assert_eq!(folder.names(), ["b.dat", "list.tsv", "rules.csv"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let retail = project("tests/golden/mba/retail.dat.xz");
    let args = ["mine", retail.to_str().expect("a plain path"), "--min-support-count", "9", "--itemsets", "-"];
    let mut child = start(&args, b"");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    assert!(first.contains('\t'), "{first}");
    let output = child.wait_with_output().expect("ends");
    check_output(&args, &output, 0, "", "240,852 itemsets");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_run_without_a_file() {
    let folder = Folder::new();
    let list = folder.at("list.tsv");
    let args = ["mine", "-", "--format", "fimi", "--min-support-count", "1", "--itemsets", &list];
    let mut child = affinsy(&args).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Dense baskets have more itemsets than anyone waits for; the end of the input never comes.
    let row = (0..60).map(|item| item.to_string()).collect::<Vec<_>>().join(" ") + "\n";
    let fed = row.repeat(40_000);
    stdin.write_all(fed.as_bytes()).expect("read");
    // What does not fit into the pipe was read: the command runs, and listens.
    let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.expect("kill runs").success());
    while stdin.write_all(row.as_bytes()).is_ok() {}
    let output = child.wait_with_output().expect("ends");
    check_output(&args, &output, 130, "", "interrupted");
    assert!(folder.names().is_empty());
}
