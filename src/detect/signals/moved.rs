//! The look ended on another registrable domain than the one registered.

use crate::{
    detect::{Detector, Found, View},
    model::{Say, excerpt},
};

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
        // a baseline that was approved there makes it the portal's own
        if view.norm.link_domains.contains(&domain) && view.kept() > 0.5 {
            return None;
        }
        let strength = if crate::detect::hosts::is_public_body(host) {
            0.3
        } else {
            1.0
        };
        let say = Say::new("signal-moved").with("host", excerpt::defang(host));
        Some(Found::new(strength, say, view.page.url.as_str()))
    }
}
