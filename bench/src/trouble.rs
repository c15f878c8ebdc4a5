//! The reason that a measurement could not be made, as one sentence for the caller.

use std::{error::Error, fmt};

/// The reason that a step failed, as one sentence.
#[derive(Debug)]
pub struct Trouble(String);

/// The result of a step of the measurement.
pub type Result<T> = std::result::Result<T, Trouble>;

impl Trouble {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Trouble {}

/// Says what was being done when something failed, and why it failed, down to the first cause.
pub trait Because<T> {
    fn because(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Error> Because<T> for std::result::Result<T, E> {
    fn because(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| {
            let mut sentence = format!("{}: {error}", what());
            let mut cause = error.source();
            while let Some(deeper) = cause {
                sentence.push_str(&format!(": {deeper}"));
                cause = deeper.source();
            }
            Trouble(sentence)
        })
    }
}

impl<T> Because<T> for Option<T> {
    fn because(self, what: impl FnOnce() -> String) -> Result<T> {
        self.ok_or_else(|| Trouble(what()))
    }
}
