//! The known name that somebody who mistyped one most likely meant.

/// The known name that is nearest; none where nothing is known.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |candidate: &&str| strsim::jaro_winkler(name, candidate);
    known
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_a_letter_finds_its_name() {
        assert_eq!(nearest("emial", ["id", "email", "status"]), Some("email"));
        assert_eq!(nearest("lead", ["deals", "leads", "ledger"]), Some("leads"));
        assert_eq!(nearest("lead", []), None);
    }
}
