//! `concertina latest-schema` and `concertina version-url`

use super::Found;
use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_planner::Catalog;
use concertina_planner::catalog::Version;
use concertina_revisions::Ident;

pub(crate) async fn latest_schema(common: &Common) -> Result<Exit, Failure> {
    let catalog = Found::read(common)?.reader()?.catalog().await?;
    let version = of(&catalog, None)?;
    draw::revisions::latest_schema(version, common.json);
    Ok(Exit::Done)
}

pub(crate) async fn url(common: &Common, revision: Option<&str>) -> Result<Exit, Failure> {
    let found = Found::read(common)?;
    let catalog = found.reader()?.catalog().await?;
    let version = of(&catalog, revision)?;
    // Types, functions and sequences are where they were.
    let path: Vec<Ident> = std::iter::once(Ident::new(version.schema.as_str()))
        .chain(catalog.search_path.clone())
        .collect();
    draw::revisions::version_url(
        version,
        &found.connect()?.url_with_search_path(&path),
        common.json,
    );
    Ok(Exit::Done)
}

fn of<'a>(catalog: &'a Catalog, revision: Option<&str>) -> Result<&'a Version, Failure> {
    let versions = catalog.versions.as_deref().unwrap_or_default();
    let found = match revision {
        None => versions.last(),
        Some(prefix) => versions
            .iter()
            .rev()
            .find(|version| version.revision.starts_with(prefix)),
    };
    found.ok_or_else(|| {
        let there: Vec<&str> = versions
            .iter()
            .map(|version| version.revision.as_str())
            .collect();
        match (revision, there.as_slice()) {
            (_, []) => Failure::usage(
                "the database has no versions of its schema",
                "say `versions = true` in concertina.toml; the next upgrade makes one",
            ),
            (asked, there) => Failure::usage(
                format!(
                    "revision {} has no version of the schema",
                    asked.unwrap_or_default()
                ),
                format!("there are those of {}", there.join(", ")),
            ),
        }
    })
}
