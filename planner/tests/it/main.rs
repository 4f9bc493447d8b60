//! What the planner makes of SQL, as people read it.

mod crm;
mod every_command;
mod fixture;
mod law;
mod refused;
mod schema;
mod single;
mod waiting;
