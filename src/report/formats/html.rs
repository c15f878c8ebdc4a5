//! A page that needs nothing but itself: prepared for printing and forwarding, charts as SVG.

use askama::Template;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::Format;
use crate::{
    locale::Locale,
    report::{IncidentRow, Outage, Questions, Report, TargetRow},
};

/// `html`: one self-contained page.
pub struct Html;

#[derive(Template)]
#[template(path = "weekly.html")]
struct Weekly<'a> {
    r: &'a Report,
    w: &'a Locale,
    zone: TimeZone,
    summary: String,
    attention: Vec<&'a TargetRow>,
}

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn render(&self, report: &Report, locale: &Locale) -> Result<Vec<u8>, String> {
        let page = Weekly {
            r: report,
            w: locale,
            zone: TimeZone::get(&report.timezone).unwrap_or(TimeZone::UTC),
            summary: summary(report, locale),
            attention: report
                .targets
                .iter()
                .filter(|it| needs_attention(it))
                .collect(),
        };
        page.render()
            .map(String::into_bytes)
            .map_err(|error| error.to_string())
    }
}

/// What a head of centre can read aloud.
pub fn summary(report: &Report, locale: &Locale) -> String {
    let t = &report.totals;
    let change = match (t.uptime, t.uptime_before) {
        (Some(now), Some(before)) => {
            let points = (now - before) * 100.0;
            let key = if points >= 0.0 {
                "report-more"
            } else {
                "report-less"
            };
            locale.text_with(key, &[("points", &locale.decimal(points.abs(), 2))])
        }
        _ => locale.text("report-no-before"),
    };
    let span = |it: Option<i64>| {
        it.map_or("–".to_owned(), |it| {
            locale.duration(SignedDuration::from_secs(it))
        })
    };
    let summary = locale.text_with(
        "report-summary",
        &[
            ("targets", &locale.count(t.targets as u64)),
            ("uptime", &locale.percent(t.uptime)),
            ("change", &change),
            ("incidents", &locale.count(t.incidents as u64)),
            ("before", &locale.count(t.incidents_before as u64)),
            ("outages", &locale.count(t.outages as u64)),
            ("detection", &span(t.detection_s)),
            ("taking", &span(t.taking_s)),
            (
                "unwatched",
                &locale.percent(Some((1.0 - t.watched).max(0.0))),
            ),
        ],
    );
    if t.questions.asked == 0 {
        return summary;
    }
    format!("{summary} {}", questions(t.questions, locale))
}

fn questions(it: Questions, locale: &Locale) -> String {
    let other = it.asked - it.ours - it.not_ours - it.unanswered;
    let counts = [
        ("asked", it.asked),
        ("ours", it.ours),
        ("theirs", it.not_ours),
        ("unanswered", it.unanswered),
        ("other", other),
    ]
    .map(|(name, count)| (name, locale.count(count as u64)));
    let args: Vec<(&str, &str)> = counts.iter().map(|(k, v)| (*k, v.as_str())).collect();
    locale.text_with("report-questions", &args)
}

/// Whether a target is listed for attention: below three nines, a certificate with less than a month, an incident, or a
/// day without any look.
fn needs_attention(it: &TargetRow) -> bool {
    it.incidents > 0
        || it.uptime.is_none_or(|it| it < 0.999)
        || it.certificate_days.is_some_and(|it| it < 30)
}

impl Weekly<'_> {
    fn t(&self, key: &str) -> String {
        self.w.text(key)
    }

    fn heading(&self) -> String {
        let (year, number) = self.r.week.split_once("-W").unwrap_or((&self.r.week, ""));
        let number = number.trim_start_matches('0').to_owned();
        let args = [
            ("number", number),
            ("year", year.to_owned()),
            ("from", self.w.date(self.r.first_day)),
            ("to", self.w.date(self.r.last_day)),
        ];
        let args: Vec<(&str, &str)> = args
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.w.text_with("report-heading", &args)
    }

    fn moment(&self, at: &Timestamp) -> String {
        self.w.moment(*at, &self.zone)
    }

    fn percent(&self, share: &Option<f64>) -> String {
        self.w.percent(*share)
    }

    fn watched(&self, share: &f64) -> String {
        self.w.percent(Some(*share))
    }

    fn ms(&self, value: &Option<f64>) -> String {
        value.map_or("–".to_owned(), |it| {
            format!("{} ms", self.w.count(it.round() as u64))
        })
    }

    fn span(&self, seconds: &Option<i64>) -> String {
        seconds.map_or("–".to_owned(), |it| {
            self.w.duration(SignedDuration::from_secs(it))
        })
    }

    fn lasted(&self, outage: &Outage) -> String {
        let length = self.w.duration(outage.to.duration_since(outage.from));
        if outage.open {
            format!("{length} {}", self.t("report-still"))
        } else {
            length
        }
    }

    fn class(&self, outage: &Outage) -> String {
        self.w.text(&outage.class.key())
    }

    fn kind(&self, row: &IncidentRow) -> String {
        self.w.text(&format!("kind-{}", row.kind.as_str()))
    }

    fn certificate(&self, row: &TargetRow) -> String {
        row.certificate_days.map_or("–".to_owned(), |it| {
            self.w
                .text_with("report-days-left", &[("days", &it.to_string())])
        })
    }

    /// Colour of a day's cell.
    fn shade(&self, share: &Option<f64>) -> &'static str {
        match share {
            None => "#d7dbe0",
            Some(it) if *it >= 0.9999 => "#2e8b57",
            Some(it) if *it >= 0.99 => "#8fbc5a",
            Some(it) if *it >= 0.95 => "#e0a526",
            Some(_) => "#c0392b",
        }
    }

    fn colour(&self, standing: &str) -> &'static str {
        match standing {
            "up" => "#2e8b57",
            "down" => "#c0392b",
            "tampered" => "#7d3c98",
            "maintenance" => "#e0a526",
            _ => "#d7dbe0",
        }
    }

    /// A share of the week in the drawing's 700 units.
    fn x(&self, share: &f64) -> String {
        format!("{:.2}", share * 700.0)
    }

    /// At least a visible sliver.
    fn width(&self, share: &f64) -> String {
        format!("{:.2}", (share * 700.0).max(1.2))
    }

    /// Height of a day's bar in the chart's 90 units: from 90 % up, since a week below that has other worries.
    fn height(&self, share: &Option<f64>) -> String {
        let share = share.unwrap_or(0.0);
        format!("{:.1}", (((share - 0.9) / 0.1).clamp(0.02, 1.0)) * 90.0)
    }

    fn top(&self, share: &Option<f64>) -> String {
        let share = share.unwrap_or(0.0);
        format!(
            "{:.1}",
            110.0 - (((share - 0.9) / 0.1).clamp(0.02, 1.0)) * 90.0
        )
    }

    fn day_name(&self, at: &usize) -> String {
        self.t(&format!("day-{at}"))
    }
}
