//! How exact numbers of a request are written in answers. Reads nothing.

use affinsy_mining::Ratio;
use serde::Serializer;

/// A ratio as the decimal its sender wrote.
pub(super) fn as_float<S: Serializer>(ratio: &Ratio, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(ratio.to_f64())
}
