//! Cold start of `reports`, then its loop.

use lambda_http::{Error, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ctx = affinsy_reports::Ctx::from_env().await?;
    let ctx = &ctx;
    lambda_http::run(service_fn(|event| affinsy_reports::handle(event, ctx))).await
}
