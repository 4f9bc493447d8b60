//! Where the things of a revision come from, and whether they are there in the end.

use crate::footprint::{Footprint, How, Thing};
use crate::rules::Context;

impl Context<'_> {
    /// Whether all that is dropped was made by earlier statements of the revision.
    pub(crate) fn made_here(&self, touches: &Footprint) -> bool {
        let mut dropped = touches
            .writes()
            .filter(|access| access.how == How::Drop)
            .peekable();
        dropped.peek().is_some() && dropped.all(|access| self.is_born_here(&access.thing))
    }

    /// Whether an earlier statement of the revision makes a thing, under this name or a former one.
    /// Rights may have been had before.
    pub(crate) fn is_born_here(&self, thing: &Thing) -> bool {
        let mut thing = thing.clone();
        if matches!(thing, Thing::Rights(..)) {
            return false;
        }
        for seen in self.before().iter().rev() {
            match done(&seen.touches, &thing) {
                Some(How::Make) => match renamed(&seen.touches, How::Make, &thing) {
                    Some(from) => thing = from,
                    None => return !self.at_start().has(&thing),
                },
                Some(How::Drop) => return false,
                Some(How::Read | How::Change) | None => {}
            }
        }
        false
    }

    /// Whether what this change makes is there in the end, whatever its name is then.
    pub(crate) fn stays(&self, made: &Thing) -> bool {
        let mut thing = made.clone();
        for seen in &self.all[self.position + 1..] {
            if done(&seen.touches, &thing) == Some(How::Drop) {
                match renamed(&seen.touches, How::Drop, &thing) {
                    Some(to) => thing = to,
                    None => return false,
                }
            }
        }
        true
    }

    /// Whether all that this change makes goes again before the revision ends, so that the way back
    /// needs nothing of it.
    pub(crate) fn goes_again(&self, touches: &Footprint) -> bool {
        let whole = |thing: &Thing| {
            matches!(
                thing,
                Thing::Relation(_)
                    | Thing::Type(_)
                    | Thing::Function(_)
                    | Thing::Schema(_)
                    | Thing::Named(..)
            )
        };
        let made = touches
            .writes()
            .filter(|access| access.how == How::Make && whole(&access.thing));
        let mut made = made
            .filter(|access| !self.at_start().has(&access.thing))
            .peekable();
        made.peek().is_some() && made.all(|access| !self.stays(&access.thing))
    }
}

/// Whether a thing is made or dropped; what is both stays under its name.
fn done(touches: &Footprint, thing: &Thing) -> Option<How> {
    let is = |how: How| {
        touches
            .writes()
            .any(|access| access.how == how && access.thing == *thing)
    };
    match (is(How::Make), is(How::Drop)) {
        (true, false) => Some(How::Make),
        (false, true) => Some(How::Drop),
        (true, true) | (false, false) => None,
    }
}

/// The other name of a thing, where what is touched is a rename: that which it is given, or had.
fn renamed(touches: &Footprint, how: How, thing: &Thing) -> Option<Thing> {
    let other = if how == How::Make {
        How::Drop
    } else {
        How::Make
    };
    let kind = std::mem::discriminant(thing);
    let mut others = touches
        .writes()
        .filter(|access| access.how == other && access.thing != *thing);
    others
        .find(|access| std::mem::discriminant(&access.thing) == kind)
        .map(|access| access.thing.clone())
}
