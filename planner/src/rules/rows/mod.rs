//! Rows: which way they are written, and what is run along with them.

pub(crate) mod delete;
pub(crate) mod fired;
pub(crate) mod follow;
pub(crate) mod foreseen;
pub(crate) mod insert;
pub(crate) mod listed;
pub(crate) mod obeyed;
pub(crate) mod reach;
pub(crate) mod synced;
pub(crate) mod truncate;
pub(crate) mod update;
pub(crate) mod way;
