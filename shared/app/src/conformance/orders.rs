//! Sequences have no gaps, a commit is visible whole or not at all, a snapshot never changes, and tenants do not meet.

use super::Book;
use super::samples::{NOW, head, import, push, segment, tenant};
use crate::ports::{Commit, DatasetRecord, Due, DueKind, ImportRecord, ImportStatus, NewSegments, OrderLog, Random};
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
    many_at_once(book, &tenant(random)).await;
    imports_end_once(book, &tenant(random), random).await;
}

async fn sequences(book: &dyn Book, mine: &Tenant, other: &Tenant, dataset_id: &str, random: &dyn Random) {
    let push = async |sequence| push(book, mine, dataset_id, sequence, random).await;
    assert_eq!(book.head(mine, dataset_id).await.expect("reads"), None, "{dataset_id}: not there yet");
    assert_eq!(push(2).await, Commit::Conflict, "the first sequence is 1");
    assert_eq!(push(1).await, Commit::Done);
    assert_eq!(push(1).await, Commit::Conflict, "1 is taken");
    assert_eq!(push(3).await, Commit::Conflict, "2 comes before 3");
    assert_eq!(push(2).await, Commit::Done);
    assert_eq!(book.head(mine, dataset_id).await.expect("reads"), Some(head(dataset_id, 2)));
    let due = Due { kind: DueKind::Dataset, tenant: mine.clone(), id: dataset_id.to_owned() };
    assert!(book.due(NOW, 10_000).await.expect("reads").contains(&due), "a pushed dataset is due");
    let sequences = async |tenant: &Tenant, from, to| {
        let segments = book.segments(&head(dataset_id, 2).log(tenant), from, to).await.expect("reads");
        segments.iter().map(|segment| segment.sequence).collect::<Vec<u64>>()
    };
    assert_eq!(sequences(mine, 1, 1).await, [1], "a snapshot sees nothing later");
    assert_eq!(sequences(mine, 0, u64::MAX).await, [1, 2]);
    assert_eq!(sequences(mine, 2, 9).await, [2]);
    assert_eq!(sequences(mine, 3, 2).await, [0; 0]);
    assert_eq!(sequences(other, 0, 9).await, [0; 0], "another tenant's dataset of that name is empty");
    assert_eq!(book.head(other, dataset_id).await.expect("reads"), None);
    other_incarnation(book, mine, dataset_id).await;
}

async fn other_incarnation(book: &dyn Book, mine: &Tenant, dataset_id: &str) {
    let other = DatasetRecord { incarnation: "inc_2".to_owned(), ..head(dataset_id, 3) };
    let new =
        NewSegments { head: &other, segments: &[segment(3, "segments/none")], import: None, purge: None, due_at: NOW };
    assert_eq!(book.commit(mine, &new).await.expect("answers"), Commit::Conflict, "the dataset is another one");
    assert_eq!(book.segments(&other.log(mine), 0, 9).await.expect("reads"), [], "incarnations do not meet");
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
    let segments = OrderLog::segments(book, &head("busy", 1).log(mine), 1, u64::MAX).await.expect("reads");
    assert_eq!(segments.len() as u64, WRITERS);
}

/// An upload's segments take consecutive sequences in one commit.
async fn many_at_once(book: &dyn Book, mine: &Tenant) {
    const MANY: u64 = crate::ports::MAX_SEGMENTS_A_COMMIT as u64;
    let commit = async |first: u64, last: u64| {
        let head = head("large", last);
        let key = |sequence| format!("s/{first}/{sequence}");
        let segments: Vec<_> = (first..=last).map(|sequence| segment(sequence, &key(sequence))).collect();
        let new = NewSegments { head: &head, segments: &segments, import: None, purge: None, due_at: NOW };
        book.commit(mine, &new).await.expect("answers")
    };
    assert_eq!(commit(1, MANY).await, Commit::Done);
    assert_eq!(commit(MANY, MANY + 3).await, Commit::Conflict, "the first of them is taken");
    assert_eq!(commit(MANY + 2, MANY + 3).await, Commit::Conflict, "the one before them is missing");
    let stored = book.head(mine, "large").await.expect("reads").expect("is there");
    assert_eq!((stored.sequence, stored.bytes), (MANY, 100 * MANY), "nothing of them came in");
    assert_eq!(commit(MANY + 1, MANY + 3).await, Commit::Done);
    let segments = book.segments(&stored.log(mine), 1, u64::MAX).await.expect("reads");
    assert!(segments.iter().map(|segment| segment.sequence).eq(1..=MANY + 3), "no gap, in order");
}

/// An import that somebody works on ends with a commit of its newest claim, once.
async fn imports_end_once(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    let import = import(&random.id("imp_", NOW), "claimed");
    let commit = async |sequence, claims, status| {
        let (head, import) = (head("claimed", sequence), ImportRecord { claims, status, ..import.clone() });
        let segments = [segment(sequence, &format!("s/{claims}/{sequence}"))];
        let new = NewSegments { head: &head, segments: &segments, import: Some(&import), purge: None, due_at: NOW };
        book.commit(mine, &new).await.expect("answers")
    };
    assert_eq!(commit(1, 2, ImportStatus::Processing).await, Commit::Done);
    assert_eq!(commit(2, 1, ImportStatus::Completed).await, Commit::Void, "an older claim is void");
    assert_eq!(commit(2, 2, ImportStatus::Completed).await, Commit::Done);
    assert_eq!(commit(3, 2, ImportStatus::Completed).await, Commit::Void, "an import ends once");
    assert_eq!(book.head(mine, "claimed").await.expect("reads").map(|head| head.sequence), Some(2));
}
