//! How a page is delivered, compared with known looks: the same bytes under other headers are another page.

use super::paths::known;
use crate::{
    detect::Delivery,
    model::{Dossier, observation::Answer, presentation::Presentation, registrable},
};

/// What visitors notice of a delivery and no known look had, each with its value. Empty where no known look tells.
pub(super) fn delivered(
    dossier: &Dossier,
    answer: &Answer,
    body: &[u8],
) -> Vec<(Delivery, String)> {
    let known: Vec<&Presentation> = known(dossier)
        .filter_map(|it| it.presentation.as_ref())
        .collect();
    let now = &answer.presentation;
    if dossier.baseline.is_none() || known.is_empty() || known.contains(&now) {
        return Vec::new();
    }
    let mut out = Vec::new();
    let was = |of: fn(&Presentation) -> bool| known.iter().any(|it| of(it));
    if now.stored && !was(|it| it.stored) {
        out.push((Delivery::Stored, "Content-Disposition".to_owned()));
    }
    let media = now.media.clone().unwrap_or_default();
    let shown_as = Presentation {
        stored: false,
        ..now.clone()
    };
    if !shown_as.is_page() && known.iter().all(|it| it.media != now.media) {
        out.push((Delivery::NoPage, media.clone()));
    }
    if now.is_blank() && !was(Presentation::is_blank) {
        let charset = now.charset.clone().unwrap_or_default();
        out.push((Delivery::Blank, charset));
    }
    let transforms = |body: &[u8]| {
        let head = &body[..body.len().min(4096)];
        head.windows(16).any(|it| it == b"<?xml-stylesheet")
    };
    if now.is_xml() && !was(Presentation::is_xml) && transforms(body) {
        out.push((Delivery::Dressed, media));
    }
    // a portal that delivers pages with style sheets of its own may use another own one tomorrow
    let dressed = was(|it| !it.sheets.is_empty());
    let own = registrable(answer.final_url.host_str().unwrap_or_default());
    let host = |sheet: &str| {
        let url = sheet.parse::<url::Url>().ok();
        url.and_then(|it| it.host_str().map(registrable))
    };
    let new = now.sheets.iter().find(|sheet| {
        let of = host(sheet);
        let same = |it: &&Presentation| it.sheets.iter().any(|known| host(known) == of);
        let is_known = known.iter().any(|it| it.sheets.contains(sheet));
        let is_usual = dressed && (of.as_deref() == Some(&own) || known.iter().any(same));
        !is_known && !is_usual
    });
    if let Some(sheet) = new {
        out.push((Delivery::Dressed, sheet.clone()));
    }
    out
}
