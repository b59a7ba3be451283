//! Good and bad files.

use super::bench::{Bench, Held, check_failed, table};
use crate::ports::{ImportRecord, ImportStatus, Objects};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("packs");
    writer.finish().expect("packs")
}

async fn rejects(bench: &Bench, import: &ImportRecord) -> String {
    let key = import.rejects_key.as_deref().expect("has a list");
    String::from_utf8(bench.objects.read(key).await.expect("reads").expect("is there").to_vec()).expect("text")
}

#[tokio::test]
async fn all_of_a_file_is_visible_at_once_however_it_is_packed() {
    let (text, held) = table();
    for file in [text.clone().into_bytes(), gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).expect("packs")]
    {
        let bench = Bench::new();
        let import = bench.imported(r#"{"dataset_id": "my-store"}"#, file).await;
        assert_eq!(import.status, ImportStatus::Completed, "{import:?}");
        assert_eq!((import.orders, import.line_items, import.rejected), (90, 400, 0));
        assert!(import.warnings.iter().any(|warning| warning.contains("added up")), "{:?}", import.warnings);
        assert_eq!(bench.held("my-store").await, held);
        let segments = bench.objects.keys().iter().filter(|key| key.starts_with("segments/")).count();
        assert_eq!(segments, 10, "one for each partition");
        bench.check_tidy();
    }
}

#[tokio::test]
async fn an_upload_adds_to_what_is_there() {
    let bench = Bench::new();
    let (text, mut held) = table();
    bench.imported("{}", text.clone()).await;
    bench.imported("{}", "order_id,product_name,quantity\nO-1,p1,9\nnew,tea,1\n").await;
    held.get_mut("O-1").expect("there").1.insert("p1".to_owned(), 9_000);
    held.get_mut("O-1").expect("there").0 = None;
    held.insert("new".to_owned(), (None, [("tea".to_owned(), 1_000)].into()));
    assert_eq!(bench.held("default").await, held);
}

#[tokio::test]
async fn rejected_rows_are_counted_and_listed() {
    let bench = Bench::new();
    let file = "order_id,product_name,quantity\n1,tea,two\n2,,1\n3,jam,1\n4,=cmd,x\n";
    let import = bench.imported("{}", file).await;
    assert_eq!((import.status, import.line_items, import.rejected), (ImportStatus::Completed, 1, 3));
    let list = rejects(&bench, &import).await;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "line,column,value,reason,order_id,product_name,quantity");
    assert!(lines[1].starts_with("2,quantity,two,") && lines[1].ends_with("1,tea,two"), "{list}");
    assert!(lines[2].starts_with("3,product_name,") && lines[3].contains(",'=cmd,"), "{list}");
    assert_eq!(lines.len(), 4);
}

#[tokio::test]
async fn a_list_of_rejects_is_bounded() {
    let bench = Bench::new();
    let bad: String = (0..200).map(|at| format!("{at},tea,many\n")).collect();
    let import = bench.imported("{}", format!("order_id,product_name,quantity\ngood,tea,1\n{bad}")).await;
    assert_eq!((import.status, import.rejected), (ImportStatus::Completed, 200));
    let list = rejects(&bench, &import).await;
    assert!(list.len() < 2_200 && list.ends_with("many\r\n"), "{list}");
    assert!(
        import.warnings.iter().any(|warning| warning.contains("rejected rows are listed")),
        "{:?}",
        import.warnings
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_used_fails_with_a_sentence() {
    let (text, _) = table();
    let packed = gzip(text.as_bytes());
    let check = async |body: &str, file: &[u8], code: &str, said: &str| {
        let bench = Bench::new();
        let import = bench.imported(body, file.to_vec()).await;
        check_failed(&import, code, said);
        assert_eq!(bench.held("default").await, Held::new(), "nothing of it is visible");
        bench.check_tidy();
    };
    check("{}", b"", "empty_file", "empty").await;
    check("{}", b"order_id,product_name\n", "no_valid_rows", "nothing below").await;
    check("{}", b"foo,bar\n1,2\n", "unknown_columns", "foo").await;
    check(r#"{"mapping": {"order_id": "Nr"}}"#, b"order_id,product_name\n1,tea\n", "no_such_column", "Nr").await;
    check("{}", b"order_id,product_name,quantity\n1,tea,two\n", "no_valid_rows", "two").await;
    check("{}", &packed[..packed.len() - 20], "damaged_file", "in the middle").await;
    check("{}", &[&packed[..200], &[0xff; 200]].concat(), "damaged_file", "cannot be unpacked").await;
    check("{}", b"PK\x03\x04rest", "unsupported_file", "Excel").await;
    check("{}", b"PAR1 and no more", "damaged_file", "Parquet").await;
    check("{}", &gzip(b"PAR1 and no more"), "unsupported_file", "Parquet").await;
    let one_order: String = (0..1_000).map(|at| format!("1,a product with number {at}\n")).collect();
    check("{}", format!("order_id,product_name\n{one_order}").as_bytes(), "resource_exhausted", "Split").await;
}

#[tokio::test]
async fn a_file_in_another_currency_than_its_dataset_fails() {
    let bench = Bench::new();
    let file = |id: &str| format!("order_id,product_name\n{id},tea\n");
    let import = bench.imported(r#"{"currency": "EUR"}"#, file("1")).await;
    assert_eq!(import.status, ImportStatus::Completed, "{import:?}");
    check_failed(&bench.imported(r#"{"currency": "USD"}"#, file("2")).await, "other_currency", "EUR");
    assert_eq!(bench.held("default").await.len(), 1);
}

#[tokio::test]
async fn a_bomb_is_read_in_bounded_memory() {
    let bench = Bench::new();
    // Blank lines, 20 MB of them, in a few kilobytes: what is held at a time is a chunk.
    let text = [b"order_id,product_name\n1,tea\n".to_vec(), vec![b'\n'; 20 << 20]].concat();
    let import = bench.imported("{}", zstd::encode_all(&text[..], 3).expect("packs")).await;
    assert_eq!((import.status, import.line_items), (ImportStatus::Completed, 1), "{import:?}");
}

#[tokio::test]
async fn new_lines_are_told_from_others_in_every_partition() {
    let bench = Bench::new();
    let row = |at: u32| format!("o{at},tea,1\n");
    let file =
        |rows: std::ops::Range<u32>| "order_id,product_name,quantity\n".to_owned() + &rows.map(row).collect::<String>();
    bench.imported("{}", file(0..300)).await;
    let more = bench.imported("{}", file(200..500)).await;
    assert_eq!((more.inserted, more.updated), (Some(200), Some(100)), "{more:?}");
    // A dataset that cannot be read takes in what comes; how much of it is new is not known then.
    let segments = bench.objects.list("segments/", None).await.expect("lists").items;
    bench.objects.delete(&segments[0].key).await.expect("deletes");
    let blind = bench.imported("{}", file(490..510)).await;
    assert_eq!((blind.status, blind.inserted, blind.line_items), (ImportStatus::Completed, None, 20), "{blind:?}");
}

#[tokio::test]
async fn the_plans_cap_holds_for_files_and_updates_always_succeed() {
    let mut bench = Bench::new();
    let (text, _) = table();
    let whole = Bench::new();
    let lines = whole.imported("{}", text.clone()).await;
    assert!(lines.line_items > 100, "{lines:?}");
    let live = |held: Held| held.values().map(|(_, lines)| lines.len() as u64).sum::<u64>();
    let all = live(whole.held("default").await);
    assert_eq!((lines.inserted, lines.updated), (Some(all), Some(0)), "far from any cap");
    bench.max_rows = Some(50);
    let first = bench.imported("{}", text.clone()).await;
    assert_eq!(
        (first.inserted, first.updated, live(bench.held("default").await)),
        (Some(50), Some(0), 50),
        "{first:?}"
    );
    assert_eq!(first.rejected - lines.rejected, all - 50, "each line that did not fit is counted");
    assert!(first.warnings.iter().any(|warning| warning.contains("cap of 50")), "{:?}", first.warnings);
    let before = bench.held("default").await;
    let again = bench.imported("{}", text).await;
    assert_eq!(
        (again.status, again.inserted, again.updated),
        (ImportStatus::Completed, Some(0), Some(50)),
        "{again:?}"
    );
    assert_eq!(bench.held("default").await, before);
    bench.max_rows = Some(10_000);
    let roomy = bench.imported("{}", "order_id,product_name\nnew,tea\n").await;
    assert_eq!(
        (roomy.inserted, roomy.rejected, live(bench.held("default").await)),
        (Some(1), 0, 51),
        "far from the cap"
    );
}
