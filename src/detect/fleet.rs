//! What a fleet of portals knows, as the judge asks it: whether a place is ordinary in a role.

use super::expect::Role;
use crate::{
    model::{
        Fleet, HostRole,
        fleet::{SETTLED_DAYS, Spread},
    },
    page::place::{self, Place},
};

/// Most rows of a file. A fleet of a thousand portals knows some ten thousand places.
const ROWS: usize = 200_000;

/// The uses by which a host is ordinary in a role: that use, or one that takes more trust. No use by other portals makes
/// it ordinary that a page sends away all its visitors or hands over all its addresses.
fn uses(role: Role) -> &'static [HostRole] {
    use HostRole::{Canonical, Code, Download, Form, Frame, Image, Link, Style};
    match role {
        Role::Any => &[Link, Image, Frame, Code, Style, Form, Download, Canonical],
        // that it is linked openly excuses no hidden link
        Role::Covert => &[Frame, Code, Form],
        Role::Script | Role::Reached => &[Code],
        Role::Style => &[Style, Code],
        Role::Frame => &[Frame, Code],
        Role::Form => &[Form],
        Role::Download => &[Download],
        Role::Relation => &[Canonical],
        Role::Refresh | Role::Whole => &[],
    }
}

/// Whether portals of the fleet have long used the place so. A host covers its sub-domains, except where anybody
/// publishes on it: there each place stands for itself.
pub(super) fn is_ordinary(fleet: &Fleet, host: &str, place: &Place, role: Role) -> bool {
    let uses = uses(role);
    if fleet.is_empty() || uses.is_empty() {
        return false;
    }
    let is_used = |name: &str| uses.iter().any(|it| fleet.is_ordinary(name, *it));
    match place {
        Place::Tenant(name, _) | Place::Package(name) => is_used(name),
        // asked without an address: it could be any of the places
        Place::Domain(_) if place::is_shared(host) => false,
        Place::Domain(domain) => {
            let mut names = std::iter::successors(Some(host), |it| {
                let rest = it.split_once('.').map(|it| it.1);
                rest.filter(|_| *it != domain.as_str())
            });
            names.any(is_used)
        }
    }
}

/// The name by which a fleet knows the place of an absolute address: its host, or where anybody publishes on the host,
/// the place.
pub fn name(url: &str, host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match place::of(url, &host) {
        Place::Domain(_) => host.strip_prefix("www.").unwrap_or(&host).to_owned(),
        place => place.name().to_owned(),
    }
}

/// Reads a fleet from lines of `host`, `role`, `portals` and `days`, separated by tabs, with or without a line of
/// headings. All portals of a row have used the host for its days; the largest row tells how many portals there are.
///
/// # Errors
///
/// What is wrong with which line.
pub fn parse(text: &str) -> Result<Fleet, String> {
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let is_empty = |it: &str| it.trim().is_empty() || it.starts_with('#');
    let lines = lines.filter(|it| !is_empty(it.1));
    let (mut rows, mut most) = (Vec::new(), 0);
    for (count, (at, line)) in lines.enumerate() {
        if count > ROWS {
            return Err(format!("more than {ROWS} rows"));
        }
        let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
        let is_heading = columns.first() == Some(&"host") && columns.get(1) == Some(&"role");
        if count == 0 && is_heading {
            continue;
        }
        let row = row(&columns).map_err(|why| format!("line {}: {why}", at + 1))?;
        most = most.max(row.2.portals);
        rows.push(row);
    }
    Ok(Fleet::new(most, rows))
}

fn row(columns: &[&str]) -> Result<(String, HostRole, Spread), String> {
    let &[host, role, portals, days] = columns else {
        let count = columns.len();
        return Err(format!(
            "{count} columns instead of host, role, portals, days"
        ));
    };
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(format!("{host:?} is no host"));
    }
    let named = HostRole::named(role);
    let role = named.ok_or_else(|| {
        let all = HostRole::ALL.map(HostRole::as_str).join(", ");
        format!("{role:?} is no role; roles are {all}")
    })?;
    let number = |what: &str, it: &str| {
        it.parse::<u32>()
            .map_err(|_| format!("{what}: {it:?} is no number"))
    };
    let (portals, days) = (number("portals", portals)?, number("days", days)?);
    let settled = if days >= SETTLED_DAYS { portals } else { 0 };
    let spread = Spread {
        portals,
        settled,
        days,
    };
    Ok((as_named(host), role, spread))
}

/// The name of a place as a row writes it: a host, a host with the beginning of a path, or a package.
fn as_named(written: &str) -> String {
    let is_package = ["npm/", "gh/", "gl/", "bb/", "wp/", "combine/"]
        .iter()
        .any(|it| written.starts_with(it));
    if is_package {
        return written.to_owned();
    }
    let url = match written.contains("://") {
        true => written.to_owned(),
        false => format!("https://{written}"),
    };
    name(&url, place::host(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fleet(rows: &str) -> Fleet {
        parse(&format!("host\trole\tportals\tdays\n{rows}")).unwrap()
    }

    fn stands(fleet: &Fleet, url: &str, role: Role) -> bool {
        let host = place::host(url);
        is_ordinary(fleet, host, &place::of(url, host), role)
    }

    #[test]
    fn a_host_is_ordinary_in_its_role_and_in_lesser_ones() {
        let fleet = fleet(
            "chat.congty.vn\tcode\t44\t200\nbando.vn\tframe\t60\t300\nbao.vn\tlink\t90\t900\n",
        );
        for (url, roles) in [
            (
                "https://chat.congty.vn/w.js",
                &[Role::Script, Role::Frame, Role::Style][..],
            ),
            ("https://s1.chat.congty.vn/w.js", &[Role::Script, Role::Any]),
            (
                "https://bando.vn/m",
                &[Role::Frame, Role::Any, Role::Covert],
            ),
            ("https://www.bao.vn/tin", &[Role::Any]),
        ] {
            for role in roles {
                assert!(stands(&fleet, url, *role), "{url} {role:?}");
            }
        }
        for (url, roles) in [
            (
                "https://chat.congty.vn/w",
                &[Role::Form, Role::Refresh, Role::Whole, Role::Download][..],
            ),
            ("https://congty.vn/w.js", &[Role::Script, Role::Any]),
            ("https://bando.vn/m.js", &[Role::Script, Role::Form]),
            (
                "https://bao.vn/x",
                &[Role::Covert, Role::Frame, Role::Script, Role::Relation],
            ),
            ("https://xbao.vn/", &[Role::Any]),
        ] {
            for role in roles {
                assert!(!stands(&fleet, url, *role), "{url} {role:?}");
            }
        }
    }

    #[test]
    fn where_anybody_publishes_each_place_stands_for_itself() {
        let fleet = fleet(
            "cdn.jsdelivr.net\tcode\t300\t900\nt.me\tlink\t300\t900\nt.me/xa_an_phu\tlink\t300\t900\n\
             github.io\tcode\t300\t900\nnpm/swiper\tcode\t300\t900\nscript.google.com\tform\t300\t900\n",
        );
        assert!(stands(
            &fleet,
            "https://cdn.jsdelivr.net/npm/swiper@11/s.js",
            Role::Script
        ));
        assert!(stands(&fleet, "https://t.me/xa_an_phu", Role::Any));
        for (url, role) in [
            ("https://cdn.jsdelivr.net/gh/ai/kho/x.js", Role::Script),
            ("https://t.me/keo_nha_cai", Role::Any),
            ("https://ai.github.io/x.js", Role::Script),
            ("https://script.google.com/macros/s/AAA/exec", Role::Form),
        ] {
            assert!(!stands(&fleet, url, role), "{url}");
        }
        let asked = Place::Domain("jsdelivr.net".to_owned());
        assert!(!is_ordinary(
            &fleet,
            "cdn.jsdelivr.net",
            &asked,
            Role::Script
        ));
    }

    #[test]
    fn what_came_within_days_is_not_ordinary() {
        let fleet = fleet("moi.top\tcode\t300\t4\ncu.vn\tcode\t300\t400\n");
        assert!(!stands(&fleet, "https://moi.top/x.js", Role::Script));
        assert_eq!(
            fleet.spread("moi.top", HostRole::Code).unwrap().portals,
            300
        );
    }

    #[test]
    fn faults_name_their_line() {
        for (text, wanted) in [
            ("a.vn\tcode\t3", "line 1: 3 columns"),
            (
                "host\trole\tportals\tdays\n\na.vn\tcode\tx\t3",
                "line 3: portals: \"x\"",
            ),
            ("a.vn\tcode\t3\t-1", "line 1: days"),
            ("a.vn\tvirus\t3\t1", "line 1: \"virus\" is no role"),
            ("a vn\tcode\t3\t1", "line 1: \"a vn\" is no host"),
            (
                "a.vn\tcode\t3\t9\nhost\trole\tportals\tdays",
                "line 2: \"role\" is no role",
            ),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.starts_with(wanted), "{why}");
        }
        assert!(
            parse("\u{feff}# of today\r\nhost\trole\tportals\tdays\r\nA.vn\tScript\t9\t70\r\n")
                .unwrap()
                .is_ordinary("a.vn", HostRole::Code)
        );
        assert!(parse("").unwrap().is_empty());
    }
}
