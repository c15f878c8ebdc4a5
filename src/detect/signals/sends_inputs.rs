//! New code that sends what visitors type to another host, into a folder of uploads, as the address of a picture, or
//! key by key.

use crate::{
    detect::{Detector, Found, View, hosts},
    model::{Localized, excerpt},
    page::{capability::Capability, registrable, script::hosts_in},
};

/// Strength 1.0 for a host that the portal never embedded or posted to, for an address that takes no forms, and for
/// keys and what is typed anywhere in the page; 0.85 for pictures; 0.6 for a host in long code of a new shape, since services measure forms. Only beside a
/// baseline.
pub struct SendsInputs;

/// Bytes of code of which honest services are seldom shorter.
const LONG: usize = 16 << 10;

impl Detector for SendsInputs {
    fn name(&self) -> &'static str {
        "sends-inputs"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let found = |strength, to: &str, shown: &str| {
            let say = Localized::new("signal-sends-inputs").with("to", excerpt::defang(to));
            Some(Found::new(strength, say, shown))
        };
        for code in view.codes().iter().filter(|it| it.script.runs) {
            let capabilities = [
                Capability::SendsInputs,
                Capability::SendsInPicture,
                Capability::SendsKeys,
            ];
            // a measure of forms in a bundle that was here before is no new one
            if let Some(done) = code.reading.does(Capability::GathersInputs)
                && code.script.code.len() < LONG
                && !code.always_did(Capability::GathersInputs)
            {
                let to = done.with.first().map_or("?", String::as_str);
                return found(1.0, to, &done.shown);
            }
            for (capability, done) in capabilities
                .into_iter()
                .filter_map(|it| Some((it, code.reading.does(it)?)))
            {
                let hosts = || done.with.iter().flat_map(|it| hosts_in(it));
                if let Some(host) = hosts().find(|it| is_elsewhere(view, it)) {
                    let short = code.script.code.len() < LONG || code.rebuilt.is_some();
                    return found(if short { 1.0 } else { 0.6 }, &host, &done.shown);
                }
                if let Some(path) = done.with.iter().find(|it| takes_no_form(it)) {
                    return found(1.0, path, &done.shown);
                }
                let known = view.norm.capabilities & capability.bit() != 0;
                let to = done.with.first().map_or("?", String::as_str);
                match capability {
                    Capability::SendsKeys if !known => return found(1.0, to, &done.shown),
                    Capability::SendsInPicture if !known => return found(0.85, to, &done.shown),
                    _ => (),
                }
            }
        }
        None
    }
}

/// Whether the host is neither the portal's own, nor allowed, nor one that it loaded from or posted to before.
/// Well-known hosts count: hooks of messengers stand there.
fn is_elsewhere(view: &View, host: &str) -> bool {
    let domain = registrable(host);
    let norm = view.norm;
    let allowed = view.expect.allow_hosts.iter().any(|it| {
        host == it
            || host
                .strip_suffix(it.as_str())
                .is_some_and(|rest| rest.ends_with('.'))
    });
    let known = [
        &norm.script_domains,
        &norm.frame_domains,
        &norm.form_domains,
        &norm.relation_domains,
    ];
    domain != view.expect.domain
        && domain != view.page.domain()
        && !allowed
        && !known.iter().any(|it| it.contains(&domain))
        && !hosts::is_public_body(host)
}

/// Whether an address is a file of a kind that takes no form, or a program in a folder of uploads.
fn takes_no_form(address: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".ico", ".css", ".js", ".txt", ".woff2",
    ];
    const FOLDERS: &[&str] = &[
        "/uploads/",
        "/upload/",
        "/userfiles/",
        "/images/",
        "/img/",
        "/tmp/",
        "/temp/",
        "/cache/",
        "/fonts/",
        "/css/",
    ];
    let path = address
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let file = path.rsplit('/').next().unwrap_or_default();
    ENDINGS.iter().any(|it| file.ends_with(it))
        || file.contains('.') && FOLDERS.iter().any(|it| path.contains(it))
}
