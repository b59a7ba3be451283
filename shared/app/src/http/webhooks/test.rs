//! `POST /webhooks/test`.

use super::fields::Fields;
use crate::http::reports::ReportPorts;
use crate::http::views::{AttemptView, attempt};
use crate::http::{Answer, Caller, Refusal, Request};
use crate::ports::DeliveryState;
use crate::test_webhook::{TestPorts, TestRefused, test_webhook};
use serde::Serialize;

#[derive(Debug, Serialize)]
struct TestedView<'a> {
    delivery_id: &'a str,
    url: &'a str,
    /// 2xx.
    accepted: bool,
    /// The URL was disabled, and is not any more.
    reenabled: bool,
    attempt: Option<AttemptView<'a>>,
}

pub async fn send_test(request: &Request, caller: &Caller, ports: &ReportPorts) -> Result<Answer, Refusal> {
    let mut fields = Fields::of(request, &["url"])?;
    let url = fields.needed("url");
    fields.finish()?;
    let test_ports = TestPorts {
        deliveries: &*ports.deliveries,
        endpoints: &*ports.endpoints,
        sender: &*ports.sender,
        clock: &*ports.clock,
        random: &*ports.random,
        url_policy: ports.url_policy,
    };
    let tested = test_webhook(&caller.tenant, &url.unwrap_or_default(), test_ports).await.map_err(refused)?;
    let view = TestedView {
        delivery_id: &tested.delivery.delivery_id,
        url: &tested.delivery.url,
        accepted: tested.delivery.state == DeliveryState::Delivered,
        reenabled: tested.reenabled,
        attempt: tested.attempt().map(attempt),
    };
    Answer::json(200, &view)
}

fn refused(refused: TestRefused) -> Refusal {
    match refused {
        TestRefused::Body(problem) => problem.into(),
        TestRefused::Port(error) => error.into(),
    }
}
