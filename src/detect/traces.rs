//! What a page shows of other hosts: for the knowledge of the fleet, and as traces that several portals may share.

use std::collections::HashSet;

use super::{expect::Role, fleet::name, programs::is_program, standing::Standing, view::View};
use crate::{
    diff::{Norm, places},
    model::{HostRole, incident::Trace, portal_hosts::ShownHost},
    page::{Page, Usage, cancel, registrable},
};

/// Most uses that are taken from one page.
const MOST: usize = 400;
/// Most strangers that an incident remembers, and the fewest bytes of code that is one: shorter code is common.
const TRACES: usize = 20;
const CODE: usize = 60;

/// The role that a use of an address gives to its host; `None` for uses that no fleet makes ordinary.
fn role_of(usage: Usage, url: &str) -> Option<HostRole> {
    Some(match usage {
        Usage::Link if is_program(url) => HostRole::Download,
        Usage::Link => HostRole::Link,
        Usage::Image => HostRole::Image,
        Usage::Frame => HostRole::Frame,
        Usage::Code => HostRole::Code,
        Usage::Style => HostRole::Style,
        Usage::Form => HostRole::Form,
        Usage::Refresh => HostRole::Refresh,
        Usage::Relation => HostRole::Canonical,
        Usage::Base | Usage::Manifest | Usage::Ping => return None,
    })
}

/// Uses of foreign hosts in a page, each once. `approved`: the norm of the looks that a person approved.
pub fn shown(page: &Page, approved: &Norm, domain: &str) -> Vec<ShownHost> {
    let own = page.domain();
    let mut told: HashSet<(HostRole, String)> = HashSet::new();
    let mut out = Vec::new();
    for (usage, url, host) in places::uses(page) {
        if cancel::step(1) || out.len() >= MOST {
            break;
        }
        let of = registrable(host);
        let (false, Some(role)) = (of == own || of == domain, role_of(usage, url)) else {
            continue;
        };
        let name = name(url, host);
        if !told.insert((role, name.clone())) {
            continue;
        }
        let place = places::name(usage, url, host, &own);
        out.push(ShownHost {
            is_old: approved.holds(usage, &place),
            name,
            role,
        });
    }
    out
}

/// Strangers that a page newly uses, those that may do most first; none without a baseline, where everything is new.
pub fn of(view: &View) -> Vec<Trace> {
    if view.change.is_none() {
        return Vec::new();
    }
    let mut out: HashSet<Trace> = HashSet::new();
    let domain = view.page.domain();
    if domain != view.expect.domain {
        out.insert(trace(HostRole::Refresh, domain));
    }
    for (usage, url, host) in places::uses(view.page) {
        if cancel::step(1) || out.len() >= MOST {
            break;
        }
        if let Some(role) = role_of(usage, url)
            && view.standing(url, as_judged(role)) == Standing::Stranger
        {
            out.insert(trace(role, name(url, host)));
        }
    }
    let codes = view.codes().iter().map(|it| it.script);
    let inline = codes.filter(|it| it.runs && it.code.len() >= CODE);
    out.extend(inline.take(TRACES).map(|it| Trace {
        inline: true,
        ..trace(HostRole::Code, format!("{:016x}", it.key))
    }));
    let mut out: Vec<Trace> = out.into_iter().collect();
    out.sort();
    out.truncate(TRACES);
    out
}

fn trace(role: HostRole, name: String) -> Trace {
    Trace {
        role,
        inline: false,
        name,
    }
}

/// The role in which the judge asks for the standing of a host.
fn as_judged(role: HostRole) -> Role {
    match role {
        HostRole::Code => Role::Script,
        HostRole::Frame => Role::Frame,
        HostRole::Form => Role::Form,
        HostRole::Style => Role::Style,
        HostRole::Refresh => Role::Refresh,
        HostRole::Download => Role::Download,
        HostRole::Canonical => Role::Relation,
        HostRole::Link | HostRole::Image => Role::Any,
    }
}
