//! Customer lifetime value: how many orders a customer will place (BG/NBD) and what each will bring
//! (Gamma-Gamma), fitted to a shop by maximum likelihood. Deterministic; knows no dates and no money: times
//! are in any one unit, values in any other.

mod bg_nbd;
mod gamma_gamma;
mod math;
mod minimise;

pub use bg_nbd::{BgNbd, Purchases};
pub use gamma_gamma::{GammaGamma, Spend};
