//! Whether tenants are kept apart.

use super::{json, line};
use concertina_engine::Isolation;
use serde_json::json;

/// A line for each table, and what leaks below it.
pub(crate) fn print(tried: &[Isolation], as_json: bool) {
    if as_json {
        return json(&json!({ "tables": tried }));
    }
    for one in tried {
        let told = match (&one.untried, one.leaks.as_slice()) {
            (Some(why), _) => format!("not tried: {why}"),
            (None, []) if one.tenants < 2 => {
                "holds, as far as one tenant's rows can tell".to_owned()
            }
            (None, []) => "holds".to_owned(),
            (None, leaks) => format!("leaks: {}", leaks.join("; ")),
        };
        line(false, &format!("{}: {told}", one.table));
    }
    if tried.is_empty() {
        line(false, "no table has row-level security");
    }
}
