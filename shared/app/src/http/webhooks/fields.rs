//! The fields of a small body. A field that nobody knows is refused: a misspelt filter must not send everything.

use crate::http::body::json_bytes;
use crate::http::{Refusal, Request};
use affinsy_core::json::{self, Node};
use affinsy_core::problem::{BodyProblem, FieldProblem};

/// Far more than any of these bodies needs.
const MAX_BYTES: usize = 16 << 10;

/// Hands out texts, and gathers what is wrong.
pub struct Fields {
    root: Node,
    errors: Vec<FieldProblem>,
}

impl Fields {
    pub fn of(request: &Request, known: &[&str]) -> Result<Self, Refusal> {
        let root = json::parse(&json_bytes(request, MAX_BYTES)?)?;
        let Node::Object(fields) = &root else {
            let detail = format!("an object is expected, not {}", root.kind());
            return Err(BodyProblem::Malformed { line: 1, column: 1, detail }.into());
        };
        let unknown = fields.iter().map(|(name, _)| name).filter(|name| !known.contains(&name.as_str()));
        let problem = |name: &String| {
            let pointer = format!("/{}", json::pointer_step(&name.chars().take(64).collect::<String>()));
            FieldProblem::new(pointer, format!("is not known here; known are: {}", known.join(", ")))
        };
        let errors = unknown.take(20).map(problem).collect();
        Ok(Self { root, errors })
    }

    pub fn problem(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldProblem::new(format!("/{name}"), detail));
    }

    /// Null is a field that is not there.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let problem = match self.root.get(name) {
            None | Some(Node::Null) => return None,
            Some(Node::String(text)) => return Some(text.clone()),
            Some(other) => format!("must be a string, not {}", other.kind()),
        };
        self.problem(name, problem);
        None
    }

    /// A field that has to be there.
    pub fn needed(&mut self, name: &str) -> Option<String> {
        if matches!(self.root.get(name), None | Some(Node::Null)) {
            self.problem(name, "is required");
        }
        self.text(name)
    }

    /// Whether nothing was wrong.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(BodyProblem::Invalid { errors: self.errors }.into()),
        }
    }
}
