//! CloudTrail: looking up what the audit trail holds, and how it stands (control-plane.md section 1).

mod get_trail_status;
mod lookup_events;

pub(crate) use get_trail_status::GetTrailStatus;
pub(crate) use lookup_events::LookupEvents;
