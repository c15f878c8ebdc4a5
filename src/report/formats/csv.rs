//! One line a target, for spreadsheets.

use super::Format;
use crate::{locale::Locale, report::Report};

/// `csv`: UTF-8 with a byte order mark.
pub struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn render(&self, report: &Report, locale: &Locale) -> Result<Vec<u8>, String> {
        // the byte order mark tells spreadsheets that this is UTF-8
        let mut out = csv::Writer::from_writer(Vec::from("\u{feff}"));
        let heads = [
            "week",
            "id",
            "name",
            "agency",
            "url",
            "uptime",
            "uptime-before",
            "watched",
            "outages",
            "down-minutes",
            "tampered-minutes",
            "median",
            "p95",
            "certificate",
            "incidents",
        ];
        let heads: Vec<String> = heads
            .iter()
            .map(|it| locale.text(&format!("column-{it}")))
            .collect();
        out.write_record(&heads)
            .map_err(|error| error.to_string())?;
        for it in &report.targets {
            let share = |it: Option<f64>| {
                it.map(|it| format!("{:.4}", it * 100.0))
                    .unwrap_or_default()
            };
            let down: i64 = it
                .outages
                .iter()
                .map(|it| it.to.duration_since(it.from).as_secs())
                .sum();
            let ms = |it: Option<f64>| it.map(|it| format!("{it:.0}")).unwrap_or_default();
            let row = [
                report.week.clone(),
                it.id.to_string(),
                harmless(&it.name),
                harmless(&it.agency_name),
                harmless(&it.url),
                share(it.uptime),
                share(it.uptime_before),
                share(Some(it.watched)),
                it.outages.len().to_string(),
                format!("{:.1}", down as f64 / 60.0),
                format!("{:.1}", it.tampered_s as f64 / 60.0),
                ms(it.median_ms),
                ms(it.p95_ms),
                it.certificate_days
                    .map(|it| it.to_string())
                    .unwrap_or_default(),
                it.incidents.to_string(),
            ];
            out.write_record(&row).map_err(|error| error.to_string())?;
        }
        out.into_inner().map_err(|error| error.to_string())
    }
}

/// A cell that a spreadsheet would run as a formula is made text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_formula_survives() {
        assert_eq!(super::harmless("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(super::harmless("Cổng"), "Cổng");
    }
}
