//! What is demanded of rows: checks, keys, foreign keys, domains.

pub(crate) mod check;
pub(crate) mod domain;
pub(crate) mod foreign_key;
pub(crate) mod unique;
