//! What the connection adds to every look, whichever rung decided it: a missing part, a redirect elsewhere, a certificate.

use super::{Known, Look, origin::led_away};
use crate::{
    detect::{Detector, signals::Moved, weights::TABLE},
    model::{Class, Level, Localized, Part, Signal, Standing, Verdict, excerpt},
};

/// Completes a look. Called exactly once for each look that was not remembered whole.
pub(super) fn conclude(known: Known<'_>, mut look: Look) -> Look {
    look.baseline_at = known.target_state.baseline.as_ref().map(|it| it.at);
    if let Some(part) = known.target.part {
        excuse_part(part, &mut look);
    }
    let is_tampered = look.class.standing() == Standing::Tampered;
    if !is_tampered
        && let Some(host) = led_away(known.target, known.target_state, &look.observation)
    {
        redirect(&host, &mut look);
    }
    certificate(&mut look);
    look
}

/// A part that is gone is no fault; neither is a listing in the place of a folder.
fn excuse_part(part: Part, look: &mut Look) {
    let silence = look.observation.silence();
    let is_gone = silence
        .is_some_and(|it| it.class == Class::HttpStatus && matches!(it.status, Some(404 | 410)));
    if is_gone {
        look.class = Class::NormalChange;
    }
    // a bare listing in the place of a home page is a fault; a folder's is what it is
    if part == Part::Folder && look.class == Class::Maintenance {
        look.class = Class::NormalChange;
        look.cause = None;
    }
}

/// The portal leads to a foreign domain now, whatever that place answered.
fn redirect(host: &str, look: &mut Look) {
    let weight = TABLE.weight(Moved.name(), false);
    let score = 1.0 / (1.0 + (-(TABLE.bias.0 + weight)).exp());
    look.class = Class::Redirect;
    look.verdict.level = Level::Suspect;
    look.verdict.score = look.verdict.score.max(score);
    look.verdict.redirected = true;
    let signal = Signal {
        name: Moved.name().to_owned(),
        weight,
        say: Localized::new("signal-moved").with("host", excerpt::defang(host)),
        excerpt: excerpt::defang(host),
    };
    look.verdict.signals.insert(0, signal);
}

/// A page behind a bad certificate is read and judged. Where it is tampered with, that is told with the certificate
/// beside it; else the portal is down for visitors, since browsers refuse it, and the page teaches nothing: it may be
/// an attacker's. A fault that browsers forgive is a remark.
fn certificate(look: &mut Look) {
    let Some(certificate) = &look.observation.certificate else {
        return;
    };
    let Some(fault) = certificate.fault.clone() else {
        look.cause = look.cause.take().or_else(|| certificate.remark.clone());
        return;
    };
    look.mask_update = None;
    look.mask = None;
    look.features = None;
    if look.class.standing() == Standing::Tampered {
        look.verdict.signals.push(Signal {
            name: "certificate".to_owned(),
            weight: 0.0,
            excerpt: certificate.subject.clone(),
            say: fault,
        });
        return;
    }
    look.class = Class::Tls;
    look.cause = Some(fault);
    look.verdict = Verdict {
        level: Level::Unknown,
        ..Verdict::default()
    };
    look.changes.clear();
    look.seen = None;
    look.site = None;
}
