//! How long planning takes: a revision of two hundred statements against a catalog of five hundred
//! tables.

use concertina_planner::{Catalog, Table, plan};
use concertina_revisions::{Revision, RevisionId};
use criterion::{Criterion, criterion_group, criterion_main};
use std::fmt::Write;
use std::hint::black_box;

fn catalog() -> Catalog {
    Catalog::of((0..500).map(|number| {
        let mut table = Table::new(&format!("table_{number}")).rows(1_000_000);
        for column in 0..20 {
            table = table.column(&format!("column_{column}"), "text");
        }
        table.unique(&format!("table_{number}_key"), &["column_0"])
    }))
}

fn revision() -> String {
    let mut sql = String::new();
    for number in 0..50 {
        let _ = write!(
            sql,
            "ALTER TABLE table_{number} ADD COLUMN added bigint;
             UPDATE table_{number} SET added = length(column_1);
             ALTER TABLE table_{number} ALTER COLUMN added SET NOT NULL;
             CREATE INDEX table_{number}_added ON table_{number} (added);\n"
        );
    }
    sql
}

fn planning(criterion: &mut Criterion) {
    let (catalog, sql) = (catalog(), revision());
    let id = RevisionId::new("002_large");
    let parsed = Revision::from_text(&id, &sql).unwrap_or_else(|problems| panic!("{problems:?}"));
    criterion.bench_function("parse 200 statements", |bencher| {
        bencher.iter(|| Revision::from_text(black_box(&id), black_box(&sql)));
    });
    criterion.bench_function("plan 200 statements on 500 tables", |bencher| {
        bencher.iter(|| plan(black_box(&parsed), black_box(&catalog)));
    });
}

criterion_group!(benches, planning);
criterion_main!(benches);
