//! Random revisions, run by psql and by Concertina, and compared.
//!
//! The oracle is the server: each statement of a revision is run by itself on one copy of a database, as psql runs a file.
//! The real program runs the same revision on another copy. Then both must hold the same: what `pg_dump` prints, every row
//! bit by bit, every position of a sequence; or the program refused before it changed anything.
//!
//! ```
//! use concertina_differential::sql::{Sql, list, name, optional};
//!
//! // Statements are data, so that a case that differs can be made smaller.
//! let columns = [format!("{} int", name("a")), format!("{} text{}", name("b"), optional(" NOT NULL"))];
//! let sql = Sql::marked(&format!("CREATE TABLE {} ({})", name("t"), list(&columns)));
//! assert_eq!(sql.text(), "CREATE TABLE t (a int, b text NOT NULL)");
//! assert_eq!(sql.smaller().len(), 3);
//! ```
//!
//! # Layout
//!
//! [`sql`]: statements as data · [`world`]: what a database holds · [`draw`]: chance · [`schema`]: databases ·
//! [`statement`]: kinds of statement · [`sweep`]: which of them meet, in turn · [`make`]: cases · [`case`]: a case and its file · [`stage`]: the server · [`image`]: all that is compared ·
//! [`program`]: the command under test · [`life`]: a case run in full, and judged · [`beside`]: two applications beside it · [`tags`]: PostgreSQL's names of statements · [`verdict`]: what came of it · [`shrink`]: smaller cases that differ in the same way · [`campaign`]: many cases · [`planted`]: faults in plans, and when they are seen · [`known`]: differences that are known · [`report`]: numbers.
//!
//! Nothing here uses the planner or the engine: what tests them must not share their mistakes.

pub mod beside;
mod broken;
pub mod campaign;
pub mod case;
pub mod draw;
pub mod image;
pub mod known;
pub mod life;
pub mod make;
pub mod planted;
pub mod program;
pub mod report;
pub mod schema;
pub mod shrink;
pub mod sql;
pub mod stage;
pub mod statement;
pub mod sweep;
pub mod tags;
pub mod verdict;
pub mod world;

pub use broken::Broken;
