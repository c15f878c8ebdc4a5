//! Another certificate authority, another name in the certificate, another network than any approved look came from.

use crate::{
    detect::{Detector, Found, View},
    model::{Say, excerpt},
};

pub struct Origin;

impl Detector for Origin {
    fn name(&self) -> &'static str {
        "origin"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.change.as_ref()?;
        let moved = &view.expect.moved_origin;
        let (_, first) = moved.first()?;
        // certificates are renewed and servers moved every week: it takes company to mean anything
        let strength = 0.4 * moved.len() as f64;
        let what: Vec<&str> = moved.iter().map(|it| it.0).collect();
        let say = Say::new("signal-origin").with("what", what.join(", "));
        Some(Found::new(strength, say, &excerpt::defang(first)))
    }
}
