//! The report as one JSON object, for other programs.

use super::Format;
use crate::{locale::Locale, report::Report};

/// `json`: every field of the report.
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn render(&self, report: &Report, _words: &Locale) -> Result<Vec<u8>, String> {
        serde_json::to_vec_pretty(report).map_err(|error| error.to_string())
    }
}
