//! The engine on real, throwaway servers.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod backfill;
mod copy;
mod estimate;
mod far;
mod fixture;
mod interrupted;
mod locks;
mod steps;
mod throttle;
mod tls;
