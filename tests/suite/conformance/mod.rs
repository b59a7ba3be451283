//! Every adapter keeps its port's promises: the memory twins, and the AWS adapters against services that speak the
//! AWS protocol.

mod aws;
mod memory;
mod trouble;
