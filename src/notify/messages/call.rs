//! The call: an incident was not taken in time, and the next people are called.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    locale::Locale,
    model::{
        Incident, Kind,
        duty::{Called, EscalationStep},
        excerpt::{defang, marked, named},
        incident::What,
    },
    notify::{
        Gravity, Message,
        incidents::{facts, take},
        people::{MOST_NAMED, called as called_as, contacts, person_line},
        text::Text,
    },
};

/// The call for one incident at escalation step `to`.
pub fn message(
    it: &Incident,
    to: EscalationStep,
    called: &Called,
    locale: &Locale,
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
    let what = locale.text(head_of(it));
    text.heading("🔔", &locale.text_with(head, &[("what", &what)]), &it.id)
        .line();
    text.portal_and_class(it, locale);
    let waited = locale.duration(now.duration_since(called.since));
    let waits = match agency {
        Some(taken) => {
            let by = called_as(&taken.by, taken.origin.as_ref(), locale);
            locale.text_with("call-waited-operator", &[("waited", &waited), ("by", &by)])
        }
        None => locale.text_with("call-waited", &[("waited", &waited)]),
    };
    text.push(&waits).line();
    if to != EscalationStep::Head {
        for person in called.now.iter().take(MOST_NAMED) {
            person_line(&mut text, &locale.text("call-on-duty"), person);
        }
        if let Some((person, at)) = &called.next {
            let when = locale.moment(*at, tz);
            person_line(
                &mut text,
                &locale.text_with("call-next", &[("when", &when)]),
                person,
            );
        }
    }
    if let Some(head) = called.head.as_ref().filter(|_| to >= EscalationStep::Head) {
        person_line(&mut text, &locale.text("call-head"), head);
    }
    if to == EscalationStep::National {
        contacts(
            &mut text,
            &called.contacts,
            locale,
            now.to_zoned(tz.clone()).date(),
        );
        report(&mut text, it, locale, tz);
    }
    Message {
        facts: facts(it, locale),
        gravity: Gravity::Grave,
        // an officer woken at 3 a.m. must find everything in this one message
        buttons: vec![take(it, agency.is_some(), locale)],
        ..Message::of(format!("{}-call-{}", it.id, to.as_str()), text)
    }
}

/// The locale key of the headline for the incident's kind; a portal that cannot be read, or blocks the service, has
/// its own.
fn head_of(it: &Incident) -> &'static str {
    match it.kind {
        Kind::Defaced => "head-defaced",
        Kind::Redirected => "head-redirected",
        Kind::Planted => "head-planted",
        Kind::Asked => "head-asked",
        Kind::Down if it.is_unread() => "head-unread",
        Kind::Down => "head-down",
        Kind::Maintenance => "head-maintenance",
        Kind::Blocked if it.timeline.iter().any(|it| it.what == What::Blind) => "head-blind",
        Kind::Blocked => "head-blocked",
    }
}

/// Appends an initial incident report, ready to be read out or copied.
fn report(text: &mut Text, it: &Incident, locale: &Locale, tz: &TimeZone) {
    let kind = locale.text(&format!("kind-{}", it.kind.as_str()));
    let host = marked(&defang(it.portal.url.host_str().unwrap_or_default()));
    let args = [
        ("id", it.id.to_string()),
        ("portal", named(&it.portal.name, 120)),
        ("agency", named(&it.portal.agency_name, 120)),
        ("host", host),
        ("kind", kind),
        ("seen", locale.moment(it.seen_at, tz)),
        ("confirmed", locale.moment(it.confirmed_at, tz)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.line().bold(&locale.text("call-report")).line();
    text.push(&locale.text_with("call-report-body", &args))
        .line();
}
