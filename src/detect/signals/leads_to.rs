//! A place that the page newly leads to is itself an attacker's: it sells, boasts, asks for secrets, or is a program.

use crate::{
    detect::{
        Detector, Expectations, Found, View, programs, signals,
        weigh::reckon,
        weights::{Family, TABLE},
    },
    diff::Norm,
    model::{
        Localized, Signal, excerpt,
        lead::{LeadRole, Reached},
        verdict::State,
    },
    page::{self, Page, Source},
};

/// Strength: the probability that the place is hostile; 0.9 for a program, and for a page that asks for a password or card
/// under a name like the portal's. Nothing where the place was not fetched.
pub struct LeadsTo;

/// Strength of a program in the place of a page or document, or on a strange host.
const PROGRAM: f64 = 0.9;
/// Strength of a strange page that asks for secrets, and of one that bears words of the portal's title as well.
const ASKS: f64 = 0.6;
const ASKS_IN_ITS_NAME: f64 = 0.95;
/// Words of the portal's title that a copy bears.
const NAMED: usize = 3;
/// Strength below which a place says nothing.
const LEAST: f64 = 0.3;

struct Finding {
    strength: f64,
    /// The key of the sentence.
    say: &'static str,
    excerpt: String,
}

impl Detector for LeadsTo {
    fn name(&self) -> &'static str {
        "leads-to"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let found = view
            .expect
            .reached
            .iter()
            .filter_map(|it| Some((it, finding(view, it)?)));
        let (at, worst) = found.max_by(|a, b| a.1.strength.total_cmp(&b.1.strength))?;
        if worst.strength < LEAST {
            return None;
        }
        let say = Localized::new(worst.say).with(
            "url",
            excerpt::defang_text(&excerpt::excerpt(at.end.as_str(), 100)),
        );
        Some(Found::new(worst.strength, say, &worst.excerpt))
    }
}

fn finding(view: &View, it: &Reached) -> Option<Finding> {
    // what its code says is read with the facts of the page
    if it.lead.role == LeadRole::Picture {
        return None;
    }
    let host = it.end.host_str().unwrap_or_default();
    if let Some(kind) = programs::kind_of(&it.body) {
        // a program of the portal itself, or of a host that it always linked, is its own business
        let is_said =
            it.lead.role == LeadRole::Download && programs::is_program(it.lead.url.as_str());
        let is_own = !view.is_foreign(host);
        return (!(is_said && is_own)).then(|| Finding {
            strength: PROGRAM,
            say: "signal-leads-to-program",
            excerpt: format!("{} ({kind})", it.end),
        });
    }
    match it.lead.role {
        LeadRole::Script => code(view, it),
        _ => page_at(view, it),
    }
}

/// New code, judged as if it stood in the page itself.
fn code(view: &View, it: &Reached) -> Option<Finding> {
    let text = String::from_utf8_lossy(&it.body);
    if text.trim_start().starts_with('<') {
        return page_at(view, it);
    }
    let html = format!("<script>{}</script>", text.replace("</", "<\\/"));
    let read = read(
        html.as_bytes(),
        Some("text/html; charset=utf-8"),
        &view.page.url,
    )?;
    let expect = Expectations {
        reached: Default::default(),
        ..view.expect.clone()
    };
    let inner = View::new(&read, view.norm, &expect);
    let planted: Vec<&dyn Detector> = signals::ALL
        .iter()
        .filter(|it| TABLE.is(it.name(), Family::Planted))
        .copied()
        .collect();
    let found = reckon(&inner, State::Ordinary, &planted).found;
    // libraries unpack themselves and reach out, too: one deed alone is not enough
    let sum: f64 = found
        .iter()
        .map(|(name, it)| 0.6 * TABLE.weight(name, false) * it.strength)
        .sum();
    let worst = found.iter().max_by(|a, b| {
        let weight = |it: &(&'static str, Found)| TABLE.weight(it.0, false) * it.1.strength;
        weight(a).total_cmp(&weight(b))
    })?;
    Some(Finding {
        strength: probability(TABLE.bias.0 + sum),
        say: "signal-leads-to-code",
        excerpt: worst.1.excerpt.clone(),
    })
}

/// A page, judged at first sight at its own address.
fn page_at(view: &View, it: &Reached) -> Option<Finding> {
    let page = read(&it.body, it.content_type.as_deref(), &it.end)?;
    let host = it.end.host_str().unwrap_or_default();
    let expect = Expectations::of_url(&it.end);
    let verdict = crate::detect::judge(&page, &Norm::default(), &expect);
    let strongest: Option<&Signal> = verdict.signals.first();
    let asks = !page.asks.is_empty() && view.is_strange(host);
    let asked = match (asks, bears_name(view, &page)) {
        (true, true) => ASKS_IN_ITS_NAME,
        (true, false) => ASKS,
        (false, _) => 0.0,
    };
    if asked > verdict.score {
        return Some(Finding {
            strength: asked,
            say: "signal-leads-to-asks",
            excerpt: page.title.clone().unwrap_or_else(|| page.asks.join(", ")),
        });
    }
    Some(Finding {
        strength: verdict.score,
        say: "signal-leads-to",
        excerpt: strongest.map(|it| it.excerpt.clone()).unwrap_or_default(),
    })
}

/// Whether the page's title has several words of the portal's.
fn bears_name(view: &View, page: &Page) -> bool {
    let folded = |it: &String| page::fold::fold(it);
    let own: String = view
        .norm
        .titles
        .iter()
        .map(folded)
        .collect::<Vec<_>>()
        .join(" ");
    let own: Vec<&str> = own.split_whitespace().filter(|it| it.len() > 1).collect();
    let title = page.title.as_ref().map(folded).unwrap_or_default();
    let shared = title.split_whitespace().filter(|it| own.contains(it));
    shared.count() >= NAMED
}

fn read(bytes: &[u8], content_type: Option<&str>, url: &url::Url) -> Option<Page> {
    let source = Source {
        bytes,
        content_type,
        url,
        ignore: &[],
    };
    page::read(source).ok()
}

fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
