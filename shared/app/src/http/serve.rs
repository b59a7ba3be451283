//! Around a handler: which route a request takes, and how what came of it is rendered and logged, once.

use super::refusal::Kind;
use super::routes::{self, Match, Parameters, Route, Serves};
use super::{Answer, Refusal, Request, Verdict};
use crate::admit::{Admission, admit};
use crate::ports::{Clock, RateWindows};

/// What a handler made of a request.
#[derive(Debug)]
pub(super) struct Served {
    pub outcome: Result<Answer, Refusal>,
    /// `None` on routes that are open to all, and where there is no route.
    pub admission: Option<Admission>,
}

/// The route and the values of its path's parameters.
pub(super) fn route(request: &Request, serves: Serves) -> Result<(&'static Route, Parameters), Refusal> {
    match routes::of(request) {
        Match::Found { route, parameters } if route.serves == serves => Ok((route, parameters)),
        found => Err(unrouted(found)),
    }
}

/// A path or method that leads nowhere: a known caller's quota counts it all the same.
pub(super) async fn served_nowhere(
    unrouted: Refusal,
    request: &Request,
    windows: &dyn RateWindows,
    clock: &dyn Clock,
) -> Served {
    if !matches!(request.verdict, Verdict::Allow(_)) {
        return Served { outcome: Err(unrouted), admission: None };
    }
    let admission = admit(&request.verdict, None, windows, clock).await;
    let over_quota = admission.rate.is_some_and(|rate| !rate.admitted);
    let refusal = admission.outcome.as_ref().err().filter(|_| over_quota).cloned();
    Served { outcome: Err(refusal.unwrap_or(unrouted)), admission: Some(admission) }
}

pub(super) fn render(request: &Request, served: Served) -> Answer {
    let answer = served.outcome.unwrap_or_else(|refusal| {
        log(request, &refusal);
        refusal.answer(&request.request_id)
    });
    let answer = match &served.admission {
        Some(admission) => admission.mark(answer),
        None => answer,
    };
    answer.with_header("x-request-id", request.request_id.clone())
}
/// What a path that leads nowhere is answered.
fn unrouted(found: Match) -> Refusal {
    let Match::OtherMethods(methods) = found else {
        let message = "No such path. The API stands under /api/v1 and describes itself at /api/v1/openapi.json.";
        return Refusal::new(Kind::NotFound, "no_such_route", message);
    };
    let message = format!("This path takes {methods}.");
    let mut refusal = Refusal::new(Kind::MethodNotAllowed, "method_not_allowed", message);
    refusal.extra.allow = Some(methods);
    refusal
}

fn log(request: &Request, refusal: &Refusal) {
    let (status, code, details) = (refusal.kind.status(), refusal.code, refusal.extra.internal.as_deref());
    let (id, method) = (&request.request_id, &request.method);
    match refusal.kind {
        Kind::Internal => tracing::error!(request.id = id, method, status, code, details, "request failed"),
        Kind::Unavailable => tracing::warn!(request.id = id, method, status, code, details, "request put off"),
        _ => tracing::info!(request.id = id, method, status, code, "request refused"),
    }
}
