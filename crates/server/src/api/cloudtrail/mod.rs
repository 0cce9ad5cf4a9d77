//! CloudTrail: looking up what the audit trail holds (control-plane.md section 1).

mod lookup_events;

pub(crate) use lookup_events::LookupEvents;
