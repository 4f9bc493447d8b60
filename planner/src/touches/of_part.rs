//! The footprint of a part of a plan. A statement is often done in parts of which each touches less
//! than the whole; what is run as its author wrote it touches all of it. Every kind of work is
//! named.

use crate::action::{Action, Backfill, Listed, Numbers, Online, Operation, Sync, Value, WorkList};
use crate::change::{Change, NewConstraint, NewConstraintKind, Special};
use crate::footprint::{Access, Aspect, Footprint, How, Thing};
use crate::helper::is_helper;
use crate::plan::Work;
use concertina_revisions::{Ident, TableName};

/// The statement that a part belongs to.
pub(crate) struct Whole<'a> {
    /// What it changes.
    pub(crate) change: &'a Change,
    /// All that it touches.
    pub(crate) touches: &'a Footprint,
}

/// What a part of a statement's work reads and writes.
pub(crate) fn of_part(work: &Work, whole: &Whole<'_>) -> Footprint {
    match work {
        Work::Quick { actions } => actions.iter().fold(Footprint::default(), |all, action| {
            all.and(&whole.of_action(action))
        }),
        Work::Slow { online } => whole.of_online(online),
        Work::Backfill { backfill } => whole.of_backfill(backfill),
    }
}

impl Whole<'_> {
    #[expect(clippy::too_many_lines, reason = "a few lines for each kind of action")]
    fn of_action(&self, action: &Action) -> Footprint {
        let on = |table: &TableName| Footprint::default().on(table);
        let aspect = |table: &TableName, column: &Ident, what| {
            on(table).change(Thing::aspect(table, column, what))
        };
        match action {
            Action::CreateTable { .. }
            | Action::BeginAsWritten(_)
            | Action::AsWritten { .. }
            | Action::Blocking { .. }
            | Action::AttachPartition { .. } => self.touches.clone(),
            Action::AddColumn {
                table,
                column,
                default,
                ..
            } => {
                let all = self
                    .relying(on(table))
                    .make(Thing::column(table, column))
                    .and(&self.demands());
                let is_new = matches!(self.change, Change::AddColumn(_));
                let all = if is_new {
                    all.and(&self.inherited(table))
                } else {
                    all
                };
                let is_stored = matches!(self.change, Change::AddColumn(add) if matches!(add.column.special, Special::Stored(_)));
                match default {
                    // The value is read when the column is added.
                    None if is_stored => all.and(&self.rows_read()),
                    Some(Value::Read(_)) => all.and(&self.rows_read()),
                    // By what it calls.
                    Some(Value::Sql(_)) if is_new => all.and(&self.rows_read()),
                    Some(Value::Sql(_)) | None => all,
                }
            }
            Action::OwnSequence {
                table,
                column,
                sequence,
                ..
            } => self
                .relying(on(table))
                .make(Thing::column(table, column))
                .make(Thing::Relation(sequence.clone())),
            Action::AddIdentity {
                table,
                column,
                from,
                definition,
            } => {
                let all = aspect(table, column, Aspect::Identity).change(Thing::aspect(
                    table,
                    column,
                    Aspect::Default,
                ));
                let all = self
                    .relying(all)
                    .read(Thing::aspect(table, column, Aspect::Null));
                let own = super::of_change::numbers(table, column, definition);
                let all = all
                    .make(Thing::Relation(own.clone()))
                    .change(Thing::Rows(own, None));
                match from {
                    Numbers::Start => all,
                    Numbers::Sequence(other) => all.drop(Thing::Relation(other.clone())),
                }
            }
            Action::AddNotNull {
                table,
                column,
                name,
            } => {
                let all = aspect(table, column, Aspect::Null).read(Thing::column(table, column));
                all.make(Thing::constraint(table, name))
                    .and(&self.demands())
            }
            Action::DetachPartition {
                parent, partition, ..
            } => super::of_change::detached(parent, partition),
            Action::SetDefault { table, column, .. } => {
                self.relying(aspect(table, column, Aspect::Default))
            }
            Action::SetNotNull { table, column } | Action::DropNotNull { table, column } => {
                aspect(table, column, Aspect::Null)
                    .read(Thing::column(table, column))
                    .change(Thing::Demands(table.clone(), Some(column.clone())))
            }
            Action::AddConstraint { table, name, .. } => self
                .relying(on(table))
                .make(Thing::constraint(table, name))
                .and(&self.demands()),
            Action::AddConstraintUsingIndex {
                table,
                name,
                index,
                primary,
                ..
            } => {
                let all = self.relying(on(table)).make(Thing::constraint(table, name));
                let all = all
                    .drop(Thing::beside(table, index))
                    .make(Thing::beside(table, name));
                if *primary {
                    all.and(&self.only_aspects(Aspect::Null))
                        .and(&self.identified())
                } else {
                    all
                }
            }
            Action::DropConstraint { table, name, .. } if is_helper(name) => {
                on(table).drop(Thing::constraint(table, name))
            }
            Action::DropConstraint { table, name, .. } => self
                .relying(on(table))
                .drop(Thing::constraint(table, name))
                .drop(Thing::beside(table, name))
                .and(&self.only_aspects(Aspect::Null))
                .and(&self.identified())
                .and(&self.demands()),
            Action::MoveNumbers {
                table, from, to, ..
            } => on(table)
                .read(Thing::column(table, from))
                .read(Thing::column(table, to))
                .change(Thing::aspect(table, from, Aspect::Identity))
                .change(Thing::aspect(table, to, Aspect::Identity)),
            Action::RenameColumn { table, from, to } => on(table)
                .rename(Thing::column(table, from), Thing::column(table, to))
                .and(&self.standing_on_it())
                .and(&self.inherited(table)),
            Action::RenameConstraint { table, from, to } => on(table)
                .rename(Thing::constraint(table, from), Thing::constraint(table, to))
                .rename(Thing::beside(table, from), Thing::beside(table, to)),
            Action::RenameIndex { table, from, to } => {
                on(table).rename(Thing::Relation(from.clone()), Thing::beside(table, to))
            }
            Action::DropColumn { table, column } => on(table)
                .drop(Thing::column(table, column))
                .and(&self.going_along())
                .and(&self.inherited(table)),
            Action::DropTable { .. } if matches!(self.change, Change::DropTable(_)) => {
                self.touches.clone()
            }
            Action::DropTable { table } => on(table)
                .drop(Thing::Relation(table.clone()))
                .change(Thing::Whole(table.clone())),
            Action::InstallSync(sync) => self
                .relying(synced(sync))
                .make(Thing::Helper(sync.name.clone())),
            Action::RefuseUnfilled(sync) => synced(sync).change(Thing::Helper(sync.name.clone())),
            // Until it is gone, rows that are left are numbered as well.
            Action::RemoveSync(sync) => self
                .drawn()
                .fold(minded(sync), Footprint::on)
                .drop(Thing::Helper(sync.name.clone())),
            Action::CreateVersion(version) => {
                let schema = Footprint::default().make(Thing::Helper(version.schema.clone()));
                version
                    .views
                    .iter()
                    .fold(schema, |all, view| all.on(&view.table))
            }
            Action::DropVersion { schema, .. } => {
                Footprint::default().drop(Thing::Helper(schema.clone()))
            }
        }
    }

    fn of_online(&self, online: &Online) -> Footprint {
        let on = |table: &TableName| Footprint::default().on(table);
        match online {
            Online::CreateIndex { table, name, .. } => self
                .relying(on(table))
                .make(Thing::beside(table, name))
                .make(Thing::Indexes(table.clone()))
                .and(&self.demands()),
            Online::DropIndex { table, index, .. } => {
                let all = on(table)
                    .drop(Thing::Relation(index.clone()))
                    .drop(Thing::Indexes(table.clone()));
                if matches!(self.change, Change::DropIndex(_)) {
                    all.and(self.touches)
                } else {
                    all
                }
            }
            Online::Validate { .. } if matches!(self.change, Change::Validate(..)) => {
                self.touches.clone()
            }
            Online::Validate {
                table,
                constraints,
                references,
            } => {
                let all = constraints
                    .iter()
                    .fold(self.relying(on(table)), |all, name| {
                        all.change(Thing::constraint(table, name))
                    });
                let columns = if self.is_null_everywhere() {
                    vec![]
                } else {
                    self.columns_of(table)
                };
                let all = columns.into_iter().fold(all, |all, column| {
                    all.read(Thing::Rows(table.clone(), column))
                });
                // The rows that are pointed at are held by the key itself from its first moment on.
                references.iter().fold(all, Footprint::on)
            }
            Online::Analyze { table } => on(table),
            Online::Reindex { table, index } => {
                let all = on(table).change(Thing::Indexes(table.clone()));
                index
                    .iter()
                    .fold(all, |all, index| all.read(Thing::Relation(index.clone())))
            }
            Online::Refresh { .. } | Online::Fill { .. } => self.touches.only(|access| {
                // Made, and named, by a part before.
                access.how == How::Read
                    || !matches!(access.thing, Thing::Relation(_) | Thing::Type(_))
            }),
            Online::Detach { parent, partition } => super::of_change::detached(parent, partition),
        }
    }

    fn of_backfill(&self, backfill: &Backfill) -> Footprint {
        let table = &backfill.table;
        if matches!(
            self.change,
            Change::Insert(_) | Change::Update(_) | Change::Delete(_)
        ) {
            let all = self.touches.clone();
            // Rows are found again by a key, which has to be there by the names that it has at the
            // statement's place.
            return match &backfill.operation {
                Operation::Listed(list) if !list.key.is_empty() => all
                    .columns(table, &list.key)
                    .read(Thing::key(table, &list.key)),
                Operation::Listed(_)
                | Operation::Assign(_)
                | Operation::Delete
                | Operation::Copy { .. } => all,
            };
        }
        let all = self
            .relying(Footprint::default().on(table))
            .and(&self.rows_of_others(table))
            .read(Thing::Trigger(table.clone(), None));
        // As the sequence is at the statement's place.
        let all = self.drawn().fold(all, |all, sequence| {
            all.on(sequence).change(Thing::Rows(sequence.clone(), None))
        });
        match &backfill.operation {
            Operation::Assign(sets) => sets.iter().fold(all, |all, (column, _)| {
                all.read(Thing::column(table, column))
                    .change(Thing::Rows(table.clone(), Some(column.clone())))
            }),
            Operation::Delete => all.change(Thing::Rows(table.clone(), None)),
            Operation::Copy { target, .. } => {
                all.on(target).change(Thing::Rows(target.clone(), None))
            }
            Operation::Listed(list) => of_list(all, table, list),
        }
    }

    /// The rows of other tables that are read.
    fn rows_of_others(&self, table: &TableName) -> Footprint {
        self.touches.only(|access| {
            let is_of_others = matches!(&access.thing, Thing::Rows(other, _) if other != table);
            access.how == How::Read && (is_of_others || access.thing == Thing::AnyRows)
        })
    }

    /// The sequences that a new column's numbers are drawn from.
    fn drawn(&self) -> impl Iterator<Item = &TableName> {
        let is_new = matches!(self.change, Change::AddColumn(_));
        self.touches
            .writes()
            .filter(move |access| is_new && access.how == How::Change)
            .filter_map(|access| {
                if let Thing::Rows(sequence, None) = &access.thing {
                    Some(sequence)
                } else {
                    None
                }
            })
    }

    /// With what the statement needs to be there: all that it reads but rows, and what is minded
    /// when rows are written.
    fn relying(&self, own: Footprint) -> Footprint {
        let structure = self.touches.only(|access| {
            access.how == How::Read
                && !matches!(
                    access.thing,
                    Thing::Rows(..)
                        | Thing::AnyRows
                        | Thing::Demands(..)
                        | Thing::Trigger(..)
                        | Thing::Rule(..)
                        | Thing::Policy(..)
                        | Thing::Whole(_)
                )
        });
        own.and(&structure)
    }

    /// The rows that the statement reads.
    fn rows_read(&self) -> Footprint {
        let is_row = |thing: &Thing| matches!(thing, Thing::Rows(..) | Thing::AnyRows);
        self.touches
            .only(|access| access.how == How::Read && is_row(&access.thing))
    }

    /// Whether it adds a column whose demands hold of every row, as there is no value yet, and none
    /// points at nothing.
    fn is_null_everywhere(&self) -> bool {
        let Change::AddColumn(add) = self.change else {
            return false;
        };
        let points = |one: &NewConstraint| matches!(one.kind, NewConstraintKind::ForeignKey { .. });
        add.fill.is_none()
            && add.column.default.is_none()
            && add.column.constraints.iter().all(points)
    }

    /// What the statement demands of rows, or demands no more.
    fn demands(&self) -> Footprint {
        self.touches.only(|access| {
            access.how != How::Read && matches!(access.thing, Thing::Demands(..) | Thing::Key(..))
        })
    }

    fn only_aspects(&self, wanted: Aspect) -> Footprint {
        self.touches.only(|access| {
            access.how != How::Read
                && matches!(access.thing, Thing::Aspect(_, _, what) if what == wanted)
        })
    }

    /// Whether subscribers can tell rows apart, where that changes.
    fn identified(&self) -> Footprint {
        self.touches.only(|access| {
            access.how == How::Change && matches!(access.thing, Thing::Trigger(_, None))
        })
    }

    /// Constraints and indexes that the statement changes along with a column.
    fn standing_on_it(&self) -> Footprint {
        self.touches.only(|access| {
            access.how == How::Change
                && matches!(access.thing, Thing::Constraint(..) | Thing::Relation(_))
        })
    }

    /// The columns of tables below that are changed with one of the table.
    fn inherited(&self, table: &TableName) -> Footprint {
        self.touches.only(|access| {
            access.how != How::Read
                && matches!(&access.thing, Thing::Column(other, _) if other != table)
        })
    }

    /// What goes with a column.
    fn going_along(&self) -> Footprint {
        if matches!(self.change, Change::DropColumn(..)) {
            self.touches
                .only(|access| access.how != How::Read || matches!(access.thing, Thing::Type(_)))
        } else {
            self.standing_on_it()
        }
    }

    /// The columns that the statement is about.
    fn columns_of(&self, of: &TableName) -> Vec<Option<Ident>> {
        let column = |access: &Access| {
            if let Thing::Column(table, column) = &access.thing {
                (table == of).then(|| column.clone())
            } else {
                None
            }
        };
        self.touches.accesses.iter().filter_map(column).collect()
    }
}

/// What a work list keeps of rows, and what becomes of them.
fn of_list(all: Footprint, table: &TableName, list: &WorkList) -> Footprint {
    let rows = |column: Option<&Ident>| Thing::Rows(table.clone(), column.cloned());
    let all = list
        .key
        .iter()
        .chain(&list.relied_on)
        .fold(all, |all, column| {
            all.read(Thing::column(table, column))
                .read(rows(Some(column)))
        });
    match &list.change {
        Listed::Assign { .. } => list
            .values
            .iter()
            .fold(all, |all, column| all.change(rows(Some(column)))),
        Listed::Compute { sets, .. } => sets
            .iter()
            .fold(all, |all, (column, _)| all.change(rows(Some(column)))),
        Listed::Delete { .. } | Listed::Insert { .. } => all.change(rows(None)),
    }
}

/// The table whose name a sync trigger is made, and removed, by.
fn synced(sync: &Sync) -> Footprint {
    Footprint::default().on(&sync.table)
}

/// What a sync trigger fills, and reads of the row, must keep its name for as long as there is the
/// trigger.
fn minded(sync: &Sync) -> Footprint {
    let texts = sync
        .assignments
        .iter()
        .map(|(_, value)| value)
        .chain(&sync.predicate)
        .chain([&sync.when]);
    let read = texts
        .filter_map(|text| crate::sql::from_text(text))
        .flat_map(|expression| expression.columns);
    let of_row = read.filter(|mention| {
        mention
            .qualifier
            .as_ref()
            .is_some_and(|name| name.as_str() == "new")
    });
    let columns: Vec<Ident> = sync
        .assignments
        .iter()
        .map(|(column, _)| column.clone())
        .chain(of_row.map(|mention| mention.name))
        .collect();
    synced(sync).columns(&sync.table, &columns)
}
