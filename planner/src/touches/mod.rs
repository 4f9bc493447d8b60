//! What each kind of change and of work reads and writes, in the light of a catalog: the only place
//! that says it.

mod called;
mod family;
mod of_change;
mod of_constraint;
mod of_part;
mod of_rows;

pub(crate) use called::{
    draw_numbers, draws_numbers, look_at, triggers_look_back, with_called, written_along,
};
pub(crate) use family::with_family;
pub(crate) use of_change::of_change;
pub(crate) use of_part::{Whole, of_part};
pub(crate) use of_rows::rows_of;
