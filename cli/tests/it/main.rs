//! The command and the library on real, throwaway servers.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should end there")]

mod allowed;
mod along;
mod as_written;
mod bad_input;
mod beside;
mod both_versions;
mod check;
mod corpus;
mod docs;
mod drift;
mod embedded;
mod fixture;
mod hostile;
mod imports;
mod isolation;
mod kill;
mod lifecycle;
mod names;
mod numbered;
mod offline;
mod order;
mod others;
mod rows;
mod security;
mod stacked;
mod state;
mod statements;
mod systems;
mod tracer;
mod twins;
mod verbs;
mod versions;
mod ways_out;
mod words;
