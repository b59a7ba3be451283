//! Commits by what they hold; that other readers take them for a table, `tests/delta/run` shows.

use super::*;
use crate::order::BatchBuilder;
use bytes::Bytes;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

const TABLE: Table<'_> = Table { incarnation: "inc_1", dataset_id: "my-store", created_at: Instant(1_000_000) };
const AT: Instant = Instant(7_000_000);

fn run(generation: u64, paths: &[&str]) -> Settled {
    let dates = Some((Instant(1_500_000), Instant(2_000_001)));
    let file =
        |path: &&str| DataFile { path: (*path).to_owned(), bytes: 9, modified_at: Instant(5_000), rows: 3, dates };
    Settled { generation, sequence: 10 * generation, files: paths.iter().map(file).collect() }
}

fn commit(newest: Option<&Published>, run: &Settled) -> Commit {
    next_commit(&TABLE, newest, run, AT).expect("something to publish")
}

fn published(commit: &Commit) -> Published {
    Published::read(commit.version, &commit.text).expect("a commit of ours")
}

/// The actions of a kind, in their order.
fn actions(commit: &Commit, kind: &str) -> Vec<Value> {
    let lines = commit.text.lines().map(|line| serde_json::from_str::<Value>(line).expect("one action a line"));
    lines.filter_map(|line| line.get(kind).cloned()).collect()
}

fn paths(commit: &Commit, kind: &str) -> Vec<String> {
    actions(commit, kind).iter().map(|action| action["path"].as_str().expect("a path").to_owned()).collect()
}

#[test]
fn the_first_commit_says_what_the_table_is() {
    let commit = commit(None, &run(4, &["a.parquet"]));
    assert_eq!((commit.version, &*commit.path), (0, "_delta_log/00000000000000000000.json"));
    assert_eq!(actions(&commit, "protocol"), [json!({"minReaderVersion": 1, "minWriterVersion": 2})]);
    let said = &actions(&commit, "metaData")[0];
    assert_eq!(said["name"], "my-store");
    assert_eq!((&said["partitionColumns"], &said["createdTime"]), (&json!([]), &json!(1_000)));
    assert_eq!(said["format"], json!({"provider": "parquet", "options": {}}));
    let id = said["id"].as_str().expect("a text");
    assert_eq!((id.len(), &id[14..15], id.split('-').count()), (36, "8", 5), "{id}");
    let add = &actions(&commit, "add")[0];
    assert_eq!((&add["size"], &add["modificationTime"], &add["dataChange"]), (&json!(9), &json!(5), &json!(true)));
    let stats: Value = serde_json::from_str(add["stats"].as_str().expect("a text")).expect("JSON");
    let dates = |date: &str| json!({ "order_date": date });
    let expected = json!({
        "numRecords": 3,
        "minValues": dates("1970-01-01T00:00:01.5Z"),
        "maxValues": dates("1970-01-01T00:00:02.000001Z"),
    });
    assert_eq!(stats, expected);
}

#[test]
fn a_later_commit_removes_what_is_not_in_its_run() {
    let first = commit(None, &run(1, &["a", "b"]));
    let second = commit(Some(&published(&first)), &run(2, &["b", "c"]));
    assert_eq!((second.version, second.path.as_str()), (1, "_delta_log/00000000000000000001.json"));
    assert_eq!(
        (paths(&second, "remove"), paths(&second, "add")),
        (vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()])
    );
    assert_eq!(actions(&second, "remove")[0]["deletionTimestamp"], 7_000);
    assert_eq!((actions(&second, "protocol").len(), actions(&second, "metaData").len()), (0, 0));
    let third = commit(Some(&published(&second)), &run(3, &[]));
    assert_eq!((paths(&third, "remove"), paths(&third, "add").len()), (vec!["b".to_owned(), "c".to_owned()], 0));
}

#[test]
fn what_is_published_is_not_published_again() {
    let newest = published(&commit(None, &run(5, &["a"])));
    assert_eq!((newest.generation, newest.sequence), (5, 50));
    for (generation, expected) in [(4, None), (5, None), (6, Some(1))] {
        let next = next_commit(&TABLE, Some(&newest), &run(generation, &["x"]), AT);
        assert_eq!(next.map(|commit| commit.version), expected, "generation {generation}");
    }
}

#[test]
fn other_columns_are_told_anew() {
    let newest = Published { columns_version: 0, ..published(&commit(None, &run(1, &["a"]))) };
    assert_eq!(actions(&commit(Some(&newest), &run(2, &["a"])), "metaData").len(), 1);
}

#[test]
fn a_log_of_somebody_else_is_not_continued() {
    let check = |text: &str, said: &str| {
        let refused = Published::read(3, text).expect_err(text).to_string();
        assert!(refused.contains("_delta_log/00000000000000000003.json") && refused.contains(said), "{refused}");
    };
    check("", "does not say by whom");
    check("rubbish", "line 1");
    check(r#"{"add":{"path":7}}"#, "line 1");
    let ours = commit(None, &run(1, &["a"])).text;
    check(&ours.replace("affinsy/", "Apache-Spark/"), "Apache-Spark");
    check(&ours.replace(r#""generation":"1""#, r#""generation":"one""#), "generation \"one\"");
    check(&ours[..ours.len() - 3], "line");
    let more = format!("{{\"txn\":{{\"appId\":\"x\",\"version\":1}}}}\n{ours}");
    assert_eq!(Published::read(3, &more).map(|read| read.adds.len()), Ok(1), "other actions are passed over");
}

#[test]
fn paths_are_relative_and_written_as_uris() {
    let path = |key: &str| path_below("tables/t/d/inc", key);
    assert_eq!(path("tables/t/d/inc/000001-ab-0000.parquet").as_deref(), Some("000001-ab-0000.parquet"));
    assert_eq!(path("tables/t/d/inc/"), None);
    assert_eq!(path("tables/t/d/inc/_delta_log/x.json"), None);
    assert_eq!(path("segments/t/d/inc/x.parquet"), None);
    let first = commit(None, &run(1, &["a b%/ü"]));
    assert_eq!(paths(&first, "add"), ["a%20b%25/%C3%BC"]);
    assert_eq!(paths(&commit(Some(&published(&first)), &run(2, &[])), "remove"), ["a%20b%25/%C3%BC"]);
}

#[test]
fn a_version_is_known_by_its_path() {
    let check = |path: &str, expected| assert_eq!(version_of(path), expected, "{path}");
    check(&commit_path(42), Some(42));
    check("tables/t/_delta_log/00000000000000000007.json", Some(7));
    check("_delta_log/7.json", None);
    check("_delta_log/+0000000000000000007.json", None);
    check("_delta_log/00000000000000000010.checkpoint.parquet", None);
    check(Checkpoint::POINTER, None);
}

#[test]
fn versions_are_outdated_once_a_checkpoint_stands_far_beyond_them() {
    let paths = |upto: u64, checkpoints: &[u64]| -> Vec<String> {
        let at = |version: &u64| format!("_delta_log/{version:020}.checkpoint.parquet");
        let commits = (0..=upto).map(commit_path).chain(checkpoints.iter().map(at));
        commits.chain([Checkpoint::POINTER.to_owned(), "_delta_log/notes.json".to_owned()]).collect()
    };
    let check = |upto: u64, checkpoints: &[u64], expected: &[String]| {
        let log = paths(upto, checkpoints);
        let found: Vec<&str> = outdated(log.iter().map(String::as_str)).collect();
        assert_eq!(found, expected, "{upto} {checkpoints:?}");
    };
    check(300, &[], &[]);
    check(109, &[9, 99], &[]);
    check(
        111,
        &[1, 102],
        &[commit_path(0), commit_path(1), "_delta_log/00000000000000000001.checkpoint.parquet".into()],
    );
    check(400, &[102], &[commit_path(0), commit_path(1)]);
}

/// A column of a Parquet file in the words of Delta Lake.
fn delta_type(column: &parquet::schema::types::Type) -> (String, String, bool) {
    let r#type = match column.get_basic_info().logical_type_ref() {
        Some(LogicalType::String) => "string".to_owned(),
        Some(LogicalType::Timestamp(at)) if at.is_adjusted_to_u_t_c => "timestamp".to_owned(),
        Some(LogicalType::Decimal(of)) => format!("decimal({},{})", of.precision, of.scale),
        None if column.get_physical_type() == parquet::basic::Type::INT64 => "long".to_owned(),
        other => panic!("{}: {other:?}", column.name()),
    };
    (column.name().to_owned(), r#type, column.is_optional())
}

#[test]
fn the_columns_are_those_of_a_segment() {
    let segment = crate::segment::encode_batch(&BatchBuilder::default().build().0, Instant(0));
    let file = SerializedFileReader::new(Bytes::from(segment.bytes)).expect("a Parquet file");
    let fields = file.metadata().file_metadata().schema().get_fields().iter();
    let expected: Vec<_> = fields.map(|field| delta_type(field)).collect();
    let told = columns::COLUMNS.map(|(name, r#type, nullable, _)| (name.to_owned(), r#type.to_owned(), nullable));
    assert_eq!(told.to_vec(), expected);
}

#[test]
fn a_checkpoint_holds_the_state() {
    let first = published(&commit(None, &run(1, &["a", "b"])));
    let second = published(&commit(Some(&first), &run(2, &["b", "c", "d"])));
    let made = checkpoint(&TABLE, &second);
    assert_eq!(made.path, "_delta_log/00000000000000000001.checkpoint.parquet");
    let pointer: Value = serde_json::from_str(&made.pointer).expect("JSON");
    assert_eq!((&pointer["version"], &pointer["size"], &pointer["numOfAddFiles"]), (&json!(1), &json!(6), &json!(3)));
    let file = SerializedFileReader::new(Bytes::from(made.bytes)).expect("a Parquet file");
    let rows: Vec<String> = file.get_row_iter(None).expect("rows").map(|row| row.expect("a row").to_string()).collect();
    let of = |kind: &str| rows.iter().filter(|row| row.contains(&format!("{kind}: {{"))).count();
    assert_eq!(["protocol", "metaData", "remove", "add"].map(of), [1, 1, 1, 3], "{rows:#?}");
    assert!(rows[1].contains("my-store") && rows[1].contains("interval 1 days"), "{}", rows[1]);
}
