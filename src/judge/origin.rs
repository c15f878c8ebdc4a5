//! Where an answer came from, compared with where good looks came from.

use crate::model::{Observation, Target, TargetState, registrable};

/// What of a portal's origin none of its good looks had, by kind (`issuer`, `subject`, `network`) with the value seen.
/// Empty where nothing is remembered yet.
pub(super) fn moved_origin(
    target_state: &TargetState,
    observation: &Observation,
) -> Vec<(&'static str, String)> {
    let certificate = observation.certificate.as_ref();
    let network = observation.network();
    // an IPv6 network is no news where earlier looks used IPv4 only
    let is_six = |network: &str| network.contains(':');
    let mut networks = target_state.origin.networks.clone();
    networks.retain(|it| {
        network
            .as_deref()
            .is_some_and(|now| is_six(now) == is_six(it))
    });
    let issuer = certificate.map(|it| it.issuer.as_str());
    let subject = certificate.map(|it| it.subject.as_str());
    [
        ("issuer", &target_state.origin.issuers, issuer),
        ("subject", &target_state.origin.subjects, subject),
        ("network", &networks, network.as_deref()),
    ]
    .into_iter()
    .filter_map(|(what, known, seen)| {
        let seen = seen?;
        (!known.is_empty() && !known.iter().any(|it| it == seen)).then(|| (what, seen.to_owned()))
    })
    .collect()
}

/// The foreign host at which redirects ended, where none of the baseline's looks ended in its domain. `None` without a
/// baseline: then the page alone tells (signal `moved`).
pub(super) fn led_away(
    target: &Target,
    target_state: &TargetState,
    observation: &Observation,
) -> Option<String> {
    let baseline = target_state.baseline.as_ref()?;
    let host = observation.hops.last()?.to.host_str()?.to_owned();
    let domain = registrable(&host);
    let own = registrable(target.url.host_str().unwrap_or_default());
    let is_usual = baseline
        .looks()
        .any(|it| registrable(it.url.host_str().unwrap_or_default()) == domain);
    let is_allowed = target
        .allow_hosts
        .iter()
        .any(|it| *it == host || *it == domain);
    (domain != own && !is_usual && !is_allowed).then_some(host)
}
