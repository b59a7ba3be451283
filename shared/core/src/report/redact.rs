//! Takes a customer out of a finished report: every row that names her, and nothing else. What was counted with her
//! stays counted, since a count names nobody. Numbers keep their text, and the rest its order.

use crate::json::{self, Node};
use crate::problem::BodyProblem;
use std::fmt::Write;

/// The field by which rows of a report name a customer.
const FIELD: &str = "customer_id";

/// The report without the rows of a customer; `None` where it has none.
pub fn without_customer(report: &[u8], customer_id: &str) -> Result<Option<Vec<u8>>, BodyProblem> {
    if !may_name(report, customer_id) {
        return Ok(None);
    }
    let mut node = json::parse(report)?;
    let mut removed = 0;
    strip(&mut node, customer_id, &mut removed);
    Ok((removed > 0).then(|| {
        let mut text = String::with_capacity(report.len());
        write_node(&node, &mut text);
        text.into_bytes()
    }))
}

/// The rows (one JSON object a line) that do not name a customer, and their number; `None` where none does.
pub fn rows_without_customer(ndjson: &[u8], customer_id: &str) -> Result<Option<(Vec<u8>, u64)>, BodyProblem> {
    if !may_name(ndjson, customer_id) {
        return Ok(None);
    }
    let (mut kept, mut rows, mut removed) = (Vec::with_capacity(ndjson.len()), 0, 0);
    for line in ndjson.split_inclusive(|byte| *byte == b'\n') {
        if may_name(line, customer_id) && names(&json::parse(line)?, customer_id) {
            removed += 1;
        } else {
            kept.extend_from_slice(line);
            rows += 1;
        }
    }
    Ok((removed > 0).then_some((kept, rows)))
}

/// Whether the id stands somewhere, as JSON writes it: most lines need no parser.
fn may_name(json: &[u8], customer_id: &str) -> bool {
    let written = quoted(customer_id);
    json.windows(written.len()).any(|window| window == written.as_bytes())
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn names(node: &Node, customer_id: &str) -> bool {
    matches!(node.get(FIELD), Some(Node::String(id)) if id == customer_id)
}

fn strip(node: &mut Node, customer_id: &str, removed: &mut usize) {
    match node {
        Node::Array(items) => {
            let before = items.len();
            items.retain(|item| !names(item, customer_id));
            *removed += before - items.len();
            items.iter_mut().for_each(|item| strip(item, customer_id, removed));
        }
        Node::Object(fields) => fields.iter_mut().for_each(|(_, value)| strip(value, customer_id, removed)),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
}

fn write_node(node: &Node, text: &mut String) {
    match node {
        Node::Null => text.push_str("null"),
        Node::Bool(value) => write!(text, "{value}").expect("a string takes every text"),
        Node::Number(number) => text.push_str(number),
        Node::String(value) => text.push_str(&quoted(value)),
        Node::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_node(item, text);
            }
            text.push(']');
        }
        Node::Object(fields) => {
            text.push('{');
            for (at, (name, value)) in fields.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                text.push_str(&quoted(name));
                text.push(':');
                write_node(value, text);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(report: &str, expected: Option<&str>) {
        let stripped = without_customer(report.as_bytes(), "a\"n").expect("JSON");
        assert_eq!(stripped.map(|bytes| String::from_utf8(bytes).expect("UTF-8")).as_deref(), expected, "{report}");
    }

    #[test]
    fn rows_that_name_her_go_wherever_they_stand() {
        check(r#"{"z":1.50,"a":[{"customer_id":"b"}]}"#, None);
        check(r#"{"title":"a\"n"}"#, None);
        let (ann, bob) = (r#"{"customer_id":"a\"n","m":1}"#, r#"{"customer_id":"b","m":1e-3,"n":null}"#);
        check(&format!(r#"{{"z":1.50,"a":[{ann},{bob}]}}"#), Some(&format!(r#"{{"z":1.50,"a":[{bob}]}}"#)));
        check(&format!(r#"{{"x":{{"y":[{ann}]}},"e":[true,"é"]}}"#), Some(r#"{"x":{"y":[]},"e":[true,"é"]}"#));
    }

    #[test]
    fn lines_go_and_are_counted() {
        let (ann, bob) = ("{\"customer_id\":\"ann\"}\n", "{\"customer_id\":\"bob\",\"m\":1.10}\n");
        let check = |rows: &str, expected: Option<(&str, u64)>| {
            let kept = rows_without_customer(rows.as_bytes(), "ann").expect("JSON");
            let expected = expected.map(|(text, count)| (text.as_bytes().to_vec(), count));
            assert_eq!(kept, expected, "{rows}");
        };
        check("", None);
        check(bob, None);
        check(ann, Some(("", 0)));
        check(&[bob, ann, bob].concat(), Some((&[bob, bob].concat(), 2)));
        check("{\"customer_id\":\"bob\",\"friend\":\"ann\"}\n", None);
    }
}
