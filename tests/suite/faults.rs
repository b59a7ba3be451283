//! `docs/faults.md` against the project: each of its rows names tests, and those tests are there.

use crate::kit::project;

/// What is wrong with the tables of a document: rows without a test, and tests that are not where they are said to be.
/// `text_of` reads a file of the project by its path; `None` where there is none.
fn problems(document: &str, text_of: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let rows = rows(document);
    let mut problems: Vec<String> = rows.iter().flat_map(|row| of_row(row, text_of)).collect();
    if rows.is_empty() {
        problems.push("there is no row".to_owned());
    }
    problems
}

/// The rows of all tables, without their headings.
fn rows(document: &str) -> Vec<&str> {
    let is_rule = |line: &str| line.starts_with("|-");
    let lines: Vec<&str> = document.lines().collect();
    let is_row = |at: usize| {
        lines[at].starts_with('|') && !is_rule(lines[at]) && !lines.get(at + 1).is_some_and(|next| is_rule(next))
    };
    (0..lines.len()).filter(|at| is_row(*at)).map(|at| lines[at]).collect()
}

fn of_row(row: &str, text_of: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [fault, answer, tests] = cells[..] else { return vec![format!("{} cells: {row}", cells.len())] };
    let mut problems = Vec::new();
    if fault.is_empty() || answer.is_empty() {
        problems.push(format!("an empty cell: {row}"));
    }
    let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    if named.is_empty() {
        problems.push(format!("no test: {fault}"));
    }
    problems.extend(named.into_iter().filter_map(|test| Some(format!("{fault}: {}", lacking(test, text_of)?))));
    problems
}

/// Why this is no test: `path.rs::function`, or the path of a script.
fn lacking(test: &str, text_of: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let (path, function) = test.split_once("::").map_or((test, None), |(path, function)| (path, Some(function)));
    let Some(text) = text_of(path) else { return Some(format!("there is no file {path}")) };
    match function {
        Some(function) if is_test(&text, function) => None,
        Some(function) => Some(format!("{path} has no test {function}")),
        None if path.ends_with(".rs") => Some(format!("{path} needs the name of a test")),
        None => None,
    }
}

/// Whether a function of this name stands right below an attribute that makes it a test.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.strip_prefix(function));
        name.is_some_and(|rest| rest.starts_with('('))
    };
    let is_marked = |at: usize| {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        above.into_iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
    };
    (0..lines.len()).any(|at| is_it(lines[at]) && is_marked(at))
}

#[test]
fn every_fault_has_a_test() {
    let text_of = |path: &str| std::fs::read_to_string(project().join(path)).ok();
    let document = text_of("docs/faults.md").expect("is there");
    assert_eq!(problems(&document, &text_of), [""; 0]);
    assert!(rows(&document).len() >= 60, "rows were lost");
}

#[test]
fn a_row_without_a_test_is_noticed() {
    let text_of = |path: &str| {
        let rust = "#[test]\nfn there() {}\n\n/// Helps.\nfn helper() {}\n\n    #[tokio::test(flavor = \"multi_thread\")]\n    \
                    #[ignore = \"slow\"]\n    // Why.\n    async fn later() {}\n#[test]\nfn other_there() {}\n";
        match path {
            "a.rs" => Some(rust.to_owned()),
            "tools/run" => Some(String::new()),
            _ => None,
        }
    };
    let check = |row: &str, expected: &[&str]| {
        let document = format!("# Faults\n\n| input | answer | tests |\n|---|---|---|\n{row}\n\nMore.\n");
        assert_eq!(problems(&document, &text_of), expected, "{row}");
    };
    check("| x | 400 | `a.rs::there`, `a.rs::later` |", &[]);
    check("| x | 400 | `a.rs::there`, `tools/run` |", &[]);
    check("| x | 400 | `a.rs::gone` |", &["x: a.rs has no test gone"]);
    check("| x | 400 | `a.rs::helper` |", &["x: a.rs has no test helper"]);
    check("| x | 400 | `a.rs::ther` |", &["x: a.rs has no test ther"]);
    check("| x | 400 | `a.rs::there`, `b.rs::there` |", &["x: there is no file b.rs"]);
    check("| x | 400 | `a.rs` |", &["x: a.rs needs the name of a test"]);
    check("| x | 400 | `tools/walk` |", &["x: there is no file tools/walk"]);
    check("| x | 400 | by hand |", &["no test: x"]);
    check("| x | 400 | |", &["no test: x"]);
    check("| x | | `a.rs::there` |", &["an empty cell: | x | | `a.rs::there` |"]);
    check("| x | 400 |", &["2 cells: | x | 400 |"]);
    check("", &["there is no row"]);
}
