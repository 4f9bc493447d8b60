//! Looking without changing: the catalog, rights, and what surrounds the database.

pub(crate) mod catalog;
pub(crate) mod connections;
pub(crate) mod doctor;
pub(crate) mod isolation;
pub(crate) mod other_tools;
pub(crate) mod rights;
pub(crate) mod subscribers;
