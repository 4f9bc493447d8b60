//! Where there are no rows, statements are run as they are written: one after the other, in one
//! transaction. Nobody can miss what isn't there, so nothing has to be cut into batches, built
//! beside or proven first, and nothing is refused that PostgreSQL would run.

use crate::action::{Action, AsWritten, Lock};
use crate::catalog::{Catalog, TableKind};
use crate::footprint::Footprint;
use crate::lower::lower;
use crate::lower::reach::{Manner, Reach, SessionUse, may_be_proven, reach};
use crate::meant;
use crate::plan::{Phase, Plan, Question, Step, StepId, Work};
use crate::problem::code;
use crate::sql::mentioned;
use concertina_revisions::{Code, Diagnostic, Revision, RevisionId, Statement, TableName};
use std::collections::BTreeSet;

/// What may become of rows that revisions put there that were run as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnRows {
    /// They are nobody's yet.
    MayBeTouched,
    /// They count as anybody's.
    Stay,
}

/// Refusals that PostgreSQL would come to as well.
const OF_POSTGRES: [Code; 4] = [
    code::NO_TABLE,
    code::NO_COLUMN,
    code::NO_RIGHT,
    code::TOO_OLD,
];

/// Plans statements by the rules, for what they know of the way back.
type Rules<'a> = dyn Fn(&[Statement], &Catalog) -> Result<Plan, Vec<Diagnostic>> + 'a;

/// How a statement is shown, at the most.
const SHOWN_CHARS_MAX: usize = 100;

/// The plan of a revision that touches no row that anyone could miss, or the one that the rules
/// make.
pub(crate) fn or_by_rule(
    id: &RevisionId,
    statements: &[Statement],
    catalog: &Catalog,
    own_rows: OwnRows,
    rules: &Rules<'_>,
) -> Result<Plan, Vec<Diagnostic>> {
    let by_rule = || rules(statements, catalog);
    let reaches = reaches(statements, catalog);
    if catalog.versions.is_some()
        || reaches
            .iter()
            .any(|(reach, _)| reach.manner == Manner::Never)
    {
        return by_rule();
    }
    if catalog.unpopulated && own_rows == OwnRows::MayBeTouched {
        return Ok(plan(id, statements, &reaches, true, rules));
    }
    if !touches_no_row(statements, &reaches, catalog) {
        return by_rule();
    }
    match by_rule() {
        // It is as written already.
        Ok(plan) if additive(&plan, &reaches) => Ok(plan),
        Err(refused)
            if refused
                .iter()
                .all(|problem| is_of_postgres(problem, &reaches)) =>
        {
            Err(refused)
        }
        _ => Ok(plan(id, statements, &reaches, false, rules)),
    }
}

/// Whether no statement runs code, or changes what names mean.
pub(crate) fn nothing_is_opaque(statements: &[Statement], catalog: &Catalog) -> bool {
    statements
        .iter()
        .all(|statement| !reach(statement, catalog).opaque)
}

/// The existing tables that revisions name, with what hangs on them: whether these hold rows
/// decides how they are planned.
pub fn named(revisions: &[&Revision], catalog: &Catalog) -> BTreeSet<TableName> {
    let mut names = BTreeSet::new();
    for statement in revisions
        .iter()
        .flat_map(|revision| revision.up.iter().chain(revision.down.iter().flatten()))
    {
        let reach = reach(statement, catalog);
        names.extend(
            reach
                .changed
                .into_iter()
                .chain(reach.used)
                .flat_map(|table| catalog.around(&table)),
        );
    }
    names
}

/// The tables whose rows may change, or the names of whose columns, before a later revision has its
/// turn.
#[derive(Debug, Clone, Default)]
pub struct MayChange {
    anything: bool,
    tables: BTreeSet<TableName>,
}

impl MayChange {
    /// Adds what the statements of a revision may change.
    pub fn add(&mut self, revision: &Revision, catalog: &Catalog) {
        revision
            .up
            .iter()
            .for_each(|statement| self.add_statement(statement, catalog));
    }

    fn add_statement(&mut self, statement: &Statement, catalog: &Catalog) {
        let reach = reach(statement, catalog);
        self.anything |= reach.beyond;
        if reach.rows {
            self.tables.extend(
                reach
                    .changed
                    .iter()
                    .chain(&reach.used)
                    .flat_map(|table| catalog.around(table)),
            );
        }
    }

    /// Whether a question about rows that a statement asks (counted from 1) may get another answer
    /// by then.
    pub fn concerns(&self, revision: &Revision, statement: usize, catalog: &Catalog) -> bool {
        let Some(at) = statement
            .checked_sub(1)
            .filter(|at| *at < revision.up.len())
        else {
            return true;
        };
        let mut before = self.clone();
        revision.up[..at]
            .iter()
            .for_each(|statement| before.add_statement(statement, catalog));
        let asks = reach(&revision.up[at], catalog);
        let asked = asks
            .changed
            .iter()
            .chain(&asks.used)
            .flat_map(|table| catalog.around(table));
        before.anything
            || asked
                .into_iter()
                .any(|table| before.tables.contains(&table))
    }
}

/// What each statement may touch, with the catalog that it meets as far as it is foreseen.
fn reaches(statements: &[Statement], catalog: &Catalog) -> Vec<(Reach, Catalog)> {
    let mut now = catalog.clone();
    let mut found = Vec::new();
    for statement in statements {
        let mut reach = reach(statement, &now);
        let along = meant::along(statement, &now);
        reach.changed.extend(
            along
                .iter()
                .flat_map(|along| &along.columns)
                .map(|(table, _)| table.clone()),
        );
        let mentioned = mentioned(statement.tree.as_ref(), &now);
        let next = lower(statement, &mentioned, &now).map(|changes| {
            changes
                .iter()
                .fold(now.clone(), |now, change| now.after(change))
        });
        let mut next = next.unwrap_or_else(|_| now.clone());
        for made in reach
            .made
            .iter()
            .filter(|made| next.table(made).is_none())
            .cloned()
            .collect::<Vec<_>>()
        {
            next.make_unknown(&made);
        }
        found.push((reach, std::mem::replace(&mut now, next)));
    }
    found
}

/// Whether PostgreSQL would refuse for the same reason. A name may be free again once something is
/// dropped.
fn is_of_postgres(problem: &Diagnostic, reaches: &[(Reach, Catalog)]) -> bool {
    let frees_names = || {
        reaches
            .iter()
            .any(|(reach, _)| reach.rows || reach.cascades)
    };
    OF_POSTGRES.contains(&problem.code) || problem.code == code::EXISTS && !frees_names()
}

/// Whether all that the statements touch is known, and without rows.
fn touches_no_row(
    statements: &[Statement],
    reaches: &[(Reach, Catalog)],
    catalog: &Catalog,
) -> bool {
    let mut hooked = false;
    reaches
        .iter()
        .zip(statements)
        .all(|((reach, now), statement)| {
            let bare = |table: &TableName| {
                now.table(table)
                    .is_some_and(|known| may_be_proven(known.kind))
                    && now.touches_no_row(table)
            };
            let alone = |table: &TableName| {
                catalog
                    .table(table)
                    .is_none_or(|known| known.dependants.is_empty())
                    && catalog.referencing(table).next().is_none()
            };
            hooked |= reach.hooks;
            !(reach.beyond || reach.fires && hooked)
                && statement.directives.phase().is_none()
                && reach.changed.iter().chain(&reach.used).all(bare)
                && (!reach.cascades || reach.changed.iter().all(alone))
        })
}

/// Whether a plan changes no existing table, and does everything in the order of the statements.
fn additive(plan: &Plan, reaches: &[(Reach, Catalog)]) -> bool {
    plan.backfill.is_empty()
        && plan.contract.is_empty()
        && reaches.iter().all(|(reach, now)| {
            reach
                .changed
                .iter()
                .all(|table| now.table(table).is_some_and(|table| table.is_new))
        })
}

/// Statements that share a transaction.
#[derive(Default)]
struct Segment {
    transaction: Option<usize>,
    ended: bool,
    actions: Vec<Action>,
    statements: Vec<usize>,
    begin: AsWritten,
    /// Materialized views that are changed. PostgreSQL locks none beforehand, and their rows are
    /// nobody's own.
    views: Vec<TableName>,
}

fn plan(
    id: &RevisionId,
    statements: &[Statement],
    reaches: &[(Reach, Catalog)],
    unpopulated: bool,
    rules: &Rules<'_>,
) -> Plan {
    let mut notes = Vec::new();
    let segments = segments(statements, reaches, unpopulated, &mut notes);
    let several = segments.len() > 1;
    let mut plan = Plan {
        revision: id.clone(),
        preflight: vec![],
        expand: vec![],
        backfill: vec![],
        contract: vec![],
        hazards: vec![],
        warnings: vec![],
        notes,
        reverse: Ok(vec![]),
    };
    if segments.is_empty() {
        return plan;
    }
    let Some((_, catalog)) = reaches.first() else {
        return plan;
    };
    match rules(statements, catalog) {
        Ok(ruled) => {
            plan.preflight = ruled.preflight;
            // The others ask about rows, and there are none.
            plan.preflight
                .retain(|check| matches!(check.question, Question::ExtensionAvailable(_)));
            plan.reverse = ruled.reverse;
            if !unpopulated {
                plan.hazards = ruled.hazards;
            }
        }
        Err(refused) => plan.reverse = Err(why_no_reverse(&refused, statements)),
    }
    for (at, segment) in segments.into_iter().enumerate() {
        let undo = if several {
            segment.reverse(statements, reaches, rules)
        } else {
            plan.reverse.clone()
        };
        let step = segment.step(at + 1, undo.as_ref().ok().cloned());
        if several && let Err(why) = undo {
            plan.notes
                .push(format!("rollback can't take {} back: {why}", step.id));
        }
        plan.expand.push(step);
    }
    plan
}

fn why_no_reverse(refused: &[Diagnostic], statements: &[Statement]) -> String {
    let first = refused.iter().find_map(|problem| {
        let (_, span) = problem.place.as_ref()?;
        statements
            .iter()
            .position(|statement| statement.span.start == span.start)
    });
    let which = first.map_or_else(
        || "a statement".to_owned(),
        |at| format!("statement {}", at + 1),
    );
    format!("{which} is run as it is written, and what takes it back isn't known")
}

fn segments(
    statements: &[Statement],
    reaches: &[(Reach, Catalog)],
    unpopulated: bool,
    notes: &mut Vec<String>,
) -> Vec<Segment> {
    let Some((_, catalog)) = reaches.first() else {
        return vec![];
    };
    let mut segments: Vec<Segment> = Vec::new();
    let mut settings: Vec<String> = Vec::new();
    let mut written_to = BTreeSet::new();
    for (at, (statement, (reach, now))) in statements.iter().zip(reaches).enumerate() {
        let sql = match &reach.manner {
            Manner::LeftOut(why) => {
                notes.push(format!("statement {} is left out: {why}", at + 1));
                continue;
            }
            Manner::Instead(sql) => sql.clone(),
            Manner::Inside | Manner::Last | Manner::Never => meant::along(statement, now)
                .map_or_else(
                    || statement.sql.clone(),
                    |along| along.written_out(&statement.sql),
                ),
        };
        let fits = segments
            .last()
            .is_some_and(|last| !last.ended && last.transaction == statement.transaction);
        if !fits {
            let begin = AsWritten {
                unpopulated,
                immediate: statement.transaction.is_none(),
                settings: settings.clone(),
                ..AsWritten::default()
            };
            segments.push(Segment {
                transaction: statement.transaction,
                begin,
                ..Segment::default()
            });
        }
        let Some(segment) = segments.last_mut() else {
            continue;
        };
        let mut views = Vec::new();
        for table in reach
            .changed
            .iter()
            .filter(|table| is_there(table, now, catalog))
        {
            let known = catalog.table(table);
            if known.is_some_and(|known| known.kind == TableKind::Materialized) {
                views.push(table.clone());
            } else {
                let counts = unpopulated || !written_to.contains(table);
                segment.hold(table, counts, catalog);
            }
        }
        segment.begin.everywhere |= unpopulated && (reach.beyond || reach.cascades);
        if reach.fires {
            written_to.extend(reach.changed.iter().chain(&reach.used).cloned());
        }
        if reach.session == SessionUse::Setting {
            settings.push(statement.sql.clone());
        }
        segment.begin.session |= reach.session != SessionUse::None || reach.opaque;
        segment.ended = reach.manner == Manner::Last;
        let locks = views
            .iter()
            .map(|view| (view.clone(), Lock::AccessExclusive));
        let action = Action::as_written(shown(&statement.sql), sql, locks.collect());
        segment.actions.push(action);
        segment.views.extend(views);
        segment.statements.push(at + 1);
    }
    segments
}

/// Whether a table of that name was there before the revision, and still is.
fn is_there(table: &TableName, now: &Catalog, catalog: &Catalog) -> bool {
    let known = |table: &&crate::Table| !table.is_new && may_be_proven(table.kind);
    catalog.table(table).as_ref().is_some_and(known) && now.table(table).as_ref().is_some_and(known)
}

/// The table with all that its changes look at, without what is known.
fn around(table: &TableName, catalog: &Catalog, known: &[TableName]) -> Vec<TableName> {
    let mut found = catalog.around(table);
    found.retain(|table| !known.contains(table));
    found
}

impl Segment {
    /// Locks a table beforehand. Where rows count, there must be none in it, nor in what its
    /// changes look at.
    fn hold(&mut self, table: &TableName, counts: bool, catalog: &Catalog) {
        if self.begin.tables.contains(table) {
            return;
        }
        self.begin.tables.push(table.clone());
        if counts {
            let around = around(table, catalog, &self.begin.empty);
            self.begin.empty.extend(around);
        }
    }

    /// What takes its statements back.
    fn reverse(
        &self,
        statements: &[Statement],
        reaches: &[(Reach, Catalog)],
        rules: &Rules<'_>,
    ) -> Result<Vec<String>, String> {
        let (Some(first), Some(last)) = (self.statements.first(), self.statements.last()) else {
            return Ok(vec![]);
        };
        let own = &statements[first - 1..*last];
        let mut catalog = reaches[first - 1].1.clone();
        catalog.settle();
        rules(own, &catalog)
            .map_err(|refused| why_no_reverse(&refused, own))?
            .reverse
    }

    fn step(self, number: usize, reverse: Option<Vec<String>>) -> Step {
        let changed = self.begin.tables.iter().chain(&self.views);
        let locked: Vec<_> = changed
            .map(|table| (table.clone(), Lock::AccessExclusive))
            .collect();
        let written = |sql: String| Action::as_written(shown(&sql), sql, locked.clone());
        let undo = reverse.map(|reverse| Work::Quick {
            actions: reverse.into_iter().map(written).collect(),
        });
        let mut actions = vec![Action::BeginAsWritten(self.begin)];
        actions.extend(self.actions);
        Step {
            id: StepId(format!("{}-{number}", Phase::Expand)),
            work: Work::Quick { actions },
            why: "it touches no row that anyone could miss".to_owned(),
            statements: self.statements,
            undo: undo.into_iter().collect(),
            below: vec![],
            touches: Footprint::default(),
        }
    }
}

/// A statement in one line, up to where it may tell a secret.
fn shown(sql: &str) -> String {
    let end = sql.find(['\'', '$']).unwrap_or(sql.len());
    let line = sql[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{} ..", &line[..end]),
        None => line,
    }
}

impl Plan {
    /// Whether its statements are run as they are written.
    pub fn is_as_written(&self) -> bool {
        self.expand.first().is_some_and(|step| {
            matches!(&step.work, Work::Quick { actions } if matches!(actions.first(), Some(Action::BeginAsWritten(_))))
        })
    }

    /// Whether it is one transaction, or none: then it is done with its record, or not at all.
    pub fn is_at_once(&self) -> bool {
        self.backfill.is_empty()
            && self.contract.is_empty()
            && (self.expand.is_empty() || self.expand.len() == 1 && self.is_as_written())
    }
}
