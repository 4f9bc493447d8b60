//! A statement as data: it is printed for the server, and made smaller when a case is shrunk.
//!
//! Makers write SQL with `format!`; what may be taken out or renamed is marked: [`name`] around a
//! name, [`optional`] around a clause, [`list`] around items of which some can go. The marks are
//! control characters that SQL has no use for.

use std::collections::BTreeMap;

const NAME: char = '\u{1}';
const NAME_END: char = '\u{2}';
const OPTIONAL: char = '\u{3}';
const OPTIONAL_END: char = '\u{4}';
const LIST: char = '\u{5}';
const ITEM: char = '\u{6}';
const LIST_END: char = '\u{7}';
const COUNT: char = '\u{e}';
const COUNT_END: char = '\u{f}';

/// A name, quoted where PostgreSQL needs it when it is printed.
#[must_use]
pub fn name(text: &str) -> String {
    format!("{NAME}{text}{NAME_END}")
}

/// A name in a schema.
#[must_use]
pub fn qualified(schema: &str, text: &str) -> String {
    if schema == "public" {
        name(text)
    } else {
        format!("{}.{}", name(schema), name(text))
    }
}

/// A clause that the statement is valid without.
#[must_use]
pub fn optional(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{OPTIONAL}{text}{OPTIONAL_END}")
    }
}

/// Items separated by commas, of which any but the last may go.
#[must_use]
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    format!("{LIST}{}{LIST_END}", items.join(&ITEM.to_string()))
}

/// A number that the statement is as valid with when it is smaller.
#[must_use]
pub fn count(number: usize) -> String {
    format!("{COUNT}{number}{COUNT_END}")
}

/// A statement, without its semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
    Optional(Vec<Piece>),
    List(Vec<Vec<Piece>>),
    Count(usize),
}

/// Other names for some.
pub type Renaming = BTreeMap<String, String>;

impl Sql {
    /// Reads a statement with its marks.
    #[must_use]
    pub fn marked(text: &str) -> Sql {
        let mut rest = text.chars().peekable();
        let mut pieces = Vec::new();
        read(&mut rest, &mut pieces, &[]);
        Sql { pieces }
    }

    /// The statement as the server is given it.
    #[must_use]
    pub fn text(&self) -> String {
        self.renamed(&Renaming::new())
    }

    /// The same with other names.
    #[must_use]
    pub fn renamed(&self, names: &Renaming) -> String {
        let mut out = String::new();
        print(&self.pieces, names, &mut out);
        out
    }

    /// Every name in it.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut found = Vec::new();
        gather(&self.pieces, &mut found);
        found
    }

    /// The statement with other names for good.
    #[must_use]
    pub fn with_names(&self, names: &Renaming) -> Sql {
        fn renamed(pieces: &[Piece], names: &Renaming) -> Vec<Piece> {
            let one = |piece: &Piece| match piece {
                Piece::Text(text) => Piece::Text(text.clone()),
                Piece::Count(number) => Piece::Count(*number),
                Piece::Name(name) => Piece::Name(names.get(name).unwrap_or(name).clone()),
                Piece::Optional(inner) => Piece::Optional(renamed(inner, names)),
                Piece::List(items) => {
                    Piece::List(items.iter().map(|item| renamed(item, names)).collect())
                }
            };
            pieces.iter().map(one).collect()
        }
        Sql {
            pieces: renamed(&self.pieces, names),
        }
    }

    /// The statement with no number greater than this.
    #[must_use]
    pub fn with_counts(&self, most: usize) -> Sql {
        fn bounded(pieces: &[Piece], most: usize) -> Vec<Piece> {
            let one = |piece: &Piece| match piece {
                Piece::Text(_) | Piece::Name(_) => piece.clone(),
                Piece::Count(number) => Piece::Count(most.min(*number)),
                Piece::Optional(inner) => Piece::Optional(bounded(inner, most)),
                Piece::List(items) => {
                    Piece::List(items.iter().map(|item| bounded(item, most)).collect())
                }
            };
            pieces.iter().map(one).collect()
        }
        Sql {
            pieces: bounded(&self.pieces, most),
        }
    }

    /// The statement without a column of a table: as CREATE TABLE lists it, or INSERT names and
    /// fills it.
    #[must_use]
    pub fn without_column(&self, table: &str, column: &str) -> Option<Sql> {
        let begins = |words: &str| matches!(&self.pieces[..], [Piece::Text(text), ..] if text.starts_with(words));
        let is_of = matches!(&self.pieces[..], [_, Piece::Name(name), ..] if name == table);
        let mut pieces = self.pieces.clone();
        let names = |item: &[Piece]| matches!(item, [Piece::Name(name), ..] if name == column);
        let mut lists = pieces.iter_mut().filter_map(|piece| match piece {
            Piece::List(items) if items.len() > 1 => Some(items),
            _ => None,
        });
        if !is_of || !(begins("CREATE TABLE ") || begins("INSERT INTO ")) {
            return None;
        }
        let named = lists.next()?;
        let at = named.iter().position(|item| names(item))?;
        let count = named.len();
        named.remove(at);
        if begins("INSERT INTO ") {
            let values = lists.next().filter(|values| values.len() == count)?;
            values.remove(at);
        }
        Some(Sql { pieces })
    }

    /// The columns that CREATE TABLE lists, with the table.
    #[must_use]
    pub fn columns(&self) -> Option<(String, Vec<String>)> {
        let [Piece::Text(text), Piece::Name(table), rest @ ..] = &self.pieces[..] else {
            return None;
        };
        let items = rest.iter().find_map(|piece| match piece {
            Piece::List(items) if text.starts_with("CREATE TABLE ") => Some(items),
            _ => None,
        })?;
        let name = |item: &Vec<Piece>| match item.first() {
            Some(Piece::Name(name)) => Some(name.clone()),
            _ => None,
        };
        Some((table.clone(), items.iter().filter_map(name).collect()))
    }

    /// Every statement that has one clause or one item less.
    #[must_use]
    pub fn smaller(&self) -> Vec<Sql> {
        smaller(&self.pieces)
            .into_iter()
            .map(|pieces| Sql { pieces })
            .collect()
    }
}

type Letters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn read(rest: &mut Letters<'_>, pieces: &mut Vec<Piece>, ends: &[char]) {
    let mut text = String::new();
    let flush = |text: &mut String, pieces: &mut Vec<Piece>| {
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(text)));
        }
    };
    while let Some(&letter) = rest.peek() {
        if ends.contains(&letter) {
            break;
        }
        rest.next();
        match letter {
            NAME => {
                flush(&mut text, pieces);
                pieces.push(Piece::Name(
                    rest.by_ref()
                        .take_while(|letter| *letter != NAME_END)
                        .collect(),
                ));
            }
            OPTIONAL => {
                flush(&mut text, pieces);
                let mut inner = Vec::new();
                read(rest, &mut inner, &[OPTIONAL_END]);
                rest.next();
                pieces.push(Piece::Optional(inner));
            }
            LIST => {
                flush(&mut text, pieces);
                let mut items = Vec::new();
                loop {
                    let mut item = Vec::new();
                    read(rest, &mut item, &[ITEM, LIST_END]);
                    items.push(item);
                    if rest.next() != Some(ITEM) {
                        break;
                    }
                }
                pieces.push(Piece::List(items));
            }
            COUNT => {
                flush(&mut text, pieces);
                let digits: String = rest
                    .by_ref()
                    .take_while(|letter| *letter != COUNT_END)
                    .collect();
                pieces.push(Piece::Count(digits.parse().unwrap_or_default()));
            }
            other => text.push(other),
        }
    }
    flush(&mut text, pieces);
}

fn print(pieces: &[Piece], names: &Renaming, out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => out.push_str(&quoted(names.get(name).unwrap_or(name))),
            Piece::Optional(inner) => print(inner, names, out),
            Piece::Count(number) => out.push_str(&number.to_string()),
            Piece::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    print(item, names, out);
                }
            }
        }
    }
}

fn gather(pieces: &[Piece], found: &mut Vec<String>) {
    for piece in pieces {
        match piece {
            Piece::Text(_) | Piece::Count(_) => {}
            Piece::Name(name) => found.push(name.clone()),
            Piece::Optional(inner) => gather(inner, found),
            Piece::List(items) => items.iter().for_each(|item| gather(item, found)),
        }
    }
}

fn smaller(pieces: &[Piece]) -> Vec<Vec<Piece>> {
    let mut all = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let with = |other: Option<Piece>| {
            let mut copy = pieces.to_vec();
            match other {
                Some(other) => copy[at] = other,
                None => drop(copy.remove(at)),
            }
            copy
        };
        match piece {
            Piece::Text(_) | Piece::Name(_) => {}
            Piece::Count(number) => {
                let fewer = [0, 1, 3, number / 10, number / 2]
                    .into_iter()
                    .filter(|fewer| fewer < number);
                all.extend(fewer.map(|fewer| with(Some(Piece::Count(fewer)))));
            }
            Piece::Optional(inner) => {
                all.push(with(None));
                all.extend(
                    smaller(inner)
                        .into_iter()
                        .map(|inner| with(Some(Piece::Optional(inner)))),
                );
            }
            Piece::List(items) => {
                for gone in (0..items.len()).filter(|_| items.len() > 1) {
                    let mut kept = items.clone();
                    kept.remove(gone);
                    all.push(with(Some(Piece::List(kept))));
                }
                for (item, inner) in items.iter().enumerate() {
                    for inner in smaller(inner) {
                        let mut kept = items.clone();
                        kept[item] = inner;
                        all.push(with(Some(Piece::List(kept))));
                    }
                }
            }
        }
    }
    all
}

/// Words that have to be quoted to be names; the pool of names has some of them.
const RESERVED: [&str; 16] = [
    "all",
    "check",
    "column",
    "default",
    "desc",
    "end",
    "from",
    "group",
    "limit",
    "order",
    "references",
    "select",
    "table",
    "to",
    "user",
    "when",
];

/// A name as SQL.
#[must_use]
pub fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !RESERVED.contains(&name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_items_and_names_can_go() {
        let columns = [
            format!("{} int", name("a")),
            format!("{} text{}", name("Odd"), optional(" NOT NULL")),
        ];
        let sql = Sql::marked(&format!("CREATE TABLE {} ({})", name("t"), list(&columns)));
        assert_eq!(sql.text(), "CREATE TABLE t (a int, \"Odd\" text NOT NULL)");
        let smaller: Vec<String> = sql.smaller().iter().map(Sql::text).collect();
        let wanted = [
            "CREATE TABLE t (\"Odd\" text NOT NULL)",
            "CREATE TABLE t (a int)",
            "CREATE TABLE t (a int, \"Odd\" text)",
        ];
        assert_eq!(smaller, wanted);
        let names = Renaming::from([("Odd".to_owned(), "b".to_owned())]);
        assert_eq!(
            sql.renamed(&names),
            "CREATE TABLE t (a int, b text NOT NULL)"
        );
        assert_eq!(sql.names(), ["t", "a", "Odd"]);
    }

    #[test]
    fn a_column_goes_from_its_table_and_its_rows() {
        let columns = [format!("{} int", name("a")), format!("{} text", name("b"))];
        let create = Sql::marked(&format!("CREATE TABLE {} ({})", name("t"), list(&columns)));
        let insert = format!(
            "INSERT INTO {} ({}) SELECT {} FROM x",
            name("t"),
            list(&[name("a"), name("b")]),
            list(&["1", "g"])
        );
        let insert = Sql::marked(&insert);
        assert_eq!(
            create.columns(),
            Some(("t".to_owned(), vec!["a".to_owned(), "b".to_owned()]))
        );
        assert_eq!(
            create.without_column("t", "a").unwrap().text(),
            "CREATE TABLE t (b text)"
        );
        assert_eq!(
            insert.without_column("t", "a").unwrap().text(),
            "INSERT INTO t (b) SELECT g FROM x"
        );
        assert_eq!(insert.without_column("u", "a"), None);
    }

    #[test]
    fn the_last_item_stays() {
        let sql = Sql::marked(&format!("SELECT {}", list(&["1"])));
        assert!(sql.smaller().is_empty());
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        for (plain, sql) in [
            ("a_1", "a_1"),
            ("order", "\"order\""),
            ("A", "\"A\""),
            ("x\"y", "\"x\"\"y\""),
        ] {
            assert_eq!(quoted(plain), sql);
        }
    }
}
