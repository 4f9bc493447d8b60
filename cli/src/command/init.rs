//! `concertina init`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina::project::TEMPLATE;

pub(crate) fn run(common: &Common) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let failed = |what: &std::path::Path, error: &std::io::Error| {
        Failure::usage(
            format!("can't make {}: {error}", what.display()),
            "check the rights of the directory",
        )
    };
    let folder = found.folder();
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    draw::line(
        common.quiet,
        &format!("revisions go to {}", folder.display()),
    );
    match concertina_revisions::folder::write_new(&common.config, TEMPLATE) {
        Ok(()) => draw::line(
            common.quiet,
            &format!("settings are in {}", common.config.display()),
        ),
        Err(error) if error.cause.kind() == std::io::ErrorKind::AlreadyExists => {
            draw::line(
                common.quiet,
                &format!("{} is there already", common.config.display()),
            );
        }
        Err(error) => return Err(failed(&common.config, &error.cause)),
    }
    draw::line(
        common.quiet,
        "next: concertina new \"what the first revision does\"",
    );
    Ok(Exit::Done)
}
