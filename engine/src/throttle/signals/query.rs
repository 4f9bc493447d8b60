//! A question of the user's own: while it gives true, or a number above zero, the backfill stands
//! still.

use crate::throttle::{Question, Seen, Signal, Verdict};

#[derive(Debug)]
pub(crate) struct UserQuery {
    sql: String,
}

impl UserQuery {
    /// `query` gives one value: boolean or a number.
    pub(crate) fn new(query: &str) -> UserQuery {
        let query = query.trim().trim_end_matches(';');
        let value = "replace(replace(answer::text, 'true', '1'), 'false', '0')::float8";
        UserQuery {
            sql: format!("SELECT {value}, '' FROM (SELECT ({query})) AS asked (answer)"),
        }
    }
}

impl Signal for UserQuery {
    fn name(&self) -> &'static str {
        "throttle query"
    }

    fn question(&self) -> Question {
        Question::Sql(self.sql.clone())
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        match seen.value {
            Some(value) if value > 0.0 => Verdict::stop("the throttle query says so"),
            _ => Verdict::calm(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_and_numbers_above_zero_stop() {
        let mut query = UserQuery::new("SELECT count(*) > 5 FROM jobs;");
        assert!(
            query
                .judge(&Seen {
                    value: Some(1.0),
                    ..Seen::default()
                })
                .stop
        );
        assert!(
            !query
                .judge(&Seen {
                    value: Some(0.0),
                    ..Seen::default()
                })
                .stop
        );
        assert!(
            matches!(query.question(), Question::Sql(sql) if sql.contains("(SELECT count(*) > 5 FROM jobs)"))
        );
    }
}
