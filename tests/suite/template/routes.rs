//! Every route of the code is a route of the template, leads to the function that serves it, and is guarded; and the
//! other way round.

use crate::kit::{read, template};
use affinsy_app::http::{ROUTES, Route, Serves};
use affinsy_local::template::{Route as TemplateRoute, Template};

fn function(route: &Route) -> &'static str {
    match route.serves {
        Serves::Ingest => "IngestFunction",
        Serves::Reports => "ReportsFunction",
        Serves::Auth => "AuthFunction",
    }
}

fn expected(route: &Route, authorizer: &str) -> TemplateRoute {
    TemplateRoute {
        method: Some(route.method.to_owned()),
        path: Some(route.path.to_owned()),
        function: function(route).to_owned(),
        authorizer: route.scope.map(|_| authorizer.to_owned()),
    }
}

fn authorizer(template: &Template) -> String {
    let auth = template.functions.iter().find(|function| function.logical_id == "AuthFunction");
    auth.expect("the template has an authorizer").arn.clone()
}

#[test]
fn are_the_same_in_both() {
    let template = template();
    let authorizer = authorizer(&template);
    let mut in_code: Vec<TemplateRoute> = ROUTES.iter().map(|route| expected(route, &authorizer)).collect();
    // Whatever has no route of its own gets the contract's 404, which counts for a known caller.
    in_code.push(TemplateRoute {
        method: None,
        path: None,
        function: "ReportsFunction".to_owned(),
        authorizer: Some(authorizer),
    });
    let mut in_template = template.api.expect("the template has an API").routes;
    let by_name = |a: &TemplateRoute, b: &TemplateRoute| (&a.path, &a.method).cmp(&(&b.path, &b.method));
    in_code.sort_by(by_name);
    in_template.sort_by(by_name);
    assert_eq!(in_code, in_template);
}

#[test]
fn carry_the_operations_name() {
    let text = read("infra/template.yaml");
    for route in ROUTES {
        let (_, after) = text
            .split_once(&format!("\n        {}:\n", route.operation))
            .unwrap_or_else(|| panic!("{}", route.operation));
        let properties = after.lines().nth(1).expect("an event has properties").replace('"', "");
        assert!(properties.contains(&format!("Method: {}, Path: {}", route.method, route.path)), "{properties}");
    }
}
