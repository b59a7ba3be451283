//! What is erased while a file is on its way: whenever it is, the file brings none of it back.

use super::bench::{Bench, Held, MINUTE_MS, check_failed};
use crate::erase::{ErasePorts, erase};
use crate::import_upload::ImportPorts;
use crate::ports::{
    Commit, DatasetRecord, Erased, Erasures, ImportRecord, ImportStatus, LogId, NewSegments, Objects, OrderLog, Page,
    PortResult, PurgeRecord, SegmentRecord,
};
use crate::run_report::Ran;
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use affinsy_core::segment;
use affinsy_core::time::Instant;
use async_trait::async_trait;
use std::sync::{Arc, Mutex};

const OLD: &str = "order_id,product_name\nold,tea\n";
const FILE: &str = "order_id,customer_id,product_name\n1,ann,tea\n1,ann,jam\n2,bob,tea\n3,,tea\n4,ann,jam\n";

fn customer(id: &str) -> Erased {
    Erased::Customer { customer_id: id.to_owned() }
}

fn order(id: &str) -> Erased {
    Erased::Order { order_id: id.to_owned() }
}

async fn erased(bench: &Bench, what: Erased) {
    let ports = ErasePorts {
        log: &*bench.book,
        erasures: &*bench.book,
        objects: &*bench.objects,
        clock: &*bench.clock,
        random: &*bench.random,
    };
    erase(&bench.tenant, "default", what, ports).await.expect("erases").expect("there is such a dataset");
}

enum Meanwhile {
    Erased(Erased),
    /// Another file comes in.
    Imported(String),
}

/// A log in which something happens just before each of the first commits, the last of these first.
struct Eventful {
    bench: Bench,
    before_commits: Mutex<Vec<Meanwhile>>,
}

#[async_trait]
impl OrderLog for Eventful {
    async fn head(&self, tenant: &Tenant, id: &str) -> PortResult<Option<DatasetRecord>> {
        self.bench.book.head(tenant, id).await
    }
    async fn commit(&self, tenant: &Tenant, new: &NewSegments<'_>) -> PortResult<Commit> {
        let next = self.before_commits.lock().expect("nobody panicked").pop();
        match next {
            Some(Meanwhile::Erased(what)) => erased(&self.bench, what).await,
            Some(Meanwhile::Imported(id)) => drop(self.bench.run(&id, &self.bench.ports()).await.expect("imports")),
            None => {}
        }
        self.bench.book.commit(tenant, new).await
    }
    async fn segments(&self, log: &LogId, from: u64, to: u64) -> PortResult<Vec<SegmentRecord>> {
        self.bench.book.segments(log, from, to).await
    }
    async fn run_segments(&self, log: &LogId, run: RunId) -> PortResult<Vec<SegmentRecord>> {
        self.bench.book.run_segments(log, run).await
    }
    async fn datasets(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<DatasetRecord>> {
        self.bench.book.datasets(tenant, after, limit).await
    }
    async fn import(&self, tenant: &Tenant, id: &str) -> PortResult<Option<ImportRecord>> {
        self.bench.book.import(tenant, id).await
    }
    async fn imports(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> PortResult<Page<ImportRecord>> {
        self.bench.book.imports(tenant, after, limit).await
    }
}

/// Purges of which the newest is seen a little after the head that tells of it.
struct Late {
    bench: Bench,
    unseen: Mutex<u32>,
}

#[async_trait]
impl Erasures for Late {
    async fn purges(&self, tenant: &Tenant) -> PortResult<Vec<PurgeRecord>> {
        let mut purges = self.bench.book.purges(tenant).await?;
        let mut unseen = self.unseen.lock().expect("nobody panicked");
        if *unseen > 0 && purges.pop().is_some() {
            *unseen -= 1;
        }
        Ok(purges)
    }
    async fn delete_dataset(
        &self,
        of: &Tenant,
        head: &DatasetRecord,
        by: &PurgeRecord,
        due: Instant,
    ) -> PortResult<bool> {
        self.bench.book.delete_dataset(of, head, by, due).await
    }
    async fn drop_log(&self, log: &LogId) -> PortResult<()> {
        self.bench.book.drop_log(log).await
    }
    async fn purge(&self, tenant: &Tenant, id: &str) -> PortResult<Option<PurgeRecord>> {
        self.bench.book.purge(tenant, id).await
    }
    async fn put_off_purge(&self, tenant: &Tenant, id: &str, due_at: Instant) -> PortResult<()> {
        self.bench.book.put_off_purge(tenant, id, due_at).await
    }
    async fn redact_import(&self, tenant: &Tenant, id: &str) -> PortResult<()> {
        self.bench.book.redact_import(tenant, id).await
    }
    async fn finish_purge(&self, tenant: &Tenant, id: &str) -> PortResult<()> {
        self.bench.book.finish_purge(tenant, id).await
    }
}

/// What one invocation makes of an import while these things are erased.
async fn imported_while(bench: &Bench, import_id: &str, before_commits: Vec<Meanwhile>) -> ImportRecord {
    let log = Arc::new(Eventful { bench: bench.clone(), before_commits: before_commits.into() });
    let ports = bench.ports_over(bench.book.clone(), log, bench.objects.clone());
    assert_eq!(bench.run(import_id, &ports).await, Ok(Ran::Ended));
    bench.check_tidy();
    bench.import(import_id).await
}

/// These orders of the file, and the one that was there.
async fn check_held(bench: &Bench, orders: &[&str]) {
    let held: Held = bench.held("default").await;
    let held: Vec<&str> = held.keys().map(String::as_str).collect();
    assert_eq!(held, [orders, &["old"]].concat());
}

fn check_left_out(import: &ImportRecord, stored_orders: u64, lines: u64, says: &str) {
    assert_eq!(import.status, ImportStatus::Completed, "{import:?}");
    assert_eq!((import.orders, import.line_items, import.rejected), (stored_orders, 5, lines));
    let said = import.warnings.iter().filter(|warning| warning.contains(says)).count();
    assert_eq!(said, 1, "{:?}", import.warnings);
    assert_eq!(import.inserted, Some(5 - lines), "what is left out is no new line");
}

/// Whether a name stands in a segment that the manifest names.
async fn is_stored(bench: &Bench, customer_id: &str) -> bool {
    let head = bench.book.head(&bench.tenant, "default").await.expect("reads").expect("is there");
    let mut found = false;
    for record in bench.book.segments(&head.log(&bench.tenant), 0, u64::MAX).await.expect("reads") {
        let bytes = bench.objects.read(&record.key).await.expect("reads").expect("is there");
        let rows = segment::decode(bytes, Some(&record.sha256)).expect("a segment");
        found |= !record.erases && rows.has_customer(customer_id);
    }
    found
}

#[tokio::test]
async fn what_was_erased_before_the_file_is_read_is_left_out() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent("{}", FILE).await;
    bench.clock.advance_ms(MINUTE_MS);
    erased(&bench, customer("ann")).await;
    erased(&bench, order("3")).await;
    let import = imported_while(&bench, &import_id, Vec::new()).await;
    check_left_out(&import, 1, 4, "4 lines were left out");
    check_held(&bench, &["2"]).await;
    assert!(!is_stored(&bench, "ann").await);
}

#[tokio::test]
async fn what_is_erased_between_any_two_commits_is_left_out() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent("{}", FILE).await;
    // Who is not in the file holds nothing up; each of the others has its segments made anew.
    let before_commits = [order("4"), customer("bob"), customer("zoe"), order("3")];
    let before_commits = before_commits.into_iter().map(Meanwhile::Erased).collect();
    let import = imported_while(&bench, &import_id, before_commits).await;
    check_left_out(&import, 1, 3, "3 lines were left out");
    check_held(&bench, &["1"]).await;
    assert!(is_stored(&bench, "ann").await && !is_stored(&bench, "bob").await);
}

#[tokio::test]
async fn an_erasure_that_the_head_tells_of_is_waited_for() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent("{}", FILE).await;
    erased(&bench, customer("ann")).await;
    // Once when the segments are made, and then before the commit.
    let late = Late { bench: bench.clone(), unseen: Mutex::new(3) };
    let ports = ImportPorts { erasures: Arc::new(late), ..bench.ports() };
    assert_eq!(bench.run(&import_id, &ports).await, Ok(Ran::Ended));
    check_left_out(&bench.import(&import_id).await, 2, 3, "3 lines were left out");
    check_held(&bench, &["2", "3"]).await;
    assert!(!is_stored(&bench, "ann").await);
}

#[tokio::test]
async fn segments_of_an_importer_that_died_are_looked_into() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent("{}", FILE).await;
    // Its commits conflict for ever, so that it gives up with all its segments made.
    let forever = (0..100).map(|at| Meanwhile::Erased(customer(&format!("none-{at}")))).collect();
    let log = Arc::new(Eventful { bench: bench.clone(), before_commits: Mutex::new(forever) });
    let ports = bench.ports_over(bench.book.clone(), log, bench.objects.clone());
    assert!(!matches!(bench.run(&import_id, &ports).await, Ok(Ran::Ended)), "it is put off");
    let made = bench.import(&import_id).await.upload.expect("goes on").work;
    assert!(!made.segments.is_empty() && made.left_out == 0);
    erased(&bench, customer("ann")).await;
    bench.clock.advance_ms(30 * MINUTE_MS);
    let import = imported_while(&bench, &import_id, Vec::new()).await;
    check_left_out(&import, 2, 3, "3 lines were left out");
    check_held(&bench, &["2", "3"]).await;
}

#[tokio::test]
async fn a_file_of_which_nothing_is_left_completes_and_says_so() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent("{}", "order_id,customer_id,product_name\n1,ann,tea\n").await;
    let import = imported_while(&bench, &import_id, vec![Meanwhile::Erased(customer("ann"))]).await;
    assert_eq!((import.status, import.orders, import.rejected), (ImportStatus::Completed, 0, 1), "{import:?}");
    assert!(import.warnings.iter().any(|warning| warning.contains("1 line was left out")), "{:?}", import.warnings);
    check_held(&bench, &[]).await;
}

#[tokio::test]
async fn an_upload_that_was_asked_for_after_an_erasure_brings_everything() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    erased(&bench, customer("ann")).await;
    erased(&bench, order("3")).await;
    bench.clock.advance_ms(1);
    let import_id = bench.sent("{}", FILE).await;
    let import = imported_while(&bench, &import_id, Vec::new()).await;
    assert_eq!((import.status, import.orders, import.rejected), (ImportStatus::Completed, 4, 0), "{import:?}");
    assert!(!import.warnings.iter().any(|warning| warning.contains("left out")), "{:?}", import.warnings);
    check_held(&bench, &["1", "2", "3", "4"]).await;
}

#[tokio::test]
async fn what_is_erased_from_another_dataset_is_none_of_its_business() {
    let bench = Bench::new();
    bench.imported("{}", OLD).await;
    let import_id = bench.sent(r#"{"dataset_id": "other"}"#, FILE).await;
    erased(&bench, customer("ann")).await;
    erased(&bench, Erased::Dataset).await;
    let import = imported_while(&bench, &import_id, Vec::new()).await;
    assert_eq!((import.status, import.orders), (ImportStatus::Completed, 4), "{import:?}");
}

#[tokio::test]
async fn with_its_dataset_an_upload_ends_whenever_that_is_deleted() {
    for (is_before, before_commits) in [(true, Vec::new()), (false, vec![Meanwhile::Erased(Erased::Dataset)])] {
        let bench = Bench::new();
        bench.imported("{}", OLD).await;
        let import_id = bench.sent("{}", FILE).await;
        if is_before {
            erased(&bench, Erased::Dataset).await;
        }
        let import = imported_while(&bench, &import_id, before_commits).await;
        check_failed(&import, "dataset_deleted", "ask for a new upload");
        assert_eq!(bench.held("default").await, Held::new());
        bench.clock.advance_ms(1);
        let again = bench.imported("{}", FILE).await;
        assert_eq!((again.status, again.orders), (ImportStatus::Completed, 4), "{again:?}");
    }
}

#[tokio::test]
async fn segments_are_made_anew_where_somebody_else_begins_the_dataset() {
    let bench = Bench::new();
    let (import_id, other) = (bench.sent("{}", FILE).await, bench.sent("{}", OLD).await);
    let import = imported_while(&bench, &import_id, vec![Meanwhile::Imported(other)]).await;
    assert_eq!((import.status, import.orders), (ImportStatus::Completed, 4), "{import:?}");
    check_held(&bench, &["1", "2", "3", "4"]).await;
}
