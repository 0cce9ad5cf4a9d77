//! Which of the ways a principal could go: pure, by the evaluator of possibilities.

use std::collections::BTreeSet;

use usher_policy::{
    Attempt, Context as Keys, Possibility, RUN_AS_TAG, Request, TrustedAs, could_be_allowed,
    could_be_bound, could_be_trusted,
};

use super::survey::{Principal, Survey, Thing, Trust};
use super::ways::{CALLS, Call, Tagging, Target};

const ASSUME: &str = "sts:AssumeRole";
const TAG_SESSION: &str = "sts:TagSession";

/// What makes a claim of an identity provider the session tag.
const CLAIM: &str = "usher:claim/";

/// A way that is open, and where it leads.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) way: &'static str,
    pub(super) action: &'static str,
    /// ARNs; at least one.
    pub(super) resources: Vec<String>,
    /// How, on the first.
    pub(super) first: Possibility,
}

/// The ARNs of the roles that have a way, those included that could become one of them.
pub(super) fn powerful_roles(survey: &Survey) -> BTreeSet<String> {
    let mut powerful = BTreeSet::new();
    loop {
        let found: Vec<String> = survey
            .roles()
            .map(|(role, _)| role)
            .filter(|role| !powerful.contains(&role.arn))
            .filter(|role| !ways_of(survey, role, &powerful).is_empty())
            .map(|role| role.arn.clone())
            .collect();
        if found.is_empty() {
            return powerful;
        }
        powerful.extend(found);
    }
}

/// The ways of one principal, where these roles have some.
pub(super) fn ways_of(
    survey: &Survey,
    principal: &Principal,
    powerful: &BTreeSet<String>,
) -> Vec<Found> {
    let calls = CALLS.iter().filter_map(|call| {
        let on = survey.things(call.target);
        first_of(
            call.way,
            call.action,
            on.filter_map(|thing| Some((thing.arn.clone(), by_call(principal, call, thing)?))),
        )
    });
    let tagged = survey.roles().filter_map(|(role, trust)| {
        Some((
            role.arn.clone(),
            by_session_tag(survey, principal, role, trust)?,
        ))
    });
    let become_ = survey
        .roles()
        .filter(|(role, _)| role.arn != principal.arn && powerful.contains(&role.arn))
        .filter_map(|(role, trust)| {
            let untagged = (ASSUME, &Keys::default(), None);
            Some((
                role.arn.clone(),
                by_trust(survey, principal, role, trust, untagged)?,
            ))
        });
    calls
        .chain(first_of("TagsSession", TAG_SESSION, tagged))
        .chain(first_of("BecomesRole", ASSUME, become_))
        .collect()
}

fn first_of(
    way: &'static str,
    action: &'static str,
    mut open: impl Iterator<Item = (String, Possibility)>,
) -> Option<Found> {
    let (arn, first) = open.next()?;
    let rest = open.map(|(arn, _)| arn);
    Some(Found {
        way,
        action,
        resources: std::iter::once(arn).chain(rest).collect(),
        first,
    })
}

fn by_call(principal: &Principal, call: &Call, thing: &Thing) -> Option<Possibility> {
    let run_as = [
        RUN_AS_TAG.to_owned(),
        RUN_AS_TAG.to_lowercase(),
        RUN_AS_TAG.to_uppercase(),
    ];
    let claim = format!("{CLAIM}{RUN_AS_TAG}");
    let tags: Vec<Option<String>> = match call.tagging {
        Tagging::None => vec![None],
        Tagging::Set => vec![Some(RUN_AS_TAG.to_owned())],
        Tagging::Removed => run_as.map(Some).into(),
        Tagging::ClaimSet => vec![Some(claim)],
        Tagging::ClaimRemoved => vec![Some(claim.to_lowercase()), Some(claim)],
    };
    let sets_value = matches!(call.tagging, Tagging::Set | Tagging::ClaimSet);
    tags.iter().find_map(|tag| {
        let keys = principal.keys.clone().and(&thing.keys);
        let keys = match tag {
            Some(tag) => keys.with_set("aws:TagKeys", [tag]),
            None => keys,
        };
        let value = tag
            .as_ref()
            .filter(|_| sets_value)
            .map(|tag| request_tag(tag));
        could_be_allowed(
            &principal.policies,
            &Attempt {
                request: Request {
                    action: call.action,
                    resource: &thing.arn,
                    context: &keys,
                },
                settled: principal.settled,
                chosen: value.as_deref(),
            },
        )
    })
}

/// Tagging a session needs a statement that names the tag's values, or it is refused (design section 6).
fn by_session_tag(
    survey: &Survey,
    principal: &Principal,
    role: &Principal,
    trust: &Trust,
) -> Option<Possibility> {
    let keys = Keys::default().with_set("aws:TagKeys", [RUN_AS_TAG]);
    let value = request_tag(RUN_AS_TAG);
    let by_trust = |action| {
        by_trust(
            survey,
            principal,
            role,
            trust,
            (action, &keys, Some(&value)),
        )
    };
    by_trust(ASSUME)?;
    let possibility = by_trust(TAG_SESSION)?;
    let names = trust.names_of(principal);
    let keys = all_keys(survey, principal, role, &keys);
    let attempt = attempt(principal, role, TAG_SESSION, &keys, Some(&value));
    let caller = trusted_as(survey, &names);
    could_be_bound(&trust.policy, caller, &principal.policies, &attempt).then_some(possibility)
}

fn by_trust(
    survey: &Survey,
    principal: &Principal,
    role: &Principal,
    trust: &Trust,
    (action, keys, chosen): (&str, &Keys, Option<&str>),
) -> Option<Possibility> {
    let names = trust.names_of(principal);
    let keys = all_keys(survey, principal, role, keys);
    let attempt = attempt(principal, role, action, &keys, chosen);
    let caller = trusted_as(survey, &names);
    could_be_trusted(
        &trust.policy,
        &role.arn,
        caller,
        &principal.policies,
        &attempt,
    )
}

fn all_keys(survey: &Survey, principal: &Principal, role: &Principal, keys: &Keys) -> Keys {
    let of_role = survey
        .things(Target::Roles)
        .find(|thing| thing.arn == role.arn);
    let known = principal.keys.clone();
    let known = match of_role {
        Some(thing) => known.and(&thing.keys),
        None => known,
    };
    known.and(keys)
}

fn attempt<'a>(
    principal: &Principal,
    role: &'a Principal,
    action: &'a str,
    keys: &'a Keys,
    chosen: Option<&'a str>,
) -> Attempt<'a> {
    Attempt {
        request: Request {
            action,
            resource: &role.arn,
            context: keys,
        },
        settled: principal.settled,
        chosen,
    }
}

fn trusted_as<'a>(survey: &'a Survey, names: &'a [String]) -> TrustedAs<'a> {
    TrustedAs {
        account: &survey.account,
        arns: names,
    }
}

fn request_tag(key: &str) -> String {
    format!("aws:requesttag/{}", key.to_lowercase())
}
