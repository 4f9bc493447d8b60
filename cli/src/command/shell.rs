//! `concertina completions`, `concertina man`

use crate::args::Words;
use crate::draw;
use crate::exit::Exit;
use clap::CommandFactory;
use clap_complete::Shell;
use concertina::Failure;
use std::path::Path;

pub(crate) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Words::command(), "concertina", &mut script);
    draw::line(false, String::from_utf8_lossy(&script).trim_end());
    Exit::Done
}

pub(crate) fn man(folder: &Path) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage(
            format!("can't write into {}: {error}", folder.display()),
            "name a directory that you may write into",
        )
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Words::command(), folder).map_err(failed)?;
    Ok(Exit::Done)
}
