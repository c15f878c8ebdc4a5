//! How a page is delivered, compared with known looks: equal bytes under other headers are another page.

use super::known_looks;
use crate::{
    detect::Delivery,
    model::{TargetState, observation::Answer, presentation::Presentation, registrable},
};

/// What visitors notice of a delivery and no known look had, each with its value. Empty where no known look tells.
pub(crate) fn delivered(
    target_state: &TargetState,
    answer: &Answer,
    body: &[u8],
) -> Vec<(Delivery, String)> {
    let known: Vec<&Presentation> = known_looks(target_state)
        .filter_map(|it| it.presentation.as_ref())
        .collect();
    let now = &answer.presentation;
    if target_state.baseline.is_none() || known.is_empty() || known.contains(&now) {
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
    let new_xml = now.is_xml() && !was(Presentation::is_xml);
    if new_xml && transforms(body) {
        out.push((Delivery::Dressed, media));
    } else if new_xml || !shown_as.is_page() && known.iter().all(|it| it.media != now.media) {
        // as XML, browsers show most pages as an error or as a tree of elements
        out.push((Delivery::NoPage, media));
    }
    if now.is_blank() && !was(Presentation::is_blank) {
        let charset = now.charset.clone().unwrap_or_default();
        out.push((Delivery::Blank, charset));
    }
    // looks that older versions kept do not say what their policy bars, but which policy it was
    let same_policy = |it: &&Presentation| it.policy == now.policy && it.sandbox == now.sandbox;
    if !known.iter().any(same_policy) {
        let bars = |it: &Presentation, kind: &String| it.barred.contains(kind);
        let mut barred = now.barred.iter();
        if barred.any(|kind| !known.iter().any(|it| bars(it, kind))) {
            out.push((Delivery::Barred, now.barred.join(", ")));
        }
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

/// Whether the page names a style sheet or a transformation, as XML does it before its first element. The instruction
/// may stand behind a comment of any length, so all of the page is searched.
fn transforms(body: &[u8]) -> bool {
    const NAME: &[u8] = b"<?xml-stylesheet";
    body.windows(NAME.len()).any(|it| it == NAME)
}
