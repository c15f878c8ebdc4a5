//! New inline code that fetches from, sends to or builds elements of a foreign host: a planted loader, skimmer or
//! miner.

use crate::{
    detect::{Code, Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
    page::capability::Capability,
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
            let strange: Vec<String> = code
                .hosts()
                .filter(|it| view.is_strange_as(it, Role::Reached) && !code.always_named(it))
                .collect();
            let Some(host) = strange
                .iter()
                .find(|it| hosts::is_risky(it))
                .or(strange.first())
            else {
                continue;
            };
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
            if found.as_ref().is_none_or(|it| it.0 < strength) {
                found = Some((strength, host.clone(), code));
            }
        }
        let (strength, host, code) = found?;
        let say = Localized::new("signal-foreign-loader").with("host", excerpt::defang(&host));
        Some(Found::new(strength, say, &code.script.code))
    }
}
