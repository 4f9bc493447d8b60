//! What ARCHITECTURE.md says about the house, as tests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod circles;
mod files;
mod links;
mod rooms;
mod sizes;
mod walks;
mod words;
