//! The only file of this crate that opens the disk.

use crate::source::Source;
use std::path::{Path, PathBuf};

/// A folder or file that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("can't read {}: {cause}", path.display())]
pub struct FolderError {
    /// What was to be read.
    pub path: PathBuf,
    /// Why it wasn't.
    #[source]
    pub cause: std::io::Error,
}

/// Reads every `.sql` file of `folder` (not of folders inside it), in name order.
///
/// # Errors
///
/// When the folder or one of the files can't be read, or a file isn't UTF-8.
pub fn read(folder: &Path) -> Result<Vec<Source>, FolderError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |cause| FolderError { path, cause }
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        if path.extension().is_some_and(|ending| ending == "sql") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).map_err(failed(&path))?;
            Ok(Source::new(path, text))
        })
        .collect()
}

/// A folder that another tool's files are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// What is in it.
    pub what: String,
    /// How it becomes revisions.
    pub help: String,
}

/// Endings of files that hold migrations as code, with who keeps theirs so and how their SQL is
/// had.
const CODE: [(&str, &str, &str); 6] = [
    (
        "py",
        "Alembic and Django",
        "`concertina import alembic` for the one, `manage.py sqlmigrate` for each of the other, writes SQL",
    ),
    (
        "ts",
        "TypeORM, MikroORM, Knex and Kysely",
        "have the tool print its SQL, or start with `concertina baseline`",
    ),
    (
        "js",
        "Sequelize, Knex and node-pg-migrate",
        "have the tool print its SQL, or start with `concertina baseline`",
    ),
    ("rb", "Rails", "start with `concertina baseline`"),
    (
        "go",
        "goose and bun",
        "write their SQL into files, or start with `concertina baseline`",
    ),
    (
        "xml",
        "Liquibase",
        "`liquibase update-sql` prints the SQL, or start with `concertina baseline`",
    ),
];

/// The files of subfolders that hold a migration each: of Prisma, and of diesel.
pub const NESTED: [&str; 2] = ["migration.sql", "up.sql"];

/// Whether the folder is another tool's: files that mean something else here, or nothing that could be read.
///
/// # Errors
///
/// When the folder can't be read.
pub fn foreign(folder: &Path, read: &[Source]) -> Result<Option<Foreign>, FolderError> {
    let names = |source: &Source| {
        source
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let files: Vec<(String, &str)> = read
        .iter()
        .map(|source| (names(source), source.text.as_str()))
        .collect();
    let import = format!(
        "`concertina import folder {}` into another directory makes revisions of it",
        folder.display()
    );
    if let Some(what) = crate::import::recognised(&files) {
        return Ok(Some(Foreign {
            what: format!("{} is a directory of {what}", folder.display()),
            help: import,
        }));
    }
    if !read.is_empty() {
        return Ok(None);
    }
    let failed = |cause| FolderError {
        path: folder.to_owned(),
        cause,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        paths.push(entry.map_err(failed)?.path());
    }
    let holds = |path: &PathBuf| NESTED.iter().any(|name| path.join(name).is_file());
    let nested = paths.iter().filter(|path| holds(path)).count();
    if nested > 0 {
        let what = format!(
            "{} holds {nested} directories with a migration each, as Prisma and diesel keep theirs",
            folder.display()
        );
        return Ok(Some(Foreign { what, help: import }));
    }
    for (ending, who, help) in CODE {
        let count = paths
            .iter()
            .filter(|path| path.extension().is_some_and(|own| own == ending))
            .count();
        if count > 0 {
            let what = format!(
                "{} holds no .sql but {count} files .{ending}, as {who} keep theirs",
                folder.display()
            );
            return Ok(Some(Foreign {
                what,
                help: help.to_owned(),
            }));
        }
    }
    Ok(None)
}

/// Writes a new revision file; never overwrites one.
///
/// # Errors
///
/// When the file exists already or can't be written.
pub fn write_new(path: &Path, text: &str) -> Result<(), FolderError> {
    use std::io::Write;
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|cause| FolderError {
            path: path.to_owned(),
            cause,
        })
}
