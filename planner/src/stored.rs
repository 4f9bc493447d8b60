//! A plan as it is kept in the database. `resume` runs this one: planning again on a half-changed
//! catalog would give another plan.

use crate::plan::Plan;
use serde::{Deserialize, Serialize};

/// The number of the stored format. It changes whenever an older reader would misread a newer plan.
pub const FORMAT: u32 = 1;

/// A plan with the number of its format.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredPlan {
    /// See [`FORMAT`].
    pub format: u32,
    /// The plan.
    pub plan: Plan,
}

impl StoredPlan {
    /// A plan in today's format.
    pub fn new(plan: Plan) -> StoredPlan {
        StoredPlan {
            format: FORMAT,
            plan,
        }
    }

    /// Reads a stored plan.
    ///
    /// # Errors
    ///
    /// When the format is another one, or the text isn't a plan.
    pub fn read(json: &str) -> Result<Plan, String> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let Format { format } =
            serde_json::from_str(json).map_err(|error| format!("not a stored plan: {error}"))?;
        if format != FORMAT {
            return Err(format!(
                "the stored plan has format {format}, this version reads {FORMAT}; finish the revision with the version that began it"
            ));
        }
        serde_json::from_str::<StoredPlan>(json)
            .map(|stored| stored.plan)
            .map_err(|error| format!("not a stored plan: {error}"))
    }
}
