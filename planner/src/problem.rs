//! What planning can refuse, before it is tied to a place in a file.

use crate::catalog::Catalog;
use crate::plan::Phase;
use concertina_revisions::{Code, Diagnostic, Ident, Source, Span, TableName};
use std::sync::Arc;

/// The planner's codes.
pub mod code {
    use concertina_revisions::Code;
    /// A statement that no rule knows.
    pub const UNKNOWN: Code = Code("C100");
    /// A table that isn't there.
    pub const NO_TABLE: Code = Code("C101");
    /// A column that isn't there.
    pub const NO_COLUMN: Code = Code("C102");
    /// A constraint, index or type that isn't there.
    pub const NO_OBJECT: Code = Code("C103");
    /// An object of that name is there already.
    pub const EXISTS: Code = Code("C104");
    /// The statement blocks, and no online form of it is known.
    pub const BLOCKS: Code = Code("C105");
    /// A new column refuses NULL, but nothing fills it.
    pub const UNFILLED: Code = Code("C106");
    /// An UPDATE that can't be repeated safely.
    pub const NOT_REPEATABLE: Code = Code("C107");
    /// An UPDATE or DELETE that can't be cut into batches.
    pub const NOT_BATCHABLE: Code = Code("C108");
    /// Other objects depend on what is dropped.
    pub const DEPENDED_ON: Code = Code("C109");
    /// The connected role may not alter the table.
    pub const NO_RIGHT: Code = Code("C110");
    /// The server's version is too old.
    pub const TOO_OLD: Code = Code("C111");
    /// Going down would lose data.
    pub const LOSES_DATA: Code = Code("C112");
    /// No reverse is known.
    pub const NO_REVERSE: Code = Code("C113");
    /// Row-level security without a policy.
    pub const HIDES_ALL: Code = Code("C115");
    /// A name that running code uses.
    pub const RENAMES: Code = Code("C116");
    /// The work has to wait for the contract of an earlier revision.
    pub const WAITS: Code = Code("C114");

    /// The table would be rewritten.
    pub const REWRITES: Code = Code("C117");

    /// A statement that is no change of a database.
    pub const NOT_A_CHANGE: Code = Code("C118");

    /// A version of the application's schema that can't be made.
    pub const VERSION: Code = Code("C119");

    /// What has to be planned once a statement that nobody can see into has run.
    pub const OPAQUE: Code = Code("C120");

    /// A statement that PostgreSQL refuses.
    pub const REFUSED: Code = Code("C122");

    /// A plan that doesn't end as the statements that it stands for.
    pub const ENDS_OTHERWISE: Code = Code("C123");

    /// All of them.
    pub const ALL: [Code; 23] = [
        UNKNOWN,
        NO_TABLE,
        NO_COLUMN,
        NO_OBJECT,
        EXISTS,
        BLOCKS,
        UNFILLED,
        NOT_REPEATABLE,
        NOT_BATCHABLE,
        DEPENDED_ON,
        NO_RIGHT,
        TOO_OLD,
        LOSES_DATA,
        NO_REVERSE,
        WAITS,
        HIDES_ALL,
        RENAMES,
        REWRITES,
        NOT_A_CHANGE,
        VERSION,
        OPAQUE,
        REFUSED,
        ENDS_OTHERWISE,
    ];
}

/// What code that is still running may stumble over at contract.
pub mod hazard {
    use concertina_revisions::Code;
    /// A column that inserts leave out loses its default.
    pub const DEFAULT: Code = Code("H01");
    /// A column refuses NULL.
    pub const NOT_NULL: Code = Code("H02");
    /// ON CONFLICT names a key that goes.
    pub const CONFLICT: Code = Code("H03");
    /// A column goes.
    pub const COLUMN: Code = Code("H04");
    /// A table goes.
    pub const TABLE: Code = Code("H05");
    /// A sync trigger goes.
    pub const SYNC: Code = Code("H06");
    /// Rows are hidden or shown, or rights taken.
    pub const ROWS: Code = Code("H07");
    /// A trigger goes.
    pub const TRIGGER: Code = Code("H08");

    /// An object that code may name goes, or gets another name.
    pub const OBJECT: Code = Code("H09");

    /// A column moves to the end of its table.
    pub const ORDER: Code = Code("H10");

    /// A version of the application's schema goes.
    pub const VERSION: Code = Code("H11");

    /// A statement takes effect only at contract, since it depends on another one that does.
    pub const LATE: Code = Code("H12");

    /// A rollback leaves what a statement did.
    pub const REMAINS: Code = Code("H13");

    /// New rows must obey something before contract.
    pub const DEMAND: Code = Code("H14");

    /// A column appears.
    pub const APPEARS: Code = Code("H15");

    /// What the rehearsal couldn't show.
    pub const UNPROVEN: Code = Code("H16");

    /// What the way back doesn't take back, as the rehearsal has shown.
    pub const LEFT: Code = Code("H17");

    /// What is written to a table after its rows were copied.
    pub const COPIED: Code = Code("H18");

    /// All of them.
    pub const ALL: [Code; 18] = [
        DEFAULT, NOT_NULL, CONFLICT, COLUMN, TABLE, SYNC, ROWS, TRIGGER, OBJECT, ORDER, VERSION,
        LATE, REMAINS, DEMAND, APPEARS, UNPROVEN, LEFT, COPIED,
    ];
}

/// A refusal: what, the words under the caret, and the remedy.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    code: Code,
    message: String,
    label: String,
    help: String,
}

impl Problem {
    /// A refusal of that kind.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Problem {
        Problem {
            code,
            message: message.into(),
            label: String::new(),
            help: String::new(),
        }
    }

    /// Adds the words under the caret.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }

    /// Adds the remedy.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = help.into();
        self
    }

    /// Whether it is refused only because others would wait for it as one statement: the author may
    /// allow that.
    pub(crate) fn is_of_blocking(&self) -> bool {
        [
            code::BLOCKS,
            code::REWRITES,
            code::NOT_BATCHABLE,
            code::NOT_REPEATABLE,
        ]
        .contains(&self.code)
    }

    /// Ties the refusal to its statement.
    pub(crate) fn at(self, source: &Arc<Source>, span: Span) -> Diagnostic {
        Diagnostic::error(self.code, self.message)
            .at(source, span, self.label)
            .help(self.help)
    }
}

/// A statement or form that no rule knows.
pub(crate) fn unknown(what: &str) -> Problem {
    Problem::new(code::UNKNOWN, format!("{what}: no rule knows how to run this live"))
        .label("not planned")
        .help("run it by hand and `concertina stamp` the revision, or write it with statements from the reference")
}

/// The author wants a statement to run before another one that it depends on.
pub(crate) fn too_early(own: usize, earlier: usize, thing: &str, phase: Phase) -> Problem {
    Problem::new(
        code::UNKNOWN,
        format!("statement {own} can't come before {phase}: statement {earlier} is about {thing}, too, comes first, and runs in {phase}"),
    )
    .label(format!("has to come after statement {earlier}"))
    .help("leave the directive `phase` out, or put one of the two into a revision of its own")
}

/// CASCADE, whatever it is said of.
pub(crate) fn cascade() -> Problem {
    Problem::new(
        code::DEPENDED_ON,
        "CASCADE drops things without naming them",
    )
    .label("takes more than it says")
    .help("drop what depends on it by name, in the same revision")
}

/// A statement that is no change of a database's schema or rows.
pub(crate) fn not_a_change(why: &str, instead: &str) -> Problem {
    Problem::new(code::NOT_A_CHANGE, why)
        .label("has no place in a revision")
        .help(instead)
}

/// A form that the server doesn't have yet.
pub(crate) fn since(catalog: &Catalog, major: u32, what: &str) -> Result<(), Problem> {
    if catalog.server_version >= major * 10_000 {
        return Ok(());
    }
    let server = catalog.server_version / 10_000;
    Err(Problem::new(
        code::TOO_OLD,
        format!("{what} needs PostgreSQL {major}; the server is PostgreSQL {server}"),
    )
    .label("not known to this server")
    .help("upgrade the server, or write it in a form that it knows"))
}

/// A statement that makes others wait, with what to do instead.
pub(crate) fn never_live(why: &str, instead: &str) -> Problem {
    Problem::new(code::BLOCKS, why)
        .label("not run live")
        .help(format!(
            "{instead}; `-- concertina: allow blocking` above the statement runs it as written"
        ))
}

/// RENAME of a table or a column.
pub(crate) fn renames_what_code_names(what: &str) -> Problem {
    Problem::new(code::RENAMES, format!("RENAME takes the {what}'s name from code that is running"))
        .label("queries that name it fail at once")
        .help(match what {
            "table" => "make a view of the new name, move the code to it, and rename in a maintenance window",
            _ => "add a column of the new name, fill it by UPDATE, move the code to it, and drop the old one",
        })
}

/// A table that the catalog doesn't have.
pub(crate) fn missing_table(name: &str, catalog: &Catalog) -> Problem {
    Problem::new(code::NO_TABLE, format!("no table is called `{name}`"))
        .label("not in the database, nor made by an earlier statement")
        .help(nearest(
            name,
            catalog.tables.iter().map(|table| table.name.as_str()),
        ))
}

/// A column that its table doesn't have.
pub(crate) fn missing_column(table: &TableName, column: &Ident, catalog: &Catalog) -> Problem {
    let columns = catalog
        .table(table)
        .into_iter()
        .flat_map(|table| &table.columns);
    if catalog
        .table(table)
        .is_some_and(|table| table.is_new && table.columns.is_empty())
    {
        return Problem::new(
            code::NO_COLUMN,
            format!("which columns {} has is known only once it is made", table.shown()),
        )
        .label("names a column of it")
        .help("put this statement into the next revision, or name the table's columns in CREATE TABLE");
    }
    Problem::new(
        code::NO_COLUMN,
        format!(
            "table {} has no column `{}`",
            table.shown(),
            column.as_str()
        ),
    )
    .label("names a column that isn't there")
    .help(nearest(
        column.as_str(),
        columns.map(|column| column.name.as_str()),
    ))
}

/// A constraint, index or type that isn't there.
pub(crate) fn missing_object<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Problem {
    Problem::new(code::NO_OBJECT, format!("{what} `{name}` does not exist"))
        .label("not in the database, nor made by an earlier statement")
        .help(nearest(name, known))
}

/// Something of that name is there already.
pub(crate) fn exists(what: &str, name: &str) -> Problem {
    Problem::new(code::EXISTS, format!("{what} `{name}` exists already"))
        .label("would be made a second time")
        .help("choose another name, or say IF NOT EXISTS if it is the same thing")
}

/// A statement that blocks and has no online form.
pub(crate) fn blocks(what: &str, instead: &str) -> Problem {
    Problem::new(
        code::BLOCKS,
        format!("{what} blocks the application for as long as the table is large"),
    )
    .label("can't be run live")
    .help(format!(
        "{instead}; `-- concertina: allow blocking` above the statement runs it as written"
    ))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    concertina_revisions::nearest(name, known).map_or_else(
        || "check the name and the search_path".to_owned(),
        |nearest| format!("check the name; the nearest is `{nearest}`"),
    )
}
