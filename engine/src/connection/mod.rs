//! Getting in: where the database is, TLS, and a session with limits on it.

pub(crate) mod address;
pub(crate) mod engine;
pub(crate) mod fault;
pub(crate) mod session;
mod tls;
