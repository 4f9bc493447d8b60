//! What the planner makes of SQL, as people read it.

mod crm;
mod fixture;
mod law;
mod refused;
mod single;
mod waiting;
