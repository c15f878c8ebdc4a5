//! What people are called in messages: a name can be anything, so what is known of its account stands beside it.

use crate::{
    model::{excerpt::named, incident::Origin},
    words::Words,
};

/// «Nguyễn Văn An»; from an agency's chat with the agency, and marked where the name is another's.
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

/// The same for whoever reads what happened line by line: with the account's number wherever there is one.
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
