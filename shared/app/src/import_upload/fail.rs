//! How an import ends or is put off, and what its caller is told.

use super::run::{Run, next_look};
use super::{Interrupted, tell, tidy};
use crate::ports::{ImportStatus, PortError, PortResult, StoredFailure};
use crate::run_report::Ran;
use affinsy_core::time::Instant;
use std::io;

/// Trouble with tables and objects is waited out this long after the file came due.
const GIVE_UP_AFTER_MS: i64 = 24 * 3_600_000;

pub(super) async fn settle(mut run: Run, ran: Result<(), Interrupted>) -> PortResult<Ran> {
    match ran {
        Ok(()) => {
            tracing::info!(import.id = run.import.import_id, line_items = run.import.line_items, "import completed");
            tell(&run.tenant, &run.import, &*run.ports.queue).await;
            tidy(&run.tenant, &run.import, &*run.ports.objects).await?;
            Ok(Ran::Ended)
        }
        Err(Interrupted::Void) => {
            tracing::warn!(import.id = run.import.import_id, "another importer took over, or the import has ended");
            Ok(Ran::Ended)
        }
        Err(Interrupted::Waiting) => {
            let look_at = next_look(run.import.created_at, run.upload().expires_at, run.ports.clock.now());
            give_back(&mut run, look_at).await?;
            Ok(Ran::Ended)
        }
        Err(Interrupted::OutOfTime) => {
            // An invocation that got nowhere counts like one that died: the next would fare no better.
            run.upload_mut().expired_leases += u32::from(!run.has_moved);
            let due_at = run.ports.clock.now().plus_ms(5_000);
            give_back(&mut run, due_at).await?;
            Ok(Ran::Again { after_s: 1 })
        }
        Err(Interrupted::Bad(failure)) => end(run, failure).await,
        Err(Interrupted::Port(error)) => put_off(run, error).await,
    }
}

async fn put_off(mut run: Run, error: PortError) -> PortResult<Ran> {
    let now = run.ports.clock.now();
    let age_ms = now.unix_ms() - run.upload().expires_at.unix_ms();
    if age_ms > GIVE_UP_AFTER_MS || matches!(error, PortError::Damaged(_)) {
        tracing::error!(import.id = run.import.import_id, error = %error, "import given up");
        return end(run, given_up()).await;
    }
    tracing::warn!(import.id = run.import.import_id, error = %error, "import put off");
    let after_s = (5u32 << run.import.claims.min(7)).min(600);
    give_back(&mut run, now.plus_ms(i64::from(after_s) * 1_000)).await?;
    Ok(Ran::Again { after_s })
}

async fn give_back(run: &mut Run, due_at: Instant) -> PortResult<()> {
    run.upload_mut().lease_until = None;
    run.ports.uploads.save(&run.tenant, &mut run.import, Some(due_at)).await.map(drop)
}

/// Ends the import as *Failed*; nothing of it was visible, and nothing will be.
async fn end(mut run: Run, failure: StoredFailure) -> PortResult<Ran> {
    let Run { tenant, import, ports, .. } = &mut run;
    tracing::info!(import.id = import.import_id, code = failure.code, "import failed");
    if let Some(upload) = import.upload.take() {
        import.rejected = upload.work.rejected;
        import.rejects_key = upload.work.rejects_key;
        import.warnings = upload.work.warnings;
    }
    import.status = ImportStatus::Failed;
    import.failure = Some(failure);
    import.completed_at = Some(ports.clock.now());
    let outbox_due_at = import.outbox_due_at();
    if ports.uploads.save(tenant, import, outbox_due_at).await? {
        tell(tenant, import, &*ports.queue).await;
        tidy(tenant, import, &*ports.objects).await?;
    }
    Ok(Ran::Ended)
}

fn failure(code: &str, message: impl Into<String>) -> StoredFailure {
    StoredFailure { code: code.to_owned(), message: message.into() }
}

pub(super) fn never_came(expires_at: Instant) -> StoredFailure {
    let message = format!(
        "No file came. It had to be sent to the upload's url before {}. Ask for a new upload, and send the file there.",
        expires_at.to_rfc3339_seconds()
    );
    failure("upload_missing", message)
}

pub(super) fn gone() -> StoredFailure {
    failure("upload_gone", "The file was removed before it was imported. Upload it again.")
}

pub(super) fn foreign(what: &str) -> StoredFailure {
    let message = format!(
        "The file is {what}. Send CSV, NDJSON or Parquet, plain or packed with gzip or zstd; a workbook is saved as CSV."
    );
    failure("unsupported_file", message)
}

pub(super) fn damaged(error: &io::Error) -> StoredFailure {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends in the middle of its packed data".to_owned(),
        _ => error.to_string(),
    };
    failure("damaged_file", format!("The file cannot be unpacked: {why}. Pack it again, and upload that."))
}

pub(super) fn no_rows(rows: u64, first_reject: Option<&str>) -> StoredFailure {
    let why = match first_reject {
        Some(first) => format!("The first reason: {first}. rejects_url lists them."),
        None => "The file has a header and nothing below it.".to_owned(),
    };
    failure("no_valid_rows", format!("None of the file's {rows} rows can be used. {why}"))
}

pub(super) fn too_dense() -> StoredFailure {
    let message = "Too many of the file's rows belong to a few orders to be put together at once. Split the file by order, \
                   and upload the parts one after the other.";
    failure("resource_exhausted", message)
}

pub(super) fn other_currency(dataset: &str, file: &str) -> StoredFailure {
    let message = format!(
        "The file's currency is {file}, but this dataset's is {dataset}. Upload {file} orders to a dataset of their own."
    );
    failure("other_currency", message)
}

pub(super) fn dataset_deleted() -> StoredFailure {
    let message = "The dataset was deleted after this upload had been asked for, and its file with it. To begin the \
                   dataset anew, ask for a new upload, and send the file there.";
    failure("dataset_deleted", message)
}

pub(super) fn exhausted() -> StoredFailure {
    let message = "The file did not fit the importer's time or memory. Split it, and upload the parts one after the other; \
                   or give the importer more memory.";
    failure("resource_exhausted", message)
}

fn given_up() -> StoredFailure {
    let message = "The file could not be imported because of a fault on our side, which is logged under the import's id. \
                   Upload it again; if it fails again, tell the operator.";
    failure("internal_error", message)
}

/// Words that begin small and end open, as a sentence.
pub(super) fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
