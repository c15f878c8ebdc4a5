//! New code that puts a command into the clipboard, or that copies something beside instructions to run it.

use crate::{
    detect::{Detector, Found, View},
    model::Localized,
    page::capability::{Capability, is_command, tells_to_paste},
};

/// Strength 1.0 for a command in the code, and for instructions where to paste; 0.9 for a command in the page's text.
pub struct CopiesCommand;

impl Detector for CopiesCommand {
    fn name(&self) -> &'static str {
        "copies-command"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let say = || Localized::new("signal-copies-command");
        if let Some((_, done)) = view.newly_done(Capability::CopiesCommand).next() {
            let command = done.with.first().unwrap_or(&done.shown);
            return Some(Found::new(1.0, say(), command));
        }
        // a page never seen before may always have told how to use commands
        view.change.as_ref()?;
        let (code, done) = view.newly_done(Capability::Copies).next()?;
        let written = code.layers.iter().map(|it| it.text.as_str());
        let texts = view.texts.iter().map(|it| it.raw.as_ref());
        if tells_to_paste(texts.chain(written)) {
            return Some(Found::new(1.0, say(), &done.shown));
        }
        let command = view.texts.iter().find(|it| is_command(&it.raw))?;
        Some(Found::new(0.9, say(), &command.raw))
    }
}
