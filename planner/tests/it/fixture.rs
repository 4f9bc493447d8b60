//! Two test verbs that each assert their side: `planned` fails when the SQL is refused, `refused`
//! when it isn't.

use concertina_planner::catalog::{Constraint, ConstraintKind, Index};
use concertina_planner::{Catalog, Plan, Table, explain, law, plan};
use concertina_revisions::{Diagnostic, Revision, RevisionId};

/// A customer database: leads and what hangs on them, a million rows each.
pub(crate) fn crm() -> Catalog {
    let key = |table: Table| primary_key(table.column("id", "bigint"));
    Catalog::of([
        key(Table::new("leads").rows(1_000_000))
            .column("email", "text")
            .column("owner_id", "bigint")
            .column("status", "text")
            .unique("leads_email_key", &["email"]),
        key(Table::new("deals").rows(1_000_000))
            .column("lead_id", "bigint")
            .column("stage", "text"),
        key(Table::new("owners").rows(10_000)).column("team_id", "bigint"),
        key(Table::new("tenants").rows(3)).column("tenant_key", "text"),
        key(Table::new("drafts").rows(0)).column("body", "text"),
    ])
}

fn primary_key(mut table: Table) -> Table {
    let name = format!("{}_pkey", table.name);
    if let Some(column) = table.columns.last_mut() {
        column.not_null = true;
    }
    table.constraints.push(Constraint {
        name: name.clone(),
        kind: ConstraintKind::PrimaryKey,
        columns: vec!["id".into()],
        definition: "PRIMARY KEY (id)".into(),
        validated: true,
        references: None,
        relies_on: None,
        comment: None,
    });
    table.indexes.push(Index {
        schema: table.schema.clone(),
        name: name.clone(),
        keys: vec!["id".into()],
        mentions: vec!["id".into()],
        unique: true,
        partial: false,
        valid: true,
        clustered: false,
        options: vec![],
        constraint: Some(name.clone()),
        definition: format!(
            "CREATE UNIQUE INDEX {name} ON public.{} USING btree (id)",
            table.name
        ),
        ..Index::default()
    });
    table
}

fn attempt(sql: &str, catalog: &Catalog) -> Result<Plan, Vec<Diagnostic>> {
    plan(
        &Revision::from_text(&RevisionId::new("002_change"), sql)?,
        catalog,
    )
}

/// The plan as data.
pub(crate) fn plan_of(sql: &str, catalog: &Catalog) -> Plan {
    let plan = attempt(sql, catalog).unwrap_or_else(|problems| {
        panic!(
            "refused: {}",
            problems
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    });
    assert_eq!(law::violations(&plan), Vec::<String>::new());
    plan
}

/// The plan as text.
pub(crate) fn planned(sql: &str, catalog: &Catalog) -> String {
    explain(&plan_of(sql, catalog))
}

/// The diagnostics as text.
pub(crate) fn refused(sql: &str, catalog: &Catalog) -> String {
    match attempt(sql, catalog) {
        Ok(plan) => panic!("was planned:\n{}", explain(&plan)),
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
