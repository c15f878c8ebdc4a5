//! The ways to reach people. A new one is a file, a `mod` line and a line in [`KINDS`].

mod console;
mod email;
mod telegram;
mod webhook;

use std::sync::Arc;

use serde_json::Value;

use super::Notifier;

pub use console::Console;
pub use telegram::{Account, account, no_preview, trouble};

/// Builds a notifier from its `with`.
pub type Build = fn(&Value) -> Result<Arc<dyn Notifier>, Problem>;

pub const KINDS: &[(&str, Build)] = &[
    ("console", console::build),
    ("email", email::build),
    ("telegram", telegram::build),
    ("webhook", webhook::build),
];

/// Why there is no such notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The file is wrong.
    Invalid(String),
    /// The file is right, and what it refers to is not there: an unset variable.
    Unset(String),
}

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

/// A secret from the environment. Never shown; the name of its variable is.
fn secret(variable: &str) -> Result<String, Problem> {
    match std::env::var(variable) {
        Ok(value) if !value.trim().is_empty() => Ok(value.trim().to_owned()),
        _ => Err(Problem::Unset(format!(
            "the environment variable {variable} is not set"
        ))),
    }
}

fn with<T: serde::de::DeserializeOwned>(kind: &str, with: &Value) -> Result<T, Problem> {
    serde_json::from_value(with.clone())
        .map_err(|error| Problem::Invalid(format!("with, of kind {kind}: {error}")))
}
