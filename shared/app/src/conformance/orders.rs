//! Sequences have no gaps, a snapshot never changes, and tenants do not meet.

use super::Book;
use super::samples::{NOW, head, import, segment, tenant};
use crate::ports::{Commit, CountsRecord, Due, DueKind, OrderLog, Random};
use affinsy_core::ids::Tenant;
use futures::future::join_all;

/// Names that would leave a badly built key.
const DATASETS: [&str; 4] = ["shop", "../shop", "shop#1", "sh/op %23 Ü"];

pub async fn orders(book: &dyn Book, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    for dataset_id in DATASETS {
        sequences(book, &mine, &other, dataset_id, random).await;
    }
    lists(book, &mine, &other).await;
    concurrent_pushes(book, &mine, random).await;
    counting(book, &mine).await;
}

async fn push(book: &dyn Book, tenant: &Tenant, dataset_id: &str, sequence: u64, random: &dyn Random) -> Commit {
    let import_id = random.id("imp_", NOW);
    let segment = segment(sequence, &format!("segments/{import_id}"));
    let import = import(&import_id, dataset_id);
    book.commit(tenant, &head(dataset_id, sequence), &segment, &import, NOW).await.expect("answers")
}

async fn sequences(book: &dyn Book, mine: &Tenant, other: &Tenant, dataset_id: &str, random: &dyn Random) {
    assert_eq!(book.head(mine, dataset_id).await.expect("reads"), None, "{dataset_id}: not there yet");
    assert_eq!(push(book, mine, dataset_id, 2, random).await, Commit::Conflict, "the first sequence is 1");
    assert_eq!(push(book, mine, dataset_id, 1, random).await, Commit::Done);
    assert_eq!(push(book, mine, dataset_id, 1, random).await, Commit::Conflict, "1 is taken");
    assert_eq!(push(book, mine, dataset_id, 3, random).await, Commit::Conflict, "2 comes before 3");
    assert_eq!(push(book, mine, dataset_id, 2, random).await, Commit::Done);
    assert_eq!(book.head(mine, dataset_id).await.expect("reads"), Some(head(dataset_id, 2)));
    let sequences = async |tenant: &Tenant, up_to| {
        let segments = book.segments(tenant, dataset_id, up_to).await.expect("reads");
        segments.iter().map(|segment| segment.sequence).collect::<Vec<u64>>()
    };
    assert_eq!(sequences(mine, 1).await, [1], "a snapshot sees nothing later");
    assert_eq!(sequences(mine, 9).await, [1, 2]);
    assert_eq!(sequences(other, 9).await, [0; 0], "another tenant's dataset of that name is empty");
    assert_eq!(book.head(other, dataset_id).await.expect("reads"), None);
}

async fn lists(book: &dyn Book, mine: &Tenant, other: &Tenant) {
    let first = book.datasets(mine, None, 3).await.expect("lists");
    let rest = book.datasets(mine, first.next_after.as_deref(), 3).await.expect("lists");
    let names: Vec<_> = first.items.iter().chain(&rest.items).map(|dataset| dataset.dataset_id.as_str()).collect();
    let mut expected = DATASETS;
    expected.sort_unstable();
    assert_eq!(names, expected, "all datasets, once each, by name");
    assert_eq!(rest.next_after, None);
    let imports = book.imports(mine, None, 100).await.expect("lists").items;
    assert_eq!(imports.len(), 2 * DATASETS.len(), "a push that was not committed left no import");
    assert!(imports.windows(2).all(|pair| pair[0].import_id > pair[1].import_id), "newest first");
    let one = &imports[0];
    assert_eq!(book.import(mine, &one.import_id).await.expect("reads").as_ref(), Some(one));
    assert_eq!(book.import(other, &one.import_id).await.expect("reads"), None, "another tenant's import is unknown");
    assert_eq!(book.datasets(other, None, 3).await.expect("lists").items, []);
}

async fn concurrent_pushes(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    const WRITERS: u64 = 20;
    let writer = async || loop {
        let next = book.head(mine, "busy").await.expect("reads").map_or(0, |head| head.sequence) + 1;
        if push(book, mine, "busy", next, random).await == Commit::Done {
            return next;
        }
    };
    let mut taken = join_all((0..WRITERS).map(|_| writer())).await;
    taken.sort_unstable();
    assert_eq!(taken, (1..=WRITERS).collect::<Vec<u64>>(), "{WRITERS} writers take {WRITERS} sequences without a gap");
    let segments = OrderLog::segments(book, mine, "busy", u64::MAX).await.expect("reads");
    assert_eq!(segments.len() as u64, WRITERS);
}

async fn counting(book: &dyn Book, mine: &Tenant) {
    let due = Due { kind: DueKind::Dataset, tenant: mine.clone(), id: "busy".to_owned() };
    let is_due = async || book.due(NOW, 10_000).await.expect("reads").contains(&due);
    assert!(is_due().await, "a pushed dataset is due for counting");
    let counts = |sequence| CountsRecord {
        sequence,
        rows_pushed: 10 * sequence,
        counted_at: NOW,
        orders: sequence,
        line_items: 1,
        customers: 0,
        products: 1,
        guest_orders: 0,
        first_order_date: Some(NOW),
        last_order_date: None,
    };
    let until = NOW.plus_ms(60_000);
    assert!(book.claim_count(mine, "busy", NOW, until).await.expect("answers"), "is free for counting");
    assert!(
        !book.claim_count(mine, "busy", NOW.plus_ms(59_999), until).await.expect("answers"),
        "one counts at a time"
    );
    assert!(!book.claim_count(mine, "unknown", NOW, until).await.expect("answers"), "what is not there is not counted");
    assert!(!is_due().await, "what is being counted is not due");
    let head = book.head(mine, "busy").await.expect("reads").expect("is there");
    assert_eq!((head.sequence, head.count_attempts), (20, 1));
    book.save_counts(mine, "busy", &counts(19)).await.expect("saves");
    assert!(is_due().await, "counts of an older snapshot leave it due");
    assert!(book.claim_count(mine, "busy", NOW, until).await.expect("answers"), "counting ended the claim");
    book.save_counts(mine, "busy", &counts(20)).await.expect("saves");
    book.save_counts(mine, "busy", &counts(3)).await.expect("answers");
    let head = book.head(mine, "busy").await.expect("reads").expect("is there");
    assert_eq!(head.count_attempts, 0, "a success ends the tally");
    assert_eq!(head.counts, Some(counts(20)), "older counts do not replace newer ones");
    assert!(!is_due().await, "a counted dataset is due no more");
}
