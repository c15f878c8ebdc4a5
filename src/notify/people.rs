//! The names of people in messages. Anybody can choose any name, so what is known of the account stands beside it.

use crate::{
    locale::Words,
    model::{excerpt::named, incident::Origin},
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
