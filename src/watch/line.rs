//! Tells an attack on portals from a fault of our own line, by what the accused portal shows and what witnesses show: portals
//! of other owners at other addresses. Pure; [`crate::watch::connectivity`] asks the witnesses.
//!
//! A line that is caught (a hotel's login, a firewall that opens TLS, a provider's block page) changes *every* portal
//! in the same way. An attack changes one portal, one machine or the portals of one owner. So one witness that shows
//! something else clears the line, and without any witness the portal is believed.

use std::net::IpAddr;

use crate::{
    detect::{Detector, signals::AsksSecrets},
    fetch::address::is_public,
    judge::Look,
    model::{
        Class, Localized, Observation, Standing, Target, excerpt, registrable, verdict::State,
    },
    world::connectivity::Trace,
};

/// What a witness showed when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// It did not answer.
    Silent,
    /// It shows a trace of the accused portal, too.
    Same,
    /// It answered with something else.
    Other,
}

/// What witnesses are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A change: one owner may change all of their portals, so witnesses have other owners.
    Trace,
    /// Silence: owners do not matter, since a network that works reaches whatever is at another address.
    Silence,
}

/// Whether a target counts as a witness: it has another address, reached over the same line, and where a change is in
/// question another owner.
pub fn is_witness(
    question: Question,
    accused: (&Target, Option<IpAddr>),
    other: (&Target, Option<IpAddr>),
) -> bool {
    let same_address = accused.1.is_some() && accused.1 == other.1;
    let same_name = accused.0.url.host_str() == other.0.url.host_str();
    let same_owner = question == Question::Trace && owner(accused.0) == owner(other.0);
    !same_address && !same_name && !same_owner && is_same_line(accused.1, other.1)
}

/// Whether two addresses may be reached over one line: a portal in our own network says nothing of the line to the
/// Internet. An unknown address may be either.
pub fn is_same_line(one: Option<IpAddr>, other: Option<IpAddr>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => is_public(one) == is_public(other),
        _ => true,
    }
}

/// Whether a witness is in another network, too: a failing line of a data centre takes down all portals behind it at
/// once. An unknown address counts as one of another network.
pub fn is_far(accused: Option<IpAddr>, other: Option<IpAddr>) -> bool {
    match (accused, other) {
        (Some(a), Some(b)) => network(a) != network(b),
        _ => true,
    }
}

/// The /24 of an IPv4 address or the /48 of an IPv6 address: the block that one site is given.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(it) => it.octets()[..3].to_vec(),
        IpAddr::V6(it) => it.octets()[..6].to_vec(),
    }
}

/// The owner of a portal, as far as names tell: its registrable domain.
pub fn owner(target: &Target) -> String {
    registrable(target.url.host_str().unwrap_or_default())
}

/// Whether our line is caught: witnesses show a trace of the accused portal, and no witness shows anything else. One witness
/// is enough if a baseline tells what the portal showed before, else two: portals may lead to one place from the start.
/// Status 511 is believed if no witness contradicts it, unless the page behind it is tampered with (`is_tampered`): an
/// attacker who defaces a portal can choose its status, too.
pub fn is_caught(
    traces: &[Trace],
    testimonies: &[Testimony],
    is_known: bool,
    is_tampered: bool,
) -> bool {
    if testimonies.contains(&Testimony::Other) {
        return false;
    }
    let same = testimonies.iter().filter(|it| **it == Testimony::Same);
    let enough = same.count() >= if is_known { 1 } else { 2 };
    enough || traces.contains(&Trace::NetworkLogin) && !is_tampered
}

/// Whether a portal's silence is our line's, after all witnesses asked were silent, too: `far` of them in other
/// networks, `near` in its own. `reached` tells that its machine takes or refuses connections: then the network works,
/// unless three or more far witnesses are silent, which only something in between explains. Without any witness the
/// portal is believed.
pub fn is_cut_off(far: usize, near: usize, reached: bool) -> bool {
    const TOO_MANY: usize = 3;
    far + near > 0 && (!reached || far >= TOO_MANY)
}

/// The traces in a portal's answer; empty for what it usually shows.
pub fn traces(target: &Target, look: &Look) -> Vec<Trace> {
    if look.class.standing() == Standing::Up && look.baseline_at.is_some() {
        return Vec::new();
    }
    if is_sealed(target, &look.observation) {
        return Vec::new();
    }
    let mut out = traces_of(target, &look.observation);
    // only login pages count: another page that many portals show may be an attack on what they share
    let asks_for_a_login = match look.class {
        Class::ByPortal => look.verdict.state == State::Login,
        Class::Suspicious => {
            let asks = |it: &crate::model::Signal| it.name == AsksSecrets.name();
            look.verdict.state == State::Login || look.verdict.signals.iter().any(asks)
        }
        _ => false,
    };
    if asks_for_a_login
        && let (Some(title), Some(seen)) = (&look.title, &look.seen)
        && !title.trim().is_empty()
    {
        out.push(Trace::Page {
            title: title.clone(),
            shape: seen.shape,
        });
    }
    out
}

/// Whether all of an answer came over TLS with certificates that browsers trust: no line can have written it.
fn is_sealed(target: &Target, seen: &Observation) -> bool {
    let mut urls = seen.hops.iter().map(|it| &it.to).chain([&target.url]);
    let trusted = seen
        .certificate
        .as_ref()
        .is_some_and(|it| it.fault.is_none());
    trusted && urls.all(|it| it.scheme() == "https")
}

/// The traces that can be told without reading the page.
pub fn traces_of(target: &Target, seen: &Observation) -> Vec<Trace> {
    let mut out = Vec::new();
    if is_sealed(target, seen) {
        return out;
    }
    if seen.answer().is_some_and(|it| it.status == 511) {
        out.push(Trace::NetworkLogin);
    }
    if let Some(last) = seen.hops.last() {
        let to = registrable(last.to.host_str().unwrap_or_default());
        if to != owner(target) {
            out.push(Trace::LeadsTo(to));
        }
    }
    if let Some(certificate) = &seen.certificate
        && let Some(fault) = &certificate.fault
    {
        match fault.key.as_str() {
            "cause-tls-issuer" | "cause-tls-self" => {
                out.push(Trace::Issuer(certificate.issuer.clone()));
            }
            "cause-tls-name" => out.push(Trace::Certificate(certificate.digest)),
            _ => (),
        }
    }
    out
}

/// One sentence for the duty room that says what the line does.
pub fn sentence(traces: &[Trace]) -> Localized {
    match traces.first() {
        Some(Trace::LeadsTo(host)) => {
            Localized::new("line-leads").with("host", excerpt::defang(host))
        }
        Some(Trace::Issuer(issuer)) => Localized::new("line-issuer").with("issuer", issuer),
        Some(Trace::Page { title, .. }) => {
            Localized::new("line-page").with("title", excerpt::excerpt(title, 80))
        }
        Some(Trace::Certificate(_)) => Localized::new("line-certificate"),
        Some(Trace::NetworkLogin) | None => Localized::new("line-login"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_of_our_own_network_is_no_witness_of_the_line_to_the_internet() {
        let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let (public, inside, own) = (at("45.117.0.10"), at("10.1.0.2"), at("127.0.0.1"));
        assert!(!is_same_line(public, inside) && !is_same_line(own, public));
        assert!(is_same_line(public, at("2400:cb00::1")) && is_same_line(inside, own));
        assert!(is_same_line(public, None));
    }
}
