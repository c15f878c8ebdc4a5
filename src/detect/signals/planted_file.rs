//! A page or program among uploads: a listing of a folder where only documents and images belong.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::{fold::fold, registrable},
};

/// Strength 1.0. Only beside a baseline.
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
            .filter_map(|it| {
                let path = it.url.split(['?', '#']).next().unwrap_or_default();
                let name = path.rsplit('/').next().unwrap_or_default();
                let low = name.to_ascii_lowercase();
                PAGES.iter().any(|end| low.ends_with(end)).then_some(name)
            })
            .collect();
        let first = planted.first()?;
        let say = Localized::new("signal-planted-file")
            .with("name", first)
            .with("count", planted.len());
        Some(Found::new(1.0, say, &planted.join(", ")))
    }
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
