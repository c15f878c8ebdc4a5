//! What this visitor is shown, and the first visitor, in the same minute, is not: a title, a heading, hosts, a text that
//! neither of them was ever shown.

use crate::{
    detect::{
        Detector, Found, Role, View, hosts,
        shown::{FirstVisitor, domains},
        state,
    },
    diff::{Norm, pins::is_state},
    model::{Localized, digest::key, excerpt, verdict::State},
    page::{cancel, fold::fold, noise},
};

/// Strength 0.6 for a title, 0.25 for the first heading, 0.25 to 0.5 for strange hosts, 0.2 for a text that is a third of the
/// page; two fifths of it for the portal's template in other words, which is a translation. Only beside a visitor that is well.
pub struct ShownToSome;

/// Fewer words, and no strange host: an error page or a note that the portal has for this visitor.
const LITTLE: usize = 60;
/// Strange hosts that no advertisement alone brings.
const MANY: usize = 3;
/// Share of the word pairs of a line that are known, from which it is the portal's own.
const OWN: f64 = 0.25;
/// Most words of a line that are compared.
const WORDS: usize = 24;

impl Detector for ShownToSome {
    fn name(&self) -> &'static str {
        "shown-to-some"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let beside = view.expect.beside.as_ref()?;
        let blind = beside.own.looks == 0 || beside.first.looks == 0 || view.expect.refused;
        if blind || state::of(view) != State::Ordinary {
            return None;
        }
        let title = view
            .page
            .title
            .as_deref()
            .filter(|it| is_other_title(beside, it));
        let heading = first_heading(view).filter(|it| is_other_text(beside, it));
        let strange = strange_hosts(view, beside);
        if strange.is_empty() && view.words < LITTLE {
            return None;
        }
        let of_hosts = match strange.len() {
            0 => 0.0,
            MANY.. => 0.5,
            _ => 0.25,
        };
        let strength = of_hosts
            + title.map_or(0.0, |_| 0.6)
            + heading.map_or(0.0, |_| 0.25)
            + if is_mostly_new(view, beside) {
                0.2
            } else {
                0.0
            };
        let strength = match strange.is_empty() && is_translation(view) {
            true => strength * 0.4,
            false => strength,
        };
        let hosts = strange.join(", ");
        let what = title.or(heading).unwrap_or(&hosts);
        let shown = [
            title.unwrap_or_default(),
            heading.unwrap_or_default(),
            &hosts,
        ];
        let shown: Vec<&str> = shown.into_iter().filter(|it| !it.is_empty()).collect();
        let what = excerpt::defang_text(&excerpt::excerpt(what, 80));
        let say = Localized::new("signal-shown-to-some").with("what", what);
        (!shown.is_empty()).then(|| Found::new(strength, say, &shown.join("; ")))
    }
}

fn first_heading<'a>(view: &View<'a>) -> Option<&'a str> {
    let headings = &view.page.headings;
    let loud = headings.iter().find(|it| it.level == 1);
    loud.or(headings.first()).map(|it| it.text.as_str())
}

fn is_other_title(beside: &FirstVisitor, title: &str) -> bool {
    let known = |norm: &Norm| norm.titles.contains(title);
    let is_known =
        beside.shown.title.as_deref() == Some(title) || known(&beside.first) || known(&beside.own);
    !is_known && is_other_text(beside, title)
}

/// Whether a line is in words that neither visitor was ever shown together. The first visitor's page of now is known by its
/// blocks alone.
fn is_other_text(beside: &FirstVisitor, line: &str) -> bool {
    let key = key(&noise::normal(line));
    let stood = |norm: &Norm| norm.blocks.contains_key(&key);
    if beside.shown.has(key) || stood(&beside.first) || stood(&beside.own) {
        return false;
    }
    let folded = fold(line);
    let words: Vec<&str> = folded.split(' ').take(WORDS).collect();
    let pairs: Vec<String> = words.windows(2).map(|it| it.join(" ")).collect();
    if pairs.is_empty() {
        return false;
    }
    let has =
        |norm: &Norm, pair: &str| !cancel::step(norm.folded.len()) && norm.folded.contains(pair);
    let known = pairs
        .iter()
        .filter(|it| has(&beside.first, it) || has(&beside.own, it));
    known.count() as f64 / pairs.len() as f64 <= OWN
}

/// Domains that only this visitor is led to, and neither was before.
fn strange_hosts(view: &View, beside: &FirstVisitor) -> Vec<String> {
    let own = [view.expect.domain.clone(), view.page.domain()];
    let ordinary = |it: &String| {
        own.contains(it)
            || beside.shown.domains.contains(it)
            || beside.first.uses_domain(it)
            || beside.own.uses_domain(it)
            || is_state(it)
            || hosts::is_known_as(it, Role::Any)
            || !view.is_foreign(it)
    };
    domains(view.page)
        .into_iter()
        .filter(|it| !ordinary(it))
        .collect()
}

/// Whether a third of the visible words, and forty at least, stand in texts that neither visitor was ever shown.
fn is_mostly_new(view: &View, beside: &FirstVisitor) -> bool {
    let known = |key: u64| {
        beside.shown.has(key)
            || beside.first.blocks.contains_key(&key)
            || beside.own.blocks.contains_key(&key)
    };
    let new = view.page.visible().filter(|it| !known(it.key));
    let words: usize = new.map(|it| it.text.split_whitespace().count()).sum();
    words >= 40 && words * 3 >= view.words
}

/// Whether the page keeps the template and hardly a text.
fn is_translation(view: &View) -> bool {
    let Some(change) = &view.change else {
        return false;
    };
    let kept = |it: Option<f64>| it.unwrap_or(0.0);
    kept(change.kept_skeleton) >= 0.7 && kept(change.kept_blocks) < 0.3
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        detect::{Expectations, shown::Shown},
        page::{self, Page, Source},
    };

    fn page(title: &str, more: &str) -> Page {
        let news: String = (0..30)
            .map(|n| format!("<li><a href=/tin/{n}>Tin hoạt động số {n} của xã</a></li>"))
            .collect();
        let html = format!("<title>{title}</title><h1>{title}</h1><ul>{news}</ul>{more}");
        let source = Source {
            bytes: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: &"https://xa.gov.vn/".parse().unwrap(),
            ignore: &[],
        };
        page::read(source).unwrap()
    }

    /// Strength of what a visitor is shown beside a first visitor; `own` are the visitor's earlier pages.
    fn strength(now: &Page, own: &Page, first: &Page, first_now: Option<&Page>) -> f64 {
        let mut expect = Expectations::of_url(&"https://xa.gov.vn/".parse().unwrap());
        let own = Arc::new(Norm::learn([own]));
        expect.beside = Some(FirstVisitor {
            shown: first_now.map(Shown::of).unwrap_or_default().into(),
            first: Norm::learn([first]).into(),
            own: own.clone(),
        });
        let found = ShownToSome.look(&View::new(now, &own, &expect));
        found.map_or(0.0, |it| it.strength)
    }

    #[test]
    fn what_always_differed_is_no_difference() {
        let desk = page("Cổng thông tin xã Hòa Sen", "");
        let shop = page(
            "Vé xem ca nhạc giá rẻ toàn quốc",
            "<a href=https://ve-re.example/>Mua</a>",
        );
        assert!(strength(&shop, &desk, &desk, None) >= 1.0);
        assert!(strength(&shop, &desk, &desk, Some(&desk)) >= 1.0);
        // this visitor always had that page, and so has the first one just now
        assert!(strength(&shop, &shop, &desk, None) < 0.3);
        assert!(strength(&shop, &desk, &desk, Some(&shop)) < 0.3);
    }
}
