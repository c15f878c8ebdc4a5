//! What many portals together know of hosts: in how many of them, in what role and since when each host stands.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// The role in which portals use a host, ordered by what the host may do to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostRole {
    /// Its code runs in pages.
    Code,
    Frame,
    /// Forms send it what visitors type.
    Form,
    Style,
    /// Visitors are sent there.
    Refresh,
    /// Visitors get programs from it.
    Download,
    /// Pages call it another address of their own.
    Canonical,
    Link,
    Image,
}

impl HostRole {
    /// All roles, in their order.
    pub const ALL: [Self; 9] = [
        Self::Code,
        Self::Frame,
        Self::Form,
        Self::Style,
        Self::Refresh,
        Self::Download,
        Self::Canonical,
        Self::Link,
        Self::Image,
    ];

    /// The name in files, in JSON and in locale keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Image => "image",
            Self::Frame => "frame",
            Self::Code => "code",
            Self::Style => "style",
            Self::Form => "form",
            Self::Refresh => "refresh",
            Self::Download => "download",
            Self::Canonical => "canonical",
        }
    }

    /// The role of this name, or of another word that people use for it.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word.trim().to_ascii_lowercase().as_str() {
            "link" | "links" | "linked" | "anchor" | "any" => Self::Link,
            "image" | "images" | "img" | "picture" | "media" => Self::Image,
            "frame" | "frames" | "framed" | "iframe" | "embed" => Self::Frame,
            "code" | "script" | "scripts" | "js" => Self::Code,
            "style" | "styles" | "css" | "stylesheet" | "font" => Self::Style,
            "form" | "forms" | "form target" | "form-target" | "action" => Self::Form,
            "refresh" | "redirect" | "redirect target" | "redirect-target" => Self::Refresh,
            "download" | "downloads" | "program" => Self::Download,
            "canonical" | "relation" | "alternate" | "amphtml" => Self::Canonical,
            _ => return None,
        })
    }
}

/// How widely a host stands in one role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Portals that use it so: one for each registrable domain, and not more than there are agencies.
    pub portals: u32,
    /// Those of them that have used it so for [`SETTLED_DAYS`] or longer.
    pub settled: u32,
    /// Days since the first of them used it so.
    pub days: u32,
}

/// Days after which a use is settled. Planted parts are found, or the portal is cleaned, within weeks; an attacker that
/// counts on habit must stay unseen in every portal for two months.
pub const SETTLED_DAYS: u32 = 60;

/// Settled portals that make a host ordinary in a large fleet.
const MANY: u32 = 30;
/// A smaller fleet needs a quarter of its portals, and never fewer than eight: more than one vendor's mistake or one
/// attacker's season in one province reaches.
pub const FEWEST: u32 = 8;
const PART: u32 = 4;

/// The knowledge of a fleet, as plain data for the judge. Names are those of hosts, and where anybody publishes on a
/// host, those of places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    portals: u32,
    spreads: HashMap<String, Vec<(HostRole, Spread)>>,
}

impl Fleet {
    /// The knowledge of a fleet of `portals` portals. Of two rows of one name and role the wider counts.
    pub fn new(portals: u32, rows: impl IntoIterator<Item = (String, HostRole, Spread)>) -> Self {
        let mut spreads: HashMap<String, Vec<(HostRole, Spread)>> = HashMap::new();
        for (name, role, spread) in rows {
            let of = spreads.entry(name).or_default();
            match of.iter_mut().find(|it| it.0 == role) {
                Some((_, known)) if known.settled >= spread.settled => (),
                Some((_, known)) => *known = spread,
                None => of.push((role, spread)),
            }
        }
        Self { portals, spreads }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.spreads.is_empty()
    }

    /// How widely the host or place of this name stands in a role.
    pub fn spread(&self, name: &str, role: HostRole) -> Option<Spread> {
        let of = self.spreads.get(name)?;
        of.iter().find(|it| it.0 == role).map(|it| it.1)
    }

    /// Whether so many portals have used the host or place in this role for so long that a further one is no news.
    pub fn is_ordinary(&self, name: &str, role: HostRole) -> bool {
        let enough = (self.portals / PART).clamp(FEWEST, MANY);
        self.spread(name, role)
            .is_some_and(|it| it.settled >= enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(portals: u32, settled: u32) -> Spread {
        Spread {
            portals,
            settled,
            days: 400,
        }
    }

    fn ordinary(fleet: u32, portals: u32, settled: u32) -> bool {
        let row = ("a.vn".to_owned(), HostRole::Code, spread(portals, settled));
        Fleet::new(fleet, [row]).is_ordinary("a.vn", HostRole::Code)
    }

    #[test]
    fn many_portals_for_months_make_a_host_ordinary() {
        assert!(ordinary(400, 34, 30) && !ordinary(400, 34, 29));
        // a campaign: many portals, all of them new
        assert!(!ordinary(400, 300, 0) && !ordinary(400, 300, 12));
        // a small fleet
        assert!(ordinary(40, 12, 10) && !ordinary(40, 12, 9));
        // three planted portals are enough in no fleet
        assert!(!ordinary(3, 3, 3) && !ordinary(8, 7, 7) && ordinary(8, 8, 8));
    }

    #[test]
    fn a_role_is_not_another() {
        let row = ("a.vn".to_owned(), HostRole::Link, spread(90, 90));
        let fleet = Fleet::new(300, [row]);
        assert!(fleet.is_ordinary("a.vn", HostRole::Link));
        assert!(!fleet.is_ordinary("a.vn", HostRole::Code));
        assert!(!fleet.is_ordinary("b.vn", HostRole::Link));
        assert!(Fleet::default().is_empty() && !fleet.is_empty());
    }

    #[test]
    fn roles_have_names() {
        for role in HostRole::ALL {
            assert_eq!(HostRole::named(role.as_str()), Some(role));
        }
        assert_eq!(HostRole::named(" Redirect target"), Some(HostRole::Refresh));
        assert_eq!(HostRole::named("x"), None);
    }
}
