//! Sync triggers whose values may be impossible to compute: whoever writes such a row doesn't fail
//! for it. The row is counted and left, and contract doesn't begin while there is one.

use super::super::{Sync, Twin};
use super::follow;
use super::sync::{
    again, always, back_name, filling, function, newer, no_more_again, ours, with_trigger,
};
use super::version;
use concertina_revisions::Ident;

/// The setting by which a trigger tells the one behind it that a value couldn't be computed.
const FAILED: &str = "concertina.failed";

/// The setting by which batches say which column they fill: they need nothing carried over.
pub const FILLING: &str = "concertina.filling";

pub(super) fn install(sync: &Sync) -> Vec<String> {
    if let Some(copy) = &sync.follow {
        return follow::install(sync, copy);
    }
    let own = match (&sync.twin, newer(sync)) {
        (None, _) => with_trigger(sync, &sync.name, &filling(sync), &sync.when)
            .into_iter()
            .chain(again(sync))
            .collect(),
        (Some(twin), None) => kept(
            sync,
            &sync.name,
            &keeping(sync, twin, &forward(sync, twin)),
            &events(twin, ""),
        ),
        (Some(twin), Some((_, newer))) => {
            let speaks = version::speaks(newer);
            let own = events(twin, &format!("NOT {speaks}"));
            let back = [
                speaks.clone(),
                format!("({}) AND {speaks}", written(twin, &changed_new(twin))),
            ];
            std::iter::once(version::SPEAKS.to_owned())
                .chain(kept(
                    sync,
                    &sync.name,
                    &keeping(sync, twin, &forward(sync, twin)),
                    &own,
                ))
                .chain(kept(
                    sync,
                    &back_name(sync),
                    &carrying_back(sync, twin),
                    &back,
                ))
                .collect()
        }
    };
    counting(sync).into_iter().chain(own).collect()
}

pub(super) fn remove(sync: &Sync) -> Vec<String> {
    if sync.follow.is_some() {
        return follow::remove(sync);
    }
    let drop = |name: &Ident| {
        format!(
            "DROP TRIGGER IF EXISTS {} ON {}",
            name.sql(),
            sync.table.sql()
        )
    };
    let forget = |name: &Ident| format!("DROP FUNCTION IF EXISTS {}()", ours(name));
    let counter = counter(sync);
    let mut statements: Vec<String> = no_more_again(sync).into_iter().collect();
    let functions = std::iter::once(sync.name.clone()).chain(newer(sync).map(|_| back_name(sync)));
    for name in functions {
        statements.push(drop(&name));
        if sync.twin.is_some() {
            statements.push(drop(&inserting(&name)));
        }
        statements.push(forget(&name));
    }
    statements.extend([
        drop(&counter),
        forget(&counter),
        format!("DROP SEQUENCE IF EXISTS {}", ours(&counter)),
    ]);
    statements.extend(newer(sync).map(|_| version::SPEAKS_NO_MORE.to_owned()));
    statements
}

/// Whoever is at work on the table has ended by then, so that their rows are seen; whoever comes
/// fails.
pub(super) fn refuse(sync: &Sync) -> Vec<String> {
    let body = match (&sync.twin, &sync.follow) {
        (_, Some(copy)) => follow::body(sync, copy, false),
        (Some(twin), None) => keeping(
            sync,
            twin,
            &format!("  new.{} := {};\n", twin.new.sql(), twin.forward),
        ),
        (None, None) => filling(&Sync {
            guarded: false,
            ..sync.clone()
        }),
    };
    vec![
        format!(
            "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE",
            sync.table.sql()
        ),
        function(sync, &sync.name, &body),
    ]
}

/// The sequence that counts writes whose value couldn't be computed, and the trigger and function
/// that move it on. It sorts behind the triggers that it serves.
pub fn counter(sync: &Sync) -> Ident {
    Ident::new(format!("{}_unfilled", sync.name.as_str()))
}

/// The trigger for INSERT: only an UPDATE has a former row to look at.
fn inserting(name: &Ident) -> Ident {
    Ident::new(format!("{}_insert", name.as_str()))
}

/// The count goes on by a function of its owner's: whoever writes the row has no right to our
/// schema.
fn counting(sync: &Sync) -> Vec<String> {
    let name = counter(sync);
    let body = format!(
        "\nBEGIN\n  PERFORM pg_catalog.nextval({}::pg_catalog.regclass);\n  \
         PERFORM pg_catalog.set_config('{FAILED}', '', true);\n  RETURN new;\nEND\n",
        Ident::new(ours(&name)).literal()
    );
    let quote = super::dollar_quote(&body);
    vec![
        format!("CREATE SEQUENCE IF NOT EXISTS {}", ours(&name)),
        format!(
            "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS {quote}{body}{quote}",
            ours(&name)
        ),
        format!(
            "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW WHEN (current_setting('{FAILED}', true) = {}) EXECUTE FUNCTION {}()",
            name.sql(),
            sync.table.sql(),
            sync.name.literal(),
            ours(&name)
        ),
        always(sync, &name),
    ]
}

/// What ends a block in which a value is computed.
pub(super) fn otherwise(sync: &Sync, instead: &str) -> String {
    format!(
        "  EXCEPTION WHEN OTHERS THEN\n{instead}    PERFORM pg_catalog.set_config('{FAILED}', {}, true);\n  END;\n",
        sync.name.literal()
    )
}

/// Two triggers of one function: for INSERT and for UPDATE, each when its condition holds.
fn kept(sync: &Sync, name: &Ident, body: &str, when: &[String; 2]) -> Vec<String> {
    let create = |trigger: &Ident, event: &str, when: &str| {
        let when = if when.is_empty() {
            String::new()
        } else {
            format!(" WHEN ({when})")
        };
        format!(
            "CREATE TRIGGER {} BEFORE {event} ON {} FOR EACH ROW{when} EXECUTE FUNCTION {}()",
            trigger.sql(),
            sync.table.sql(),
            ours(name)
        )
    };
    let insert = inserting(name);
    vec![
        function(sync, name, body),
        create(name, "UPDATE", &when[1]),
        always(sync, name),
        create(&insert, "INSERT", &when[0]),
        always(sync, &insert),
    ]
}

/// When an INSERT and an UPDATE have something to carry over. Computing the value here could fail,
/// so what is written is looked at.
fn events(twin: &Twin, also: &str) -> [String; 2] {
    let update = format!(
        "({}) OR {}",
        written(
            twin,
            &format!("{} OR new.{} IS NULL", changed_new(twin), twin.new.sql())
        ),
        changed_old(twin)
    );
    if also.is_empty() {
        [String::new(), update]
    } else {
        [also.to_owned(), format!("({update}) AND {also}")]
    }
}

/// Not for our own batches.
fn written(twin: &Twin, condition: &str) -> String {
    format!(
        "({condition}) AND current_setting('{FILLING}', true) IS DISTINCT FROM {}",
        twin.new.literal()
    )
}

fn changed_new(twin: &Twin) -> String {
    twin.new_changed
        .clone()
        .unwrap_or_else(|| by_image(&twin.new))
}

fn changed_old(twin: &Twin) -> String {
    twin.old_changed
        .as_ref()
        .map_or_else(|| by_image(&twin.old), |changed| format!("({changed})"))
}

fn by_image(column: &Ident) -> String {
    format!("record_image_ne(ROW(new.{0}), ROW(old.{0}))", column.sql())
}

/// Ends the function where both say the same already.
fn unless_agreed(sync: &Sync) -> String {
    format!(
        "  BEGIN\n    IF NOT ({}) THEN RETURN new; END IF;\n  EXCEPTION WHEN OTHERS THEN NULL;\n  END;\n",
        sync.when
    )
}

/// What can't become the new value isn't one of the former values either: NULL, until it is put
/// right.
fn forward(sync: &Sync, twin: &Twin) -> String {
    let column = twin.new.sql();
    let otherwise = otherwise(sync, &format!("    new.{column} := NULL;\n"));
    format!(
        "  BEGIN\n    new.{column} := {};\n{otherwise}",
        twin.forward
    )
}

/// The new column holds what was written, whether or not the old one can say it.
fn back(sync: &Sync, twin: &Twin) -> String {
    let column = twin.old.sql();
    let instead = if twin.refuses_null {
        String::new()
    } else {
        format!("    new.{column} := NULL;\n")
    };
    format!(
        "  BEGIN\n    new.{column} := {};\n{}",
        twin.back,
        otherwise(sync, &instead)
    )
}

/// Whoever wrote one of the two columns has it carried over to the other; what was carried over
/// isn't carried back.
fn keeping(sync: &Sync, twin: &Twin, forward: &str) -> String {
    let agreed = unless_agreed(sync);
    if twin.back.is_empty() {
        return format!("\nBEGIN\n{agreed}{forward}  RETURN new;\nEND\n");
    }
    let back = back(sync, twin);
    format!(
        "\nBEGIN\n{agreed}  IF TG_OP = 'INSERT' THEN\n  IF new.{new} IS NULL THEN\n{forward}  ELSE\n{back}  END IF;\n  \
         ELSIF {} THEN\n{back}  ELSIF {} OR old.{new} IS NULL THEN\n{forward}  END IF;\n  RETURN new;\nEND\n",
        changed_new(twin),
        changed_old(twin),
        new = twin.new.sql(),
    )
}

/// What a newer version wrote is so, NULL too.
fn carrying_back(sync: &Sync, twin: &Twin) -> String {
    format!(
        "\nBEGIN\n{}{}  RETURN new;\nEND\n",
        unless_agreed(sync),
        back(sync, twin)
    )
}
