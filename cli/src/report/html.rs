//! A report as one page of HTML that needs nothing else: no script, no font, no address. Every text of the report
//! is escaped: product names come from anybody's shop.

use std::fmt::Write;

use serde_json::Value;

use super::json::{first, list, text};
use super::section::Section;
use super::show;
use crate::layout::{Align, thousands};

/// The whole page.
pub fn page(report: &Value) -> String {
    let title = text(first(report, &["name", "template", "report_type"]));
    let mut body = format!("<h1>{}</h1>\n<p class=meta>{}</p>\n", escaped(&title), escaped(&meta(report)));
    body.push_str(&insights(report));
    show::sections(report).iter().for_each(|section| body.push_str(&part(section)));
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

/// Title, note and table; nothing of a section that is empty.
fn part(section: &Section) -> String {
    if section.is_empty() {
        return String::new();
    }
    let count = match section.rows.len() {
        0 | 1 => String::new(),
        rows => format!(" <small>({})</small>", thousands(rows as u64)),
    };
    let note = section.note.as_deref().map_or(String::new(), paragraph);
    let table = if section.rows.is_empty() { String::new() } else { table(section) };
    format!("<h2>{}{count}</h2>\n{note}{table}", escaped(&section.title))
}

fn table(section: &Section) -> String {
    let class = |align: Align| if align == Align::Right { " class=n" } else { "" };
    let mut out = String::from("<div class=wide><table><thead><tr>");
    for (name, align) in &section.columns {
        write!(out, "<th{}>{}</th>", class(*align), escaped(name)).expect("a String takes everything");
    }
    out.push_str("</tr></thead><tbody>\n");
    for row in &section.rows {
        out.push_str("<tr>");
        for (cell, (_, align)) in row.iter().zip(&section.columns) {
            let width = cell.share.map(|share| share.clamp(0.0, 1.0) * 100.0);
            let bar =
                width.map_or(String::new(), |width| format!("<span class=bar style=\"width:{width:.1}%\"></span>"));
            out.push_str(&format!("<td{}>{}{bar}</td>", class(*align), escaped(&cell.text)));
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
