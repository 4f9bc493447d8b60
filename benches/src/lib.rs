//! Throughput and latency of backfills, side by side with what users would run instead: the same data restored for
//! each, the same traffic beside each, several times in turn, medians told.
//!
//! # Layout
//!
//! [`shape`]: the tables and the change · [`contender`]: who makes it · [`run`]: one measured run · [`sizes`]: what it left
//! behind · [`table`]: medians and ratios as text and JSON · [`plot`]: the same as pictures. `benches/planner.rs` times planning.

pub mod contender;
mod outcome;
pub mod plot;
pub mod run;
pub mod shape;
pub mod sizes;
pub mod table;

pub use outcome::Result;
