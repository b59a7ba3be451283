//! The command as a script sees it: exit codes, what is on stdout, what is on stderr.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn affinsy(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_affinsy"));
    command.args(args).env_remove("AFFINSY_URL").env_remove("AFFINSY_KEY").output().expect("the command starts")
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a plain path").to_owned()
}

fn check(args: &[&str], exit_code: i32, on_stdout: &str, on_stderr: &str) {
    let output = affinsy(args);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(exit_code), "{args:?}: {stderr}");
    assert!(stdout.contains(on_stdout), "{args:?}: {stdout}");
    assert!(stderr.contains(on_stderr), "{args:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{args:?}: {stderr}");
}

#[test]
fn mine_writes_the_canonical_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let baskets = file(&folder, "b.dat", "1 2 3\n2 3\n10 2\n");
    check(&["mine", &baskets, "--min-support-count", "2", "--itemsets", "-"], 0, "2\t3\n3\t2\n2 3\t2\n", "3 baskets");
    check(&["mine", &baskets, "--min-support", "0.6", "--count-only", "--stats"], 0, "", r#""itemsets":3,"#);
    check(&["mine", &baskets, "--min-support-count", "2", "--count-only"], 0, "3\n", "3 itemsets");
}

#[test]
fn mine_reads_every_form_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = file(&folder, "o.csv", "InvoiceNo;StockCode;Quantity\n1;A;1\n1;B;2\n2;A;1\n2;B;1\n3;B;-1\n");
    let lines = file(
        &folder,
        "o.ndjson",
        "{\"order_id\":\"1\",\"line_items\":[{\"product_name\":\"A\"},{\"product_name\":\"B\"}]}\n\
         {\"order_id\":\"2\",\"line_items\":[{\"product_name\":\"B\"},{\"product_name\":\"A\"}]}\n",
    );
    for path in [&table, &lines] {
        check(&["mine", path, "--min-support", "1", "--itemsets", "-"], 0, "A\t2\nB\t2\nA B\t2\n", "2 baskets");
    }
}

#[test]
fn mine_finds_in_the_demos_orders_what_was_worked_out_independently() {
    let orders = demo_file();
    let orders = orders.to_str().expect("a plain path");
    let bounds =
        ["mine", orders, "--min-support", "0.01", "--min-confidence", "0.3", "--stats", "--rules", "/dev/null"];
    let counted = |stderr: &str| check(&bounds, 0, "", stderr);
    counted(r#""baskets":20728"#);
    counted(r#""min_support_count":208,"itemsets":1840"#);
    check(&[&bounds[..], &["--everything"]].concat(), 0, "", "1,723 rules of 1,723 tested");
    check(&[&bounds[..], &["--include-redundant"]].concat(), 0, "", "1,466 rules of 1,466 tested");
}

fn demo_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/online_retail.parquet")
}

#[test]
fn bad_input_is_a_sentence_and_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |path: &str, said: &str| check(&["mine", path, "--min-support", "0.1"], 2, "", said);
    refused("/no/such/file", "/no/such/file: No such file");
    refused(folder.path().to_str().expect("a plain path"), "is a folder");
    refused(&file(&folder, "empty.dat", ""), "is empty");
    refused(&file(&folder, "empty.csv", ""), "is empty");
    refused(&file(&folder, "letters.dat", "1 2\n1 x\n"), "line 2: 'x'");
    refused(&file(&folder, "columns.csv", "a,b\n1,2\n"), "the file's columns are: a, b");
    refused(&file(&folder, "quantity.csv", "order_id,product,qty\n1,A,many\n"), "line 2: \"many\" is not a quantity");
    refused(&file(&folder, "cut.parquet", "PAR1 and nothing"), "not a Parquet file");
    refused(&file(&folder, "order.ndjson", "{\"order_id\":\"1\"}\n"), "line 1");
    let baskets = file(&folder, "b.dat", "1 2\n");
    check(&["mine", &baskets, "--min-support", "1.5"], 2, "", "more than 1");
    check(&["mine", &baskets, "--min-support", "half"], 2, "", "is not a number");
    check(&["mine", &baskets, "--min-support-count", "0"], 2, "", "0 is not in");
    check(&["mine", &baskets], 2, "", "--min-support");
}

#[test]
fn without_a_stack_the_way_to_one_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let orders = file(&folder, "o.csv", "order_id,product\n1,A\n");
    let data = folder.path().to_str().expect("a plain path");
    check(&["push", &orders, "--dataset", "d", "--data", data], 2, "", "affinsy local");
    check(&["report", "--template", "standard_mba", "--dataset", "d", "--data", data], 2, "", "affinsy local");
}
