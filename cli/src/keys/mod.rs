//! `affinsy keys`: API keys of a local stack or of a deployment. It writes the table itself, with the operator's
//! own rights: a deployment's first key cannot come through the API.

mod place;

use affinsy_app::http::Caller;
use affinsy_app::manage_keys::issue::{DEFAULT_OVERLAP_HOURS, IssueRefused, KeyRequest, MAX_OVERLAP_HOURS, issue};
use affinsy_app::manage_keys::{self, NewKey};
use affinsy_app::ports::{Clock, KeyRecord, KeyTable};
use affinsy_aws::tables::DynamoKeys;
use affinsy_aws::world::{OsRandom, SystemClock};
use affinsy_core::ids::{Tenant, User};
use affinsy_core::plan::{Plan, Scopes};
use affinsy_core::time::Instant;
use affinsy_local::RunningStack;
use clap::{Args, Subcommand};

use crate::failure::Failure;
use crate::terminal;
use place::Place;

/// Create, list or revoke API keys
#[derive(Debug, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key; it is shown once
    Create(CreateArgs),
    /// List a tenant's keys, without their secrets
    List(ListArgs),
    /// End a key; it stops within 30 seconds
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// Whose key it is; quotas count by user
    #[arg(long, required_unless_present = "replaces")]
    user: Option<User>,
    /// Take the place of this key: its user and scopes; it goes on for a while, then ends
    #[arg(long, value_name = "KEY_ID", conflicts_with_all = ["user", "plan", "rate_limit", "max_rows", "scopes"])]
    replaces: Option<String>,
    /// Hours that the replaced key goes on, up to 168; 0 ends one that leaked at once
    #[arg(long, value_name = "HOURS", conflicts_with = "user", default_value_t = DEFAULT_OVERLAP_HOURS,
          value_parser = clap::value_parser!(i64).range(0..=MAX_OVERLAP_HOURS))]
    overlap_hours: i64,
    /// Whose data it opens [default: the user's name; of a key that is replaced: local]
    #[arg(long)]
    tenant: Option<Tenant>,
    /// The user's plan; the API needs max or enterprise [default: as it is; max for a new user]
    #[arg(long)]
    plan: Option<Plan>,
    /// Requests a minute of this user [default: as it is; the plan's for a new user]
    #[arg(long, value_name = "N")]
    rate_limit: Option<u32>,
    /// Order lines that a dataset of this user may hold [default: as it is; the plan's for a new user]
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,
    /// What the key may do: *, or names such as data:write, separated by commas
    #[arg(long, default_value = "*", value_parser = Scopes::parse)]
    scopes: Scopes,
    /// Days until the key ends by itself [default: never]
    #[arg(long, value_name = "DAYS")]
    expires_days: Option<u32>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[arg(long, default_value = LOCAL_NAME)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct RevokeArgs {
    /// key_…, as `affinsy keys list` shows it
    key_id: String,
    #[arg(long, default_value = LOCAL_NAME)]
    tenant: Tenant,
    #[command(flatten)]
    place: Place,
}

/// The user and tenant of a local stack's first key.
const LOCAL_NAME: &str = "local";
const DAY_MS: i64 = 86_400_000;

/// A stack's first key, whole.
#[derive(Debug)]
pub struct FirstKey {
    pub api_key: String,
    pub user_id: String,
}

pub async fn create_first(stack: &RunningStack, rate_limit: Option<u32>) -> Result<FirstKey, Failure> {
    let table = stack.outputs.get("ControlTableName").map_or("", String::as_str);
    let keys = DynamoKeys::new(place::local_client(&stack.endpoints.dynamodb).await, table);
    let new = NewKey {
        tenant: LOCAL_NAME.parse().expect("a plain name"),
        user: LOCAL_NAME.parse().expect("a plain name"),
        plan: Some(Plan::Max),
        rate_limit,
        max_rows: None,
        scopes: Scopes::all(),
        expires_at: None,
    };
    let (key, record) = manage_keys::create(new, &keys, &SystemClock, &OsRandom).await.map_err(failed)?;
    Ok(FirstKey { api_key: key.reveal().to_owned(), user_id: record.user.to_string() })
}

pub async fn run(args: &KeysArgs) -> Result<(), Failure> {
    match &args.command {
        KeysCommand::Create(args) => create(args).await,
        KeysCommand::List(args) => list(args).await,
        KeysCommand::Revoke(args) => revoke(args).await,
    }
}

fn failed(error: affinsy_app::ports::PortError) -> Failure {
    Failure::run(format!("the key table did not answer as it should: {error}"))
}

/// The key goes to standard output alone, so that a script can take it; what it is goes beside.
async fn create(args: &CreateArgs) -> Result<(), Failure> {
    let keys = args.place.keys().await?;
    let expires_at = args.expires_days.map(|days| SystemClock.now().plus_ms(i64::from(days) * DAY_MS));
    let Some(user) = &args.user else { return replace(args, expires_at, &keys).await };
    let tenant = match &args.tenant {
        Some(tenant) => tenant.clone(),
        None => user.as_str().parse().map_err(|error| Failure::input(format!("--user: {error}")))?,
    };
    let new = NewKey {
        tenant,
        user: user.clone(),
        plan: args.plan,
        rate_limit: args.rate_limit,
        max_rows: args.max_rows,
        scopes: args.scopes.clone(),
        expires_at,
    };
    let (key, record) = manage_keys::create(new, &keys, &SystemClock, &OsRandom).await.map_err(failed)?;
    say(&record);
    if let Some(plan) = args.plan.filter(|plan| !plan.has_api()) {
        eprintln!("note: the plan {} has no API; calls with this key get 403", plan.name());
    }
    terminal::print(&format!("{}\n", key.reveal()))
}

fn say(record: &KeyRecord) {
    eprintln!("{} for user {} of tenant {}; the key is shown once:", record.key_id, record.user, record.tenant);
}

/// As `POST /keys` does it, with the rights of an operator.
async fn replace(args: &CreateArgs, expires_at: Option<Instant>, keys: &DynamoKeys) -> Result<(), Failure> {
    let local = || LOCAL_NAME.parse().expect("a plain name");
    let operator = Caller {
        tenant: args.tenant.clone().unwrap_or_else(local),
        user: "operator".parse().expect("a plain name"),
        plan: Plan::Enterprise,
        scopes: Scopes::all(),
        key_id: String::new(),
        rate_limit: 0,
        max_rows: None,
    };
    let old = args.replaces.as_deref().unwrap_or_default();
    let request = KeyRequest::replacing(old, args.overlap_hours, expires_at);
    let issued = issue(request, &operator, keys, &SystemClock, &OsRandom).await.map_err(|error| match error {
        IssueRefused::Port(error) => failed(error),
        IssueRefused::Body(problem) => Failure::input(format!(
            "tenant {} cannot have {old} replaced: {problem}; `affinsy keys list` shows its keys",
            operator.tenant
        )),
    })?;
    let key = issued.key.ok_or_else(|| Failure::run("a key of this id is there already; try again".to_owned()))?;
    say(&issued.record);
    eprintln!("{old} goes on for {} hours", args.overlap_hours);
    terminal::print(&format!("{}\n", key.reveal()))
}

async fn list(args: &ListArgs) -> Result<(), Failure> {
    let keys = args.place.keys().await?.list(&args.tenant).await.map_err(failed)?;
    if keys.is_empty() {
        eprintln!("tenant {} has no keys", args.tenant);
    }
    let rows: String = keys.iter().map(row).collect();
    terminal::print(&rows)
}

fn row(key: &KeyRecord) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", at.to_rfc3339_seconds()),
        (None, Some(at)) => format!("ends {}", at.to_rfc3339_seconds()),
        (None, None) => "active".to_owned(),
    };
    let created = key.created_at.to_rfc3339_seconds();
    let used = key.last_used_at.map_or("never".to_owned(), |at| at.to_rfc3339_seconds());
    format!(
        "{}  user {}  scopes {}  created {created}  last used {used}  {state}\n",
        key.key_id,
        key.user,
        key.scopes.as_str()
    )
}

async fn revoke(args: &RevokeArgs) -> Result<(), Failure> {
    let keys = args.place.keys().await?;
    if !keys.revoke(&args.tenant, &args.key_id, SystemClock.now()).await.map_err(failed)? {
        let message = format!("tenant {} has no key {}; `affinsy keys list` shows them", args.tenant, args.key_id);
        return Err(Failure::input(message));
    }
    eprintln!("{} is revoked; it stops within 30 seconds", args.key_id);
    Ok(())
}
