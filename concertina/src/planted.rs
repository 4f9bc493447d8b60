//! A fault that tests plant in plans, to see that the rehearsal stops it. Without feature
//! `fault-points` nothing of it remains.

use concertina_planner::Plan;

/// The plan, as it is.
#[cfg(not(feature = "fault-points"))]
pub(crate) fn planted(plan: Plan) -> Plan {
    plan
}

/// The plan with the fault that `CONCERTINA_PLANTED` names by its name and the kind of the part,
/// such as `lost create_index`, in the first place that there is for it.
#[cfg(feature = "fault-points")]
pub(crate) fn planted(plan: Plan) -> Plan {
    let Ok(wanted) = std::env::var("CONCERTINA_PLANTED") else {
        return plan;
    };
    let is_wanted = |one: &concertina_planner::faulty::Faulty| {
        format!("{} {}", one.fault.name(), one.kind) == wanted
    };
    concertina_planner::faulty::faulty(&plan)
        .into_iter()
        .find(is_wanted)
        .map_or(plan, |one| one.plan)
}
