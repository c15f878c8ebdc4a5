//! People in messages. Any account can choose any name, so what is known of the account stands beside it.

use jiff::civil::Date;

use crate::{
    locale::Words,
    model::{
        duty::{Contact, Holder, Person},
        excerpt::{excerpt, named},
        incident::{Origin, Taken},
    },
    notify::text::Text,
};

/// A name in quotes, as in «Nguyễn Văn An». The agency stands beside it for an agency's chat, and a mark where the name
/// resembles an officer's.
pub fn called(name: &str, origin: Option<&Origin>, words: &Words) -> String {
    let by = named(name, 60);
    let Some(origin) = origin else {
        return by;
    };
    let place = origin.place.as_deref().map(|it| named(it, 60));
    let alike = origin.resembles.as_deref();
    let alike = alike.map(|it| named(it, 60));
    let account = origin.account.map_or("?".to_owned(), |it| it.to_string());
    let args = [
        ("by", by.as_str()),
        ("place", place.as_deref().unwrap_or_default()),
        ("officer", alike.as_deref().unwrap_or_default()),
        ("account", account.as_str()),
    ];
    match (&place, &alike) {
        (None, None) => by,
        (Some(_), None) => words.text("by-agency", &args),
        (None, Some(_)) => words.text("by-resembles", &args),
        (Some(_), Some(_)) => words.text("by-agency-resembles", &args),
    }
}

/// Like [`called`], with the account's number where it is known: for readers of a time line.
pub fn called_in_full(name: &str, origin: Option<&Origin>, words: &Words) -> String {
    let by = called(name, origin, words);
    match origin {
        Some(Origin {
            account: Some(account),
            resembles: None,
            ..
        }) => words.text(
            "by-account",
            &[("by", &by), ("account", &account.to_string())],
        ),
        _ => by,
    }
}

/// People and contacts that one message names: it holds some thirty lines.
pub(crate) const MOST_NAMED: usize = 8;

/// Mentions a person, which rings the phone where the account is known, with the telephone number.
pub(crate) fn person_line(text: &mut Text, what: &str, person: &Person) {
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

/// Mentions the holder, which rings their phone, only where targets.yaml knows the account: anybody can choose a name.
pub(crate) fn holder_line(text: &mut Text, what: &str, holder: &Holder, words: &Words) {
    match &holder.known {
        Some(known) => person_line(text, what, known),
        None => {
            let Taken { by, origin, .. } = &holder.taken;
            text.push("• ").push(what).push(": ");
            text.push(&called(by, origin.as_ref(), words)).line();
        }
    }
}

/// Contacts, from the agency up. Shown and never written to: a person decides whether to call.
pub(crate) fn contacts(text: &mut Text, all: &[Contact], words: &Words, today: Date) {
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
