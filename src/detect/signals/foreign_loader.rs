//! New inline code that fetches from, sends to or builds elements of a foreign host: a planted loader, skimmer or
//! miner.

use crate::{
    detect::{Code, Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
    page::{capability::Capability, place},
};

/// Strength by the host's risk, the share of the page kept and the length of the code; 0.2 for new builds of bundles that
/// always reached out. Only beside a baseline.
pub struct ForeignLoader;

/// Least length in bytes of code that may be a new build of a bundle. In shorter code the host is what matters.
const BUNDLE: usize = 1500;

/// Code that brings code or content in, or sends out what visitors type.
const REACHES: &[&str] = &[
    "createElement",
    "insertBefore",
    "appendChild",
    ".src=",
    ".src =",
    "importScripts",
    "import(",
    "import '",
    "import \"",
    "from '",
    "from \"",
    "\"imports\"",
    "fetch(",
    "XMLHttpRequest",
    "sendBeacon",
    "WebSocket",
    "document.write",
    "serviceWorker",
    "$.get",
    "$.post",
    "$.ajax",
    "innerHTML",
    "insertAdjacentHTML",
    "new Image",
    ".action",
];

impl Detector for ForeignLoader {
    fn name(&self) -> &'static str {
        "foreign-loader"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let mut found: Option<(f64, String, &Code)> = None;
        for code in view.codes().iter().filter(|it| it.script.runs) {
            if !REACHES.iter().any(|it| code.holds(it)) {
                continue;
            }
            let strange: Vec<(f64, String)> = addresses(code)
                .into_iter()
                .map(|it| (view.doubt(&it, Role::Reached), it))
                .filter(|it| it.0 > 0.0 && !code.always_named(place::host(&it.1)))
                .collect();
            let risky = |url: &str| hosts::is_risky(place::host(url));
            let Some((doubt, url)) = strange
                .iter()
                .find(|it| risky(&it.1))
                .or(strange.iter().find(|it| it.0 >= 1.0))
                .or(strange.first())
            else {
                continue;
            };
            let host = place::host(url);
            let len = code.script.code.len();
            // bundles and advertising stacks are built anew with other hosts
            let rebuilt = len >= BUNDLE
                && code.is_rebuilt()
                && code.always_did(Capability::Reaches)
                && !hosts::is_risky(host);
            // a redesign brings loaders of its own, and long code names many hosts
            let strength: f64 = match (hosts::is_risky(host), view.kept(), len < 3000) {
                _ if rebuilt => 0.2,
                (true, _, true) => 1.0,
                (_, kept, true) if kept > 0.6 => 0.9,
                (true, _, false) => 0.5,
                (_, kept, false) if kept > 0.9 => 0.5,
                _ => 0.3,
            };
            let strength = strength * doubt;
            if found.as_ref().is_none_or(|it| it.0 < strength) {
                found = Some((strength, host.to_owned(), code));
            }
        }
        let (strength, host, code) = found?;
        let say = Localized::new("signal-foreign-loader").with("host", excerpt::defang(&host));
        Some(Found::new(strength, say, &code.script.code))
    }
}

/// Most addresses that are read of one text.
const ADDRESSES: usize = 64;

/// Addresses in a piece of code and inside it: host and path after each `//`, in order.
fn addresses(code: &Code) -> Vec<String> {
    let texts = std::iter::once(code.script.code.as_str())
        .chain(code.layers.iter().map(|it| it.text.as_str()));
    texts.flat_map(addresses_in).collect()
}

fn addresses_in(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let text = text.replace("\\/", "/");
    for part in text.split("//").skip(1).take(ADDRESSES) {
        let is_host = |it: &char| it.is_alphanumeric() || matches!(it, '.' | '-');
        let host: String = part.chars().take_while(is_host).take(253).collect();
        let path: String = part[host.len()..]
            .chars()
            .take_while(|it| it.is_ascii_alphanumeric() || "/.-_~@:%+".contains(*it))
            .take(200)
            .collect();
        let host = host.trim_matches('.').to_ascii_lowercase();
        let name = host.rsplit('.').next().unwrap_or_default();
        if host.contains('.') && name.len() >= 2 && name.chars().all(char::is_alphabetic) {
            let path = if path.starts_with('/') {
                path.as_str()
            } else {
                ""
            };
            out.push(format!("https://{host}{path}"));
        }
    }
    out
}
