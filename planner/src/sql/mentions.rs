//! What the words of a statement mention: relations, columns, functions, types. All that is named
//! has to be there by that name when the statement runs.

use super::expression;
use crate::catalog::Catalog;
use crate::footprint::{Aspect, Footprint, Thing};
use concertina_revisions::tree::{KeywordKind, Node, NodeEnum, Token, parse, scan};
use concertina_revisions::{Ident, TableName};
use serde_json::Value;

/// What a statement reads by name.
pub(crate) fn of_tree(tree: &NodeEnum, catalog: &Catalog) -> Footprint {
    // What these name is told by their changes, of which each knows its own part of the statement.
    if plain(tree) {
        return Footprint::default();
    }
    let mut found = Mentions::default();
    found.walk(&serde_json::to_value(tree).unwrap_or_default());
    if let NodeEnum::CreateFunctionStmt(_) = tree {
        for body in std::mem::take(&mut found.bodies) {
            found.body(&body);
        }
    }
    let all = found.footprint(catalog);
    let NodeEnum::AlterTableStmt(alter) = tree else {
        return all;
    };
    // Of its own table each action tells what it is about; of two in one statement the one isn't
    // about the other's.
    let range = alter.relation.clone().unwrap_or_default();
    let own = find(super::schema(&range), &range.relname, catalog);
    all.only(|access| access.thing.table() != Some(&own))
}

/// Whether every action is one whose change tells all that it mentions: `ADD COLUMN name type`, and
/// those by name alone.
fn plain(tree: &NodeEnum) -> bool {
    use concertina_revisions::tree::node::Node as Tree;
    let NodeEnum::AlterTableStmt(alter) = tree else {
        return false;
    };
    alter.cmds.iter().all(|command| match &command.node {
        Some(Tree::AlterTableCmd(command)) => {
            match command.def.as_deref().and_then(|def| def.node.as_ref()) {
                None => true,
                Some(Tree::ColumnDef(column)) => {
                    column.constraints.is_empty()
                        && column.raw_default.is_none()
                        && column.coll_clause.is_none()
                }
                Some(_) => false,
            }
        }
        _ => false,
    })
}

/// What a statement in PostgreSQL's own words mentions.
pub(crate) fn of_statement(sql: &str, catalog: &Catalog) -> Footprint {
    let mut found = Mentions::default();
    if let Ok(parsed) = parse(sql, 0) {
        found.walk(&serde_json::to_value(&parsed.protobuf.stmts).unwrap_or_default());
    }
    found.footprint(catalog)
}

/// What a part of a statement mentions.
pub(crate) fn of_node(node: Option<&Node>, catalog: &Catalog) -> Footprint {
    let mut found = Mentions::default();
    found.walk(&serde_json::to_value(node).unwrap_or_default());
    found.footprint(catalog)
}

/// The functions that a tree calls.
pub(crate) fn functions(tree: &NodeEnum) -> Vec<String> {
    let mut found = Mentions::default();
    found.walk(&serde_json::to_value(tree).unwrap_or_default());
    found.functions
}

/// The names that stand in a function's body: of relations, columns, functions, and whatever else
/// may be one.
pub(crate) fn in_body(definition: &str) -> Vec<String> {
    let Ok(parsed) = parse(definition, 0) else {
        return vec![];
    };
    let mut found = Mentions::default();
    found.walk(&serde_json::to_value(&parsed.protobuf.stmts).unwrap_or_default());
    for body in std::mem::take(&mut found.bodies) {
        found.body(&body);
    }
    let relations = found.relations.into_iter().map(|(_, name)| name);
    relations
        .chain(found.functions)
        .chain(found.columns)
        .chain(found.words)
        .chain(found.operators)
        .chain(found.types)
        .collect()
}

/// The relations that a tree names in literals, and the sequences of columns that it does.
pub(crate) fn literals(tree: &NodeEnum, catalog: &Catalog) -> Vec<TableName> {
    let mut found = Mentions::default();
    found.walk(&serde_json::to_value(tree).unwrap_or_default());
    let named = found.literals.iter().map(|text| resolved(text, catalog));
    let owned = found.numbered.iter().map(|(table, column)| {
        crate::sql::sequence_of(&resolved(table, catalog), &Ident::new(column.as_str()))
    });
    named.chain(owned).collect()
}

/// The sequences and other relations that an expression names in a literal, as
/// `nextval('t_id_seq'::regclass)` does.
pub(crate) fn named_in(sql: &str, catalog: &Catalog) -> Vec<TableName> {
    if !sql.contains('\'') {
        return vec![];
    }
    let mut found = Mentions::default();
    if let Some(node) = expression::node_of(sql) {
        found.walk(&serde_json::to_value(node).unwrap_or_default());
    }
    found
        .literals
        .iter()
        .map(|text| resolved(text, catalog))
        .collect()
}

/// A relation as a literal names it.
fn resolved(text: &str, catalog: &Catalog) -> TableName {
    let parts: Vec<String> = scan(text).map_or_else(
        |_| vec![text.to_owned()],
        |scanned| {
            let words = scanned
                .tokens
                .iter()
                .filter_map(|token| text.get(token.start as usize..token.end as usize));
            words.filter(|word| *word != ".").map(unquoted).collect()
        },
    );
    let (schema, name) = super::qualified(&parts);
    catalog
        .resolve(schema, name)
        .unwrap_or_else(|| catalog.name_for_new(schema, name))
}

fn unquoted(word: &str) -> String {
    match word
        .strip_prefix('"')
        .and_then(|word| word.strip_suffix('"'))
    {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => word.to_lowercase(),
    }
}

/// The names in a text of another language than SQL.
fn words(body: &str) -> Vec<String> {
    let Ok(scanned) = scan(body) else {
        return vec![];
    };
    let name = |start: i32, end: i32| body.get(start as usize..end as usize).map(unquoted);
    scanned
        .tokens
        .iter()
        .filter(|token| {
            matches!(token.token(), Token::Ident | Token::Op)
                || token.keyword_kind() == KeywordKind::UnreservedKeyword
        })
        .filter_map(|token| name(token.start, token.end))
        .collect()
}

/// What was found on a walk through a tree in its serialised form, which reaches every corner of
/// every node type.
#[derive(Default)]
struct Mentions {
    relations: Vec<(Option<String>, String)>,
    /// Tables of which the form of every part is taken over.
    like: Vec<(Option<String>, String)>,
    columns: Vec<String>,
    /// Whole rows, by `*` or by the name of a relation.
    whole: bool,
    aliases: Vec<String>,
    functions: Vec<String>,
    types: Vec<String>,
    operators: Vec<String>,
    collations: Vec<String>,
    literals: Vec<String>,
    /// Sequences whose position moves.
    drawn: Vec<String>,
    /// Tables with a column, whose sequence is asked for.
    numbered: Vec<(String, String)>,
    bodies: Vec<String>,
    /// Names in a text that isn't parsed.
    words: Vec<String>,
}

impl Mentions {
    /// A function's body. PostgreSQL looks at one in SQL when it is made; of another language it is
    /// known which names stand in it.
    fn body(&mut self, body: &str) {
        match parse(body, 0) {
            Ok(parsed) => parsed.protobuf.stmts.iter().for_each(|statement| {
                self.walk(&serde_json::to_value(statement).unwrap_or_default());
            }),
            Err(_) => self.words.extend(words(body)),
        }
    }

    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if let Some(name) = text(&value["relname"]) {
                    self.relations
                        .push((text(&value["schemaname"]), name.clone()));
                    self.aliases
                        .push(text(&value["alias"]["aliasname"]).unwrap_or(name));
                }
                if value.get("typmods").is_some() {
                    self.type_name(value);
                }
                for (key, field) in fields {
                    match key.as_str() {
                        "ColumnRef" => self.column(field),
                        "FuncCall" => self.call(field),
                        "CreateStmt" if !field["partbound"].is_null() => {
                            let parents = field["inh_relations"]
                                .as_array()
                                .map(Vec::as_slice)
                                .unwrap_or_default();
                            self.like.extend(
                                parents
                                    .iter()
                                    .filter_map(|node| relation(&node["node"]["RangeVar"])),
                            );
                        }
                        "TypeCast" => self.cast(field),
                        "AExpr" => self.operators.extend(strings(&field["name"]).pop()),
                        "CollateClause" => {
                            self.collations.extend(strings(&field["collname"]).pop());
                        }
                        "IndexElem" | "StatsElem" => self.columns.extend(text(&field["name"])),
                        // `UPDATE OF` columns, and those that are published.
                        "CreateTrigStmt" | "PublicationTable" | "pubtable" => {
                            self.columns.extend(strings(&field["columns"]));
                        }
                        "TableLikeClause" => self.like.extend(relation(&field["relation"])),
                        "ObjectWithArgs" => self.functions.extend(strings(&field["objname"]).pop()),
                        "DefElem" if field["defname"] == "as" => {
                            collect_strings(&field["arg"], &mut self.bodies);
                        }
                        "funcname" => self.functions.extend(strings(field).pop()),
                        _ => {}
                    }
                    self.walk(field);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn column(&mut self, reference: &Value) {
        let parts = strings(&reference["fields"]);
        if parts.len() < reference["fields"].as_array().map_or(0, Vec::len) {
            self.whole = true;
        }
        self.columns.extend(parts.into_iter().next_back());
    }

    fn call(&mut self, call: &Value) {
        let name = strings(&call["funcname"]).pop().unwrap_or_default();
        if name == "pg_get_serial_sequence" {
            let mut said = Vec::new();
            collect_strings(&call["args"], &mut said);
            if let [table, column] = said.as_slice() {
                self.numbered.push((table.clone(), column.clone()));
            }
        } else if matches!(name.as_str(), "nextval" | "currval" | "setval") {
            collect_strings(&call["args"], &mut self.literals);
            if name != "currval" {
                collect_strings(&call["args"], &mut self.drawn);
            }
        }
    }

    fn cast(&mut self, cast: &Value) {
        let to = strings(&cast["type_name"]["names"])
            .pop()
            .unwrap_or_default();
        if to == "regclass" {
            collect_strings(&cast["arg"], &mut self.literals);
        }
    }

    fn type_name(&mut self, name: &Value) {
        let mut parts = strings(&name["names"]);
        if parts.first().is_some_and(|schema| schema == "pg_catalog") {
            return;
        }
        if name["pct_type"] == true {
            self.columns.extend(parts.pop());
            self.relations
                .extend(parts.pop().map(|relation| (parts.pop(), relation)));
            return;
        }
        self.types.extend(parts.pop());
    }

    fn footprint(&self, catalog: &Catalog) -> Footprint {
        let mut all = self.columns_of_relations(catalog);
        for (schema, name) in &self.like {
            all = all.read(Thing::Whole(find(schema.as_deref(), name, catalog)));
        }
        for name in &self.types {
            all = all.read(Thing::Type(Ident::new(name.as_str())));
            // The row type of a table is of all its columns.
            for table in catalog.tables.iter().filter(|table| table.name == *name) {
                all = all
                    .on(&table.full_name())
                    .read(Thing::Column(table.full_name(), None));
            }
        }
        for name in &self.words {
            all = all.read(Thing::Type(Ident::new(name.as_str())));
            all = catalog
                .tables
                .iter()
                .filter(|table| table.name == *name)
                .fold(all, |all, table| all.on(&table.full_name()));
        }
        let callers = self.operators.iter().chain(&self.types);
        let called = callers.flat_map(|name| catalog.called_by(name));
        let named = self.functions.iter().chain(&self.words).map(String::as_str);
        for name in named.chain(called) {
            all = all.read(Thing::Function(Ident::new(name)));
        }
        let named =
            |kind: &'static str| move |name: &String| Thing::Named(kind.to_owned(), name.clone());
        for thing in self
            .operators
            .iter()
            .map(named("operator"))
            .chain(self.collations.iter().map(named("collation")))
        {
            all = all.read(thing);
        }
        for literal in &self.literals {
            all = all.on(&resolved(literal, catalog));
        }
        for sequence in &self.drawn {
            all = all.change(Thing::Rows(resolved(sequence, catalog), None));
        }
        let numbered = self.numbered.iter();
        numbered.fold(all, |all, (table, column)| {
            let (table, column) = (resolved(table, catalog), Ident::new(column.as_str()));
            let sequence = crate::sql::sequence_of(&table, &column);
            // Which sequence it is depends on both.
            all.on(&table)
                .read(Thing::column(&table, &column))
                .read(Thing::aspect(&table, &column, Aspect::Identity))
                .read(Thing::Rows(sequence, None))
        })
    }

    /// The relations, and of each the columns that any name may mean.
    fn columns_of_relations(&self, catalog: &Catalog) -> Footprint {
        let mut all = Footprint::default();
        let whole = self.whole
            || self
                .columns
                .iter()
                .any(|column| self.aliases.contains(column));
        for (schema, name) in &self.relations {
            let relation = find(schema.as_deref(), name, catalog);
            all = all.on(&relation);
            if whole {
                all = all.read(Thing::Column(relation, None));
                continue;
            }
            let known = catalog.table(&relation);
            for column in self.columns.iter().map(|name| Ident::new(name.as_str())) {
                if known
                    .is_none_or(|table| table.columns.is_empty() || table.get(&column).is_some())
                {
                    all = all.read(Thing::column(&relation, &column));
                }
            }
        }
        all
    }
}

/// A relation that is there, or is to be.
pub(crate) fn find(schema: Option<&str>, name: &str, catalog: &Catalog) -> TableName {
    catalog
        .resolve(schema, name)
        .or_else(|| {
            catalog
                .index(schema, name)
                .map(|(_, index)| TableName::new(index.schema.as_str(), index.name.as_str()))
        })
        .unwrap_or_else(|| catalog.name_for_new(schema, name))
}

fn relation(range: &Value) -> Option<(Option<String>, String)> {
    text(&range["relname"]).map(|name| (text(&range["schemaname"]), name))
}

fn text(field: &Value) -> Option<String> {
    field
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn strings(list: &Value) -> Vec<String> {
    let parts = list.as_array().map(Vec::as_slice).unwrap_or_default();
    parts
        .iter()
        .filter_map(|part| part["node"]["String"]["sval"].as_str().map(str::to_owned))
        .collect()
}

/// Every string constant below.
fn collect_strings(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_strings(item, into)),
        Value::Object(fields) => {
            into.extend(text(&value["sval"]));
            fields
                .values()
                .for_each(|field| collect_strings(field, into));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
