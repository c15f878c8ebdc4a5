//! The place of an address: as much of it as one publisher answers for. Two addresses of one place deserve the trust of
//! one another; of two places they do not.
//!
//! Of most hosts it is the registrable domain. Where anybody publishes on a host, it is the host and the beginning of
//! the path that names the publisher. In folders of the portal's own host that keep what is uploaded it is the folder
//! and the kind of file, since more people than the webmaster write there.

mod upload;

use std::{collections::HashMap, sync::LazyLock};

pub use upload::{Kept, Upload, is_active_upload, upload};

use crate::model::{is_public_suffix, registrable};

/// The publisher that answers for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The holder of a registrable domain.
    Domain(String),
    /// One of many publishers on a host; the uses (letters of `shared.txt`) that honest pages make of any of them.
    Tenant(String, &'static str),
    /// A package (`npm/NAME`) or repository (`gh/USER/NAME`), by whatever mirror it is delivered.
    Package(String),
}

impl Place {
    /// The name by which pages and norms know the place.
    pub fn name(&self) -> &str {
        match self {
            Self::Domain(name) | Self::Tenant(name, _) | Self::Package(name) => name,
        }
    }
}

/// How a host tells its publishers apart.
#[derive(Clone, Copy)]
enum Share {
    Segments(usize, &'static str),
    Package,
}

static SHARED: LazyLock<HashMap<&str, Share>> = LazyLock::new(|| {
    include_str!("shared.txt")
        .lines()
        .filter(|it| !it.starts_with('#'))
        .filter_map(|it| {
            let mut columns = it.split('\t');
            let (host, how) = (columns.next()?, columns.next()?);
            let uses = columns.next().unwrap_or_default();
            let share = match how {
                "package" => Share::Package,
                _ => Share::Segments(how.parse().ok()?, uses),
            };
            Some((host, share))
        })
        .collect()
});

/// Whether many publishers share this host, so that the host alone says nothing of them.
pub fn is_shared(host: &str) -> bool {
    share(host).is_some()
}

/// Whether agencies commonly keep a form, a file or a chat of their own on this shared host.
pub fn is_used_by_offices(host: &str) -> bool {
    matches!(share(host), Some(Share::Segments(_, uses)) if uses.contains('o'))
}

fn share(host: &str) -> Option<Share> {
    let bare = host.strip_prefix("www.").unwrap_or(host);
    let below = |host: &str| SHARED.get(host).copied();
    let dotted = format!(".{host}");
    let above = dotted.match_indices('.').map(|(at, _)| &dotted[at..]);
    if let Some(share) = below(bare).or_else(|| above.take(8).find_map(below)) {
        return Some(share);
    }
    // storage that is addressed by path: the first segment is the bucket
    (host.contains('.') && is_public_suffix(host)).then_some(Share::Segments(1, "-"))
}

/// The place of an absolute address on `host`.
pub fn of(url: &str, host: &str) -> Place {
    // the archived publisher answers for a copy in an archive
    if let Some(original) = archived(url, host) {
        let host = self::host(original);
        return if archived(original, host).is_some() {
            Place::Domain(registrable(host))
        } else {
            of(original, host)
        };
    }
    match share(host) {
        None => Place::Domain(registrable(host)),
        Some(Share::Package) => Place::Package(package(path(url))),
        Some(Share::Segments(count, uses)) => {
            let mut name = host.to_owned();
            for segment in segments(path(url)).take(count) {
                name.push('/');
                name.push_str(segment);
            }
            Place::Tenant(name, uses)
        }
    }
}

/// The archived address in one of an archive: `https://web.archive.org/web/20200308080314js_/https://HOST/PATH`.
pub fn archived<'u>(url: &'u str, host: &str) -> Option<&'u str> {
    if host != "web.archive.org" {
        return None;
    }
    let rest = url.split_once("//")?.1;
    let original = &rest[rest.find("/http")? + 1..];
    let is_url = original.starts_with("http://") || original.starts_with("https://");
    is_url.then_some(original)
}

/// The host of an absolute address, in the case in which it is written; empty if there is none.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("//").map_or("", |it| it.1);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest[..end].rsplit('@').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// The path of an absolute address, without query and fragment; empty if there is none.
pub fn path(url: &str) -> &str {
    let rest = url.split_once("//").map_or(url, |it| it.1);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.find('/').map_or("", |at| &rest[at..])
}

/// Endings of pictures, documents and data, which browsers run as code where a server lies about the kind of file.
const NO_CODE: &[&str] = &[
    "jpg", "jpeg", "png", "gif", "webp", "avif", "bmp", "ico", "svg", "pdf", "doc", "docx", "xls",
    "xlsx", "ppt", "pptx", "txt", "css", "dat", "log", "bak", "zip", "rar", "mp3", "mp4", "woff",
    "woff2", "ttf", "eot", "csv", "md", "ini", "tmp",
];

/// The ending of a path that says that the file is no code; `None` for any other path.
pub fn no_code(path: &str) -> Option<&'static str> {
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1;
    NO_CODE
        .iter()
        .find(|it| ending.eq_ignore_ascii_case(it))
        .copied()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|it| !it.is_empty())
}

/// `npm/NAME`, `gh/USER/NAME` or `wp/…` of a path at a mirror of packages, without the version.
fn package(path: &str) -> String {
    let bare = |it: &str| match it.get(1..).and_then(|rest| rest.find('@')) {
        Some(at) => it[..=at].to_ascii_lowercase(),
        None => it.to_ascii_lowercase(),
    };
    let is_edition = |it: &str| {
        ["-", "pin", "new", "stable", "npm"].contains(&it)
            || (it.starts_with('v') && it.len() > 1 && it[1..].bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = segments(path).skip_while(|it| is_edition(it));
    let first = parts.next().unwrap_or_default();
    match first {
        "gh" | "gl" | "bb" | "wp" => {
            let holder = parts.next().map(bare).unwrap_or_default();
            format!(
                "{first}/{holder}/{}",
                parts.next().map(bare).unwrap_or_default()
            )
        }
        "combine" => {
            let all: Vec<String> = parts.map(bare).collect();
            format!("combine/{}", all.join("/"))
        }
        _ if first.starts_with('@') => {
            format!("npm/{first}/{}", parts.next().map(bare).unwrap_or_default())
        }
        _ => format!("npm/{}", bare(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(url: &str) -> String {
        of(url, host(url)).name().to_owned()
    }

    #[test]
    fn a_publisher_is_more_than_a_host_where_anybody_publishes() {
        assert_eq!(name("https://www.hanoi.gov.vn:8443/a/b"), "hanoi.gov.vn");
        assert_eq!(
            name("https://cdn.jsdelivr.net/npm/swiper@11/swiper.min.js"),
            "npm/swiper"
        );
        assert_eq!(
            name("https://unpkg.com/swiper@8.0.1/swiper.js"),
            "npm/swiper"
        );
        assert_eq!(
            name("https://unpkg.com/@splidejs/splide@4/dist/x.js"),
            "npm/@splidejs/splide"
        );
        assert_eq!(
            name("https://cdn.jsdelivr.net/gh/ai/kho@main/x.js"),
            "gh/ai/kho"
        );
        assert_eq!(name("https://esm.sh/v135/preact@10"), "npm/preact");
        assert_eq!(name("https://t.me/xa_an_phu?start=1"), "t.me/xa_an_phu");
        assert_eq!(
            name("https://s3.ap-southeast-1.amazonaws.com/kho/x.js"),
            "s3.ap-southeast-1.amazonaws.com/kho"
        );
        assert_ne!(name("https://a.pages.dev/"), name("https://b.pages.dev/"));
        assert_ne!(
            name("https://script.google.com/macros/s/AAA/exec"),
            name("https://script.google.com/macros/s/BBB/exec")
        );
    }

    #[test]
    fn parts_of_addresses() {
        assert_eq!(host("https://u:p@a.vn:80/x"), "a.vn");
        assert_eq!(path("https://a.vn?x=/y"), "");
        assert_eq!((host("mailto:a@b.vn"), path("//a.vn/x#/y")), ("", "/x"));
    }
}
