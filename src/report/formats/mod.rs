//! The forms a report is written in. A new one is a file, a `mod` line and a line in [`ALL`].

mod csv;
mod html;
mod json;

use super::Report;
use crate::locale::Locale;

/// A form of the report.
pub trait Format: Sync {
    /// As `--format` names it; also the file's ending.
    fn name(&self) -> &'static str;
    fn render(&self, report: &Report, locale: &Locale) -> Result<Vec<u8>, String>;
}

/// All formats of the report.
pub const ALL: &[&dyn Format] = &[&html::Html, &csv::Csv, &json::Json];

/// The format of this name.
pub fn find(name: &str) -> Option<&'static dyn Format> {
    ALL.iter().copied().find(|it| it.name() == name)
}

pub use html::summary;
