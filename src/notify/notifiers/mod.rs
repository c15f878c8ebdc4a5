//! The kinds of notifiers. A new kind is a file, a `mod` line and a line in [`KINDS`].

mod console;
mod email;
mod telegram;
mod webhook;

use std::sync::Arc;

pub use console::Console;
use serde_json::Value;
pub use telegram::{Account, account, no_preview, trouble};

use crate::{files, notify::Notifier};

/// Builds a notifier from the settings under its `with`.
pub type Build = fn(&Value) -> Result<Arc<dyn Notifier>, Problem>;

/// The name of each kind in targets.yaml, and its builder.
pub const KINDS: &[(&str, Build)] = &[
    ("console", console::build),
    ("email", email::build),
    ("telegram", telegram::build),
    ("webhook", webhook::build),
];

/// Why a notifier cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The configuration is invalid.
    Invalid(String),
    /// The configuration is valid, but something that it refers to is missing, such as an environment variable.
    Unset(String),
}

/// Builds a notifier of the kind with this name.
///
/// # Errors
///
/// [`Problem`] if the kind is unknown, or as its builder says.
pub fn build(kind: &str, with: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    match KINDS.iter().find(|(name, _)| *name == kind) {
        Some((_, build)) => build(with),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            Err(Problem::Invalid(format!(
                "no notifier kind is called {kind:?}; there are: {}",
                known.join(", ")
            )))
        }
    }
}

/// Size limit of a file with a secret, in bytes: no token or password is longer.
const LONGEST_SECRET: u64 = 16 << 10;

/// Reads a secret from the environment variable, or from the file that `<NAME>_FILE` names: every user with the right
/// to inspect a container can see its environment. Errors name the variable and never its value.
fn secret(variable: &str) -> Result<String, Problem> {
    // an operator may paste the secret itself in place of the variable's name; it must not reach a log
    if !is_variable(variable) {
        return Err(Problem::Invalid(
            "with: a key that ends with _env takes the name of an environment variable (A-Z, 0-9 and _), such as \
             GACCONG_TELEGRAM_TOKEN, not the secret itself: set the variable to the secret; if it is a real secret, \
             renew it, since it stood in the file"
                .to_owned(),
        ));
    }
    if let Ok(value) = std::env::var(variable)
        && !value.trim().is_empty()
    {
        return Ok(value.trim().to_owned());
    }
    let named = format!("{variable}_FILE");
    let Some(path) = std::env::var_os(&named).filter(|it| !it.is_empty()) else {
        return Err(Problem::Unset(format!(
            "the environment variable {variable} is not set, nor is {named}"
        )));
    };
    let path = std::path::PathBuf::from(path);
    let unset = |why: String| Problem::Unset(format!("{named}: {}: {why}", path.display()));
    let text = files::text(&path, LONGEST_SECRET).map_err(|error| unset(error.to_string()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(unset("the file is empty".to_owned()));
    }
    Ok(text.to_owned())
}

fn is_variable(name: &str) -> bool {
    let letter = |it: u8| it.is_ascii_alphabetic() || it == b'_';
    let begins = name.bytes().next().is_some_and(letter);
    begins && name.bytes().all(|it| letter(it) || it.is_ascii_digit())
}

fn with<T: serde::de::DeserializeOwned>(kind: &str, with: &Value) -> Result<T, Problem> {
    serde_json::from_value(with.clone())
        .map_err(|error| Problem::Invalid(format!("with, of kind {kind}: {error}")))
}
