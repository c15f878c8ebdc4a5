//! Looks at parts of a portal that are no ordinary page: sitemaps, robots.txt, paths that nothing links to.

use jiff::Timestamp;

use super::look::{Look, bare};
use crate::{
    detect,
    fetch::{Sighting, Visit},
    model::{Class, Digest, Dossier, Level, LookRef, Part, Target, Verdict, incident::ChangeLine},
    page::{self, Source, registrable, sitemap},
    world::World,
};

/// A path that cannot exist. Whoever answers it like another path has neither.
const NOWHERE: &str = "gaccong-khong-co-trang-nay-7d1f";

/// Share of the template that two answers have in common where both are the portal's "not found".
const ALIKE: f64 = 0.8;

/// A part that is not there: nothing to say of it.
pub(crate) fn gone(sighting: Sighting) -> Look {
    let verdict = Verdict {
        level: Level::Normal,
        ..Verdict::default()
    };
    bare(sighting.observation, Class::NormalChange, verdict)
}

/// Whether the portal answers an address that cannot exist in the same way: with a good status and a page that says, or
/// does not say, that there is nothing.
pub(crate) async fn is_soft_404(world: &World, target: &Target, sighting: &Sighting) -> bool {
    let Some(answer) = sighting.observation.answer() else {
        return true;
    };
    // led to the home page or a login
    if answer.status != 200 || answer.final_url.path() != target.url.path() {
        return true;
    }
    let Ok(nowhere) = target.url.join(&format!("/{NOWHERE}")) else {
        return true;
    };
    let visit = Visit {
        target: &target.id,
        url: &nowhere,
        profile: sighting.observation.profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators: None,
        prefer: sighting.observation.face.address,
        by_operator: target.by_operator,
    };
    let other = world.eye.visit(&visit, world.clock.now()).await;
    let (Some(other_answer), Some(other_body), Some(body)) =
        (other.observation.answer(), &other.body, &sighting.body)
    else {
        return false;
    };
    if other_answer.status != 200 {
        return false;
    }
    let pair = [
        (body.clone(), answer.clone()),
        (other_body.clone(), other_answer.clone()),
    ];
    let ignore = target.ignore.clone();
    let work = world.desks.within(&target.id, move || {
        let [page, other] = pair.map(|(bytes, answer)| {
            page::read(Source {
                bytes: &bytes,
                content_type: answer.content_type.as_deref(),
                url: &answer.final_url,
                ignore: &ignore,
            })
        });
        match (page, other) {
            (Ok(page), Ok(other)) => alike(&page, &other),
            _ => true,
        }
    });
    work.await.unwrap_or(true)
}

fn alike(page: &page::Page, other: &page::Page) -> bool {
    let same = page
        .skeleton
        .iter()
        .filter(|it| other.skeleton.binary_search(it).is_ok())
        .count();
    page.fingerprint.shape == other.fingerprint.shape
        || (!other.skeleton.is_empty() && same as f64 >= ALIKE * other.skeleton.len() as f64)
}

/// A sitemap or robots.txt, judged by what it names.
pub(crate) fn of_site(
    target: &Target,
    dossier: &Dossier,
    sighting: Sighting,
    body: bytes::Bytes,
    at: Timestamp,
) -> Look {
    let Some(answer) = sighting.observation.answer().cloned() else {
        return gone(sighting);
    };
    let part = target.part.unwrap_or(Part::Sitemap);
    let urls = if part == Part::Robots {
        sitemap::sitemaps(&body)
    } else {
        sitemap::locations(&body)
    };
    // a page in its place is the portal's "not found"; there is nothing to learn from it
    let is_page = answer
        .content_type
        .as_deref()
        .is_some_and(|it| it.contains("html"));
    if answer.status != 200 || is_page {
        return gone(sighting);
    }
    let facts = detect::site::facts(
        &urls,
        &registrable(target.url.host_str().unwrap_or_default()),
    );
    let verdict = detect::site::judge(part, dossier.site.as_ref(), &facts);
    let class = if verdict.level.rings() {
        Class::Suspicious
    } else {
        Class::NormalChange
    };
    let mut out = bare(sighting.observation, class, verdict);
    // an alarm shows what it rings for
    if out.class == Class::Suspicious {
        out.changes = facts
            .odd
            .iter()
            .map(|it| ChangeLine {
                added: true,
                text: it.clone(),
            })
            .collect();
    }
    let digest = Digest::of(&body);
    out.seen = Some(LookRef {
        digest,
        content: digest,
        shape: digest,
        content_type: answer.content_type,
        url: answer.final_url,
        at,
        presentation: Some(answer.presentation),
    });
    out.site = Some(facts);
    out.body = Some(body);
    out
}
