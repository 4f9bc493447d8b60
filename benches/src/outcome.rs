//! What comes of a measurement.

/// A bench ends at the first thing that goes wrong: half a table is worse than none.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
