//! The command and the library on real, throwaway servers.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod allowed;
mod along;
mod as_written;
mod bad_input;
mod beside;
mod both_versions;
mod check;
mod copies;
mod corpus;
mod credited;
mod diff;
mod directed;
mod docs;
mod drift;
mod embedded;
mod faults;
mod fixture;
mod folders;
mod hostile;
mod imports;
mod isolation;
mod kill;
mod lifecycle;
mod merged;
mod names;
mod numbered;
mod offline;
mod order;
mod others;
mod pairs;
mod planted;
mod production;
mod rehearsal;
mod rows;
mod security;
mod stacked;
mod state;
mod statements;
mod stuck;
mod systems;
mod tracer;
mod tried;
mod twins;
mod verbs;
mod versions;
mod ways_out;
mod words;
