//! Whether others are at work here. Alone, batches may be longer: there is no one who would wait
//! for them.

use crate::throttle::Seen;

/// Sessions that did something within the last second. One whose state is hidden from our role
/// counts too.
pub(crate) const SQL: &str = "SELECT count(*)::float8, '' FROM pg_stat_activity
     WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
       AND coalesce(backend_type, 'client backend') = 'client backend'
       AND coalesce(application_name, '') NOT LIKE 'concertina%'
       AND (state IS NULL OR state IN ('active', 'fastpath function call')
            OR state_change > clock_timestamp() - interval '1 second')";

/// Without an answer someone may be there.
pub(crate) fn judge(seen: &Seen) -> bool {
    seen.value.is_none_or(|sessions| sessions > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_of_none_means_alone() {
        let seen = |value| Seen {
            value,
            ..Seen::default()
        };
        assert!(judge(&seen(None)) && judge(&seen(Some(1.0))));
        assert!(!judge(&seen(Some(0.0))));
    }
}
