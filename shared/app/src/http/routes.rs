//! The route table: what the template, the OpenAPI document and the functions must agree on.

use affinsy_core::plan::Scope;

/// The function behind a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    Ingest,
    Reports,
}

/// One method of one path. Path parameters stand in braces.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    /// The resource's name in the template and the operation's in the OpenAPI document.
    pub operation: &'static str,
    pub serves: Serves,
    /// `None`: open to all, without a key.
    pub scope: Option<Scope>,
}

const fn route(
    method: &'static str,
    path: &'static str,
    operation: &'static str,
    serves: Serves,
    scope: Option<Scope>,
) -> Route {
    Route { method, path, operation, serves, scope }
}

pub const ROUTES: &[Route] = &[
    route("POST", "/api/v1/data/orders", "PushOrders", Serves::Ingest, Some(Scope::DataWrite)),
    route("POST", "/api/v1/data/uploads", "OpenUpload", Serves::Ingest, Some(Scope::DataWrite)),
    route("GET", "/api/v1/data/imports", "ListImports", Serves::Ingest, Some(Scope::DataRead)),
    route("GET", "/api/v1/data/imports/{import_id}", "GetImport", Serves::Ingest, Some(Scope::DataRead)),
    route("GET", "/api/v1/datasets", "ListDatasets", Serves::Ingest, Some(Scope::DataRead)),
    route("GET", "/api/v1/datasets/{dataset_id}", "GetDataset", Serves::Ingest, Some(Scope::DataRead)),
    route("POST", "/api/v1/reports", "SubmitReport", Serves::Reports, Some(Scope::ReportsWrite)),
    route("GET", "/api/v1/reports", "ListReports", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}", "GetReport", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/rules", "ListRules", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/itemsets", "ListItemsets", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/customers", "ListCustomers", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/templates", "ListTemplates", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/webhooks/secret", "GetWebhookSecret", Serves::Reports, Some(Scope::WebhooksRead)),
    route("GET", "/api/v1/webhooks/deliveries", "ListDeliveries", Serves::Reports, Some(Scope::WebhooksRead)),
    route("GET", "/api/v1/openapi.json", "GetOpenApi", Serves::Reports, None),
    route("GET", "/api/v1/health", "GetHealth", Serves::Reports, None),
];

/// What a method and path lead to.
#[derive(Debug)]
pub(super) enum Match {
    Found {
        route: &'static Route,
        /// The path's parameter, decoded; no route has two.
        parameter: String,
    },
    /// The path exists, with these methods.
    OtherMethods(String),
    Nothing,
}

/// By the gateway's own match where there is one: it has decoded the parameter. Else by the path.
pub(super) fn of(request: &super::Request) -> Match {
    let known = request.route_key.as_deref().and_then(|key| key.split_once(' '));
    let route = known.and_then(|(method, path)| ROUTES.iter().find(|r| r.method == method && r.path == path));
    match route {
        Some(route) => Match::Found { route, parameter: request.path_parameter.clone().unwrap_or_default() },
        None => find(&request.method, &request.path),
    }
}

fn find(method: &str, path: &str) -> Match {
    let on_path: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, parameter(route.path, path)?))).collect();
    if on_path.is_empty() {
        return Match::Nothing;
    }
    let methods = on_path.iter().map(|(route, _)| route.method).collect::<Vec<_>>().join(", ");
    match on_path.into_iter().find(|(route, _)| route.method == method) {
        Some((route, parameter)) => Match::Found { route, parameter },
        None => Match::OtherMethods(methods),
    }
}

/// The value of the pattern's parameter (empty where it has none), if the path fits the pattern.
fn parameter(pattern: &str, path: &str) -> Option<String> {
    let (mut names, mut segments) = (pattern.split('/'), path.split('/'));
    let mut found = String::new();
    loop {
        match (names.next(), segments.next()) {
            (None, None) => return Some(found),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => found = decoded(segment)?,
            (Some(name), Some(segment)) if name == segment => {}
            _ => return None,
        }
    }
}

fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match first {
            b'%' => {
                let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                rest = &rest[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_routes() {
        let check = |method: &str, path: &str, expected: &str| {
            let got = match find(method, path) {
                Match::Found { route, parameter } => format!("{} {parameter}", route.operation),
                Match::OtherMethods(methods) => format!("use {methods}"),
                Match::Nothing => "nothing".to_owned(),
            };
            assert_eq!(got, expected, "{method} {path}");
        };
        check("POST", "/api/v1/data/orders", "PushOrders ");
        check("PUT", "/api/v1/reports", "use POST, GET");
        check("GET", "/api/v1/reports/abc", "GetReport abc");
        check("GET", "/api/v1/reports/", "nothing");
        check("GET", "/api/v1/datasets/my%20store%2F1", "GetDataset my store/1");
        check("GET", "/api/v1/datasets/%zz", "nothing");
        check("GET", "/api/v1/datasets/a/b", "nothing");
        check("GET", "/", "nothing");
    }
}
