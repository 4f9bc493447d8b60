//! `concertina edit`

use super::Found;
use crate::args::Common;
use crate::exit::Exit;
use concertina::Failure;
use std::path::Path;
use std::process::Command;

pub(crate) fn run(common: &Common, revision: &str) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    open(&concertina::one(&found.history()?, revision)?.source.path)
}

/// Opens a file in the editor, and waits until that is closed.
pub(crate) fn open(path: &Path) -> Result<Exit, Failure> {
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // It may come with words of its own: `code --wait`.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let ended = Command::new(program).args(words).arg(path).status();
    match ended {
        Ok(status) if status.success() => Ok(Exit::Done),
        Ok(status) => Err(Failure::usage(format!("{editor} ended with {status}"), "")),
        Err(error) => Err(Failure::usage(
            format!("can't start {editor}: {error}"),
            "set VISUAL or EDITOR",
        )),
    }
}
