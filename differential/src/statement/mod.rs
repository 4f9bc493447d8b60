//! What revisions are made of: each kind of statement that is planned, and some that are refused,
//! with how often it comes. A maker is given the world as the statements before it left it.

mod attributes;
pub mod chains;
mod columns;
mod constraints;
mod database;
mod indexes;
mod objects;
mod pairs;
mod partitions;
mod parts;
mod rows;
mod tables;
mod views;

pub use parts::ROLES;

use crate::draw::Draw;
use crate::sql::Sql;
use crate::world::World;

/// Makes statements that belong together, marked; none when the world has nothing to speak of.
type Make = fn(&mut Draw, &World) -> Option<Vec<String>>;

/// A kind of statement.
pub struct Kind {
    /// Its name in reports.
    pub name: &'static str,
    /// How often it comes, against the others.
    pub weight: u32,
    /// Whether it adds something that can hang on a table, so that schemas are made of it too.
    pub hangs: bool,
    make: Make,
}

/// A kind that revisions have.
const fn kind(name: &'static str, weight: u32, make: Make) -> Kind {
    Kind {
        name,
        weight,
        hangs: false,
        make,
    }
}

/// A kind that schemas are made of too.
const fn part(name: &'static str, weight: u32, make: Make) -> Kind {
    Kind {
        name,
        weight,
        hangs: true,
        make,
    }
}

impl Kind {
    /// Makes its statements.
    pub fn make(&self, draw: &mut Draw, world: &World) -> Option<Vec<Sql>> {
        let made = self.texts(draw, world)?;
        Some(made.iter().map(|text| Sql::marked(text)).collect())
    }

    /// The same with their marks.
    fn texts(&self, draw: &mut Draw, world: &World) -> Option<Vec<String>> {
        (self.make)(draw, world)
    }
}

/// Every kind.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    [
        columns::KINDS,
        constraints::KINDS,
        database::KINDS,
        indexes::KINDS,
        objects::KINDS,
        pairs::KINDS,
        partitions::KINDS,
        parts::KINDS,
        rows::KINDS,
        tables::KINDS,
        views::KINDS,
    ]
    .into_iter()
    .flatten()
}

/// A kind by its name.
#[must_use]
pub fn called(name: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.name == name)
}

/// One statement, as a maker's answer.
#[allow(clippy::unnecessary_wraps)] // As every maker.
fn one(text: String) -> Option<Vec<String>> {
    Some(vec![text])
}

/// CREATE TABLE, for schemas.
pub(crate) fn table(draw: &mut Draw, name: &str, world: &World) -> String {
    tables::definition(draw, name, world)
}
