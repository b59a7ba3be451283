//! Cold start of `ingest`, then its loop.

use lambda_http::{Error, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ctx = affinsy_ingest::Ctx::from_env().await?;
    let ctx = &ctx;
    lambda_http::run(service_fn(|event| affinsy_ingest::handle(event, ctx))).await
}
