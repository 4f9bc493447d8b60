//! Versions of the application's schema: at the end of its backfill a revision gets a schema of
//! views that bear the names, types and defaults it leads to; code of that version puts it in front
//! of its search_path. The versions before it go at contract, before what they show does.

use crate::action::{Action, NewVersion, Shown, View};
use crate::catalog::{Catalog, Column, Table, TableKind, Version};
use crate::decision::Decided;
use crate::decision::{Decision, Part, Rank};
use crate::footprint::{Footprint, How, Thing};
use crate::helper::digest;
use crate::plan::{Phase, Plan, Work};
use crate::problem::{Problem, code, hazard};
use concertina_revisions::{Ident, RevisionId, TableName};

/// The first `server_version_num` whose views can look with the rights of whoever asks.
pub(crate) const INVOKER_SINCE: u32 = 150_000;

/// PostgreSQL cuts longer names off.
const NAME_BYTES: usize = 63;

/// Where a plan leads, for those who name their version.
#[derive(Clone, Copy, Default)]
pub(crate) struct Toward<'a> {
    /// The revision that is reached; nothing below the first.
    pub(crate) revision: Option<&'a RevisionId>,
    /// Plans whose contract hasn't run.
    pub(crate) waiting: &'a [Plan],
    /// Whether there are such, of which the plans may not be known.
    pub(crate) is_behind: bool,
    /// The catalog that is reached, where it isn't today's with the revision's changes.
    pub(crate) end: Option<&'a Catalog>,
}

impl Toward<'_> {
    /// The schema of the version that is made, if any is.
    pub(crate) fn schema(&self, catalog: &Catalog) -> Option<Ident> {
        catalog.versions.as_ref()?;
        self.revision.map(|revision| schema_of(revision, catalog))
    }
}

/// The schema of the tables, and in front of the revision's name: `public_003_tenants`.
pub fn schema_of(revision: &RevisionId, catalog: &Catalog) -> Ident {
    let name = format!("{}_{revision}", of(catalog).as_str());
    if name.len() <= NAME_BYTES {
        return Ident::new(name);
    }
    let digest = digest(&[&name]);
    let mut end = NAME_BYTES - digest.len() - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Ident::new(format!("{}_{digest}", &name[..end]))
}

/// The schema whose tables are shown.
fn of(catalog: &Catalog) -> Ident {
    catalog
        .search_path
        .first()
        .cloned()
        .unwrap_or_else(|| Ident::new("public"))
}

/// What makes the version that is reached, and takes the others away.
pub(crate) fn decide(
    toward: &Toward<'_>,
    decisions: &[Decided],
    now: &Catalog,
    end: &Catalog,
) -> Result<Decision, Problem> {
    let Some(there) = &now.versions else {
        return Ok(Decision::default());
    };
    let mut decision =
        Decision::because("code of that version finds its own names and types by its search_path");
    let schema = toward.schema(now);
    let opaque = decisions.iter().find(|decided| {
        decided
            .decision
            .parts
            .iter()
            .any(|part| part.touches.is_opaque())
    });
    if let Some(opaque) = opaque.filter(|_| schema.is_some()) {
        let statement = opaque.statements.first().copied().unwrap_or(1);
        return Err(Problem::new(
            code::VERSION,
            format!("what statement {statement} leaves can't be foreseen, so no version can show it"),
        )
        .label("a version of the schema is made of this revision")
        .help("write the statement's own statements instead, or run it by hand and `concertina stamp` the revision"));
    }
    if let (Some(revision), Some(schema)) = (toward.revision, &schema) {
        let waiting = toward
            .waiting
            .iter()
            .flat_map(|plan| plan.phase(Phase::Contract))
            .map(|step| &step.work);
        let mut contract: Vec<_> = decisions
            .iter()
            .flat_map(|decided| &decided.decision.parts)
            .collect();
        contract.retain(|part| part.phase == Phase::Contract);
        comes_too_late(&contract, toward.end.unwrap_or(end), now)?;
        let renames = renames(waiting.chain(contract.into_iter().map(|part| &part.work)));
        let version = NewVersion {
            schema: schema.clone(),
            number: there.last().map_or(1, |last| last.number + 1),
            revision: revision.clone(),
            of: of(now),
            views: views(toward.end.unwrap_or(end), now, &renames)?,
        };
        let views = version.views.iter().map(|view| view.name.clone()).collect();
        let undo = Action::DropVersion {
            schema: schema.clone(),
            revision: revision.clone(),
            views,
        };
        let again = there
            .iter()
            .filter(|version| version.schema == schema.as_str())
            .map(gone);
        let actions = again.chain([Action::CreateVersion(version)]).collect();
        decision = decision
            .together(
                Phase::Backfill,
                Rank::Publish,
                actions,
                vec![Work::Quick {
                    actions: vec![undo],
                }],
            )
            // Its views stand on every table, but by what is stored then.
            .last_touching(Footprint::default().make(Thing::Helper(schema.clone())))
            .last_alone();
    }
    for version in there.iter().filter(|version| {
        schema
            .as_ref()
            .is_none_or(|schema| version.schema != schema.as_str())
    }) {
        decision = decision
            .then_because("what it shows goes next")
            .quick(Phase::Contract, Rank::Retire, gone(version), [])
            .last_touching(Footprint::default().drop(Thing::Helper(Ident::new(version.schema.as_str()))))
            .last_alone()
            .hazard(
                hazard::VERSION,
                format!(
                    "code that looks into schema {} meets the tables themselves once contract has dropped it",
                    version.schema
                ),
            );
    }
    Ok(decision)
}

/// Only the version that was reached is left, once a revision is done to the end.
pub(crate) fn settle(catalog: &mut Catalog, revision: &RevisionId) {
    let schema = schema_of(revision, catalog);
    let tables = catalog
        .tables
        .iter()
        .filter(|table| table.schema == of(catalog).as_str());
    let views = tables.map(|table| table.name.clone()).collect();
    if let Some(versions) = &mut catalog.versions {
        let number = versions.last().map_or(1, |last| last.number + 1);
        *versions = vec![Version {
            schema: schema.as_str().to_owned(),
            number,
            revision: revision.to_string(),
            views,
        }];
    }
}

fn gone(version: &Version) -> Action {
    Action::DropVersion {
        schema: Ident::new(version.schema.as_str()),
        revision: RevisionId::new(version.revision.as_str()),
        views: version
            .views
            .iter()
            .map(|view| Ident::new(view.as_str()))
            .collect(),
    }
}

/// A column's name before and after a contract.
type Rename<'a> = (&'a TableName, &'a Ident, &'a Ident);

fn renames<'a>(works: impl Iterator<Item = &'a Work>) -> Vec<Rename<'a>> {
    let actions = works.flat_map(Work::actions);
    let rename = |action: &'a Action| {
        if let Action::RenameColumn { table, from, to } = action {
            Some((table, from, to))
        } else {
            None
        }
    };
    actions.filter_map(rename).collect()
}

/// Refuses what a version would have to show before it is there: tables and columns that are made
/// at contract.
fn comes_too_late(contract: &[&Part], end: &Catalog, now: &Catalog) -> Result<(), Problem> {
    let is_shown = |name: &TableName| {
        name.schema == of(now)
            && end
                .table(name)
                .is_some_and(|table| table.kind != TableKind::View)
    };
    let made = contract
        .iter()
        .flat_map(|part| part.touches.writes())
        .filter(|access| access.how == How::Make);
    let made = made.filter_map(|access| {
        if let Thing::Relation(name) = &access.thing {
            Some(name)
        } else {
            None
        }
    });
    let actions = contract.iter().flat_map(|part| part.work.actions());
    let added = actions.filter_map(|action| {
        if let Action::AddColumn { table, .. } = action {
            Some(table)
        } else {
            None
        }
    });
    let Some(late) = made.chain(added).find(|name| is_shown(name)) else {
        return Ok(());
    };
    Err(Problem::new(code::VERSION, format!("{} comes only at contract, and a version shows it before", late.shown()))
        .label("a version of the schema is made of this revision")
        .help("put what takes its name or its columns into an earlier revision of its own, or set `versions = false`"))
}

/// A view of each table of the application's schema, over what is stored while contracts wait.
fn views(end: &Catalog, now: &Catalog, renames: &[Rename<'_>]) -> Result<Vec<View>, Problem> {
    let schema = of(now);
    let mut views = Vec::new();
    for table in &end.tables {
        let kind = matches!(
            table.kind,
            TableKind::Plain | TableKind::Partitioned | TableKind::Foreign
        );
        if !kind
            || table.schema != schema.as_str()
            || table.partition_of.is_some()
            || !(table.owned || table.is_new)
        {
            continue;
        }
        let name = table.full_name();
        if table.row_security && now.server_version < INVOKER_SINCE {
            return Err(Problem::new(
                code::VERSION,
                format!("{} has row-level security, and a view of it would look with its owner's rights", name.shown()),
            )
            .label("versions of the schema need views of PostgreSQL 15 here")
            .help("set `versions = false`, or upgrade the server"));
        }
        let stored_in = now.table(&name);
        // Such a view asks for the right to read each of its columns, of whoever reads one.
        let by_column = table.columns.iter().any(|column| column.rights.is_some());
        views.push(View {
            name: name.name.clone(),
            columns: table
                .columns
                .iter()
                .map(|column| shown(column, &name, stored_in, renames))
                .collect(),
            invoker: now.server_version >= INVOKER_SINCE && (table.row_security || !by_column),
            table: name,
        });
    }
    Ok(views)
}

fn shown(
    column: &Column,
    table: &TableName,
    stored_in: Option<&Table>,
    renames: &[Rename<'_>],
) -> Shown {
    let shown = Ident::new(column.name.as_str());
    // The last one first: it is how the column came to its name.
    let stored = renames
        .iter()
        .rev()
        .fold(shown.clone(), |name, (of, from, to)| {
            if *of == table && **to == name {
                (*from).clone()
            } else {
                name
            }
        });
    let default = match stored_in.and_then(|table| table.get(&stored)) {
        Some(known) => column
            .default
            .clone()
            .filter(|default| known.default.as_ref() != Some(default)),
        // A column beside another has its default once it has taken its place.
        None if stored != shown => column.default.clone(),
        None => None,
    };
    let default = default.filter(|_| !column.not_null);
    Shown {
        stored,
        shown,
        default,
    }
}
