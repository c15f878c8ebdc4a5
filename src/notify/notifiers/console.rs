//! Alerts on standard output: for terminals, and as the last resort when no other notifier takes an alert.

use std::{io::Write, sync::Arc};

use anstyle::{AnsiColor, Style};
use async_trait::async_trait;
use serde_json::Value;

use crate::{
    model::Receipt,
    notify::{Gravity, Message, Notifier, Place, Refusal, notifiers::Problem},
};

#[derive(Default)]
/// The notifier that prints messages.
pub struct Console;

/// Builds the notifier; `with` must be empty.
pub fn build(with: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    match with {
        Value::Null => Ok(Arc::new(Console)),
        Value::Object(map) if map.is_empty() => Ok(Arc::new(Console)),
        _ => Err(Problem::Invalid(
            "with, of kind console: nothing can be set".to_owned(),
        )),
    }
}

#[async_trait]
impl Notifier for Console {
    async fn send(&self, message: &Message, _place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        let colour = match message.gravity {
            Gravity::Grave => AnsiColor::Red,
            Gravity::Warning => AnsiColor::Yellow,
            Gravity::Good => AnsiColor::Green,
            Gravity::Note => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        let (head, rest) = message
            .plain
            .split_once('\n')
            .unwrap_or((&message.plain, ""));
        let mut out = anstream::stdout().lock();
        let bar = "─".repeat(72);
        let file = message
            .document
            .as_ref()
            .map(|it| format!("[{}]\n", it.name))
            .unwrap_or_default();
        writeln!(out, "{bar}\n{style}{head}{style:#}\n{rest}\n{file}{bar}")
            .and_then(|()| out.flush())
            .map_err(|error| Refusal::Later(None, format!("standard output: {error}")))?;
        Ok(None)
    }
}
