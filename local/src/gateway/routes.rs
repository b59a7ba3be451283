//! Which function answers a request: the most specific route wins, as in API Gateway; then the default route.

use percent_encoding::percent_decode_str;

use crate::lambda::{Function, Functions};
use crate::template::Route;

/// Where a request goes.
#[derive(Debug)]
pub struct Endpoint {
    /// `GET /reports/{id}`, or `$default`.
    pub key: String,
    pub function: Function,
    pub authorizer: Option<Function>,
}

/// Path parameters, decoded, in the order of the path.
pub type PathParameters = Vec<(String, String)>;

#[derive(Debug)]
pub struct Routes {
    /// Most specific first.
    routes: Vec<(Pattern, Endpoint)>,
    default: Option<Endpoint>,
}

#[derive(Debug)]
struct Pattern {
    /// `None` for `ANY`.
    method: Option<String>,
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Parameter(String),
    /// `{name+}`: all the rest of the path.
    Greedy(String),
}

impl Routes {
    pub fn new(routes: &[Route], functions: &Functions) -> Result<Routes, String> {
        let function = |name: &str| functions.find(name).cloned().ok_or_else(|| name.to_owned());
        let (mut patterns, mut default) = (Vec::new(), None);
        for route in routes {
            let (function, authorizer) =
                (function(&route.function)?, route.authorizer.as_deref().map(function).transpose()?);
            match (&route.method, &route.path) {
                (Some(method), Some(path)) => {
                    let endpoint = Endpoint { key: format!("{method} {path}"), function, authorizer };
                    let method = (method != "ANY").then(|| method.clone());
                    patterns.push((Pattern { method, segments: segments(path) }, endpoint));
                }
                _ => default = Some(Endpoint { key: "$default".to_owned(), function, authorizer }),
            }
        }
        patterns.sort_by_cached_key(|(pattern, _)| (kinds(&pattern.segments), pattern.method.is_none()));
        Ok(Routes { routes: patterns, default })
    }

    /// The endpoint for a method and a path as it came over the wire.
    pub fn find(&self, method: &str, encoded_path: &str) -> Option<(&Endpoint, PathParameters)> {
        let parts: Vec<&str> = encoded_path.trim_start_matches('/').split('/').collect();
        let matching = self.routes.iter().find_map(|(pattern, endpoint)| {
            pattern.method.as_deref().is_none_or(|own| own == method).then_some(())?;
            Some((endpoint, pattern.parameters(&parts)?))
        });
        matching.or_else(|| Some((self.default.as_ref()?, PathParameters::new())))
    }
}

impl Pattern {
    fn parameters(&self, parts: &[&str]) -> Option<PathParameters> {
        let mut parameters = PathParameters::new();
        for (i, segment) in self.segments.iter().enumerate() {
            match (segment, parts.get(i)?) {
                (Segment::Literal(text), part) if text == part => {}
                (Segment::Parameter(name), part) if !part.is_empty() => parameters.push((name.clone(), decoded(part))),
                (Segment::Greedy(name), _) => {
                    parameters.push((name.clone(), decoded(&parts[i..].join("/"))));
                    return Some(parameters);
                }
                _ => return None,
            }
        }
        (self.segments.len() == parts.len()).then_some(parameters)
    }
}

/// A path, decoded; bytes that are no UTF-8 are replaced.
pub fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

fn segments(path: &str) -> Vec<Segment> {
    path.trim_start_matches('/').split('/').map(segment).collect()
}

fn segment(text: &str) -> Segment {
    match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        None => Segment::Literal(text.to_owned()),
        Some(name) => match name.strip_suffix('+') {
            Some(name) => Segment::Greedy(name.to_owned()),
            None => Segment::Parameter(name.to_owned()),
        },
    }
}

/// The segments without their names: literal before parameter before greedy, from the left.
fn kinds(segments: &[Segment]) -> Vec<u8> {
    let kind = |segment: &Segment| match segment {
        Segment::Literal(_) => 0,
        Segment::Parameter(_) => 1,
        Segment::Greedy(_) => 2,
    };
    segments.iter().map(kind).collect()
}
