//! What the planner makes of SQL, as people read it.

mod as_written;
mod crm;
mod every_command;
mod fixture;
mod in_a_moment;
mod law;
mod listed;
mod order;
mod refused;
mod schema;
mod single;
mod waiting;
