//! People in messages. Any account can choose any name, so the name is followed by what is known about the account.

use jiff::civil::Date;

use crate::{
    locale::Locale,
    model::{
        duty::{Contact, Holder, Person},
        excerpt::{excerpt, named},
        incident::{Origin, Taken},
    },
    notify::text::Text,
};

/// A name in quotes: «Nguyễn Văn An». It is followed by the agency if the person acted in an agency's chat, and by a
/// mark if the name resembles an officer's.
pub fn called(name: &str, origin: Option<&Origin>, locale: &Locale) -> String {
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
        (Some(_), None) => locale.text_with("by-agency", &args),
        (None, Some(_)) => locale.text_with("by-resembles", &args),
        (Some(_), Some(_)) => locale.text_with("by-agency-resembles", &args),
    }
}

/// Like [`called`], with the account number if it is known: for readers of a time line.
pub fn called_in_full(name: &str, origin: Option<&Origin>, locale: &Locale) -> String {
    let by = called(name, origin, locale);
    match origin {
        Some(Origin {
            account: Some(account),
            resembles: None,
            ..
        }) => locale.text_with(
            "by-account",
            &[("by", &by), ("account", &account.to_string())],
        ),
        _ => by,
    }
}

/// People and contacts that one message names: a message holds about thirty lines.
pub(crate) const MOST_NAMED: usize = 8;

/// Appends a person with telephone number, as a mention, which rings the person's phone, if the account is known.
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

/// Appends the holder; as a mention only if targets.yaml has the account, because any account can choose any name.
pub(crate) fn holder_line(text: &mut Text, what: &str, holder: &Holder, locale: &Locale) {
    match &holder.known {
        Some(known) => person_line(text, what, known),
        None => {
            let Taken { by, origin, .. } = &holder.taken;
            text.push("• ").push(what).push(": ");
            text.push(&called(by, origin.as_ref(), locale)).line();
        }
    }
}

/// Appends contacts, the agency's own first. The service never writes to them: an officer decides whether to call.
pub(crate) fn contacts(text: &mut Text, all: &[Contact], locale: &Locale, today: Date) {
    if all.is_empty() {
        text.line().push(&locale.text("call-no-contacts")).line();
        return;
    }
    text.line().bold(&locale.text("call-contacts")).line();
    for it in all.iter().take(MOST_NAMED) {
        let tier = locale.text(&format!("tier-{}", it.tier.as_str()));
        text.push(&format!("• {tier}: {}", excerpt(&it.name, 120)));
        if let Some(phone) = &it.phone {
            text.push(&format!(" ☎ {}", excerpt(phone, 40)));
        }
        if let Some(email) = &it.email {
            text.push(&format!(" ✉ {}", excerpt(email, 80)));
        }
        if it.is_stale(today) {
            let day = locale.date(it.confirmed);
            text.push(&locale.text_with("call-stale", &[("day", &day)]));
        }
        text.line();
    }
}
