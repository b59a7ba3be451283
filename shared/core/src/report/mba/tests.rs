//! Whole reports over small histories, and what every report must hold to.
