//! `concertina merge`

use super::{Found, new};
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;

pub(crate) fn run(common: &Common, revisions: &[String], title: &str) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let history = found.history()?;
    let joined = if revisions.is_empty() {
        history.heads()
    } else {
        revisions
            .iter()
            .map(|text| history.find(text))
            .collect::<Result<_, _>>()?
    };
    let [_, _, ..] = joined.as_slice() else {
        return Err(Failure::usage(
            "there is nothing to join: the history has one head",
            "`concertina heads` lists them",
        ));
    };
    let ids: Vec<&str> = joined.iter().map(|revision| revision.id.as_str()).collect();
    let path = found.folder().join(new::file_name(&history, title));
    concertina_revisions::folder::write_new(
        &path,
        &format!("-- revises: {}\n-- {title}\n", ids.join(", ")),
    )?;
    draw::line(false, &path.display().to_string());
    Ok(Exit::Done)
}
