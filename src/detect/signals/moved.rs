//! The look ended on another registrable domain than that of the registered URL.

use crate::{
    detect::{Detector, Found, View},
    model::{Localized, excerpt},
    page::Usage,
};

/// Strength 1.0, or 0.3 on a public body's host.
pub struct Moved;

impl Detector for Moved {
    fn name(&self) -> &'static str {
        "moved"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let domain = view.page.domain();
        let host = view.page.url.host_str()?;
        let allowed = view
            .expect
            .allow_hosts
            .iter()
            .any(|it| it == host || it == &domain);
        if view.expect.domain.is_empty() || domain == view.expect.domain || allowed {
            return None;
        }
        // a base alone moves nothing: it has a signal of its own
        let rebased = view.change.as_ref().is_some_and(|it| {
            it.uses
                .iter()
                .any(|it| it.usage == Usage::Base && it.host == host)
        });
        if rebased {
            return None;
        }
        // a baseline approved on that domain makes it the portal's own
        if view.norm.link_domains.contains(&domain) && view.kept() > 0.5 {
            return None;
        }
        let strength = if crate::detect::hosts::is_public_body(host) {
            0.3
        } else {
            1.0
        };
        let say = Localized::new("signal-moved").with("host", excerpt::defang(host));
        Some(Found::new(strength, say, view.page.url.as_str()))
    }
}
