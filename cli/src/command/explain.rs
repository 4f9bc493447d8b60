//! `concertina explain`

use crate::args::Common;
use crate::draw;
use crate::exit::Exit;
use concertina::Failure;
use concertina_planner::problem;
use concertina_revisions::diagnostic::code;

/// The page of the documentation that has all of them.
const PAGES: &str = include_str!("../../../docs/src/problems.md");

pub(crate) fn run(common: &Common, wanted: Option<&str>) -> Result<Exit, Failure> {
    let Some(wanted) = wanted else {
        let titles = PAGES.lines().filter_map(|line| line.strip_prefix("## "));
        titles.for_each(|title| draw::line(false, title));
        return Ok(Exit::Done);
    };
    let page = page(&wanted.to_uppercase()).ok_or_else(|| {
        Failure::usage(
            format!("no problem is called {wanted}"),
            "`concertina explain` lists them all",
        )
    })?;
    if common.json {
        draw::json(&serde_json::json!({ "code": wanted.to_uppercase(), "page": page }));
    } else {
        draw::line(false, page.trim_end());
    }
    Ok(Exit::Done)
}

/// The part of the page below a code's title, the title included.
fn page(wanted: &str) -> Option<&'static str> {
    let known = code::ALL
        .iter()
        .chain(&problem::code::ALL)
        .chain(&problem::hazard::ALL);
    let code = known.into_iter().find(|code| code.0 == wanted)?;
    let start = PAGES.find(&format!("## {code}: "))? + "## ".len();
    let rest = &PAGES[start..];
    Some(&rest[..rest.find("\n## ").unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_with_a_remedy() {
        for code in code::ALL
            .iter()
            .chain(&problem::code::ALL)
            .chain(&problem::hazard::ALL)
        {
            let page = page(code.0).unwrap_or_else(|| panic!("{code} has no page"));
            assert!(
                page.contains("\n\n**Instead**"),
                "{code} says what to do instead"
            );
        }
    }

    #[test]
    fn every_page_has_a_code() {
        for title in PAGES.lines().filter_map(|line| line.strip_prefix("## ")) {
            let code = title.split(':').next().unwrap_or_default();
            assert!(page(code).is_some(), "{title}");
        }
    }
}
