//! What every adapter of a port must do, checked over the memory twins and over the real ones alike.
