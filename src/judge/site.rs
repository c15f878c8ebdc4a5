//! Parts of a portal that are no ordinary page: sitemaps, robots.txt, paths that nothing links to.

use super::{Case, Known, Look, conclude::conclude};
use crate::{
    detect,
    model::{
        Class, Digest, Fetched, Level, LookRef, Observation, Part, Target, Verdict,
        incident::ChangeLine,
    },
    page::{self, Page, Source, registrable, sitemap},
};

/// A path that cannot exist. A server that answers it like another path has neither.
pub const NOWHERE: &str = "/gaccong-khong-co-trang-nay-7d1f";

/// Share of the template that two answers have in common where both are the portal's "not found".
const ALIKE: f64 = 0.8;

/// Whether the answer for a path that nothing links to may be a page or a "not found" with status 200: only the answer
/// for [`NOWHERE`] tells. An answer of another status, or from another path (the home page, a login), is no page of it.
pub fn could_be_soft_404(known: Known<'_>, fetched: &Fetched) -> bool {
    let answer = fetched.observation.answer();
    known.target.part == Some(Part::Unlinked)
        && answer
            .is_some_and(|it| it.status == 200 && it.final_url.path() == known.target.url.path())
}

/// The look of a part that does not exist.
pub(super) fn absent(observation: Observation) -> Look {
    let verdict = Verdict {
        level: Level::Normal,
        ..Verdict::default()
    };
    Look::bare(observation, Class::NormalChange, verdict)
}

/// The look of an unlinked path that turned out to be a soft 404.
pub fn soft_404(known: Known<'_>, fetched: &Fetched) -> Look {
    conclude(known, absent(fetched.observation.clone()))
}

/// Whether the answers for an unlinked path and for [`NOWHERE`] are both the server's "not found" with status 200. `None`
/// for `nowhere` means that there was nothing to compare with, and no page is believed then.
pub fn is_soft_404(target: &Target, fetched: &Fetched, nowhere: Option<&Fetched>) -> bool {
    let Some(other) = nowhere else {
        return true;
    };
    match other.observation.answer() {
        Some(it) if it.status == 200 && other.body.is_some() => (),
        _ => return false,
    }
    match [fetched, other].map(|it| page_of(target, it)) {
        [Some(page), Some(other)] => is_alike(&page, &other),
        _ => true,
    }
}

fn page_of(target: &Target, fetched: &Fetched) -> Option<Page> {
    let (answer, bytes) = (fetched.observation.answer()?, fetched.body.as_ref()?);
    page::read(Source {
        bytes,
        content_type: answer.content_type.as_deref(),
        url: &answer.final_url,
        ignore: &target.ignore,
    })
    .ok()
}

fn is_alike(page: &Page, other: &Page) -> bool {
    let common = page
        .skeleton
        .iter()
        .filter(|it| other.skeleton.binary_search(it).is_ok())
        .count();
    page.fingerprint.shape == other.fingerprint.shape
        || (!other.skeleton.is_empty() && common as f64 >= ALIKE * other.skeleton.len() as f64)
}

/// A sitemap or robots.txt, judged by what it names: a sitemap may name a hundred thousand addresses.
pub(super) fn of_site(case: &Case, fetched: &Fetched) -> Look {
    let observation = fetched.observation.clone();
    let (Some(answer), Some(body)) = (observation.answer().cloned(), &fetched.body) else {
        return absent(observation);
    };
    let part = case.target.part.unwrap_or(Part::Sitemap);
    let urls = if part == Part::Robots {
        sitemap::sitemaps(body)
    } else {
        sitemap::locations(body)
    };
    // a page in its place is the portal's "not found"; there is nothing to learn from it
    let is_page = answer
        .content_type
        .as_deref()
        .is_some_and(|it| it.contains("html"));
    if answer.status != 200 || is_page {
        return absent(observation);
    }
    let domain = registrable(case.target.url.host_str().unwrap_or_default());
    let facts = detect::site::facts(&urls, &domain);
    let verdict = detect::site::judge(part, case.target_state.site.as_ref(), &facts);
    let class = match verdict.level.rings() {
        true => Class::Suspicious,
        false => Class::NormalChange,
    };
    let mut out = Look::bare(observation, class, verdict);
    // an alarm shows what it rings for
    if class == Class::Suspicious {
        let line = |text: &String| ChangeLine {
            added: true,
            text: text.clone(),
        };
        out.changes = facts.odd.iter().map(line).collect();
    }
    let digest = Digest::of(body);
    out.seen = Some(LookRef {
        digest,
        content: digest,
        shape: digest,
        content_type: answer.content_type,
        url: answer.final_url,
        at: case.at,
        presentation: Some(answer.presentation),
    });
    out.site = Some(facts);
    out.body = Some(body.clone());
    out
}
