//! Columns: new ones, other types, other names, defaults, NOT NULL, numbers and computed values.

pub(crate) mod add_column;
pub(crate) mod alias;
pub(crate) mod carried;
pub(crate) mod column_type;
pub(crate) mod computed;
pub(crate) mod default;
pub(crate) mod generated;
pub(crate) mod identity;
pub(crate) mod kept;
pub(crate) mod not_null;
pub(crate) mod numbered;
pub(crate) mod rename;
pub(crate) mod shadow;
