//! How a command ends, and how foreign and own text reaches a terminal.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use serde_json::{Value, json};

use crate::{
    model::{
        Signal,
        excerpt::{clean, excerpt},
    },
    store::StoreError,
    watch,
    words::Words,
};

/// It ran; did it find something?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    Found,
}

/// It did not run, with the exit code of the contract.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// The store or the system.
    pub fn system(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
        }
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    pub fn report(self) -> ExitCode {
        // whoever reads the other end of a closed pipe wants nothing more
        let _ = writeln!(anstream::stderr(), "gaccong: {}", clean(&self.message));
        ExitCode::from(self.code)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::system(error.to_string())
    }
}

impl From<watch::Fault> for Failure {
    fn from(fault: watch::Fault) -> Self {
        match fault {
            watch::Fault::Config(message) => Self::usage(message),
            watch::Fault::System(message) => Self::system(message),
        }
    }
}

/// Standard output that failed: a closed pipe is a reader who has seen enough.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        Self::system(format!("standard output: {error}"))
    }
}

/// A line on standard output.
pub fn line(text: &str) -> Result<(), Failure> {
    writeln!(anstream::stdout(), "{text}")?;
    Ok(())
}

/// What was done, in which stands what somebody typed: a sentence for people, or facts for machines.
pub fn done(json: bool, sentence: &str, facts: &Value) -> Result<(), Failure> {
    if json {
        line(&facts.to_string())
    } else {
        line(&clean(sentence))
    }
}

/// A table without borders that a person reads and `cut` can cut; cells are made harmless.
pub fn table(heads: &[String], rows: Vec<Vec<String>>) -> Result<(), Failure> {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
    table.set_header(heads.iter().map(|it| it.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|it| excerpt(it, 90)));
    }
    for text in table.lines() {
        line(text.trim_end())?;
    }
    Ok(())
}

/// A signal as the contract prints it.
pub fn signal_json(signal: &Signal, words: &Words) -> Value {
    json!({
        "name": signal.name,
        "weight": (signal.weight * 100.0).round() / 100.0,
        "sentence": words.say(&signal.say),
        "excerpt": signal.excerpt,
    })
}
