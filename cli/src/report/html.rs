//! A report as one page of HTML that needs nothing else: no script, no font, no address. Every text of the report
//! is escaped: product names come from anybody's shop.

use std::fmt::Write;

use serde_json::Value;

use super::json::{first, fixed, list, money, percent, text};
use super::mba::currency;
use super::show;

/// The whole page.
pub fn page(report: &Value) -> String {
    let title = text(first(report, &["name", "template", "report_type"]));
    let mut body = format!("<h1>{}</h1>\n<p class=meta>{}</p>\n", escaped(&title), escaped(&meta(report)));
    body.push_str(&insights(report));
    if report["report_type"] == "RFM" {
        body.push_str(&segments(report));
    } else {
        body.push_str(&rules(report));
    }
    body.push_str(&warnings(report));
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<main>\n{body}</main>\n</html>\n",
        escaped(&title)
    )
}

const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--bar:#3b82f6}
body{font:15px/1.5 system-ui,sans-serif;margin:0}
main{max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.15rem;margin-top:2.2rem}
.meta{opacity:.7;margin-top:.2rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(20rem,1fr));gap:.8rem}
.card{border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem}
.card h3{margin:0 0 .3rem;font-size:1rem}.card p{margin:.3rem 0}.do{font-weight:600}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:hover{background:var(--soft)}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{display:block;height:.4rem;border-radius:.2rem;background:var(--bar);min-width:1px}
";

/// Text that stays text wherever it stands in the page.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn meta(report: &Value) -> String {
    let looked_at = show::looked_at(report);
    let parts = [text(&report["report_type"]), text(&report["dataset_id"]), text(&report["completed_at"])];
    format!("{} · {}", parts.join(" · "), looked_at.trim())
}

fn insights(report: &Value) -> String {
    let items = list(&report["insights"], "items");
    if items.is_empty() {
        return String::new();
    }
    let mut out = String::from("<h2>What to do next</h2>\n<div class=cards>\n");
    for item in items {
        let fields = [("h3", "title"), ("p", "body"), ("p class=do", "action")];
        out.push_str("<div class=card>");
        for (tag, name) in fields {
            let end = tag.split(' ').next().unwrap_or(tag);
            if let Some(said) = item[name].as_str().filter(|said| !said.is_empty()) {
                write!(out, "<{tag}>{}</{end}>", escaped(said)).expect("a String takes everything");
            }
        }
        out.push_str("</div>\n");
    }
    out.push_str("</div>\n");
    out
}

fn rules(report: &Value) -> String {
    let rules = list(report, "association_rules");
    let found = text(first(&report["summary"], &["rules_found"]));
    if rules.is_empty() {
        return format!("<h2>Rules</h2>\n{}", paragraph(&super::mba::rules(report, 0)));
    }
    let rows: Vec<Vec<Cell>> = rules.iter().map(|rule| rule_row(rule, currency(report))).collect();
    let columns = ["Who buys", "also buys", "#Orders", "#Support", "#Confidence", "#Lift", "#q", "#Revenue"];
    format!("<h2>Rules <small>({} of {found})</small></h2>\n{}", rules.len(), table(&columns, &rows))
}

fn rule_row(rule: &Value, currency: Option<&str>) -> Vec<Cell> {
    vec![
        Cell::text(text(&rule["antecedents"])),
        Cell::text(text(&rule["consequents"])),
        Cell::text(text(&rule["support_count"])),
        Cell::text(percent(&rule["support"])),
        Cell::bar(percent(&rule["confidence"]), rule["confidence"].as_f64()),
        Cell::text(fixed(&rule["lift"], 2)),
        Cell::text(rule["q_value"].as_f64().map_or("–".to_owned(), |q| format!("{q:.1e}"))),
        Cell::text(money(&rule["revenue"], currency)),
    ]
}

fn segments(report: &Value) -> String {
    let row = |segment: &Value| {
        vec![
            Cell::text(text(&segment["label"])),
            Cell::text(text(&segment["customers"])),
            Cell::bar(percent(&segment["share"]), segment["share"].as_f64()),
            Cell::text(money(&segment["revenue"], currency(report))),
            Cell::bar(percent(&segment["revenue_share"]), segment["revenue_share"].as_f64()),
            Cell::text(fixed(&segment["recency_days"]["median"], 0)),
            Cell::text(fixed(&segment["frequency"]["mean"], 1)),
            Cell::text(segment["action"].as_str().unwrap_or_default().to_owned()),
        ]
    };
    let rows: Vec<Vec<Cell>> = list(report, "segments").iter().map(row).collect();
    let columns =
        ["Segment", "#Customers", "#Share", "#Revenue", "#Of all revenue", "#Days since", "#Orders each", "What to do"];
    format!("<h2>Segments</h2>\n{}", table(&columns, &rows))
}

/// A cell's text, and a bar under it where a share is shown.
struct Cell {
    text: String,
    share: Option<f64>,
}

impl Cell {
    fn text(text: String) -> Self {
        Self { text, share: None }
    }
    fn bar(text: String, share: Option<f64>) -> Self {
        Self { text, share }
    }
}

/// Columns whose name begins with `#` hold numbers.
fn table(columns: &[&str], rows: &[Vec<Cell>]) -> String {
    let class = |name: &str| if name.starts_with('#') { " class=n" } else { "" };
    let mut out = String::from("<div class=wide><table><thead><tr>");
    for name in columns {
        out.push_str(&format!("<th{}>{}</th>", class(name), escaped(name.trim_start_matches('#'))));
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (cell, name) in row.iter().zip(columns) {
            let width = cell.share.map(|share| share.clamp(0.0, 1.0) * 100.0);
            let bar =
                width.map_or(String::new(), |width| format!("<span class=bar style=\"width:{width:.1}%\"></span>"));
            out.push_str(&format!("<td{}>{}{bar}</td>", class(name), escaped(&cell.text)));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
    out
}

fn warnings(report: &Value) -> String {
    let warnings = list(report, "warnings");
    let heading = if warnings.is_empty() { "" } else { "<h2>Warnings</h2>\n" };
    warnings.iter().fold(heading.to_owned(), |out, warning| out + &paragraph(&text(warning)))
}

fn paragraph(said: &str) -> String {
    format!("<p>{}</p>\n", escaped(said.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_products_name_cannot_write_html() {
        let rule = json!({"antecedents": ["<script>alert(1)</script>"], "consequents": ["\"onload='x'"], "lift": 2});
        let page = page(&json!({"name": "<b>", "report_type": "MBA", "association_rules": [rule]}));
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("&quot;onload=&#39;x&#39;"));
    }

    #[test]
    fn a_page_needs_nothing_from_elsewhere() {
        let page = page(&json!({"report_type": "RFM", "segments": [{"label": "Champions", "share": 0.5}]}));
        assert!(!page.contains("http") && page.contains("Champions") && page.contains("width:50.0%"), "{page}");
    }
}
