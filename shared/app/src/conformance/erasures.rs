//! A dataset that is deleted is gone at once and for good; what is left of it is due until it is purged.

use super::Book;
use super::samples::{NOW, head, import, push, segment, tenant};
use crate::ports::{Commit, DatasetRecord, Due, DueKind, Erased, ImportRecord, NewSegments, PurgeRecord, Random};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::RunId;
use affinsy_core::time::Instant;

pub async fn erasures(book: &dyn Book, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    deletion(book, &mine, &other, random).await;
    order_erasure(book, &mine, random).await;
    warnings(book, &mine, &other, random).await;
}

fn purge(random: &dyn Random, dataset_id: &str, erased: Erased) -> PurgeRecord {
    let incarnation = "inc_1".to_owned();
    let (purge_id, dataset_id) = (random.id("prg_", NOW), dataset_id.to_owned());
    PurgeRecord { purge_id, dataset_id, incarnation, erased, sequence: 2, requested_at: NOW }
}

async fn is_due(book: &dyn Book, tenant: &Tenant, kind: DueKind, id: &str, at: Instant) -> bool {
    let due = Due { kind, tenant: tenant.clone(), id: id.to_owned() };
    book.due(at, 10_000).await.expect("reads").contains(&due)
}

async fn deletion(book: &dyn Book, mine: &Tenant, other: &Tenant, random: &dyn Random) {
    for tenant in [mine, other] {
        assert_eq!(push(book, tenant, "shop", 1, random).await, Commit::Done);
        assert_eq!(push(book, tenant, "shop", 2, random).await, Commit::Done);
    }
    let (stored, record) = (head("shop", 2), purge(random, "shop", Erased::Dataset));
    let stranger = DatasetRecord { incarnation: "inc_2".to_owned(), ..stored.clone() };
    assert!(!book.delete_dataset(mine, &stranger, &record, NOW).await.expect("answers"), "the dataset is another one");
    assert_eq!(book.purge(mine, &record.purge_id).await.expect("reads"), None);
    assert!(book.delete_dataset(mine, &stored, &record, NOW).await.expect("answers"));
    assert!(book.delete_dataset(mine, &stored, &record, NOW).await.expect("answers"), "this very deletion stands");
    let second = purge(random, "shop", Erased::Dataset);
    assert!(!book.delete_dataset(mine, &stored, &second, NOW).await.expect("answers"), "it went before");
    assert_eq!(book.purge(mine, &second.purge_id).await.expect("reads"), None);
    assert_eq!(book.head(mine, "shop").await.expect("reads"), None);
    assert_eq!(push(book, mine, "shop", 3, random).await, Commit::Conflict, "nothing goes on after its end");
    assert!(!is_due(book, mine, DueKind::Dataset, "shop", NOW).await, "it is tended no more");
    assert_eq!(book.purge(mine, &record.purge_id).await.expect("reads").as_ref(), Some(&record));
    assert_eq!(book.purge(other, &record.purge_id).await.expect("reads"), None);
    assert_eq!(book.purges(mine).await.expect("reads"), std::slice::from_ref(&record));
    assert_eq!(book.purges(other).await.expect("reads"), [], "another tenant's are not shown");
    manifest_goes(book, mine, other).await;
    purge_ends(book, mine, &record.purge_id).await;
    let again = DatasetRecord { incarnation: "inc_3".to_owned(), ..head("shop", 1) };
    let new = NewSegments { head: &again, segments: &[segment(1, "s/1")], import: None, purge: None, due_at: NOW };
    assert_eq!(book.commit(mine, &new).await.expect("answers"), Commit::Done, "its name is free");
    assert_eq!(book.segments(&stored.log(mine), 1, 9).await.expect("reads"), [], "and nothing of it comes back");
}

async fn manifest_goes(book: &dyn Book, mine: &Tenant, other: &Tenant) {
    let (run, records) = (RunId { generation: 1, token: 1 }, [segment(2, "tables/1")]);
    for tenant in [mine, other] {
        book.put_run(&head("shop", 2).log(tenant), run, &records).await.expect("stores");
    }
    for _ in 0..2 {
        book.drop_log(&head("shop", 2).log(mine)).await.expect("drops, and again is safe");
    }
    let left = async |tenant| {
        let log = head("shop", 2).log(tenant);
        let pushes = book.segments(&log, 0, u64::MAX).await.expect("reads").len();
        (pushes, book.run_segments(&log, run).await.expect("reads").len())
    };
    assert_eq!((left(mine).await, left(other).await), ((0, 0), (2, 1)), "another tenant's is not touched");
}

async fn purge_ends(book: &dyn Book, mine: &Tenant, purge_id: &str) {
    let later = NOW.plus_ms(60_000);
    assert!(is_due(book, mine, DueKind::Purge, purge_id, NOW).await);
    book.put_off_purge(mine, purge_id, later).await.expect("answers");
    assert!(!is_due(book, mine, DueKind::Purge, purge_id, NOW).await);
    assert!(is_due(book, mine, DueKind::Purge, purge_id, later).await);
    for _ in 0..2 {
        book.finish_purge(mine, purge_id).await.expect("ends, and again is safe");
        book.put_off_purge(mine, purge_id, later).await.expect("answers");
    }
    assert_eq!(book.purge(mine, purge_id).await.expect("reads"), None);
    assert_eq!(book.purges(mine).await.expect("reads"), []);
    assert!(!is_due(book, mine, DueKind::Purge, purge_id, later).await, "what ended does not come back");
}

/// The erasing segment and the work it leaves come in together.
async fn order_erasure(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    assert_eq!(push(book, mine, "orders", 1, random).await, Commit::Done);
    let erased = Erased::Customer { customer_id: "ann #1".to_owned() };
    let record = purge(random, "orders", erased);
    let commit = async |sequence| {
        let head = DatasetRecord { erased_at: Some(NOW.plus_ms(7)), ..head("orders", sequence) };
        let segments = [segment(sequence, "s/erasure")];
        let new = NewSegments { head: &head, segments: &segments, import: None, purge: Some(&record), due_at: NOW };
        book.commit(mine, &new).await.expect("answers")
    };
    assert_eq!(commit(1).await, Commit::Conflict);
    assert_eq!(book.purge(mine, &record.purge_id).await.expect("reads"), None, "neither, where one cannot be");
    assert_eq!(commit(2).await, Commit::Done);
    assert_eq!(book.purge(mine, &record.purge_id).await.expect("reads").as_ref(), Some(&record));
    assert!(is_due(book, mine, DueKind::Purge, &record.purge_id, NOW).await);
    let stored = book.head(mine, "orders").await.expect("reads").expect("is there");
    assert_eq!(stored.erased_at, Some(NOW.plus_ms(7)), "the head tells of it");
}

async fn warnings(book: &dyn Book, mine: &Tenant, other: &Tenant, random: &dyn Random) {
    let import = import(&random.id("imp_", NOW), "warned");
    let (head, segments) = (head("warned", 1), [segment(1, "s/warned")]);
    let new = NewSegments { head: &head, segments: &segments, import: Some(&import), purge: None, due_at: NOW };
    assert_eq!(book.commit(mine, &new).await.expect("answers"), Commit::Done);
    book.redact_import(other, &import.import_id).await.expect("what is not there is fine");
    assert_eq!(book.import(mine, &import.import_id).await.expect("reads").as_ref(), Some(&import));
    for _ in 0..2 {
        book.redact_import(mine, &import.import_id).await.expect("redacts, and again is safe");
    }
    let redacted = ImportRecord { warnings: Vec::new(), ..import.clone() };
    assert_eq!(book.import(mine, &import.import_id).await.expect("reads"), Some(redacted));
}
