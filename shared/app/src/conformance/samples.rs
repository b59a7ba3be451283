//! Records to store, all of one moment.

use crate::dispatch_webhook::delivery as new_delivery;
use crate::ports::{
    Commit, DatasetRecord, DeliveryRecord, ImportRecord, ImportStatus, NewSegments, OrderLog, Random, ReportRecord,
    ReportStatus, SegmentRecord, UploadRecord, UploadWork,
};
use affinsy_core::ids::Tenant;
use affinsy_core::report::ReportType;
use affinsy_core::time::Instant;

pub const NOW: Instant = Instant::from_unix_ms(1_750_000_000_000);

/// The one commit of a push of this sequence, of the incarnation that [`head`] has.
pub async fn push(log: &dyn OrderLog, tenant: &Tenant, dataset_id: &str, sequence: u64, random: &dyn Random) -> Commit {
    let import_id = random.id("imp_", NOW);
    let (segment, import) = (segment(sequence, &format!("segments/{import_id}")), import(&import_id, dataset_id));
    let head = head(dataset_id, sequence);
    let new = NewSegments { head: &head, segments: &[segment], import: Some(&import), purge: None, due_at: NOW };
    log.commit(tenant, &new).await.expect("answers")
}

/// A tenant that nobody used before.
pub fn tenant(random: &dyn Random) -> Tenant {
    random.id("tenant-", NOW).parse().expect("identifiers are plain names")
}

pub fn head(dataset_id: &str, sequence: u64) -> DatasetRecord {
    let head = DatasetRecord::new(dataset_id, "inc_1".to_owned(), NOW);
    DatasetRecord { sequence, bytes: 100 * sequence, rows_pushed: 10 * sequence, ..head }
}

pub fn segment(sequence: u64, key: &str) -> SegmentRecord {
    SegmentRecord {
        sequence,
        key: key.to_owned(),
        rows: 10,
        bytes: 100,
        sha256: "ab".repeat(32),
        schema_version: 1,
        min_date: Some(NOW),
        max_date: None,
        min_hash: 0,
        max_hash: u64::MAX,
        erases: false,
        gone: false,
        stored_at: NOW,
    }
}

pub fn import(import_id: &str, dataset_id: &str) -> ImportRecord {
    ImportRecord {
        import_id: import_id.to_owned(),
        dataset_id: dataset_id.to_owned(),
        source: "push".to_owned(),
        status: ImportStatus::Completed,
        orders: 1,
        line_items: 10,
        inserted: None,
        updated: None,
        rejected: 0,
        rejects_key: None,
        warnings: vec!["mind this".to_owned()],
        created_at: NOW,
        completed_at: Some(NOW),
        failure: None,
        webhook_url: None,
        claims: 0,
        saves: 0,
        upload: None,
    }
}

/// An import that waits for its file.
pub fn upload(import_id: &str, dataset_id: &str) -> ImportRecord {
    let upload = UploadRecord {
        request: r#"{"dataset_id":"shop"}"#.to_owned(),
        object_key: format!("uploads/{import_id}"),
        max_rows: Some(9),
        expires_at: NOW,
        lease_until: None,
        expired_leases: 0,
        bytes: None,
        work: UploadWork::default(),
    };
    ImportRecord {
        source: "upload".to_owned(),
        status: ImportStatus::Processing,
        completed_at: None,
        webhook_url: Some("https://example.com/hook".to_owned()),
        upload: Some(Box::new(upload)),
        ..import(import_id, dataset_id)
    }
}

pub fn report(random: &dyn Random, at: Instant, webhook_url: Option<&str>) -> ReportRecord {
    ReportRecord {
        report_id: random.id("rpt_", at),
        report_type: ReportType::Mba,
        dataset_id: "shop".to_owned(),
        template: None,
        name: Some("Spring – Ü".to_owned()),
        webhook_url: webhook_url.map(str::to_owned),
        request: r#"{"report_type":"MBA"}"#.to_owned(),
        incarnation: "inc_1".to_owned(),
        sequence: 7,
        currency: Some("EUR".to_owned()),
        status: ReportStatus::Processing,
        created_at: at,
        started_at: None,
        completed_at: None,
        claims: 0,
        expired_leases: 0,
        lease_until: None,
        stage: None,
        done_permille: 0,
        result_key: None,
        result_sha256: None,
        parts: Vec::new(),
        failure: None,
        deleted_at: None,
    }
}

pub fn delivery(report: &ReportRecord) -> DeliveryRecord {
    let id = &report.report_id;
    let delivery = new_delivery(id, "report.completed", "https://example.com/hook".to_owned(), "{}".to_owned(), NOW);
    DeliveryRecord { report_id: Some(id.clone()), ..delivery }
}
