//! A report as text for a terminal: what it looked at, what it found, what to do next.

use serde_json::Value;

use super::json::{list, text};
use super::section::Section;
use super::{mba, rfm};
use crate::layout::wrapped;

const WIDTH: usize = 100;

/// The whole report, ready to print.
pub fn report(report: &Value) -> String {
    let mut out = heading(report);
    out.push_str(&looked_at(report));
    sections(report).iter().for_each(|section| out.push_str(&section.render()));
    out.push_str(&next_steps(report));
    let said = &report["summary"]["reason"];
    for warning in list(report, "warnings").iter().filter(|warning| *warning != said) {
        out.push_str(&wrapped(&format!("! {}", text(warning)), WIDTH, "  "));
    }
    out
}

/// What was found, part by part, by the report's type.
pub fn sections(report: &Value) -> Vec<Section> {
    match report["report_type"].as_str() {
        Some("RFM") => rfm::sections(report),
        _ => mba::sections(report),
    }
}

/// What the insights say, and what they say to do.
pub fn next_steps(report: &Value) -> String {
    let items = list(&report["insights"], "items");
    let mut out = String::new();
    if !items.is_empty() {
        out.push_str("\n  What to do next\n");
    }
    for item in items {
        out.push_str(&format!("  • {}\n", text(&item["title"])));
        out.push_str(&wrapped(&text(&item["body"]), WIDTH, "    "));
        if let Some(action) = item["action"].as_str().filter(|action| !action.is_empty()) {
            out.push_str(&wrapped(&format!("→ {action}"), WIDTH, "    "));
        }
    }
    out
}

fn heading(report: &Value) -> String {
    let name = super::json::first(report, &["name", "template", "report_type"]);
    let took = report["duration_ms"].as_f64().map_or(String::new(), |ms| format!(" in {:.2} s", ms / 1_000.0));
    format!(
        "\n{} · {} · dataset {} · {}{took}\n",
        text(name),
        text(&report["report_type"]),
        text(&report["dataset_id"]),
        text(&report["status"])
    )
}

/// `20,728 baskets · 25,900 orders · …`: the numbers of `data`.
pub fn looked_at(report: &Value) -> String {
    let data = &report["data"];
    let counted = ["baskets", "orders", "line_items", "customers", "products"];
    let mut said: Vec<String> = counted
        .iter()
        .filter(|name| data[**name].is_number())
        .map(|name| format!("{} {}", text(&data[*name]), name.replace('_', " ")))
        .collect();
    let range = &data["date_range"];
    if let (Some(from), Some(to)) = (range["start"].as_str(), range["end"].as_str()) {
        said.push(format!("{from} to {to}"));
    }
    if said.is_empty() { String::new() } else { format!("  {}\n", said.join(" · ")) }
}
