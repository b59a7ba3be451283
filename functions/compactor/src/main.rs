//! Cold start of `compactor`, then its loop.

use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let ctx = affinsy_compactor::Ctx::from_env().await?;
    let ctx = &ctx;
    lambda_runtime::run(service_fn(|event: LambdaEvent<_>| affinsy_compactor::handle(event, ctx))).await
}
