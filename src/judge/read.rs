//! The rung that reads: parse, compare, weigh, class.

use std::fmt::Display;

use jiff::Timestamp;

use super::{
    Case, Known, Look,
    class::{class_of, ended_in_a_fault},
    conclude::conclude,
    cut::{broken_off, over, too_large},
    delivery::delivered,
    learn::{self, is_due},
    origin::moved_origin,
    sheets,
    site::of_site,
};
use crate::{
    detect::{
        Detector, ReferenceKind, View, judge, judge_against, leads, shown::Shown,
        signals::PinnedQr, traces,
    },
    diff::{
        Features, changed_lines, lines,
        pins::{Codes, code_at},
    },
    model::{
        Class, Digest, Fetched, Level, Localized, LookRef, Observation, Part, Standing, Verdict,
        incident::{ChangeLine, Evidence},
        lead::{Lead, LeadRole, Reached},
        observation::Answer,
    },
    page::{self, Page, Response, Source},
};

/// Most changed lines that an alarm shows, and the most characters of each.
const LINES: (usize, usize) = (9, 110);

/// Least score from which the new places of a page are fetched: some signal speaks against it.
const DOUBTFUL: f64 = 0.05;

/// Whether the norm of the target is needed to read what a visit brought.
pub fn needs_norm(known: Known<'_>, fetched: &Fetched) -> bool {
    let is_site_file = matches!(known.target.part, Some(Part::Sitemap | Part::Robots));
    match fetched.body {
        Some(_) => !is_site_file,
        None => known.target.part.is_none() && fetched.is_too_large(),
    }
}

/// Whether a mask of the target may be learnt for what a visit brought: it would never match an unlinked path, which has no
/// known looks.
pub fn needs_mask(known: Known<'_>, fetched: &Fetched) -> bool {
    let is_unlinked = known.target.part == Some(Part::Unlinked);
    fetched.body.is_some() && needs_norm(known, fetched) && !is_unlinked
}

/// Reads and judges what a visit brought. The caller bounds its time (`page::cancel`); where that runs out the look is
/// of no use, and [`read_crudely`] comes next.
pub fn read(case: &Case, fetched: &Fetched) -> Look {
    conclude(case.known(), understood(case, fetched))
}

/// Like [`read`], for a page that takes longer than its time (`why`), since an attacker may have made it so costly: it
/// counts as over a limit, and what can be read without building a tree may still accuse it.
pub fn read_crudely(case: &Case, fetched: &Fetched, why: impl Display) -> Look {
    let observation = fetched.observation.clone();
    let (Some(answer), Some(body)) = (observation.answer().cloned(), &fetched.body) else {
        return unread(case.known(), fetched, why);
    };
    if needs_norm(case.known(), fetched) {
        let source = source(case, &answer, body);
        let look = over(case, source, observation, body, over_a_limit(why));
        return conclude(case.known(), look);
    }
    unread(case.known(), fetched, why)
}

/// The look of a visit that could not be read at all (`why`). A silent portal keeps the class of its silence.
pub fn unread(known: Known<'_>, fetched: &Fetched, why: impl Display) -> Look {
    let mut out = Look::without_body(fetched.observation.clone());
    if fetched.body.is_some() {
        let observation = fetched.observation.clone();
        let (class, cause) = over_a_limit(why);
        out = Look::bare(observation, class, Verdict::default());
        out.cause = Some(cause);
    }
    conclude(known, out)
}

fn over_a_limit(why: impl Display) -> (Class, Localized) {
    let cause = Localized::new("cause-parser").with("limit", why);
    (Class::ParserLimit, cause)
}

/// A look by what the visit brought back: a page, a site's file, a beginning, or nothing.
fn understood(case: &Case, fetched: &Fetched) -> Look {
    let Some(body) = &fetched.body else {
        return match case.target.part {
            None if fetched.is_too_large() => too_large(case, fetched),
            _ => broken_off(case, fetched),
        };
    };
    if let Some(Part::Sitemap | Part::Robots) = case.target.part {
        return of_site(case, fetched);
    }
    let observation = fetched.observation.clone();
    let Some(answer) = observation.answer().cloned() else {
        return Look::bare(observation, Class::Protocol, Verdict::default());
    };
    let source = source(case, &answer, body);
    let response = Response {
        refresh: answer.refresh.as_deref(),
        sheets: &case.sheets,
    };
    match page::read_with(source, response) {
        Ok(page) => judged(case, observation, &answer, &page, body),
        Err(limit) => over(case, source, observation, body, over_a_limit(limit)),
    }
}

fn source<'a>(case: &'a Case, answer: &'a Answer, body: &'a [u8]) -> Source<'a> {
    Source {
        bytes: body,
        content_type: answer.content_type.as_deref(),
        url: &answer.final_url,
        ignore: &case.target.ignore,
    }
}

/// The look of a page that was read.
fn judged(
    case: &Case,
    observation: Observation,
    answer: &Answer,
    page: &Page,
    body: &bytes::Bytes,
) -> Look {
    let mut verdict = weighed(case, &observation, answer, page, body);
    let (class, cause) = class_of(case, answer, page, &verdict);
    if matches!(class.standing(), Standing::Down | Standing::Blocked) {
        verdict.level = Level::Unknown;
    }
    let mut out = Look::bare(observation, class, verdict);
    out.cause = cause;
    out.title.clone_from(&page.title);
    out.changes = shown_changes(case, class, page);
    out.seen = Some(LookRef {
        digest: page.fingerprint.raw,
        content: page.fingerprint.content,
        shape: page.fingerprint.shape,
        content_type: answer.content_type.clone(),
        url: answer.final_url.clone(),
        at: case.at,
        presentation: Some(answer.presentation.clone()),
    });
    out.body = Some(body.clone());
    out.is_whole = true;
    out.sheets = sheets::wanted(page, &case.norm, &case.sheets);
    out.shown = case.others_follow.then(|| Shown::of(page).into());
    if class.standing() == Standing::Tampered {
        out.led = case
            .reached
            .iter()
            .map(|it| evidence(it, case.at))
            .collect();
    }
    if matches!(class.standing(), Standing::Tampered | Standing::Asked) {
        out.traces = traces::of(&View::new(page, &case.norm, &case.expected()));
    }
    if case.reached.is_empty() && is_doubtful(&out.verdict) {
        out.leads = leads_of(case, page);
    }
    teach(case, answer, page, body, &mut out);
    out
}

/// Compares the page with the norm and weighs what is new.
fn weighed(
    case: &Case,
    observation: &Observation,
    answer: &Answer,
    page: &Page,
    body: &[u8],
) -> Verdict {
    let mut expect = case.expected();
    expect.moved_origin = moved_origin(&case.target_state, observation);
    expect.delivered = delivered(&case.target_state, answer, body);
    expect.reached = case.reached.clone();
    expect.codes = codes(&case.reached).into();
    expect.rulings = case.rulings.clone();
    // an error page may lack required phrases; what it shows is compared with what the portal shows
    expect.refused = answer.status >= 300 || ended_in_a_fault(case.known(), answer);
    if expect.refused {
        expect.must_contain.clear();
        return judge(page, &case.norm, &expect);
    }
    expect.beside.clone_from(&case.beside);
    let reference = case.reference.as_ref();
    let reference = reference.map(|(norm, why)| (norm.as_ref(), *why));
    judge_against(page, &case.norm, reference, &expect)
}

/// Whether the places that a page newly leads to are worth a look. Where a code was exchanged, only the picture tells.
fn is_doubtful(verdict: &Verdict) -> bool {
    let mut signals = verdict.signals.iter();
    verdict.score >= DOUBTFUL || signals.any(|it| it.name == PinnedQr.name())
}

/// What the codes say in the pictures that were fetched: new ones, and those that they stand for.
fn codes(reached: &[Reached]) -> Codes {
    let pictures = reached
        .iter()
        .filter(|it| it.lead.role == LeadRole::Picture);
    pictures
        .filter_map(|it| Some((it.lead.url.to_string(), code_at(&it.body)?)))
        .collect()
}

fn evidence(reached: &Reached, at: Timestamp) -> Evidence {
    Evidence {
        at,
        digest: Digest::of(&reached.body),
        url: reached.end.clone(),
        content_type: reached.content_type.clone(),
    }
}

fn leads_of(case: &Case, page: &Page) -> Vec<Lead> {
    let expect = case.expected();
    leads::of(&View::new(page, &case.norm, &expect))
}

fn shown_changes(case: &Case, class: Class, page: &Page) -> Vec<ChangeLine> {
    if !matches!(class.standing(), Standing::Tampered | Standing::Asked) {
        return Vec::new();
    }
    let (most, longest) = LINES;
    changed_lines(&case.norm.lines, &lines(page), most, longest)
}

/// What a page that was read would teach: of where it varies, and of what is normal.
fn teach(case: &Case, answer: &Answer, page: &Page, body: &[u8], out: &mut Look) {
    let is_up = out.class.standing() == Standing::Up && learn::may_teach(&case.target_state, out);
    let is_good = answer.status == 200 && answer.refresh.is_none();
    if let Some(mask) = &case.mask {
        let mut mask = mask.as_ref().clone();
        if is_up && out.verdict.signals.is_empty() && is_good {
            mask.grow(body);
            // then it need not be learnt anew where the look becomes a known one
            out.mask = mask.fits(body).then(|| mask.clone().into());
        }
        out.mask_update = Some(Box::new(mask));
    }
    let every = case.target.settings.every;
    if is_up && answer.refresh.is_none() && is_due(&case.target_state, case.at, every) {
        out.features = Some(Features::of(page).into());
        let approved = match &case.reference {
            Some((norm, ReferenceKind::Approved)) => norm,
            _ => &case.norm,
        };
        out.hosts = traces::shown(page, approved, &case.expected().domain);
    }
}
