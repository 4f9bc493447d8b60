//! Replication slots about to lose WAL that they need: stop before they do.

use crate::throttle::{Question, Seen, Signal, Verdict};

/// Below this share of what may be kept for a slot, it stops.
const SAFE_SHARE_MIN: f64 = 0.2;

#[derive(Debug)]
pub(crate) struct Slots;

impl Signal for Slots {
    fn name(&self) -> &'static str {
        "replication slots"
    }

    fn question(&self) -> Question {
        // Without max_slot_wal_keep_size nothing is ever lost, and safe_wal_size is null. A slot
        // that is lost already can't be saved any more.
        Question::Sql(
            "SELECT safe_wal_size / (NULLIF(pg_size_bytes(current_setting('max_slot_wal_keep_size')), -1))::float8, slot_name::text
             FROM pg_replication_slots
             WHERE wal_status IN ('reserved', 'extended', 'unreserved') AND safe_wal_size IS NOT NULL
             UNION ALL SELECT NULL, NULL ORDER BY 1 NULLS LAST LIMIT 1"
                .to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        match seen.value {
            Some(share) if share < SAFE_SHARE_MIN => {
                let percent = (share * 100.0).max(0.0);
                Verdict::stop(format!(
                    "slot {} has {percent:.0} % of its WAL left before it is lost",
                    seen.detail
                ))
            }
            _ => Verdict::calm(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_before_a_slot_is_lost() {
        let seen = |share| Seen {
            value: Some(share),
            detail: "cdc".to_owned(),
            ..Seen::default()
        };
        assert!(!Slots.judge(&seen(0.5)).stop);
        assert!(Slots.judge(&seen(0.1)).why.contains("slot cdc has 10 %"));
    }
}
