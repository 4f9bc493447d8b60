//! Whatever can happen to a migration, dealt on purpose: an engine in a process of its own, behind a network that can't be
//! relied on, beside an application and beside others who change the same tables; and what must hold afterwards.
//!
//! # Layout
//!
//! [`scenario`]: what is migrated · [`subject`]: the engine that things happen to · [`director`]: hears where it is, and says
//! how it goes on · [`fault`]: what can happen, and schedules of it from a seed · [`others`]: sessions that aren't ours ·
//! [`application`]: writes, and remembers what was acknowledged · `dealer`: what decides at each point · `play`: one database on its
//! way · `standby`: a server that takes the primary's place · [`trial`]: one life of a scenario under a schedule ·
//! [`oracle`]: what must hold · [`summary`]: what was dealt. And [`any_text`]: what must hold of whatever is read.

pub mod any_text;
pub mod application;
mod broken;
mod dealer;
pub mod director;
pub mod fault;
pub mod oracle;
pub mod others;
mod play;
pub mod scenario;
mod standby;
pub mod subject;
pub mod summary;
pub mod trial;

pub use broken::Broken;
