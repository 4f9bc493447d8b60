//! The right to change the database, and locks that make nobody else wait.

pub(crate) mod blockers;
pub(crate) mod ladder;
pub(crate) mod lease;
pub(crate) mod lineage;
pub(crate) mod order;
pub(crate) mod replicas;
