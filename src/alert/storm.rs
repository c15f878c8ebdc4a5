//! The message of a storm: how many, since when, what they have in common, the first names, and how many are back;
//! the whole list is a file.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::tz::TimeZone;
use serde_json::json;

use super::{Button, Document, Gravity, Message, people::called, text::Text, words};
use crate::{
    model::{
        Incident, Storm,
        excerpt::{excerpt, marked, named},
        incident::Taken,
        storm::Family,
    },
    words::Words,
};

/// Names in the message; the list has all.
const NAMED: usize = 8;
/// Causes in the message.
const CAUSES: usize = 5;
/// People in the message who took some of them.
const TAKERS: usize = 5;
/// What so large a share of the incidents has in common is said.
const SHARED: f64 = 0.8;
/// Fewer than this have nothing in common but chance.
const ENOUGH: usize = 3;

/// Addresses of all watched portals, and whether their last look failed.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub watched: Vec<(IpAddr, bool)>,
}

/// What many incidents share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// `address`, `block`, `network` or `agency`: the end of a key of the locales.
    pub factor: &'static str,
    pub value: String,
    pub count: usize,
    /// Portals watched there, and how many of them fail now; `None` for an agency.
    pub there: Option<(usize, usize)>,
}

/// The narrowest thing that nearly all of them share.
pub fn common(members: &[Incident], around: &Surroundings) -> Option<Common> {
    type Part = fn(IpAddr) -> String;
    let places: [(&str, Part); 3] = [
        ("address", |it| it.to_string()),
        ("block", |it| prefix(it, 24, 48)),
        ("network", |it| prefix(it, 16, 32)),
    ];
    for (factor, part) in places {
        let values = members.iter().filter_map(|it| it.address).map(part);
        if let Some((value, count)) = most(values, members.len()) {
            let there: Vec<bool> = around
                .watched
                .iter()
                .filter(|it| part(it.0) == value)
                .map(|it| it.1)
                .collect();
            let failing = there.iter().filter(|it| **it).count();
            return Some(Common {
                factor,
                value,
                count,
                there: Some((there.len(), failing)),
            });
        }
    }
    let agencies = members.iter().map(|it| it.portal.agency_name.clone());
    let (value, count) = most(agencies.filter(|it| !it.is_empty()), members.len())?;
    Some(Common {
        factor: "agency",
        value,
        count,
        there: None,
    })
}

fn prefix(address: IpAddr, v4: u8, v6: u8) -> String {
    let bits = if address.is_ipv4() { v4 } else { v6 };
    ipnet::IpNet::new(address, bits).map_or(address.to_string(), |it| it.trunc().to_string())
}

fn most(values: impl Iterator<Item = String>, of: usize) -> Option<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let (value, count) = counts.into_iter().max_by_key(|it| it.1)?;
    (count >= ENOUGH && count as f64 >= SHARED * of as f64).then_some((value, count))
}

/// The message as it is now; edited as incidents join and end.
pub fn storm(
    it: &Storm,
    members: &[Incident],
    around: &Surroundings,
    words: &Words,
    tz: &TimeZone,
    repeat: bool,
) -> Message {
    let open = members.iter().filter(|it| it.stage.is_open()).count();
    let over = open == 0;
    let total = members.len().to_string();
    let (icon, gravity) = match (over, it.family) {
        (true, _) => ("🟢", Gravity::Good),
        (false, Family::Tampering) => ("🔴", Gravity::Grave),
        (false, Family::Availability) => ("🟡", Gravity::Warning),
    };
    let family = match it.family {
        Family::Tampering => "tampering",
        Family::Availability => "availability",
    };
    let mut text = Text::default();
    let head = if over {
        "storm-over".to_owned()
    } else {
        format!("storm-{family}")
    };
    text.push(icon)
        .push(" ")
        .bold(&words.text(&head, &[("count", &total)]))
        .push(&format!(" · {}", it.id));
    if repeat {
        text.push(" ").push(&words.plain("alert-repeat"));
    }
    text.line();
    let first = members
        .iter()
        .map(|it| it.seen_at)
        .min()
        .unwrap_or(it.begun);
    let state = words.text(
        "storm-state",
        &[
            ("when", &words.moment(first, tz)),
            ("open", &open.to_string()),
            ("back", &(members.len() - open).to_string()),
        ],
    );
    text.push(&state).line();
    for (taken, count) in takers(members).into_iter().take(TAKERS) {
        let args = [
            ("by", called(&taken.by, taken.origin.as_ref(), words)),
            ("count", count.to_string()),
            ("clock", words.clock(taken.at, tz)),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
        text.push(&words.text("storm-taken", &args)).line();
    }
    let shared = common(members, around);
    if let Some(shared) = &shared {
        text.line().push(&sentence(shared, words)).line();
        if let Some(provider) = provider(shared, around, words) {
            text.push(&provider).line();
        }
    }
    text.line().bold(&words.plain("storm-causes")).line();
    for (cause, count) in causes(members, words).into_iter().take(CAUSES) {
        text.push(&format!("• {cause}: {count}")).line();
    }
    text.line().bold(&words.plain("storm-portals")).line();
    let mut shown: Vec<&Incident> = members.iter().collect();
    shown.sort_by_key(|it| (!it.stage.is_open(), it.seen_at));
    for it in shown.iter().take(NAMED) {
        let mark = if it.stage.is_open() { "•" } else { "✓" };
        let name = named(&it.portal.name, 70);
        text.push(&format!("{mark} {name} ({})", it.id)).line();
    }
    if members.len() > NAMED {
        let more = (members.len() - NAMED).to_string();
        text.push(&words.text("storm-more", &[("count", &more)]))
            .line();
    }
    Message {
        facts: json!({
            "storm": it.id,
            "family": it.family,
            "open": open,
            "incidents": members.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(),
            "common": shared.map(|it| json!({"factor": it.factor, "value": it.value, "count": it.count})),
        }),
        buttons: take_all(it, members, words).into_iter().collect(),
        gravity,
        repeat,
        ..Message::of(it.id.clone(), text)
    }
}

/// Where somebody is still wanted.
fn take_all(it: &Storm, members: &[Incident], words: &Words) -> Option<Button> {
    let mut waiting = members.iter();
    let waits = waiting.any(|it| it.stage.is_open() && it.led().is_none());
    waits.then(|| Button {
        label: words.plain("button-take-all"),
        action: format!("all:{}", it.id),
    })
}

/// Who took some of them, when last, and how many; whoever has most of them first.
fn takers(members: &[Incident]) -> Vec<(&Taken, usize)> {
    let mut out: Vec<(&Taken, usize)> = Vec::new();
    let all = members.iter();
    for taken in all.flat_map(|it| it.taken.iter().chain(&it.overseen)) {
        match out
            .iter_mut()
            .find(|it| (&it.0.by, &it.0.origin) == (&taken.by, &taken.origin))
        {
            Some((last, count)) => {
                *count += 1;
                if last.at < taken.at {
                    *last = taken;
                }
            }
            None => out.push((taken, 1)),
        }
    }
    out.sort_by_key(|it| std::cmp::Reverse(it.1));
    out
}

fn sentence(shared: &Common, words: &Words) -> String {
    // an address is to be copied as it is
    let value = match shared.factor {
        "agency" => named(&shared.value, 100),
        _ => marked(&shared.value),
    };
    words.text(
        &format!("storm-common-{}", shared.factor),
        &[("value", &value), ("count", &shared.count.to_string())],
    )
}

/// Everything there fails and elsewhere it does not: not the portals, but what carries them.
fn provider(shared: &Common, around: &Surroundings, words: &Words) -> Option<String> {
    let (there, failing) = shared.there?;
    let all_failing = around.watched.iter().filter(|it| it.1).count();
    let elsewhere = around.watched.len().saturating_sub(there);
    let failing_elsewhere = all_failing.saturating_sub(failing);
    let whole = there >= ENOUGH && failing as f64 >= 0.9 * there as f64;
    let alone = elsewhere > 0 && (failing_elsewhere as f64) < 0.2 * elsewhere as f64;
    (whole && alone).then(|| {
        words.text(
            "storm-provider",
            &[
                ("failing", &failing.to_string()),
                ("there", &there.to_string()),
            ],
        )
    })
}

/// The most frequent first.
fn causes(members: &[Incident], words: &Words) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for it in members {
        *counts.entry(words.plain(&it.class.key())).or_default() += 1;
    }
    let mut out: Vec<(String, usize)> = counts.into_iter().collect();
    out.sort_by_key(|it| std::cmp::Reverse(it.1));
    out
}

/// All incidents of a storm as a spreadsheet.
pub fn roll(it: &Storm, members: &[Incident], words: &Words, tz: &TimeZone) -> Message {
    let mut out = csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    let heads = ["id", "name", "agency", "url", "class", "seen", "stage"]
        .map(|it| words.plain(&format!("head-{it}")));
    let mut write = || -> Result<(), csv::Error> {
        out.write_record(&heads)?;
        for it in members {
            out.write_record([
                it.id.to_string(),
                cell(&it.portal.name),
                cell(&it.portal.agency_name),
                cell(it.portal.url.as_str()),
                words.plain(&it.class.key()),
                words.moment(it.seen_at, tz),
                words.plain(&format!("stage-{}", it.stage.as_str())),
            ])?;
        }
        Ok(())
    };
    // writing into memory cannot fail
    let _ = write();
    let bytes = out.into_inner().unwrap_or_default();
    let count = members.len().to_string();
    let mut text = Text::default();
    text.push("📎 ")
        .push(&words.text("storm-roll", &[("id", &it.id), ("count", &count)]));
    let (html, plain) = text.into_forms();
    Message {
        key: format!("{}-roll", it.id),
        headline: plain.clone(),
        html,
        plain,
        document: Some(Document {
            name: format!("{}.csv", it.id),
            bytes,
        }),
        facts: json!({"storm": it.id, "incidents": members.iter().map(|it| words::facts(it, words)).collect::<Vec<_>>()}),
        ..Message::default()
    }
}

/// A cell that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let text = excerpt(text, 300);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
