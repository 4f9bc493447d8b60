//! A second name of a column, for the time in which code may use either
//!
//! **Danger**: a new name is fatal for the code that is running: the old one is gone. **Instead**:
//! a second column of the same type that always shows what the original holds, and by which the
//! original can be written; with what new code needs of it: indexes, uniqueness for ON CONFLICT,
//! its default, its rights, triggers of `UPDATE OF`. It goes again before the original gets its
//! name, so nothing else has to be carried over. **Hazard**: `SELECT *`, COPY and INSERT without
//! names find both columns until then.

use crate::action::{Action, Alias, Backfill, Lock, Operation, Sync};
use crate::catalog::{Column, Index, Table, TableKind};
use crate::change::Change;
use crate::decision::{Decision, Rank};
use crate::fold::Seen;
use crate::plan::{Phase, Work};
use crate::rules::constraint::check;
use crate::rules::{Context, helper};
use crate::sql::rewrite::{self, Place};
use crate::sql::types;
use concertina_revisions::{Ident, TableName};

const BOTH: &str = "both names are there: what is written by either is found by the other";
const SEARCHED: &str = "new code looks rows up, and meets conflicts, by the new name";

/// A column and its second name.
struct Names<'a> {
    table: &'a Table,
    original: &'a Column,
    from: Ident,
    to: Ident,
}

/// The second name in expand and backfill, and in contract what takes it away again, for `then` to
/// follow in the same transaction. An error says why there can't be one.
pub(crate) fn until_contract(
    table: &Table,
    original: &Column,
    to: &Ident,
    context: &Context<'_>,
    then: Action,
) -> Result<Decision, String> {
    let names = Names {
        table,
        original,
        from: Ident::new(original.name.as_str()),
        to: to.clone(),
    };
    if let Some(why) = names.obstacle(context) {
        return Err(why);
    }
    let sync = names.sync(context);
    let triggers = names.triggers(context)?;
    let mut actions = vec![
        Action::AddColumn {
            table: table.full_name(),
            column: to.clone(),
            type_sql: names.type_sql(),
            default: None,
            not_null: false,
            references: None,
        },
        Action::InstallSync(sync.clone()),
    ];
    actions.extend(names.default(context).map(|default| Action::SetDefault {
        table: table.full_name(),
        column: to.clone(),
        default: Some(default),
    }));
    actions.extend(names.rights(context));
    actions.extend(triggers.iter().map(|(create, _)| create.clone()));
    let mut away = vec![Action::RemoveSync(sync)];
    away.extend(triggers.into_iter().map(|(_, drop)| drop));
    away.push(Action::DropColumn {
        table: table.full_name(),
        column: to.clone(),
    });
    let undo = vec![Work::Quick {
        actions: away.clone(),
    }];
    let mut decision =
        Decision::because(BOTH).together(Phase::Expand, Rank::AsWritten, actions, undo);
    decision = decision
        .then_because("so that new code finds the rows that are there; batches hold their locks for milliseconds")
        .fill(names.fill(context))
        .then_because(SEARCHED);
    for index in searched(table, &names.from) {
        decision = names.index(decision, table, index, context)?.1;
    }
    for below in context
        .catalog
        .below(&table.full_name())
        .iter()
        .filter_map(|below| context.table(below))
    {
        let alone = |index: &&Index| index.part_of.is_none() || !index.unique;
        for index in searched(below, &names.from)
            .filter(alone)
            .filter(|_| below.kind == TableKind::Plain)
        {
            decision = names.index(decision, below, index, context)?.1;
        }
    }
    away.push(then);
    Ok(decision
        .then_because(
            "the original has held every value all along: the second column goes, and the original gets its name",
        )
        .together(Phase::Contract, Rank::Swap, away, vec![])
        .last_alone())
}

/// Indexes that mention the column and that queries may use.
fn searched<'a>(table: &'a Table, column: &'a Ident) -> impl Iterator<Item = &'a Index> {
    let mentions =
        |index: &&Index| index.valid && index.mentions.iter().any(|name| name == column.as_str());
    table.indexes.iter().filter(mentions)
}

impl Names<'_> {
    /// Why a second column wouldn't do.
    fn obstacle(&self, context: &Context<'_>) -> Option<String> {
        let (table, name) = (self.table.full_name(), self.from.as_str());
        let catalog = context.catalog;
        let members = || std::iter::once(table.clone()).chain(catalog.below(&table));
        let known = || members().filter_map(|member| catalog.table(&member));
        let is_key = |table: &Table| {
            let key = table.partition_key.as_ref();
            key.is_some_and(|key| {
                key.columns
                    .iter()
                    .any(|column| column.is_empty() || column == name)
            })
        };
        if catalog.refuses_updates(&table) {
            return Some(
                "it is published, and nothing identifies its rows: they can't be updated"
                    .to_owned(),
            );
        }
        if let Some((_, one)) = check::unproven(&table, context).next() {
            return Some(format!(
                "rows may break {}, which isn't proven: they can't be updated",
                one.name
            ));
        }
        if known().any(is_key) {
            return Some(
                "rows are put into partitions by it before a trigger sees them".to_owned(),
            );
        }
        if self.original.expression.is_some() {
            return Some("it is a generated column, whose values a trigger doesn't see".to_owned());
        }
        if demanding(&self.original.type_sql, context) {
            return Some(
                "a column of a domain that demands something would be added by a rewrite of the table".to_owned(),
            );
        }
        if known().any(|table| !table.children.is_empty() || table.kind == TableKind::Foreign) {
            return Some("rows are kept where triggers of the table don't see them".to_owned());
        }
        if context
            .at_start()
            .table(&table)
            .is_none_or(|table| table.get(&self.from).is_none())
        {
            return Some(format!("it isn't called {name} before contract"));
        }
        let is_swapped = |seen: &Seen| matches!(&seen.change, Change::AlterType(new) if new.table == table && new.column == self.from);
        if context.before().iter().any(is_swapped) {
            return Some(
                "its type changes before, and contract puts another column in its place".to_owned(),
            );
        }
        let taken = |table: &Table| table.get(&self.to).is_some();
        if context.at_start().table(&table).is_some_and(taken) {
            return Some(format!(
                "a column {} is there until contract",
                self.to.as_str()
            ));
        }
        let noticed = catalog.noticed_by(&table, &[self.to.as_str()]);
        if !noticed.is_empty() {
            return Some(format!(
                "{} would see every row written, and the connected role may not prevent it",
                noticed.join(", ")
            ));
        }
        None
    }

    fn type_sql(&self) -> String {
        let collation = self
            .original
            .collation
            .as_ref()
            .map_or_else(String::new, |name| format!(" COLLATE {name}"));
        format!("{}{collation}", self.original.type_sql)
    }

    fn differ(&self, one: &str, other: &str) -> String {
        types::differ(
            &self.original.type_sql,
            self.original.collation.as_deref(),
            one,
            other,
        )
    }

    /// The default, where it gives the same value when it is asked twice in one statement.
    fn default(&self, context: &Context<'_>) -> Option<String> {
        let default = self.original.default.clone()?;
        let read = crate::sql::from_text(&default)?;
        (!read.is_volatile(context.catalog)).then_some(default)
    }

    fn sync(&self, context: &Context<'_>) -> Sync {
        let (from, to) = (self.from.sql(), self.to.sql());
        let [new_from, new_to, old_to] = [
            format!("new.{from}"),
            format!("new.{to}"),
            format!("old.{to}"),
        ];
        let unset = self.default(context).unwrap_or_else(|| "NULL".to_owned());
        let unset = format!("CAST({unset} AS {})", self.original.type_sql);
        let apart = self.differ(&new_to, &new_from);
        let name = helper(
            "alias",
            &[&self.table.schema, &self.table.name, &self.original.name],
        );
        Sync {
            table: self.table.full_name(),
            name: Ident::new(format!("zzz_{}", name.as_str())),
            assignments: vec![(self.to.clone(), from)],
            from: None,
            predicate: None,
            when: apart.clone(),
            again: None,
            search_path: Some(context.catalog.search_path.clone()),
            definer: false,
            guarded: false,
            twin: None,
            alias: Some(Alias {
                original: self.from.clone(),
                alias: self.to.clone(),
                inserted: self.differ(&new_to, &unset),
                // What a batch of ours carries over was not written by the second name.
                updated: format!("{} AND {apart}", self.differ(&new_to, &old_to)),
            }),
            follow: None,
        }
    }

    /// The rights on the column, of the table and of each one below it.
    fn rights(&self, context: &Context<'_>) -> Vec<Action> {
        let members = std::iter::once(self.table.full_name())
            .chain(context.catalog.below(&self.table.full_name()));
        let mut actions = Vec::new();
        for table in members.filter_map(|name| context.table(&name)) {
            let Some(column) = table.get(&self.from) else {
                continue;
            };
            actions.extend(
                crate::lower::column_grants(table, column, &self.to)
                    .into_iter()
                    .map(|sql| {
                        Action::unlocked(
                            format!(
                                "the rights on {}.{} for its second name",
                                table.full_name().shown(),
                                self.from.as_str()
                            ),
                            sql,
                        )
                    }),
            );
        }
        actions
    }

    /// Triggers `UPDATE OF` the column, for updates by the second name: what makes each, and what
    /// drops it.
    fn triggers(&self, context: &Context<'_>) -> Result<Vec<(Action, Action)>, String> {
        let members = std::iter::once(self.table.full_name())
            .chain(context.catalog.below(&self.table.full_name()));
        let mut found = Vec::new();
        for table in members.filter_map(|name| context.table(&name)) {
            let of_column = |name: &String| name == self.from.as_str();
            for trigger in table
                .triggers
                .iter()
                .filter(|one| !one.of_parent && one.columns.iter().any(of_column))
            {
                if trigger.columns.len() > 1 {
                    return Err(format!(
                        "trigger {} is UPDATE OF several columns, and would fire twice",
                        trigger.name
                    ));
                }
                let on = table.full_name();
                let name = helper("of", &[&table.schema, &table.name, &trigger.name]);
                let sql =
                    rewrite::trigger(&trigger.definition, &name, &self.to).ok_or_else(|| {
                        format!("trigger {} has a form that isn't known", trigger.name)
                    })?;
                let always = format!(
                    "; ALTER TABLE {} ENABLE ALWAYS TRIGGER {}",
                    on.sql(),
                    name.sql()
                );
                let create = Action::as_written(
                    format!(
                        "trigger {} of {} for updates of {}",
                        trigger.name,
                        on.shown(),
                        self.to.as_str()
                    ),
                    if trigger.in_replica {
                        format!("{sql}{always}")
                    } else {
                        sql
                    },
                    vec![(on.clone(), Lock::ShareRowExclusive)],
                );
                let drop = Action::exclusively(
                    format!("drop trigger {} of {}", name.as_str(), on.shown()),
                    format!("DROP TRIGGER IF EXISTS {} ON {}", name.sql(), on.sql()),
                    &on,
                );
                found.push((create, drop));
            }
        }
        Ok(found)
    }

    fn fill(&self, context: &Context<'_>) -> Backfill {
        let alias = Ident::new(self.table.name.as_str());
        let [from, to] =
            [&self.from, &self.to].map(|name| format!("{}.{}", alias.sql(), name.sql()));
        Backfill {
            table: self.table.full_name(),
            operation: Operation::Assign(vec![(self.to.clone(), from.clone())]),
            from: None,
            predicate: self.differ(&to, &from),
            hot: true,
            lookups: false,
            synced: true,
            workers: context.directives.workers(),
            key: context.directives.key().map(<[Ident]>::to_vec),
            silent: context.catalog.may_silence,
            alias,
        }
    }

    /// An index like one of the column's, and its name.
    fn index(
        &self,
        mut decision: Decision,
        table: &Table,
        index: &Index,
        context: &Context<'_>,
    ) -> Result<(TableName, Decision), String> {
        let name = helper(
            "ix",
            &[&table.schema, &table.name, &self.original.name, &index.name],
        );
        let built = TableName {
            schema: Ident::new(table.schema.as_str()),
            name: name.clone(),
        };
        let place = Place {
            from: &self.from,
            to: &self.to,
            words: None,
            same_type: true,
        };
        let tail = rewrite::index(&index.definition, place, None)
            .ok_or_else(|| format!("index {} has a form that isn't known", index.name))?;
        if table.kind != TableKind::Partitioned {
            return Ok((
                built,
                decision.build_index(&table.full_name(), &name, index.unique, tail),
            ));
        }
        if !index.unique {
            // Those of its partitions are enough to look rows up.
            return Ok((built, decision));
        }
        let parts = table.partitions.iter().filter_map(|(schema, name)| {
            let part = context.table(&TableName::new(schema.as_str(), name.as_str()))?;
            let of_this = |one: &&Index| {
                one.part_of.as_ref() == Some(&(index.schema.clone(), index.name.clone()))
            };
            part.indexes.iter().find(of_this).map(|one| (part, one))
        });
        let drop = Action::exclusively(
            format!("drop index {}", built.shown()),
            format!("DROP INDEX IF EXISTS {}", built.sql()),
            &table.full_name(),
        );
        let create = Action::as_written(
            format!(
                "create index {} on {} alone, empty",
                name.as_str(),
                table.full_name().shown()
            ),
            format!(
                "CREATE UNIQUE INDEX {} ON ONLY {} {tail}",
                name.sql(),
                table.full_name().sql()
            ),
            vec![(table.full_name(), Lock::Share)],
        );
        decision = decision.quick(Phase::Backfill, Rank::Demand, create, [drop.clone()]);
        for (part, of_part) in parts {
            let (below, more) = self.index(decision, part, of_part, context)?;
            let attach = Action::as_written(
                format!("attach index {} to {}", below.name.as_str(), name.as_str()),
                format!(
                    "ALTER INDEX {} ATTACH PARTITION {}",
                    built.sql(),
                    below.sql()
                ),
                vec![
                    (table.full_name(), Lock::AccessShare),
                    (part.full_name(), Lock::AccessShare),
                ],
            );
            decision = more.quick(Phase::Backfill, Rank::Demand, attach, [drop.clone()]);
        }
        Ok((built, decision))
    }
}

/// Whether the type is a domain that demands something of its values.
fn demanding(type_sql: &str, context: &Context<'_>) -> bool {
    let name = type_sql.split('(').next().unwrap_or(type_sql);
    let bare = name
        .rsplit('.')
        .next()
        .unwrap_or(name)
        .trim_matches('"')
        .replace("\"\"", "\"");
    context.catalog.constrained_domains.contains(&bare)
}
