//! An SQL expression as text, with what the parser knows about it: enough to reason and to re-write
//! exactly.

use crate::catalog::Catalog;
use concertina_revisions::{Ident, TableName};
use std::ops::Range;

/// An expression. Its text is PostgreSQL's own deparse, so places in it are exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// The text.
    pub sql: String,
    /// Every column it names, in order.
    pub columns: Vec<ColumnUse>,
    /// Every function it calls, without schema.
    pub functions: Vec<String>,
    /// The operators and the types that it names, which may call functions.
    pub callers: Vec<String>,
    /// Every relation its subqueries read, as `(schema, name, alias)`.
    pub relations: Vec<(Option<String>, String, Option<String>)>,
    /// What it is at the top.
    pub shape: Shape,
    /// What it looks at besides its row.
    pub reach: Reach,
    /// The parts of a top-level AND; one part otherwise.
    pub conjuncts: Vec<Conjunct>,
}

/// What an expression looks at besides the row it is computed for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// A subquery.
    pub subquery: bool,
    /// The time, or the session: another value in the next transaction.
    pub clock: bool,
    /// Several rows at once: LIMIT, DISTINCT, GROUP BY, a window, a set operation.
    pub gathers: bool,
    /// Which of several rows it takes isn't said: DISTINCT ON or LIMIT without ORDER BY.
    pub picks: bool,
    /// Nothing else, but it may end in an error for some values: a division, a cast, a function.
    pub raises: bool,
    /// A column is named by its table and its schema.
    pub by_schema: bool,
}

/// What an expression is at the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The literal NULL, with or without a cast.
    Null,
    /// Another literal, with or without a cast.
    Literal,
    /// `DEFAULT`, as an UPDATE may assign it.
    Default,
    /// `(SELECT ..)`.
    Subquery,
    /// Anything else.
    Other,
}

/// A part of an AND.
#[derive(Debug, Clone, PartialEq)]
pub enum Conjunct {
    /// `column IS NULL`.
    IsNull(ColumnUse),
    /// `column IS NOT NULL`.
    IsNotNull(ColumnUse),
    /// `column = expression`, and the columns that the expression names. Where both sides are
    /// columns it is told of the left one, and of the right one in a part of its own.
    Equals(ColumnUse, Vec<ColumnUse>),
    /// Anything else.
    Other,
}

/// One mention of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnUse {
    /// The table or alias before the dot.
    pub qualifier: Option<Ident>,
    /// The column.
    pub name: Ident,
    /// Where it stands in [`Expr::sql`].
    pub range: Range<usize>,
}

impl Expr {
    /// The text with each mention replaced by what `new` says, or left as it is where `new` says
    /// nothing.
    pub fn rewrite(&self, new: impl Fn(&ColumnUse) -> Option<String>) -> String {
        let mut mentions: Vec<&ColumnUse> = self.columns.iter().collect();
        mentions.sort_by_key(|mention| std::cmp::Reverse(mention.range.start));
        let mut sql = self.sql.clone();
        for mention in mentions {
            if let Some(text) = new(mention) {
                sql.replace_range(mention.range.clone(), &text);
            }
        }
        sql
    }

    /// Each column named, once.
    pub fn column_names(&self) -> Vec<Ident> {
        let mut names: Vec<Ident> = Vec::new();
        for mention in &self.columns {
            if !names.contains(&mention.name) {
                names.push(mention.name.clone());
            }
        }
        names
    }

    /// The functions that it calls, by their names and by operators, casts and domains.
    pub fn calls<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a str> {
        let by_others = self.callers.iter().flat_map(|name| catalog.called_by(name));
        self.functions.iter().map(String::as_str).chain(by_others)
    }

    /// Whether it may give another value each time.
    pub fn is_volatile(&self, catalog: &Catalog) -> bool {
        self.calls(catalog)
            .any(|function| catalog.is_volatile(function))
    }

    /// Whether it calls a function that may read tables.
    pub fn may_read(&self, catalog: &Catalog) -> bool {
        self.calls(catalog)
            .any(|function| catalog.may_read(function))
    }

    /// Whether the text reads other relations.
    pub fn has_subquery(&self) -> bool {
        !self.relations.is_empty() || self.shape == Shape::Subquery
    }
}

/// Who is who in one UPDATE or DELETE: the written table's name in it, and the other relations it
/// mentions.
pub struct Scope<'a> {
    /// What the statement calls the written table.
    pub alias: &'a Ident,
    /// The written table.
    pub table: &'a TableName,
    /// The other relations.
    pub others: &'a [TableName],
    /// What they are made of.
    pub catalog: &'a Catalog,
}

impl Scope<'_> {
    /// Whether a mention means a column of the written table. An unqualified name means it when the
    /// table has such a column and no other relation in sight does.
    pub fn is_target(&self, mention: &ColumnUse) -> bool {
        match &mention.qualifier {
            Some(qualifier) => qualifier == self.alias,
            None => {
                let has = |table: &TableName| {
                    self.catalog
                        .table(table)
                        .is_some_and(|t| t.get(&mention.name).is_some())
                };
                has(self.table) && !self.others.iter().any(has)
            }
        }
    }

    /// The columns of the written table that an expression reads.
    pub fn target_columns(&self, expression: &Expr) -> Vec<Ident> {
        expression
            .columns
            .iter()
            .filter(|mention| self.is_target(mention))
            .map(|mention| mention.name.clone())
            .collect()
    }
}
