//! Rights and default privileges, from those that are there to those that are wanted.

use super::schema::{Facts, Grant, Thing};
use super::{Statement, plain};

/// Rights from one list to another; what isn't told is as usual.
pub(super) fn rights(there: Option<&Thing>, wanted: Option<&Thing>) -> Vec<Statement> {
    let Some(Facts::Rights {
        on,
        grantee,
        usual,
        grantor,
        ..
    }) = wanted.or(there).map(|thing| &thing.facts)
    else {
        return vec![];
    };
    let list = |thing: Option<&Thing>| match thing.map(|thing| &thing.facts) {
        Some(Facts::Rights { grants, .. }) => grants.clone(),
        _ => usual.clone(),
    };
    let (old, new): (Vec<Grant>, Vec<Grant>) = (list(there), list(wanted));
    let joined = |list: Vec<&Grant>| {
        list.into_iter()
            .map(|(word, _)| word.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let has = |list: &[Grant], word: &str| list.iter().any(|(own, _)| own == word);
    let revoked = joined(old.iter().filter(|(word, _)| !has(&new, word)).collect());
    let bound = joined(
        old.iter()
            .filter(|(word, may)| *may && new.contains(&(word.clone(), false)))
            .collect(),
    );
    let given = joined(
        new.iter()
            .filter(|one| !one.1 && !has(&old, &one.0))
            .collect(),
    );
    let passed = joined(
        new.iter()
            .filter(|one| one.1 && !old.contains(one))
            .collect(),
    );
    let mut sql = Vec::new();
    sql.extend(
        grantor
            .iter()
            .map(|role| Statement::plain(format!("SET ROLE {role}"))),
    );
    if !revoked.is_empty() {
        let hazard = Some(format!("{grantee} may no longer {revoked}"));
        sql.push(Statement {
            hazard,
            sql: format!("REVOKE {revoked} ON {on} FROM {grantee}"),
        });
    }
    if !bound.is_empty() {
        sql.push(Statement::plain(format!(
            "REVOKE GRANT OPTION FOR {bound} ON {on} FROM {grantee}"
        )));
    }
    for (words, option) in [(given, ""), (passed, " WITH GRANT OPTION")] {
        if !words.is_empty() {
            sql.push(Statement::plain(format!(
                "GRANT {words} ON {on} TO {grantee}{option}"
            )));
        }
    }
    sql.extend(
        grantor
            .iter()
            .map(|_| Statement::plain("RESET ROLE".to_owned())),
    );
    sql
}

/// Default privileges from one list to another; what isn't told is as usual.
pub(super) fn default_privileges(there: Option<&Thing>, wanted: Option<&Thing>) -> Vec<Statement> {
    let Some(Facts::DefaultPrivileges {
        head, what, usual, ..
    }) = wanted.or(there).map(|thing| &thing.facts)
    else {
        return vec![];
    };
    let list = |thing: Option<&Thing>| match thing.map(|thing| &thing.facts) {
        Some(Facts::DefaultPrivileges { grants, .. }) => grants.clone(),
        _ => usual.clone(),
    };
    let (old, new) = (list(there), list(wanted));
    let gone = old.iter().filter(|one| !new.contains(one));
    let come = new.iter().filter(|one| !old.contains(one));
    let revoke =
        gone.map(|(grantee, word, _)| format!("{head} REVOKE {word} ON {what} FROM {grantee}"));
    let grant = come.map(|(grantee, word, may)| {
        format!(
            "{head} GRANT {word} ON {what} TO {grantee}{}",
            if *may { " WITH GRANT OPTION" } else { "" }
        )
    });
    plain(revoke.chain(grant).collect())
}
