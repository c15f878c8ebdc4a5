//! Pages of which only a part came or can be read: what browsers showed of it counts.

use std::collections::HashSet;

use super::{Case, Known, Look, conclude::conclude, look::unread_page};
use crate::{
    detect::judge,
    diff::Norm,
    model::{
        Class, Fetched, Level, Localized, LookRef, Observation, Signal, Target, incident::UNREAD,
        verdict::State,
    },
    page::{self, Source},
};

/// Log-odds noted for a page that cannot be read to its end: a doubt, and a mark that announced changes do not explain.
const UNREAD_WEIGHS: f64 = 4.0;
/// Fewer words do not tell which page they are of.
const WORDS_OF_A_PAGE: usize = 12;

/// The look of a page over a limit: down as far as can be told, unless the readable part is an attacker's content.
/// Where a baseline was approved within limits, being over them is a doubt by itself.
pub(super) fn over(
    case: &Case,
    source: Source,
    observation: Observation,
    body: &bytes::Bytes,
    (class, cause): (Class, Localized),
) -> Look {
    let mut expect = case.expected();
    expect.refused = true;
    expect.must_contain.clear();
    let verdict = page::read_crudely(source)
        .map(|it| judge(&it, &case.norm, &expect))
        .filter(|it| it.level.rings());
    let class = match &verdict {
        Some(it) if it.level == Level::Defaced => Class::Defaced,
        Some(_) => Class::Suspicious,
        None => class,
    };
    let mut out = Look::bare(observation, class, verdict.unwrap_or_default());
    if case.target_state.baseline.is_some() {
        out.verdict.signals.push(Signal {
            name: UNREAD.to_owned(),
            weight: UNREAD_WEIGHS,
            say: Localized::new("signal-unread"),
            excerpt: String::new(),
        });
    }
    out.cause = Some(cause);
    out.body = Some(body.clone());
    out.seen = Some(LookRef {
        content_type: source.content_type.map(str::to_owned),
        ..unread_page(body, source.url.clone(), case.at)
    });
    out
}

/// The look of a body over the size limit, judged by its beginning.
pub(super) fn too_large(case: &Case, fetched: &Fetched) -> Look {
    let observation = fetched.observation.clone();
    let Some(silence) = observation.silence().cloned() else {
        return Look::without_body(observation);
    };
    let beginning = fetched.partial.clone().unwrap_or_default();
    let source = Source {
        bytes: &beginning,
        content_type: None,
        url: &case.target.url,
        ignore: &[],
    };
    let known = (silence.class, silence.cause);
    over(case, source, observation, &beginning, known)
}

/// A body that broke off is no page; but its beginning was shown to visitors, and may bear an attacker's signature.
pub(super) fn broken_off(case: &Case, fetched: &Fetched) -> Look {
    let mut out = Look::without_body(fetched.observation.clone());
    let Some(partial) = &fetched.partial else {
        return out;
    };
    let source = Source {
        bytes: partial,
        content_type: None,
        url: &case.target.url,
        ignore: &[],
    };
    // as browsers show it, and as it stands in case that reading is too costly
    let read = [page::read(source).ok(), page::read_crudely(source)];
    let expect = case.expected();
    let verdict = read
        .into_iter()
        .flatten()
        .map(|it| judge(&it, &Norm::default(), &expect))
        .filter(|it| it.level == Level::Defaced && it.state == State::Ordinary)
        .max_by(|a, b| a.score.total_cmp(&b.score));
    if let Some(verdict) = verdict {
        out.class = Class::Defaced;
        out.verdict = verdict;
        out.seen = Some(unread_page(partial, case.target.url.clone(), case.at));
        out.body = Some(partial.clone());
    }
    out
}

/// The look of the page that broke off over HTTP/2, before HTTP/1.1 was tried: browsers show it. It counts if it bears a
/// signature, or is [another page](is_another_page) than the one that came over HTTP/1.1. `None` if nothing broke.
pub fn shown_over_http2(known: Known<'_>, fetched: &Fetched) -> Option<Look> {
    let look = broken_off(&Case::of(known), &fetched.as_broken()?);
    Some(conclude(known, look))
}

/// Whether the page that broke off over HTTP/2 is another one than the page that came over HTTP/1.1. Pages that differ in
/// a nonce, a clock or a counter are one page.
pub fn is_another_page(target: &Target, fetched: &Fetched) -> bool {
    let words = |bytes: &[u8]| -> Option<Vec<String>> {
        let source = Source {
            bytes,
            content_type: None,
            url: &target.url,
            ignore: &[],
        };
        let page = page::read(source).ok()?;
        let text = page.visible().flat_map(|it| it.text.split_whitespace());
        Some(text.map(str::to_owned).collect())
    };
    let begun = fetched.broken.as_ref().and_then(|it| words(&it.beginning));
    let whole = fetched.body.as_ref().and_then(|it| words(it));
    let Some((begun, whole)) = begun.zip(whole) else {
        return false;
    };
    let whole: HashSet<String> = whole.into_iter().collect();
    let common = begun.iter().filter(|it| whole.contains(*it)).count();
    begun.len() >= WORDS_OF_A_PAGE && common * 2 < begun.len()
}
