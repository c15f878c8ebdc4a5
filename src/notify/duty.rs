//! What the duty room is told of itself: that nobody has taken an incident, and what a shift hands to the next.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Words,
    model::{
        Incident, Kind,
        duty::{Contact, Person, Rung},
        excerpt::{defang, excerpt, marked, named},
        incident::{Taken, What},
    },
    notify::{
        Button, Gravity, Message,
        people::called as called_as,
        reminders::{TAKE_CALLED, take_all},
        storm::names,
        text::Text,
        timeline,
        words::facts,
    },
};

/// People to be called, as they stand in the configuration.
#[derive(Clone, Debug)]
pub struct Called {
    pub now: Vec<Person>,
    /// Who comes next, and when.
    pub next: Option<(Person, Timestamp)>,
    pub head: Option<Person>,
    /// From the agency up.
    pub contacts: Vec<Contact>,
    /// Since when somebody could have taken the incident.
    pub since: Timestamp,
}

/// Nobody has taken it for so long.
pub fn call(
    it: &Incident,
    to: Rung,
    called: &Called,
    words: &Words,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let mut text = Text::default();
    let agency = it.taken.as_ref().filter(|it| it.is_of_agency());
    let head = if agency.is_some() {
        "head-call-operator"
    } else {
        "head-call"
    };
    let what = words.plain(head_of(it));
    text.push("🔔 ")
        .bold(&words.text(head, &[("what", &what)]))
        .push(&format!(" · {}", it.id))
        .line();
    text.bold(&named(&it.portal.name, 120))
        .push(": ")
        .push(&words.plain(&it.class.key()))
        .line();
    let waited = words.duration(now.duration_since(called.since));
    let waits = match agency {
        Some(taken) => {
            let by = called_as(&taken.by, taken.origin.as_ref(), words);
            words.text("call-waited-operator", &[("waited", &waited), ("by", &by)])
        }
        None => words.text("call-waited", &[("waited", &waited)]),
    };
    text.push(&waits).line();
    if to != Rung::Head {
        for person in called.now.iter().take(MOST_NAMED) {
            line(&mut text, &words.plain("call-on-duty"), person);
        }
        if let Some((person, at)) = &called.next {
            let when = words.moment(*at, tz);
            line(
                &mut text,
                &words.text("call-next", &[("when", &when)]),
                person,
            );
        }
    }
    if let Some(head) = called.head.as_ref().filter(|_| to >= Rung::Head) {
        line(&mut text, &words.plain("call-head"), head);
    }
    if to == Rung::National {
        contacts(
            &mut text,
            &called.contacts,
            words,
            now.to_zoned(tz.clone()).date(),
        );
        report(&mut text, it, words, tz);
    }
    Message {
        facts: facts(it, words),
        gravity: Gravity::Grave,
        // an officer woken at 3 a.m. must find everything in this one message
        buttons: vec![Button {
            label: words.plain(if agency.is_some() {
                "button-oversee"
            } else {
                "button-take"
            }),
            action: format!("take:{}", it.id),
        }],
        ..Message::of(format!("{}-call-{}", it.id, to.as_str()), text)
    }
}

/// One call for several incidents that no officer has taken: names the people `called` for the first incident and the
/// head of every agency concerned.
pub fn calls(
    all: &[Incident],
    to: Rung,
    (called, heads): (&Called, &[Person]),
    words: &Words,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let count = words.count(all.len() as u64);
    let mut text = Text::default();
    let of_agency = |it: &Incident| it.taken.is_some();
    let head = if all.iter().any(of_agency) {
        "head-calls-operator"
    } else {
        "head-calls"
    };
    text.push("🔔 ")
        .bold(&words.text(head, &[("count", &count)]))
        .line();
    let waited = words.duration(now.duration_since(called.since));
    text.push(&words.text("calls-waited", &[("waited", &waited)]))
        .line();
    if to != Rung::Head {
        for person in called.now.iter().take(MOST_NAMED) {
            line(&mut text, &words.plain("call-on-duty"), person);
        }
    }
    if to >= Rung::Head {
        for head in heads.iter().take(MOST_NAMED) {
            line(&mut text, &words.plain("call-head"), head);
        }
    }
    if to == Rung::National {
        let today = now.to_zoned(tz.clone()).date();
        contacts(&mut text, &called.contacts, words, today);
    }
    text.line();
    names(&mut text, all, 0, "calls-more", words);
    Message {
        facts: json!({"calls": to, "incidents": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: Gravity::Grave,
        buttons: take_all(all, TAKE_CALLED, words, now).into_iter().collect(),
        ..Message::of(format!("calls-{}", to.as_str()), text)
    }
}

/// The holder of an incident, as the record names them and as targets.yaml knows them.
#[derive(Clone, Debug)]
pub struct Holder {
    pub taken: Taken,
    pub known: Option<Person>,
}

/// A reminder of several incidents that were taken long ago and are still open: each holder with their count.
pub fn taken_reminders(all: &[Incident], holders: &[(Holder, usize)], words: &Words) -> Message {
    let count = words.count(all.len() as u64);
    let mut text = Text::default();
    text.push("🔔 ")
        .bold(&words.text("head-nudges", &[("count", &count)]))
        .line();
    for (holder, count) in holders.iter().take(MOST_NAMED) {
        let count = words.count(*count as u64);
        let what = words.text("nudges-taker", &[("count", &count)]);
        held(&mut text, &what, holder, words);
    }
    text.push(&words.plain("nudges-todo")).line().line();
    names(&mut text, all, 0, "calls-more", words);
    Message {
        facts: json!({"nudges": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: Gravity::Grave,
        ..Message::of("nudges".to_owned(), text)
    }
}

/// A reminder of one incident that was taken long ago and is still open: names the holder and all called besides.
pub fn taken_reminder(
    it: &Incident,
    holder: &Holder,
    called: &Called,
    words: &Words,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let last = it.timeline.iter().rev();
    let mut reminders = last.filter(|it| it.what == What::Nudged);
    let to = reminders.next().and_then(|it| it.note.as_deref());
    let at = holder.taken.at;
    let mut text = Text::default();
    text.push("🔔 ")
        .bold(&words.plain("head-nudge"))
        .push(&format!(" · {}", it.id))
        .line();
    text.bold(&named(&it.portal.name, 120))
        .push(": ")
        .push(&words.plain(&it.class.key()))
        .line();
    let since = [
        ("clock", words.moment(at, tz)),
        ("lasted", words.duration(now.duration_since(at))),
    ];
    let since: Vec<(&str, &str)> = since.iter().map(|(k, v)| (*k, v.as_str())).collect();
    held(&mut text, &words.plain("nudge-taker"), holder, words);
    text.push(&words.text("nudge-since", &since)).line();
    text.push(&words.text("nudge-todo", &[("id", &it.id.to_string())]))
        .line();
    let rung = Rung::ALL.into_iter().find(|it| Some(it.as_str()) == to);
    match rung {
        Some(Rung::Roster) => {
            for person in called.now.iter().take(MOST_NAMED) {
                line(&mut text, &words.plain("call-on-duty"), person);
            }
        }
        Some(Rung::Head) => {
            if let Some(head) = &called.head {
                line(&mut text, &words.plain("call-head"), head);
            }
        }
        Some(Rung::DutyRoom) => {
            text.push(&words.plain("nudge-room")).line();
        }
        Some(Rung::National) => {
            let today = now.to_zoned(tz.clone()).date();
            contacts(&mut text, &called.contacts, words, today);
        }
        None => (),
    }
    Message {
        facts: facts(it, words),
        gravity: Gravity::Grave,
        ..Message::of(format!("{}-nudge", it.id), text)
    }
}

/// Asks the officers of the next shift to confirm that they are present.
pub fn shift_check(people: &[Person], at: Timestamp, words: &Words, tz: &TimeZone) -> Message {
    let mut text = Text::default();
    text.push("📣 ")
        .bold(&words.text("head-muster", &[("clock", &words.clock(at, tz))]))
        .line();
    for person in people.iter().take(MOST_NAMED) {
        line(&mut text, &words.plain("muster-on"), person);
    }
    let when = words.moment(at, tz);
    text.push(&words.text("muster-todo", &[("when", &when)]))
        .line();
    Message {
        facts: json!({"muster": at, "on": people.iter().map(|it| it.name.as_str()).collect::<Vec<_>>()}),
        buttons: vec![Button {
            label: words.plain("button-here"),
            action: format!("here:{}", at.as_second()),
        }],
        ..Message::of(format!("muster-{}", at.as_second()), text)
    }
}

/// Warns that officers of the next shift have not confirmed shortly before it begins.
pub fn absent(people: &[Person], at: Timestamp, words: &Words, tz: &TimeZone) -> Message {
    let mut text = Text::default();
    text.push("⚠ ")
        .bold(&words.text("head-absent", &[("clock", &words.clock(at, tz))]))
        .line();
    for person in people.iter().take(MOST_NAMED) {
        line(&mut text, &words.plain("absent-who"), person);
    }
    text.push(&words.plain("absent-todo")).line();
    Message {
        facts: json!({"absent": at, "on": people.iter().map(|it| it.name.as_str()).collect::<Vec<_>>()}),
        gravity: Gravity::Warning,
        ..Message::of(format!("absent-{}", at.as_second()), text)
    }
}

/// The headline of an incident's kind; a portal that we cannot read or look at has a headline of its own.
fn head_of(it: &Incident) -> &'static str {
    match it.kind {
        Kind::Defaced => "head-defaced",
        Kind::Redirected => "head-redirected",
        Kind::Planted => "head-planted",
        Kind::Down if it.is_unread() => "head-unread",
        Kind::Down => "head-down",
        Kind::Maintenance => "head-maintenance",
        Kind::Blocked if it.timeline.iter().any(|it| it.what == What::Blind) => "head-blind",
        Kind::Blocked => "head-blocked",
    }
}

/// Mentions the holder, which rings their phone, only where targets.yaml knows the account: anybody can choose a name.
fn held(text: &mut Text, what: &str, holder: &Holder, words: &Words) {
    match &holder.known {
        Some(person) => line(text, what, person),
        None => {
            let Taken { by, origin, .. } = &holder.taken;
            text.push("• ").push(what).push(": ");
            text.push(&called_as(by, origin.as_ref(), words)).line();
        }
    }
}

fn line(text: &mut Text, what: &str, person: &Person) {
    text.push("• ").push(what).push(": ");
    match person.telegram {
        Some(id) => text.mention(&excerpt(&person.name, 80), id),
        None => text.push(&excerpt(&person.name, 80)),
    };
    if let Some(phone) = &person.phone {
        text.push(&format!(" ☎ {}", excerpt(phone, 40)));
    }
    text.line();
}

/// Shown and never written to: a person decides whether to call.
fn contacts(text: &mut Text, all: &[Contact], words: &Words, today: Date) {
    if all.is_empty() {
        text.line().push(&words.plain("call-no-contacts")).line();
        return;
    }
    text.line().bold(&words.plain("call-contacts")).line();
    for it in all.iter().take(MOST_NAMED) {
        let tier = words.plain(&format!("tier-{}", it.tier.as_str()));
        text.push(&format!("• {tier}: {}", excerpt(&it.name, 120)));
        if let Some(phone) = &it.phone {
            text.push(&format!(" ☎ {}", excerpt(phone, 40)));
        }
        if let Some(email) = &it.email {
            text.push(&format!(" ✉ {}", excerpt(email, 80)));
        }
        if it.is_stale(today) {
            let day = words.date(it.confirmed);
            text.push(&words.text("call-stale", &[("day", &day)]));
        }
        text.line();
    }
}

/// An initial incident report, ready to be read out or copied.
fn report(text: &mut Text, it: &Incident, words: &Words, tz: &TimeZone) {
    let kind = words.plain(&format!("kind-{}", it.kind.as_str()));
    let host = marked(&defang(it.portal.url.host_str().unwrap_or_default()));
    let args = [
        ("id", it.id.to_string()),
        ("portal", named(&it.portal.name, 120)),
        ("agency", named(&it.portal.agency_name, 120)),
        ("host", host),
        ("kind", kind),
        ("seen", words.moment(it.seen_at, tz)),
        ("confirmed", words.moment(it.confirmed_at, tz)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.line().bold(&words.plain("call-report")).line();
    text.push(&words.text("call-report-body", &args)).line();
}

/// Who leaves, who comes, and what is open.
pub fn handover(
    off: &[Person],
    on: &[Person],
    open: &[Incident],
    at: Timestamp,
    words: &Words,
    tz: &TimeZone,
) -> Message {
    let names = |all: &[Person]| {
        let names = all.iter().take(MOST_NAMED);
        let names: Vec<String> = names.map(|it| excerpt(&it.name, 80)).collect();
        names.join(", ")
    };
    let mut text = Text::default();
    text.push("🔄 ")
        .bold(&words.plain("head-handover"))
        .push(&format!(" · {}", words.moment(at, tz)))
        .line();
    if !off.is_empty() {
        text.push(&words.text("handover-off", &[("names", &names(off))]))
            .line();
    }
    if on.is_empty() {
        text.push(&words.plain("handover-nobody")).line();
    } else {
        text.push(&words.plain("handover-on")).push(" ");
        for (at, person) in on.iter().take(MOST_NAMED).enumerate() {
            if at > 0 {
                text.push(", ");
            }
            match person.telegram {
                Some(id) => text.mention(&excerpt(&person.name, 80), id),
                None => text.push(&excerpt(&person.name, 80)),
            };
        }
        text.line();
    }
    text.line();
    let count = open.len().to_string();
    let head = if open.is_empty() {
        words.plain("bot-no-open")
    } else {
        words.text("bot-open", &[("count", &count)])
    };
    text.push(&head).line();
    for it in open.iter().rev().take(MOST_SHOWN) {
        for line in timeline::summary(it, words, tz) {
            text.push(&line).line();
        }
    }
    if open.len() > MOST_SHOWN {
        text.push("…").line();
    }
    Message {
        facts: json!({"handover": at, "on": names(on), "off": names(off), "open": open.len()}),
        ..Message::of(format!("handover-{}", at.as_second()), text)
    }
}

/// People and contacts of one message: a message holds some thirty lines.
const MOST_NAMED: usize = 8;
/// Open incidents that a hand-over names: /suco shows all.
const MOST_SHOWN: usize = 10;
