//! The standing of a host or address in a role: the one question that all signals about strangers ask.
//!
//! A host that is good for one role is not thereby good for another. What grants standing, in this order: it is the
//! portal's own; the operator allows it; this portal always used its place so; many other portals have long used it so;
//! honest pages commonly use it so; it belongs to a public body, which is enough to be linked and framed. An ending of a name grants nothing else.

use super::{expect::Role, fleet, hosts, view::View};
use crate::page::{
    Usage,
    place::{self, Place},
    registrable,
};

/// Why an address may, or may not, be used in a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has no host, or the portal's own.
    Own,
    /// By the operator's settings.
    Allowed,
    /// This portal used its place in such a role before.
    Learnt,
    /// Many other portals have used it so for months.
    Fleet,
    /// Honest pages commonly use it so.
    Known,
    PublicBody,
    /// A holder of a `.vn` name, which is enough for a visible link.
    Registered,
    Stranger,
}

/// The uses by which a place has earned a role. A domain that the portal linked before is no stranger to it.
const LINKED: &[Usage] = &[
    Usage::Link,
    Usage::Code,
    Usage::Frame,
    Usage::Form,
    Usage::Relation,
    Usage::Base,
    Usage::Refresh,
    Usage::Style,
];
const CODE: &[Usage] = &[Usage::Code, Usage::Style];

impl View<'_> {
    /// The standing of an absolute address in a role.
    pub fn standing(&self, url: &str, role: Role) -> Standing {
        let host = place::host(url).to_ascii_lowercase();
        // a copy in an archive is what its publisher gave
        match place::archived(url, &host) {
            Some(original) => {
                let host = place::host(original).to_ascii_lowercase();
                self.stands(&host, Some(original), role)
            }
            None => self.stands(&host, Some(url), role),
        }
    }

    /// The doubt, 0 to 1, about an address in a role: 1 for a stranger's, a half for a public body's where code, forms
    /// or a refresh would make it more than a link.
    pub fn doubt(&self, url: &str, role: Role) -> f64 {
        match self.standing(url, role) {
            Standing::Stranger => 1.0,
            Standing::PublicBody if !is_shown(role) => {
                let host = place::host(url);
                if hosts::is_school(host) && !hosts::is_school(&self.expect.domain) {
                    1.0
                } else {
                    0.5
                }
            }
            _ => 0.0,
        }
    }

    /// Whether an absolute address is a stranger's in a role.
    pub fn is_strange_at(&self, url: &str, role: Role) -> bool {
        self.standing(url, role) == Standing::Stranger
    }

    /// Whether the host is foreign for any use: not the portal's own, not allowed, never used by the portal before, and
    /// not commonly embedded.
    pub fn is_foreign(&self, host: &str) -> bool {
        !matches!(
            self.stands(host, None, Role::Any),
            Standing::Own
                | Standing::Allowed
                | Standing::Learnt
                | Standing::Fleet
                | Standing::Known
        )
    }

    /// Whether the host is a stranger's even for a link. Links to public bodies are ordinary news.
    pub fn is_strange(&self, host: &str) -> bool {
        self.is_strange_as(host, Role::Any)
    }

    /// Like [`Self::is_strange`], for one use of the host. Ask [`Self::is_strange_at`] where the address is known: on
    /// some hosts anybody publishes.
    pub fn is_strange_as(&self, host: &str, role: Role) -> bool {
        self.stands(host, None, role) == Standing::Stranger
    }

    /// Whether the domain is the portal's own. A base of another domain makes that domain the portal's only if it was
    /// there before.
    pub fn is_own(&self, domain: &str) -> bool {
        if domain == self.expect.domain {
            return true;
        }
        let rebased = self.change.as_ref().is_some_and(|it| {
            it.uses
                .iter()
                .any(|it| it.usage == Usage::Base && registrable(&it.host) == domain)
        });
        !rebased && domain == self.page.domain()
    }

    fn stands(&self, host: &str, url: Option<&str>, role: Role) -> Standing {
        if host.is_empty() {
            return Standing::Own;
        }
        let domain = registrable(host);
        if self.is_own(&domain) {
            return Standing::Own;
        }
        let allowed = self.expect.allow_hosts.iter().any(|it| {
            host == it
                || host
                    .strip_suffix(it.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        });
        if allowed {
            return Standing::Allowed;
        }
        let place = match url {
            Some(url) => place::of(url, host),
            // without an address the host must answer for all that is published on it
            None => Place::Domain(domain.clone()),
        };
        if self.has_learnt(&place, &domain, role) {
            return Standing::Learnt;
        }
        let planted = url.is_some_and(place::is_active_upload);
        if !planted && fleet::is_ordinary(&self.expect.fleet, host, &place, role) {
            return Standing::Fleet;
        }
        if is_known(&place, role) {
            return Standing::Known;
        }
        if hosts::is_public_body(host) && !planted {
            return Standing::PublicBody;
        }
        if role == Role::Any && hosts::is_registered_in_vietnam(host) && !planted {
            return Standing::Registered;
        }
        Standing::Stranger
    }

    fn has_learnt(&self, place: &Place, domain: &str, role: Role) -> bool {
        let usages = match (role, place) {
            (Role::Script | Role::Reached | Role::Style, Place::Domain(_)) => LINKED,
            (Role::Script | Role::Reached | Role::Style, _) => CODE,
            // great third parties lead on to anybody
            (Role::Refresh, Place::Domain(_)) if hosts::is_third_party(domain) => &[Usage::Refresh],
            _ => LINKED,
        };
        let norm = self.norm;
        // a picture of the place earns no more than to be shown
        let pictured = matches!(role, Role::Any | Role::Covert);
        usages.iter().any(|it| norm.holds(*it, place.name()))
            || pictured && norm.holds(Usage::Image, place.name())
            // of a host that many publishers share, without an address: any of them
            || (role == Role::Any && norm.link_domains.contains(domain))
    }
}

/// Whether a role only shows the host to visitors or tells them of it.
fn is_shown(role: Role) -> bool {
    matches!(
        role,
        Role::Any | Role::Covert | Role::Frame | Role::Download | Role::Relation
    )
}

fn is_known(place: &Place, role: Role) -> bool {
    match place {
        Place::Domain(domain) => hosts::is_known_as(domain, role),
        Place::Package(name) => match role {
            Role::Any | Role::Covert => true,
            Role::Script | Role::Reached | Role::Style => hosts::is_library(name),
            _ => false,
        },
        Place::Tenant(_, uses) => match role {
            Role::Any => uses.contains('l'),
            Role::Covert => uses.contains('h'),
            Role::Frame => uses.contains('f'),
            Role::Script => uses.contains('s'),
            // code names such pages in its comments, and opens them when a button is pressed
            Role::Reached => uses.contains('l') && !uses.contains('x'),
            _ => false,
        },
    }
}
