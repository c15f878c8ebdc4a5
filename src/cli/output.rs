//! The outcome of a command, and safe output of own and foreign text to a terminal.

use std::{
    borrow::Cow,
    io::{self, Write},
    process::ExitCode,
};

use serde_json::{Value, json};

use crate::{
    actions::Refused,
    locale::Locale,
    model::{
        Signal,
        excerpt::{clean, excerpt, unmarked},
    },
    notify::people::called,
    store::StoreError,
    world::OpenError,
};

/// The outcome of a command that ran; for some commands, whether it found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Fine,
    Found,
}

/// The failure of a command, with the exit code of the contract.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// A failure of usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// A failure of the store or the system.
    pub fn system(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
        }
    }

    /// A refused action, in the configured language.
    pub fn refused(why: Refused, locale: &Locale) -> Self {
        match why {
            Refused::NotFound(_) => Self::usage("it is not there any more"),
            Refused::Forbidden(say) | Refused::Because(say) => Self::usage(locale.localized(&say)),
            Refused::Taken(it) => {
                let by = unmarked(&called(&it.by, it.origin.as_ref(), locale));
                Self::usage(locale.text_with("bot-taken-already", &[("by", &by)]))
            }
            Refused::NoPage(_) | Refused::Doubtful(_) => Self::usage(why.to_string()),
            Refused::Store(error) => error.into(),
            Refused::Evidence(_) => Self::system(why.to_string()),
        }
    }

    /// The text of the failure.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Prints the failure to stderr. Returns the exit code.
    pub fn report(self) -> ExitCode {
        // the message may repeat arguments and file contents, which must not control the terminal
        let plain = |it: &char| *it == '\n' || !(it.is_control() || is_obeyed(*it));
        let message: String = self.message.chars().filter(plain).collect();
        // ignore a closed pipe
        let _ = writeln!(anstream::stderr(), "gaccong: {message}");
        ExitCode::from(self.code)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::system(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(fault: OpenError) -> Self {
        match fault {
            OpenError::Config(message) => Self::usage(message),
            OpenError::System(message) => Self::system(message),
        }
    }
}

/// Standard output failed. A closed pipe is no failure: its reader has seen enough.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        Self::system(format!("standard output: {error}"))
    }
}

/// Prints a line to standard output.
pub fn line(text: &str) -> Result<(), Failure> {
    if text.starts_with('{') {
        writeln!(anstream::stdout(), "{}", escaped(text))?;
    } else {
        writeln!(anstream::stdout(), "{text}")?;
    }
    Ok(())
}

/// Whether terminals act on the character: C1 control characters, and those that change the direction of text.
fn is_obeyed(it: char) -> bool {
    matches!(it, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// JSON in which the characters of [`is_obeyed`] are written as `\u…`, so that terminals do not act on them. It
/// parses to an equal value.
pub fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(is_obeyed) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for it in json.chars() {
        if is_obeyed(it) {
            out.push_str(&format!("\\u{:04x}", u32::from(it)));
        } else {
            out.push(it);
        }
    }
    Cow::Owned(out)
}

/// Prints the result of a command: a sentence, or facts as JSON. Both may repeat what the user typed.
pub fn done(json: bool, sentence: &str, facts: &Value) -> Result<(), Failure> {
    if json {
        line(&facts.to_string())
    } else {
        line(&clean(sentence))
    }
}

/// Prints a table without borders, for people and for `cut`. Control characters in cells are removed.
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

/// A signal in the form of the contract.
pub fn signal_json(signal: &Signal, locale: &Locale) -> Value {
    json!({
        "name": signal.name,
        "weight": (signal.weight * 100.0).round() / 100.0,
        "sentence": locale.localized(&signal.say),
        "excerpt": signal.excerpt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_reads_back_and_holds_nothing_that_a_terminal_obeys() {
        let name = "Cổng \u{9b}31m\u{202e}abc\u{2066}\u{85}";
        let text = json!({ "name": name }).to_string();
        let safe = escaped(&text);
        assert!(safe.contains("Cổng \\u009b31m\\u202eabc"), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap()["name"], name);
    }
}
