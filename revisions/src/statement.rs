//! Text into statements: cut with PostgreSQL's scanner, parsed with PostgreSQL's grammar,
//! directives attached.

use crate::diagnostic::{Diagnostic, code};
use crate::directive::{self, Directives};
use crate::source::{Source, Span};
use pg_query::protobuf::{ScanToken, Token};
use pg_query::{Node, NodeEnum};
use std::collections::BTreeSet;
use std::sync::Arc;

/// One SQL statement with its place, its directives and its parse tree.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The statement's text without the closing semicolon and without comments before it.
    pub sql: String,
    /// Where the text stands in the revision's source.
    pub span: Span,
    /// The `-- concertina:` lines right above it.
    pub directives: Directives,
    /// Which `BEGIN .. COMMIT` of its file it stands in, counted from 0; none where each statement
    /// is a transaction of its own.
    pub transaction: Option<usize>,
    /// PostgreSQL's own parse tree. `revisions` and `planner::lower` are the only rooms that look
    /// inside.
    pub tree: Box<NodeEnum>,
}

/// Comments of a source, in order, as `(span, text)`; used for the file's own words (`-- revises:`,
/// `-- down`).
pub(crate) fn comments(source: &Arc<Source>) -> Result<Vec<(Span, &str)>, Box<Diagnostic>> {
    Ok(scan(source, Span::of(0, &source.text))?
        .into_iter()
        .filter(|(token, _)| token.token() == Token::SqlComment)
        .map(|(_, span)| (span, source.slice(span).trim_end()))
        .collect())
}

/// After these a statement may be about whatever there is, without naming it.
const FOR_ALL: [Token; 18] = [
    Token::Server,
    Token::Schema,
    Token::Owned,
    Token::Extension,
    Token::Publication,
    Token::Subscription,
    Token::Tablespace,
    Token::Collation,
    Token::Operator,
    Token::Cast,
    Token::Language,
    Token::DomainP,
    Token::Role,
    Token::User,
    Token::Do,
    Token::Call,
    Token::Execute,
    Token::Uident,
];

/// Every word of a source, also of its strings, as it stands and in lower case; none where it may
/// be about what it doesn't name.
pub(crate) fn all_words(source: &Arc<Source>) -> Option<BTreeSet<String>> {
    let mut words = BTreeSet::new();
    for (token, span) in scan(source, Span::of(0, &source.text)).ok()? {
        if FOR_ALL.contains(&token.token()) {
            return None;
        }
        let text = source.slice(span);
        // A quoted name may hold anything.
        if let Some(name) = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
        {
            words.insert(name.replace("\"\"", "\""));
        }
        let is_apart = |c: char| !(c.is_alphanumeric() || c == '_' || c == '$');
        for word in text.split(is_apart).filter(|word| !word.is_empty()) {
            words.extend([word.to_owned(), word.to_lowercase()]);
        }
    }
    // Names are cut, too.
    let cut: Vec<String> = words
        .iter()
        .filter(|word| word.len() > 63)
        .map(|word| word[..word.floor_char_boundary(63)].to_owned())
        .collect();
    words.extend(cut);
    Some(words)
}

/// Where a plain string (`'..'`) has a backslash: servers read it in two ways.
pub(crate) fn plain_backslashes(source: &Arc<Source>) -> Vec<Span> {
    let tokens = scan(source, Span::of(0, &source.text)).unwrap_or_default();
    let spans = tokens
        .into_iter()
        .filter(|(token, _)| token.token() == Token::Sconst)
        .map(|(_, span)| span);
    spans
        .filter(|span| source.slice(*span).starts_with('\'') && source.slice(*span).contains('\\'))
        .collect()
}

/// Reads all statements of a part of a source.
pub(crate) fn statements(
    source: &Arc<Source>,
    part: Span,
) -> Result<Vec<Statement>, Vec<Diagnostic>> {
    let tokens = scan(source, part).map_err(|diagnostic| vec![*diagnostic])?;
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for chunk in chunks(&tokens, part) {
        match statement(source, &tokens, chunk) {
            Ok(Some(statement)) => found.push(statement),
            Ok(None) => {}
            Err(diagnostic) => problems.push(*diagnostic),
        }
    }
    if problems.is_empty() {
        Ok(found)
    } else {
        Err(problems)
    }
}

/// A statement's text without its keyword CONCURRENTLY, for where nobody else is there; the same
/// text where it has none.
pub fn without_concurrently(sql: &str) -> String {
    let Ok(scanned) = pg_query::scan(sql) else {
        return sql.to_owned();
    };
    let word = scanned
        .tokens
        .iter()
        .find(|token| token.token() == Token::Concurrently);
    word.map_or_else(
        || sql.to_owned(),
        |token| {
            format!(
                "{}{}",
                &sql[..token.start as usize],
                &sql[token.end as usize..]
            )
        },
    )
}

/// The tokens of a statement, without comments and white space: what a checksum is taken of.
pub(crate) fn words(sql: &str) -> Vec<&str> {
    pg_query::scan(sql).map_or_else(
        |_| vec![sql],
        |scanned| {
            scanned
                .tokens
                .iter()
                .filter(|token| !is_comment(token))
                .filter_map(|token| sql.get(token.start as usize..token.end as usize))
                .collect()
        },
    )
}

fn is_comment(token: &ScanToken) -> bool {
    matches!(token.token(), Token::SqlComment | Token::CComment)
}

fn scan(source: &Arc<Source>, part: Span) -> Result<Vec<(ScanToken, Span)>, Box<Diagnostic>> {
    let text = source.slice(part);
    let scanned = pg_query::scan(text).map_err(|error| {
        let message = parser_message(&error);
        let span = near(&message)
            .and_then(|snippet| text.find(snippet.lines().next().unwrap_or_default()))
            .map_or(part, |at| Span {
                start: part.start + at,
                end: part.start + at + 1,
            });
        Box::new(
            Diagnostic::error(code::SYNTAX, message)
                .at(source, span, "the text can't be read from here on")
                .help("close the quote, comment or dollar-quoted string that begins here"),
        )
    })?;
    Ok(scanned
        .tokens
        .into_iter()
        .map(|token| {
            let span = Span {
                start: part.start + token.start as usize,
                end: part.start + token.end as usize,
            };
            (token, span)
        })
        .collect())
}

/// Cuts at semicolons, but not inside parentheses (rules) or `BEGIN ATOMIC .. END` (SQL function
/// bodies).
fn chunks(tokens: &[(ScanToken, Span)], part: Span) -> Vec<Span> {
    let mut chunks = Vec::new();
    let (mut start, mut parentheses, mut atomic, mut cases) = (part.start, 0_i32, 0_i32, 0_i32);
    for (position, (token, span)) in tokens.iter().enumerate() {
        match token.token() {
            Token::Ascii40 => parentheses += 1,
            Token::Ascii41 => parentheses -= 1,
            Token::BeginP
                if tokens
                    .get(position + 1)
                    .is_some_and(|next| next.0.token() == Token::Atomic) =>
            {
                atomic += 1;
            }
            Token::Case if atomic > 0 => cases += 1,
            Token::EndP if cases > 0 => cases -= 1,
            Token::EndP if atomic > 0 => atomic -= 1,
            Token::Ascii59 if parentheses <= 0 && atomic == 0 => {
                chunks.push(Span {
                    start,
                    end: span.start,
                });
                start = span.end;
            }
            _ => {}
        }
    }
    chunks.push(Span {
        start,
        end: part.end,
    });
    chunks
}

fn statement(
    source: &Arc<Source>,
    tokens: &[(ScanToken, Span)],
    chunk: Span,
) -> Result<Option<Statement>, Box<Diagnostic>> {
    let inside = || {
        tokens
            .iter()
            .filter(|(_, span)| span.start >= chunk.start && span.end <= chunk.end)
    };
    let Some(first) = inside()
        .find(|(token, _)| !is_comment(token))
        .map(|(_, span)| span.start)
    else {
        return match inside().find(|(_, span)| directive::body(source.slice(*span)).is_some()) {
            Some((_, span)) => Err(Box::new(
                Diagnostic::error(code::DIRECTIVE, "a directive without a statement below it")
                    .at(source, *span, "speaks of nothing")
                    .help("put it right above the statement that it speaks of, or remove it"),
            )),
            None => Ok(None),
        };
    };
    let last = inside()
        .filter(|(token, _)| !is_comment(token))
        .map(|(_, span)| span.end)
        .max()
        .unwrap_or(chunk.end);
    let span = Span {
        start: first,
        end: last,
    };
    let mut directives = Directives::default();
    for (_, comment) in inside().filter(|(token, span)| is_comment(token) && span.end <= first) {
        if let Some(body) = directive::body(source.slice(*comment)) {
            directives.0.push(directive::parse(body, source, *comment)?);
        }
    }
    let sql = source.slice(span).to_owned();
    let tree = parse(source, &sql, span)?;
    Ok(Some(Statement {
        sql,
        span,
        directives,
        transaction: None,
        tree,
    }))
}

fn parse(source: &Arc<Source>, sql: &str, span: Span) -> Result<Box<NodeEnum>, Box<Diagnostic>> {
    let refused = |message: String, at: Span| {
        Box::new(
            Diagnostic::error(code::SYNTAX, message)
                .at(source, at, "PostgreSQL's grammar stops here")
                .help("a revision holds plain SQL as PostgreSQL 18 reads it, without psql's backslash commands"),
        )
    };
    let parsed = match pg_query::parse(sql, 0) {
        Ok(parsed) => parsed,
        Err(error) => {
            let message = parser_message(&error);
            let at = culprit(sql, &message).map_or(span, |at| Span {
                start: span.start + at.start,
                end: span.start + at.end,
            });
            return Err(refused(message, at));
        }
    };
    let mut statements = parsed.protobuf.stmts.into_iter();
    match (
        statements.next().and_then(|raw| raw.stmt),
        statements.next(),
    ) {
        (Some(node), None) => match *node {
            Node { node: Some(tree) } => Ok(Box::new(tree)),
            Node { node: None } => Err(refused("an empty statement".to_owned(), span)),
        },
        _ => Err(refused("not a single statement".to_owned(), span)),
    }
}

fn parser_message(error: &pg_query::Error) -> String {
    match error {
        pg_query::Error::Parse(message) | pg_query::Error::Scan(message) => message.clone(),
        other => other.to_string(),
    }
}

/// The quoted text of `syntax error at or near "TABEL"`.
fn near(message: &str) -> Option<&str> {
    message.split_once("at or near \"")?.1.strip_suffix('"')
}

/// Finds the token that the grammar stopped at. The parser gives no position, but it stops at the
/// first token that fits nothing: so it is the first whose prefix of the text brings forth the very
/// same complaint.
fn culprit(sql: &str, message: &str) -> Option<Span> {
    let tokens = pg_query::scan(sql).ok()?.tokens;
    let end = tokens
        .iter()
        .rfind(|token| !is_comment(token))
        .map(|token| token.end as usize)?;
    let Some(word) = near(message) else {
        let start = sql[..end]
            .char_indices()
            .next_back()
            .map_or(0, |(at, _)| at);
        return Some(Span { start, end });
    };
    tokens
        .iter()
        .map(|token| Span {
            start: token.start as usize,
            end: token.end as usize,
        })
        .filter(|span| sql.get(span.start..span.end) == Some(word))
        .find(|span| {
            let prefix = &sql[..span.end];
            matches!(pg_query::parse(prefix, 0), Err(error) if parser_message(&error) == message)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Statement>, Vec<Diagnostic>> {
        statements(&Arc::new(Source::new("a.sql", text)), Span::of(0, text))
    }

    #[test]
    fn statements_are_cut_where_postgresql_cuts_them() {
        let text = "SELECT ';' /* ; */ ; -- ;\nCREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;\n\
                    DO $$ BEGIN PERFORM 1; END $$;";
        let found = read(text).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].sql, "SELECT ';'");
        assert!(found[1].sql.ends_with("END"), "{}", found[1].sql);
        assert!(found[2].sql.starts_with("DO"));
    }

    #[test]
    fn a_syntax_error_points_at_the_token() {
        let text = "SELECT 1;\nSELECT tabel FROM tabel; CREATE tabel x (tabel int);";
        let problems = read(text).unwrap_err();
        let (_, span) = problems[0].place.clone().unwrap();
        assert_eq!(span.start, text.find("tabel x").unwrap());
        assert_eq!(problems[0].message, "syntax error at or near \"tabel\"");
    }

    #[test]
    fn an_error_at_the_end_points_at_the_end() {
        let problems = read("ALTER TABLE leads ADD COLUMN").unwrap_err();
        let (source, span) = problems[0].place.clone().unwrap();
        assert_eq!(source.slice(span), "N");
    }

    #[test]
    fn directives_belong_to_the_statement_below() {
        let found =
            read("-- concertina: workers 2\nUPDATE a SET b = 1;\nUPDATE c SET d = 1;").unwrap();
        assert_eq!(found[0].directives.workers(), Some(2));
        assert_eq!(found[1].directives.workers(), None);
        assert!(read("SELECT 1;\n-- concertina: workers 2\n").is_err());
    }

    #[test]
    fn only_the_keyword_is_taken_out() {
        let built = without_concurrently(
            "CREATE INDEX CONCURRENTLY \"concurrently\" ON t (a) WHERE b = 'concurrently'",
        );
        assert_eq!(
            built,
            "CREATE INDEX  \"concurrently\" ON t (a) WHERE b = 'concurrently'"
        );
        assert_eq!(without_concurrently("DROP INDEX i"), "DROP INDEX i");
    }

    #[test]
    fn an_open_quote_is_reported() {
        assert_eq!(read("SELECT 'abc;\nSELECT 2;").unwrap_err().len(), 1);
    }
}
