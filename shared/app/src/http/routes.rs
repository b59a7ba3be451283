//! The route table: what the template, the OpenAPI document and the functions must agree on.

use affinsy_core::plan::Scope;

/// The function behind a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    Ingest,
    Reports,
    /// The authorizer, which also keeps the keys.
    Auth,
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
    route("DELETE", "/api/v1/datasets/{dataset_id}", "DeleteDataset", Serves::Ingest, Some(Scope::DataWrite)),
    route(
        "DELETE",
        "/api/v1/datasets/{dataset_id}/orders/{order_id}",
        "EraseOrder",
        Serves::Ingest,
        Some(Scope::DataWrite),
    ),
    route(
        "DELETE",
        "/api/v1/datasets/{dataset_id}/customers/{customer_id}",
        "EraseCustomer",
        Serves::Ingest,
        Some(Scope::DataWrite),
    ),
    route("POST", "/api/v1/reports", "SubmitReport", Serves::Reports, Some(Scope::ReportsWrite)),
    route("GET", "/api/v1/reports", "ListReports", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}", "GetReport", Serves::Reports, Some(Scope::ReportsRead)),
    route("DELETE", "/api/v1/reports/{report_id}", "DeleteReport", Serves::Reports, Some(Scope::ReportsWrite)),
    route("GET", "/api/v1/reports/{report_id}/rules", "ListRules", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/itemsets", "ListItemsets", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/customers", "ListCustomers", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/reports/{report_id}/export", "ExportReport", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/recommendations", "Recommend", Serves::Reports, Some(Scope::ReportsRead)),
    route("POST", "/api/v1/schedules", "CreateSchedule", Serves::Reports, Some(Scope::ReportsWrite)),
    route("GET", "/api/v1/schedules", "ListSchedules", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/schedules/{schedule_id}", "GetSchedule", Serves::Reports, Some(Scope::ReportsRead)),
    route("DELETE", "/api/v1/schedules/{schedule_id}", "DeleteSchedule", Serves::Reports, Some(Scope::ReportsWrite)),
    route("GET", "/api/v1/templates", "ListTemplates", Serves::Reports, Some(Scope::ReportsRead)),
    route("GET", "/api/v1/webhooks/secret", "GetWebhookSecret", Serves::Reports, Some(Scope::WebhooksRead)),
    route("POST", "/api/v1/webhooks/secret/rotate", "RotateWebhookSecret", Serves::Reports, Some(Scope::WebhooksWrite)),
    route("POST", "/api/v1/webhooks/test", "TestWebhook", Serves::Reports, Some(Scope::WebhooksWrite)),
    route("GET", "/api/v1/webhooks/deliveries", "ListDeliveries", Serves::Reports, Some(Scope::WebhooksRead)),
    route(
        "POST",
        "/api/v1/webhooks/deliveries/{delivery_id}/redeliver",
        "RedeliverEvent",
        Serves::Reports,
        Some(Scope::WebhooksWrite),
    ),
    route("POST", "/api/v1/webhooks/redeliver", "RedeliverEvents", Serves::Reports, Some(Scope::WebhooksWrite)),
    route("POST", "/api/v1/keys", "CreateKey", Serves::Auth, Some(Scope::KeysAdmin)),
    route("GET", "/api/v1/keys", "ListKeys", Serves::Auth, Some(Scope::KeysAdmin)),
    route("DELETE", "/api/v1/keys/{key_id}", "RevokeKey", Serves::Auth, Some(Scope::KeysAdmin)),
    route("GET", "/api/v1/openapi.json", "GetOpenApi", Serves::Reports, None),
    route("GET", "/api/v1/health", "GetHealth", Serves::Reports, None),
];

/// The values of a path's parameters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<String>);

impl Parameters {
    /// Empty where the path has none.
    pub fn first(&self) -> &str {
        self.at(0)
    }
    pub fn second(&self) -> &str {
        self.at(1)
    }
    fn at(&self, place: usize) -> &str {
        self.0.get(place).map_or("", String::as_str)
    }
}

/// What a method and path lead to.
#[derive(Debug)]
pub(super) enum Match {
    Found {
        route: &'static Route,
        /// The values of the path's parameters, decoded, in the order of the path.
        parameters: Parameters,
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
        Some(route) => Match::Found { route, parameters: named(route.path, &request.path_parameters) },
        None => find(&request.method, &request.path),
    }
}

/// What the gateway found for the names in a pattern, in their order.
fn named(pattern: &str, found: &[(String, String)]) -> Parameters {
    let names = pattern.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let value = |name: &str| found.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    Parameters(names.map(|name| value(name).unwrap_or_default()).collect())
}

fn find(method: &str, path: &str) -> Match {
    let on_path: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, parameters(route.path, path)?))).collect();
    if on_path.is_empty() {
        return Match::Nothing;
    }
    let methods = on_path.iter().map(|(route, _)| route.method).collect::<Vec<_>>().join(", ");
    match on_path.into_iter().find(|(route, _)| route.method == method) {
        Some((route, parameters)) => Match::Found { route, parameters },
        None => Match::OtherMethods(methods),
    }
}

/// The values of the pattern's parameters, if the path fits the pattern.
fn parameters(pattern: &str, path: &str) -> Option<Parameters> {
    let (mut names, mut segments) = (pattern.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (names.next(), segments.next()) {
            (None, None) => return Some(Parameters(found)),
            (Some(name), Some(segment)) if name.starts_with('{') && !segment.is_empty() => {
                found.push(decoded(segment)?);
            }
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
                Match::Found { route, parameters } => format!("{} {}", route.operation, parameters.0.join(" + ")),
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
        check("DELETE", "/api/v1/datasets/a/orders/b%2Fc", "EraseOrder a + b/c");
        check("GET", "/api/v1/datasets/a/customers/b", "use DELETE");
        check("GET", "/api/v1/datasets/a/b", "nothing");
        check("GET", "/", "nothing");
    }

    #[test]
    fn the_gateways_parameters_are_taken_by_their_names() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let found = [pair("order_id", "o/1"), pair("dataset_id", "d")];
        let named = named("/api/v1/datasets/{dataset_id}/orders/{order_id}", &found);
        assert_eq!((named.first(), named.second()), ("d", "o/1"));
        assert_eq!(Parameters::default().first(), "");
    }
}
