//! The message of a storm: how many incidents, since when, what they have in common, as many names as fit, and how many
//! are over. The whole list is a file; a message of its own rings for incidents that join later.

use std::{collections::BTreeMap, net::IpAddr};

use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    locale::Words,
    model::{
        Incident, Kind, Storm,
        excerpt::{excerpt, marked, named},
        incident::Taken,
        storm::{Family, Shared},
    },
    notify::{
        Button, Document, Gravity, Message,
        people::called,
        text::{LIMIT, Text},
        words,
    },
};

/// UTF-16 units kept free for the line that counts the incidents not named.
const FOR_THE_REST: usize = 200;
/// Causes in the message.
const CAUSES: usize = 5;
/// People in the message who took some of them.
const TAKERS: usize = 5;
/// What so large a share of the incidents has in common is said.
const NEARLY_ALL: f64 = 0.8;
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

impl Common {
    /// The part of a common factor that the store keeps with the storm.
    pub fn shared(self) -> Shared {
        Shared {
            factor: self.factor.to_owned(),
            value: self.value,
        }
    }
}

/// Whether an incident shares the common factor of a storm's incidents.
pub fn shares(of: &Shared, it: &Incident) -> bool {
    let part = PLACES.iter().find(|(factor, _)| *factor == of.factor);
    match part {
        Some((_, part)) => it.address.is_some_and(|it| part(it) == of.value),
        None => it.portal.agency_name == of.value,
    }
}

/// The part of an address that other portals may share.
type Part = fn(IpAddr) -> String;

/// The parts of an address that portals may share, each under the end of its locale key; the narrowest first.
const PLACES: [(&str, Part); 3] = [
    ("address", |it| it.to_string()),
    ("block", |it| prefix(it, 24, 48)),
    ("network", |it| prefix(it, 16, 32)),
];

/// The narrowest thing that nearly all of them share.
pub fn common(members: &[Incident], around: &Surroundings) -> Option<Common> {
    for (factor, part) in PLACES {
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
    (count >= ENOUGH && count as f64 >= NEARLY_ALL * of as f64).then_some((value, count))
}

/// The message of a storm of two or more incidents, as of now. The notifier edits it as incidents join and end.
pub fn storm(
    it: &Storm,
    members: &[Incident],
    around: &Surroundings,
    words: &Words,
    tz: &TimeZone,
    repeat: bool,
) -> Message {
    let open = members.iter().filter(|it| it.stage.is_open()).count();
    let (icon, gravity) = match open {
        0 => ("🟢", Gravity::Good),
        _ => look(it.family),
    };
    let mut text = Text::default();
    let head = match (open, it.before) {
        (0, _) => "storm-over".to_owned(),
        (_, 0) => format!("storm-{}", family(it)),
        _ => format!("storm-{}-more", family(it)),
    };
    text.push(icon)
        .push(" ")
        .bold(&words.text(&head, &[("count", &number(members.len(), words))]))
        .push(&format!(" · {}", it.id));
    if repeat {
        text.push(" ").push(&words.plain("alert-repeat"));
    }
    text.line();
    if it.before > 0 && open > 0 {
        let before = number(it.before, words);
        text.push(&words.text("storm-before", &[("count", &before)]))
            .line();
    }
    state(&mut text, it, members, words, tz);
    let shared = common(members, around);
    if let Some(shared) = &shared {
        text.line().push(&sentence(shared, words)).line();
        if let Some(provider) = provider(it.family, shared, around, words) {
            text.push(&provider).line();
        }
    }
    text.line().bold(&words.plain("storm-causes")).line();
    for (cause, count) in causes(members, words).into_iter().take(CAUSES) {
        text.push(&format!("• {cause}: {}", number(count, words)))
            .line();
    }
    text.line().bold(&words.plain("storm-portals")).line();
    names(&mut text, members, 0, "storm-more", words);
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

fn look(family: Family) -> (&'static str, Gravity) {
    match family {
        Family::Tampering => ("🔴", Gravity::Grave),
        Family::Availability => ("🟡", Gravity::Warning),
    }
}

/// A storm's family as the locale keys name it.
fn family(it: &Storm) -> &'static str {
    match it.family {
        Family::Tampering => "tampering",
        Family::Availability => "availability",
    }
}

fn number(count: usize, words: &Words) -> String {
    words.count(count as u64)
}

/// The line of a storm's state: its begin, the number of incidents that are over, and the number that each person took.
fn state(text: &mut Text, it: &Storm, members: &[Incident], words: &Words, tz: &TimeZone) {
    let open = members.iter().filter(|it| it.stage.is_open()).count();
    let first = members.iter().map(|it| it.seen_at).min();
    let args = [
        ("when", words.moment(first.unwrap_or(it.begun), tz)),
        ("open", number(open, words)),
        ("back", number(members.len() - open, words)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.push(&words.text("storm-state", &args)).line();
    for (taken, count) in takers(members).into_iter().take(TAKERS) {
        let args = [
            ("by", called(&taken.by, taken.origin.as_ref(), words)),
            ("count", number(count, words)),
            ("clock", words.clock(taken.at, tz)),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
        text.push(&words.text("storm-taken", &args)).line();
    }
}

/// Names as many incidents as fit into the rest of the message, open ones first, then the gravest and newest. The
/// sentence of `key` counts the others, together with `more` that the caller does not have at hand.
pub(crate) fn names(text: &mut Text, all: &[Incident], more: usize, key: &str, words: &Words) {
    let mut shown: Vec<&Incident> = all.iter().collect();
    shown.sort_by_key(|it| (!it.stage.is_open(), rank(it), std::cmp::Reverse(it.seen_at)));
    let mut count = 0;
    for it in &shown {
        let mark = if it.stage.is_open() { "•" } else { "✓" };
        let name = named(&it.portal.name, 70);
        let mut line = Text::default();
        line.push(&format!("{mark} {name} ({})", it.id)).line();
        if text.units() + line.units() + FOR_THE_REST > LIMIT {
            break;
        }
        text.append(line);
        count += 1;
    }
    let rest = shown.len() - count + more;
    if rest > 0 {
        text.push(&words.text(key, &[("count", &number(rest, words))]))
            .line();
    }
}

/// The place of an incident in the list of names: the gravest first.
fn rank(it: &Incident) -> u8 {
    match it.kind {
        Kind::Defaced => 0,
        Kind::Redirected => 1,
        Kind::Planted => 2,
        // the part that we cannot read may show an attacker's content
        Kind::Down if it.is_unread() => 3,
        Kind::Down => 4,
        Kind::Blocked => 5,
        Kind::Maintenance => 6,
    }
}

/// The ringing message for incidents that joined after the storm's first message: names the `new` ones; `members` are
/// all incidents of the storm.
pub fn joined(it: &Storm, new: &[Incident], members: &[Incident], words: &Words) -> Message {
    let (icon, gravity) = look(it.family);
    let count = new.len() + it.more_joiners;
    let mut text = Text::default();
    text.push(icon)
        .push(" ")
        .bold(&words.text(
            &format!("storm-{}-more", family(it)),
            &[("count", &number(count, words))],
        ))
        .push(&format!(" · {}", it.id))
        .line();
    let total = number(members.len(), words);
    text.push(&words.text("storm-joined", &[("id", &it.id), ("total", &total)]))
        .line();
    names(&mut text, new, it.more_joiners, "storm-more-joined", words);
    Message {
        facts: json!({
            "storm": it.id,
            "family": it.family,
            "joined": new.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(),
        }),
        buttons: take_all(it, new, words).into_iter().collect(),
        gravity,
        ..Message::of(format!("{}-joined", it.id), text)
    }
}

/// The button that takes all incidents, shown while an open one is taken by none of the operator's people.
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
    // readers copy an address, so it stays unchanged
    let value = match shared.factor {
        "agency" => named(&shared.value, 100),
        _ => marked(&shared.value),
    };
    words.text(
        &format!("storm-common-{}", shared.factor),
        &[("value", &value), ("count", &number(shared.count, words))],
    )
}

/// Everything there fails and elsewhere it does not: not the portals, but what carries them.
fn provider(
    family: Family,
    shared: &Common,
    around: &Surroundings,
    words: &Words,
) -> Option<String> {
    let (there, failing) = shared.there?;
    let all_failing = around.watched.iter().filter(|it| it.1).count();
    let elsewhere = around.watched.len().saturating_sub(there);
    let failing_elsewhere = all_failing.saturating_sub(failing);
    let whole = there >= ENOUGH && failing as f64 >= 0.9 * there as f64;
    let alone = elsewhere > 0 && (failing_elsewhere as f64) < 0.2 * elsewhere as f64;
    let key = match family {
        Family::Tampering => "storm-shared",
        Family::Availability => "storm-provider",
    };
    (whole && alone).then(|| {
        words.text(
            key,
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
    let count = number(members.len(), words);
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
