//! `affinsy report`: submits a report, waits for it politely, and shows it on the terminal, as JSON or as a page.

pub mod call;
mod html;
pub mod json;
mod mba;
mod rfm;
mod section;
pub mod show;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::client::Answer;
use crate::failure::Failure;
use crate::progress::Spinner;
use crate::target::Target;
use crate::terminal;

/// Submit a report; with --wait, show its result
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["template", "report_type"])))]
pub struct ReportArgs {
    /// Template, for example standard_mba or standard_rfm
    #[arg(long, short)]
    template: Option<String>,
    /// Report type without a template: MBA or RFM
    #[arg(long = "type", value_name = "TYPE")]
    report_type: Option<String>,
    /// Dataset to read
    #[arg(long, short)]
    dataset: String,
    /// Name of the report
    #[arg(long)]
    name: Option<String>,
    /// First day that counts (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Last day that counts (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
    /// A param of the report, for example min_support=0.01; the value is JSON, else a text
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    /// Be told here when it is done
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Wait for the result and show it
    #[arg(long)]
    wait: bool,
    /// Wait, and write the result as a page that needs nothing else
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Wait, and print the result as the API gave it
    #[arg(long)]
    json: bool,
    /// Give up waiting after so many seconds; the report goes on
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    timeout: u64,
    #[command(flatten)]
    target: Target,
}

pub async fn run(args: &ReportArgs) -> Result<(), Failure> {
    let client = args.target.client()?;
    let report_id = call::submit(&client, &args.body()?).await?;
    if !(args.wait || args.json || args.html.is_some()) {
        return terminal::print(&format!("{report_id}\n"));
    }
    let spinner = Spinner::start(&format!("report {report_id}"));
    let on_progress = |said: String| spinner.say(format!("report {report_id}: {said}"));
    let finished = call::wait(&client, &report_id, Duration::from_secs(args.timeout), &on_progress).await;
    spinner.finish();
    let Answer { body: report, bytes, .. } = finished?;
    if let Some(path) = &args.html {
        std::fs::write(path, html::page(&report))
            .map_err(|error| Failure::run(format!("cannot write {}: {error}", path.display())))?;
        eprintln!("written to {}", path.display());
    }
    if args.json {
        terminal::print(&format!("{}\n", String::from_utf8_lossy(&bytes)))?;
    } else if args.wait || args.html.is_none() {
        terminal::print(&show::report(&report))?;
    }
    call::completed(&report)
}

impl ReportArgs {
    /// The body of `POST /reports`.
    fn body(&self) -> Result<Value, Failure> {
        let mut body = Map::new();
        let texts = [
            ("template", &self.template),
            ("report_type", &self.report_type),
            ("name", &self.name),
            ("webhook_url", &self.webhook_url),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                body.insert(name.to_owned(), json!(value));
            }
        }
        body.insert("dataset_id".to_owned(), json!(self.dataset));
        if self.from.is_some() || self.to.is_some() {
            let bounds = [("start", &self.from), ("end", &self.to)];
            let range: Map<String, Value> =
                bounds.iter().filter_map(|(name, day)| Some(((*name).to_owned(), json!(day.as_ref()?)))).collect();
            body.insert("filters".to_owned(), json!({ "dateRange": range }));
        }
        body.insert("params".to_owned(), Value::Object(params(&self.params)?));
        Ok(Value::Object(body))
    }
}

fn params(given: &[String]) -> Result<Map<String, Value>, Failure> {
    let one = |param: &String| {
        let (name, value) = param
            .split_once('=')
            .ok_or_else(|| Failure::input(format!("--param {param:?} is not NAME=VALUE, as in min_support=0.01")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
        Ok((name.trim().to_owned(), value))
    };
    given.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn params_are_json_or_texts() {
        let check = |param: &str, expected: Value| {
            let params = params(&[param.to_owned()]).expect("valid");
            assert_eq!(params.into_iter().next().expect("one").1, expected, "{param}");
        };
        check("min_support=0.01", json!(0.01));
        check("max_rules=null", Value::Null);
        check("sort_by=lift", json!("lift"));
        check("as_of=2011-12-09", json!("2011-12-09"));
        check("note=a=b", json!("a=b"));
        assert!(params(&["min_support".to_owned()]).is_err());
    }
}
