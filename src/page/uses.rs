//! Uses of addresses by `link`, `base` and `ping`, and style sheets that style elements import.

use scraper::{Html, node::Element};
use url::Url;

use super::{
    Page,
    links::{Usage, Use, resolve},
};
use crate::model::registrable;

/// Most uses that are kept of one page; a large portal has thirty.
const MOST: usize = 1000;
/// Most style sheets that the style elements of a page import.
const IMPORTS: usize = 64;

fn put(page: &mut Page, usage: Usage, reference: &str) {
    if page.uses.len() >= MOST || reference.trim().is_empty() {
        return;
    }
    let (url, host) = resolve(&page.url, reference);
    if !host.is_empty() && url.starts_with("http") {
        page.uses.push(Use { usage, url, host });
    }
}

/// Keeps the use that a `link` element declares.
pub(super) fn link(page: &mut Page, element: &Element) {
    let attr = |name: &str| element.attr(name).unwrap_or_default();
    let has = |name: &str| {
        attr("rel")
            .split_ascii_whitespace()
            .any(|it| it.eq_ignore_ascii_case(name))
    };
    let loads = |kinds: &[&str]| kinds.iter().any(|it| attr("as").eq_ignore_ascii_case(it));
    let early = has("preload") || has("prefetch");
    let usage = if has("stylesheet") || (early && loads(&["style"])) {
        Usage::Style
    } else if has("modulepreload")
        || has("import")
        || (early && loads(&["script", "worker", "serviceworker", "audioworklet"]))
    {
        Usage::Code
    } else if has("manifest") {
        Usage::Manifest
    } else {
        return;
    };
    put(page, usage, attr("href"));
}

/// Keeps the addresses that a link reports clicks to.
pub(super) fn ping(page: &mut Page, addresses: &str) {
    for address in addresses.split_ascii_whitespace().take(8) {
        put(page, Usage::Ping, address);
    }
}

/// Keeps a base of another registrable domain than that of the page's address.
pub(super) fn base(page: &mut Page, own: &Url, base: &Url) {
    let host = |it: &Url| registrable(it.host_str().unwrap_or_default());
    if host(own) != host(base) {
        put(page, Usage::Base, base.as_str());
    }
}

/// Keeps the style sheets that style elements import.
pub(super) fn imports(page: &mut Page, tree: &Html) {
    let styles = tree.tree.nodes().filter(|it| {
        it.value()
            .as_element()
            .is_some_and(|it| it.name() == "style")
    });
    let mut room = IMPORTS;
    for node in styles {
        for text in node.children().filter_map(|it| it.value().as_text()) {
            for rest in text.split("@import").skip(1).take(room) {
                room -= 1;
                put(page, Usage::Style, imported(rest));
            }
        }
    }
}

/// The address after `@import`: `url(x)`, `url("x")`, `"x"`.
fn imported(rest: &str) -> &str {
    let rest = rest.trim_start();
    let rest = match rest.get(..4) {
        Some(word) if word.eq_ignore_ascii_case("url(") => rest[4..].trim_start(),
        _ => rest,
    };
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(['"', '\'', ')', ';']).unwrap_or(0);
    rest[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::imported;

    #[test]
    fn addresses_of_imports() {
        assert_eq!(imported(" url(//a.vn/x.css);p{}"), "//a.vn/x.css");
        assert_eq!(imported(" url( 'x.css' ) screen;"), "x.css");
        assert_eq!(imported(" \"x.css\";"), "x.css");
        assert_eq!(imported(""), "");
    }
}
