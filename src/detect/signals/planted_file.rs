//! A page or program among uploads, where only documents and images belong: in the listing of such a folder, or under a
//! new link into one.

use std::collections::BTreeSet;

use crate::{
    detect::{Detector, Found, View},
    diff::places,
    model::Localized,
    page::{
        Link, Usage,
        fold::fold,
        place::{Kept, path, upload},
        registrable,
    },
};

/// Strength 1.0 in a listing; 0.85 under a hidden link; 0.4 to 0.7 under visible ones. Only beside a baseline, and not
/// for folders in which the portal always linked such files.
pub struct PlantedFile;

/// Endings of files that a server runs or a browser shows as a page.
const PAGES: &[&str] = &[
    ".html", ".htm", ".php", ".phtml", ".php5", ".php7", ".pht", ".phar", ".asp", ".aspx", ".ashx",
    ".asmx", ".jsp", ".jspx", ".cfm", ".cgi", ".pl", ".py", ".sh", ".shtml", ".apk", ".exe",
    ".scr", ".hta",
];

impl Detector for PlantedFile {
    fn name(&self) -> &'static str {
        "planted-file"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        listed(view).or_else(|| linked(view))
    }
}

fn listed(view: &View) -> Option<Found> {
    let page = view.page;
    let mut named = page
        .title
        .iter()
        .chain(page.headings.iter().map(|it| &it.text));
    if !named.any(|it| is_listing(it)) {
        return None;
    }
    let own = page.domain();
    let links = view.links();
    let planted: Vec<&str> = links
        .iter()
        .filter(|it| registrable(&it.host) == own)
        .filter_map(|it| file(&it.url))
        .collect();
    let first = planted.first()?;
    let say = Localized::new("signal-planted-file")
        .with("name", first)
        .with("count", planted.len());
    Some(Found::new(1.0, say, &planted.join(", ")))
}

/// New links to pages among uploads, of a class of addresses that the portal never linked. Magazines and tours are
/// uploaded as folders with an index page, and are left out.
fn linked(view: &View) -> Option<Found> {
    let own = view.page.domain();
    let links = view.links();
    let planted: Vec<&&Link> = links
        .iter()
        .filter(|it| {
            let stray = upload(path(&it.url)).is_some_and(|it| it.kept == Kept::Uploads);
            stray
                && view.is_own(&registrable(&it.host))
                && file(&it.url).is_some_and(|it| !is_index(it) && !is_program(it))
                && !view.norm.holds(
                    Usage::Link,
                    &places::name(Usage::Link, &it.url, &it.host, &own),
                )
        })
        .collect();
    let hidden = planted.iter().find(|it| it.hidden.is_some());
    let first = hidden.or(planted.first())?;
    let addresses: BTreeSet<&str> = planted.iter().map(|it| it.url.as_str()).collect();
    let strength = match hidden {
        Some(_) => 0.85,
        None => (0.3 + 0.1 * addresses.len() as f64).min(0.7),
    };
    let say = Localized::new("signal-planted-file")
        .with("name", file(&first.url).unwrap_or_default())
        .with("count", addresses.len());
    let shown = format!("{} → {}", first.text, first.url);
    Some(Found::new(strength, say, &shown))
}

/// The name of the file to which an address leads, if a server runs it or a browser shows it as a page.
fn file(url: &str) -> Option<&str> {
    let name = path(url).rsplit('/').next()?;
    let low = name.to_ascii_lowercase();
    PAGES.iter().any(|end| low.ends_with(end)).then_some(name)
}

fn is_index(name: &str) -> bool {
    let low = name.to_ascii_lowercase();
    low.starts_with("index.") || low.starts_with("default.")
}

/// Programs are offered for download; what becomes of those is the subject of `download`.
fn is_program(name: &str) -> bool {
    let low = name.to_ascii_lowercase();
    [".apk", ".exe", ".scr"].iter().any(|it| low.ends_with(it))
}

/// Characters of a heading that are read.
const BEGINNING: usize = 64;

/// Whether a heading is that of a folder listing by Apache, nginx, lighttpd or IIS.
fn is_listing(text: &str) -> bool {
    let head: String = text.chars().take(BEGINNING).collect();
    let text = fold(&head);
    ["index of", "directory listing", "listing of", "thư mục"]
        .iter()
        .any(|it| text.starts_with(it))
}
