//! Each example, live, under its application's traffic.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod crm;
mod promises;
mod systems;
