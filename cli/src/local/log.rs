//! The functions' log lines as a person at the terminal reads them; the whole lines stand in `DATA/logs`.

use std::io::IsTerminal;
use std::sync::Arc;

use affinsy_local::lambda::{LogLine, LogSink};
use serde_json::Value;

use crate::layout::cut;

const SHOWN_CHARS: usize = 180;
const COLOURS: [&str; 6] = ["36", "32", "35", "34", "33", "96"];

/// Prints each line on stderr, shortened, in the function's colour when it is a terminal.
pub fn to_terminal() -> LogSink {
    let coloured = std::io::stderr().is_terminal();
    Arc::new(move |line| eprintln!("{}", shown(&line, coloured)))
}

/// Keeps the terminal for others; the files have every line.
pub fn to_files_only() -> LogSink {
    Arc::new(|_| {})
}

fn shown(line: &LogLine<'_>, coloured: bool) -> String {
    let text = cut(&short(line.text), SHOWN_CHARS);
    let name = format!("{:>8}", line.function);
    if !coloured {
        return format!("{name} │ {text}");
    }
    let colour = COLOURS[line.function.bytes().map(usize::from).sum::<usize>() % COLOURS.len()];
    format!("\u{1b}[{colour}m{name} │\u{1b}[0m {text}")
}

/// `INFO message name=value …` out of a JSON line; any other line as it is.
fn short(line: &str) -> String {
    let Ok(Value::Object(mut entry)) = serde_json::from_str(line) else { return line.to_owned() };
    let level = entry.remove("level").and_then(|level| level.as_str().map(str::to_owned)).unwrap_or_default();
    let mut fields = match entry.remove("fields") {
        Some(Value::Object(fields)) => fields,
        _ => entry.clone(),
    };
    let message = fields.remove("message").and_then(|message| message.as_str().map(str::to_owned)).unwrap_or_default();
    let known = ["timestamp", "target", "span", "spans", "threadId"];
    let rest = fields.iter().filter(|(name, _)| !known.contains(&name.as_str())).map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    [level, message].into_iter().chain(rest).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use affinsy_local::lambda::LogSource;

    #[test]
    fn json_lines_are_shortened() {
        let check = |line: &str, expected: &str| assert_eq!(short(line), expected);
        check(
            r#"{"timestamp":"t","level":"INFO","fields":{"message":"stored","push.lines":3,"id":"x"},"target":"a"}"#,
            "INFO stored id=x push.lines=3",
        );
        check(r#"{"timestamp":"t","level":"WARN","message":"late"}"#, "WARN late");
        check("thread panicked", "thread panicked");
    }

    #[test]
    fn pipes_get_no_colour() {
        let line = LogLine { function: "auth", source: LogSource::Stdout, text: "hello" };
        assert_eq!(shown(&line, false), "    auth │ hello");
        assert!(shown(&line, true).contains('\u{1b}'));
    }
}
