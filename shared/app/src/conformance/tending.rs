//! One compactor at a time, and a run is seen when it is published: whole, once, by the newest claim.

use super::Book;
use super::samples::{NOW, head, push, segment, tenant};
use crate::ports::{
    Commit, CountsRecord, DatasetRecord, Due, DueKind, FoundOut, ImportRecord, Publication, Random, SegmentRecord,
    Settlement, TableVersion,
};
use affinsy_core::ids::Tenant;
use affinsy_core::runs::{Retired, Run, RunId};
use affinsy_core::time::Instant;

const LATER: Instant = NOW.plus_ms(60_000);

pub async fn tending(book: &dyn Book, random: &dyn Random) {
    let mine = tenant(random);
    for sequence in 1..=3 {
        assert_eq!(push(book, &mine, "shop", sequence, random).await, Commit::Done);
    }
    let (zombie, claimed) = claims(book, &mine).await;
    runs(book, &mine).await;
    let published = publishing(book, &mine, &zombie, claimed, random).await;
    retiring(book, &mine, &zombie, &published).await;
    settling(book, &mine, &zombie, published).await;
    pushes_meanwhile(book, &mine, random).await;
    imports_are_told_once(book, &mine, random).await;
}

/// What an import knows stays; one that is not there does not come to be.
async fn imports_are_told_once(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    push(book, mine, "told", 1, random).await;
    let imports = book.imports(mine, None, 100).await.expect("lists").items;
    let import = imports.into_iter().find(|import| import.dataset_id == "told").expect("was pushed");
    assert_eq!((import.inserted, import.updated), (None, None));
    let found = |import_id: &str, inserted| FoundOut { import_id: import_id.to_owned(), inserted, updated: 3 };
    for inserted in [7, 8] {
        book.tell_import(mine, &found(&import.import_id, inserted)).await.expect("tells, and again is safe");
    }
    let told = ImportRecord { inserted: Some(7), updated: Some(3), ..import };
    assert_eq!(book.import(mine, &told.import_id).await.expect("reads"), Some(told));
    book.tell_import(mine, &found("imp_0", 1)).await.expect("leaves it alone");
    assert_eq!(book.import(mine, "imp_0").await.expect("reads"), None);
}

async fn is_due(book: &dyn Book, tenant: &Tenant, at: Instant) -> bool {
    let due = Due { kind: DueKind::Dataset, tenant: tenant.clone(), id: "shop".to_owned() };
    book.due(at, 10_000).await.expect("reads").contains(&due)
}

async fn stored(book: &dyn Book, tenant: &Tenant) -> DatasetRecord {
    book.head(tenant, "shop").await.expect("reads").expect("is there")
}

/// A claim that ran out, and the one after it.
async fn claims(book: &dyn Book, mine: &Tenant) -> (DatasetRecord, DatasetRecord) {
    let claim = async |now, until| book.claim_tending(mine, "shop", now, until).await.expect("answers");
    assert_eq!(book.claim_tending(mine, "none", NOW, LATER).await.expect("answers"), None, "there is no such dataset");
    let first = claim(NOW, LATER).await.expect("nobody has it");
    assert_eq!((first.sequence, first.tending.token, first.tending.attempts), (3, 1, 1));
    assert_eq!(first, stored(book, mine).await, "a claim shows the head as it is then");
    assert_eq!(claim(LATER.plus_ms(-1), LATER).await, None, "one tends at a time");
    assert!(!is_due(book, mine, LATER.plus_ms(-1)).await, "what is tended is not due");
    assert!(is_due(book, mine, LATER).await, "it is when the lease ends");
    let second = claim(LATER, LATER.plus_ms(60_000)).await.expect("the lease is over");
    assert_eq!((second.tending.token, second.tending.attempts), (2, 2));
    book.give_back(mine, &first, NOW).await.expect("answers");
    assert_eq!(claim(LATER, LATER.plus_ms(1)).await, None, "a void claim releases nothing");
    book.give_back(mine, &second, LATER).await.expect("releases");
    assert!(is_due(book, mine, LATER).await && !is_due(book, mine, LATER.plus_ms(-1)).await);
    let third = claim(NOW, LATER).await.expect("was given back");
    assert_eq!((third.tending.token, third.tending.attempts), (3, 3), "what came to no end stays counted");
    (second, third)
}

fn run_id(generation: u64, token: u64) -> RunId {
    RunId { generation, token }
}

fn run_segments(count: usize) -> Vec<SegmentRecord> {
    let record = |at| SegmentRecord { gone: at % 2 == 1, ..segment(3, &format!("tables/{at}")) };
    (0..count).map(record).collect()
}

async fn runs(book: &dyn Book, mine: &Tenant) {
    let log = head("shop", 3).log(mine);
    // More than one batch of a table has.
    let (large, small) = (run_segments(60), run_segments(2));
    for _ in 0..2 {
        book.put_run(&log, run_id(1, 2), &small).await.expect("stores");
        book.put_run(&log, run_id(1, 3), &large).await.expect("stores, and again is safe");
    }
    book.put_run(&log, run_id(2, 3), &[]).await.expect("a run may be empty");
    assert_eq!(book.run_segments(&log, run_id(1, 3)).await.expect("reads"), large, "in the order they were stored");
    assert_eq!(book.run_segments(&log, run_id(1, 2)).await.expect("reads"), small, "tokens do not meet");
    assert_eq!(book.run_segments(&log, run_id(2, 3)).await.expect("reads"), []);
    let mut stored = book.stored_runs(&log).await.expect("lists");
    stored.retain(|run| *run != run_id(2, 3));
    assert_eq!(stored, [run_id(1, 2), run_id(1, 3)], "each once");
    for _ in 0..2 {
        book.drop_run(&log, run_id(1, 2)).await.expect("drops, and again is safe");
    }
    assert_eq!(book.stored_runs(&log).await.expect("lists").first(), Some(&run_id(1, 3)));
    assert_eq!(book.segments(&log, 1, u64::MAX).await.expect("reads").len(), 3, "pushes are not runs");
}

fn publication(token: u64) -> Publication {
    let run = Run {
        first: 1,
        last: 3,
        id: run_id(1, token),
        bucket_bits: 1,
        rows: 7,
        bytes: 40,
        segments: 60,
        erases: false,
        settled: true,
    };
    let retired = Retired { first: 1, last: 3, run: None, segments: 0, at: NOW };
    Publication { runs: vec![run], retired: vec![retired], bytes_change: -260, settled_at: Some(NOW) }
}

async fn publishing(
    book: &dyn Book,
    mine: &Tenant,
    zombie: &DatasetRecord,
    claimed: DatasetRecord,
    random: &dyn Random,
) -> DatasetRecord {
    let publish =
        async |head: &DatasetRecord, token| book.publish(mine, head, &publication(token)).await.expect("answers");
    assert!(!publish(zombie, 2).await, "a void claim publishes nothing");
    let other = DatasetRecord { incarnation: "inc_2".to_owned(), ..claimed.clone() };
    assert!(!publish(&other, 3).await, "the dataset is another one");
    let ahead = DatasetRecord { generation: 1, ..claimed.clone() };
    assert!(!publish(&ahead, 3).await, "the generation is another one");
    assert_eq!(stored(book, mine).await, claimed, "nothing changed");
    assert_eq!(push(book, mine, "shop", 4, random).await, Commit::Done);
    assert!(publish(&claimed, 3).await, "pushes meanwhile do no harm");
    let head = stored(book, mine).await;
    assert_eq!((head.sequence, head.generation, head.bytes), (4, 1, 140));
    assert_eq!((&head.runs, &head.retired), (&publication(3).runs, &publication(3).retired));
    assert_eq!((head.tending.settled_at, head.tending.token), (Some(NOW), 3));
    assert_eq!(push(book, mine, "shop", 5, random).await, Commit::Done);
    let after = stored(book, mine).await;
    assert_eq!(
        (&after.runs, &after.retired, after.generation),
        (&head.runs, &head.retired, 1),
        "pushes leave runs alone"
    );
    let done_before = DatasetRecord { generation: 1, ..claimed };
    let next = Publication { bytes_change: 0, ..publication(3) };
    assert!(book.publish(mine, &done_before, &next).await.expect("answers"), "the next generation follows");
    stored(book, mine).await
}

async fn retiring(book: &dyn Book, mine: &Tenant, zombie: &DatasetRecord, head: &DatasetRecord) {
    assert!(!book.keep_retired(mine, zombie, &[]).await.expect("answers"), "a void claim drops nothing");
    assert_eq!(stored(book, mine).await.retired.len(), 1);
    let log = head.log(mine);
    for _ in 0..2 {
        book.drop_segments(&log, 1, 3).await.expect("drops, and again is safe");
    }
    let left = book.segments(&log, 1, u64::MAX).await.expect("reads");
    assert_eq!(left.iter().map(|segment| segment.sequence).collect::<Vec<_>>(), [4, 5]);
    assert!(book.keep_retired(mine, head, &[]).await.expect("answers"));
    assert_eq!(stored(book, mine).await.retired, []);
}

fn counts(sequence: u64) -> CountsRecord {
    CountsRecord {
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
    }
}

async fn settling(book: &dyn Book, mine: &Tenant, zombie: &DatasetRecord, head: DatasetRecord) {
    let table = Some(TableVersion { version: 4, run: run_id(1, 3) });
    let settlement =
        Settlement { counts: Some(counts(5)), swept_at: Some(NOW), table, next_due: Some(LATER.plus_ms(60_000)) };
    assert!(!book.settle(mine, zombie, &settlement).await.expect("answers"), "a void claim settles nothing");
    assert_eq!(stored(book, mine).await.counts, None);
    assert!(book.settle(mine, &head, &settlement).await.expect("answers"));
    let settled = stored(book, mine).await;
    assert_eq!(settled.counts, Some(counts(5)));
    let tending = &settled.tending;
    assert_eq!((tending.attempts, tending.lease_until, tending.swept_at, tending.table), (0, None, Some(NOW), table));
    assert!(!is_due(book, mine, LATER).await && is_due(book, mine, LATER.plus_ms(60_000)).await);
    let claimed = book.claim_tending(mine, "shop", NOW, LATER).await.expect("answers").expect("it was given back");
    assert_eq!((claimed.tending.token, claimed.tending.attempts), (4, 1), "the tally begins again, the token does not");
    assert!(book.settle(mine, &claimed, &Settlement::default()).await.expect("answers"));
    let settled = stored(book, mine).await;
    assert_eq!((settled.counts, settled.tending.table), (Some(counts(5)), table), "what is not said stays");
    assert!(!is_due(book, mine, NOW.plus_ms(i64::from(u32::MAX))).await, "nothing is left to do");
}

async fn pushes_meanwhile(book: &dyn Book, mine: &Tenant, random: &dyn Random) {
    let claimed = book.claim_tending(mine, "shop", NOW, LATER).await.expect("answers").expect("nobody has it");
    assert!(!is_due(book, mine, NOW).await);
    assert_eq!(push(book, mine, "shop", 6, random).await, Commit::Done);
    assert!(is_due(book, mine, NOW).await, "a push makes its dataset due, whoever has it");
    let settlement = Settlement { counts: Some(counts(5)), next_due: Some(LATER), ..Settlement::default() };
    assert!(book.settle(mine, &claimed, &settlement).await.expect("answers"));
    assert!(is_due(book, mine, NOW).await, "and it stays so");
    let head = stored(book, mine).await;
    assert_eq!((head.counts, head.tending.lease_until), (Some(counts(5)), None));
}
