//! Tables as a whole, indexes, partitions, and all other objects.

pub(crate) mod again;
pub(crate) mod drop;
pub(crate) mod fate;
pub(crate) mod guard;
pub(crate) mod index;
pub(crate) mod maintenance;
pub(crate) mod objects;
pub(crate) mod partition;
pub(crate) mod partitions;
pub(crate) mod settings;
pub(crate) mod verbatim;
