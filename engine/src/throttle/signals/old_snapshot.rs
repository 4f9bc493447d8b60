//! Old snapshots: as long as one is open, PostgreSQL can't prune dead rows, and no update can stay
//! HOT for longer than its page has room.

use crate::throttle::Seen;

/// A snapshot older than this spoils more than the window in hand.
const OLD_SECONDS: f64 = 5.0;

pub(crate) const SQL: &str = "SELECT extract(epoch FROM clock_timestamp() - since)::float8, who FROM (
        SELECT xact_start AS since, format('pid %s (%s, %s)', pid, usename, state) AS who FROM pg_stat_activity
        WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
          AND (datname = current_database() OR datname IS NULL) AND application_name NOT LIKE 'concertina%'
        UNION ALL
        SELECT prepared, format('prepared transaction %s', gid) FROM pg_prepared_xacts
        WHERE database = current_database()
        UNION ALL
        SELECT clock_timestamp() - make_interval(secs => 60), format('replication slot %s', slot_name)
        FROM pg_replication_slots WHERE NOT active AND xmin IS NOT NULL
        UNION ALL SELECT NULL, NULL) AS old
    ORDER BY since NULLS LAST LIMIT 1";

/// Who holds an old snapshot, and since when.
pub(crate) fn judge(seen: &Seen) -> Option<String> {
    let seconds = seen.value.filter(|seconds| *seconds > OLD_SECONDS)?;
    Some(format!(
        "{} has had a snapshot open for {seconds:.0} s",
        seen.detail
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_old_snapshot_counts() {
        let seen = |seconds| Seen {
            value: Some(seconds),
            detail: "pid 7 (ann, active)".to_owned(),
            ..Seen::default()
        };
        assert_eq!(judge(&seen(1.0)), None);
        assert!(
            judge(&seen(60.0)).is_some_and(|why| why.contains("pid 7") && why.contains("60 s"))
        );
        assert_eq!(judge(&Seen::default()), None);
    }
}
