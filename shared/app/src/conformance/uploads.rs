//! One importer works on a file at a time, and what a dead one saved is there for the next.

use super::Book;
use super::samples::{NOW, tenant, upload};
use crate::dispatch_webhook::delivery;
use crate::ports::{DeliveryBook, Due, DueKind, ImportRecord, ImportStatus, Random, UploadRefused, Uploads};
use affinsy_core::ids::{Tenant, name_hash};

pub async fn uploads<B: Book + Uploads>(book: &B, random: &dyn Random) {
    let (mine, other) = (tenant(random), tenant(random));
    let import = upload(&random.id("imp_", NOW), "sh/op #1");
    assert_eq!(book.tenant_of(&name_hash(mine.as_str())).await.expect("reads"), None, "nobody yet");
    Uploads::open(book, &mine, &import, NOW.plus_ms(1_000)).await.expect("opens");
    assert_eq!(book.tenant_of(&name_hash(mine.as_str())).await.expect("reads"), Some(mine.clone()));
    assert_eq!(book.tenant_of(&name_hash(other.as_str())).await.expect("reads"), None);
    assert_eq!(book.import(&mine, &import.import_id).await.expect("reads"), Some(import.clone()), "it is listed");
    let again = ImportRecord { warnings: Vec::new(), created_at: NOW.plus_ms(1), ..import.clone() };
    Uploads::open(book, &mine, &again, NOW).await.expect("answers");
    assert_eq!(book.import(&mine, &import.import_id).await.expect("reads"), Some(import.clone()), "it stays as it is");
    one_holder(book, &mine, &other, &import).await;
    ends(book, &mine, &import).await;
}

async fn take<B: Uploads>(book: &B, tenant: &Tenant, id: &str, at_ms: i64) -> Result<ImportRecord, UploadRefused> {
    book.take(tenant, id, NOW.plus_ms(at_ms), NOW.plus_ms(at_ms + 1_000)).await.expect("answers")
}

async fn is_due<B: Book>(book: &B, tenant: &Tenant, id: &str, at_ms: i64) -> bool {
    let due = Due { kind: DueKind::Import, tenant: tenant.clone(), id: id.to_owned() };
    book.due(NOW.plus_ms(at_ms), 10_000).await.expect("reads").contains(&due)
}

async fn one_holder<B: Book + Uploads>(book: &B, mine: &Tenant, other: &Tenant, import: &ImportRecord) {
    let id = &import.import_id;
    assert!(!is_due(book, mine, id, 999).await && is_due(book, mine, id, 1_000).await, "due when the file is late");
    assert_eq!(take(book, other, id, 0).await, Err(UploadRefused::Unknown), "another tenant's import is unknown");
    let mut first = take(book, mine, id, 10_000).await.expect("is free");
    assert_eq!(first.claims, 1);
    let held = UploadRefused::Held { until: NOW.plus_ms(11_000) };
    assert_eq!(take(book, mine, id, 10_500).await, Err(held), "one importer at a time");
    assert!(!is_due(book, mine, id, 10_999).await && is_due(book, mine, id, 11_000).await, "due when the lease ends");
    first.upload.as_mut().expect("is there").work.line_items = 7;
    assert!(book.save(mine, &mut first, Some(NOW.plus_ms(11_000))).await.expect("saves"), "the holder saves");
    let mut second = take(book, mine, id, 11_000).await.expect("the lease ran out");
    let upload = second.upload.as_ref().expect("is there");
    assert_eq!((second.claims, upload.expired_leases, upload.work.line_items), (2, 1, 7), "nothing saved is lost");
    assert!(!book.save(mine, &mut first, None).await.expect("answers"), "a void claim saves nothing");
    let mut twin = second.clone();
    assert!(book.save(mine, &mut second, Some(NOW.plus_ms(12_000))).await.expect("saves"));
    assert!(!book.save(mine, &mut twin, None).await.expect("answers"), "what was saved since is not overwritten");
    second.upload.as_mut().expect("is there").lease_until = None;
    assert!(book.save(mine, &mut second, Some(NOW.plus_ms(5_000))).await.expect("saves"), "it is given back");
    assert!(is_due(book, mine, id, 5_000).await);
}

async fn ends<B: Book + Uploads>(book: &B, mine: &Tenant, import: &ImportRecord) {
    let mut last = take(book, mine, &import.import_id, 20_000).await.expect("was given back");
    assert_eq!(
        last.upload.as_ref().expect("is there").expired_leases,
        1,
        "a lease that was given back did not run out"
    );
    last.status = ImportStatus::Failed;
    last.upload = None;
    last.completed_at = Some(NOW.plus_ms(20_000));
    let outbox_due_at = last.outbox_due_at();
    assert_eq!(outbox_due_at, last.completed_at, "it has a webhook URL");
    assert!(book.save(mine, &mut last, outbox_due_at).await.expect("saves"));
    assert!(is_due(book, mine, &import.import_id, 20_000).await, "the same write makes its webhook due");
    let outbox = Due { kind: DueKind::Import, tenant: mine.clone(), id: import.import_id.clone() };
    let told = delivery(&import.import_id, "import.failed", "https://example.com/hook".to_owned(), String::new(), NOW);
    DeliveryBook::open(book, mine, &told, Some(&outbox)).await.expect("opens");
    assert!(!is_due(book, mine, &import.import_id, 1_000_000_000).await, "once it is a delivery it is due no more");
    let refused = take(book, mine, &import.import_id, 30_000).await;
    assert_eq!(refused, Err(UploadRefused::Ended(Box::new(last.clone()))));
    assert!(!book.save(mine, &mut last, None).await.expect("answers"), "what has ended stays as it is");
}
