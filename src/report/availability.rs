//! Availability: time by standing. Time without a span was not watched, and does not count as up.

use jiff::Timestamp;

use super::{Outage, Stretch};
use crate::model::{Standing, history::Span};

/// Seconds by standing within a period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub up: f64,
    pub tampered: f64,
    pub maintenance: f64,
    pub down: f64,
}

impl Tally {
    /// Adds up the spans inside the period; the span's parts outside do not count.
    pub fn of(spans: &[Span], from: Timestamp, to: Timestamp) -> Self {
        let mut it = Self::default();
        for span in spans {
            let seconds = overlap(span, from, to);
            match span.class.standing() {
                // the agency's own change until an answer says otherwise
                Standing::Up | Standing::Asked => it.up += seconds,
                Standing::Tampered => it.tampered += seconds,
                Standing::Maintenance => it.maintenance += seconds,
                Standing::Down => it.down += seconds,
                // kept out: nothing was seen, so nothing was watched
                Standing::Blocked => (),
            }
        }
        it
    }

    /// Watched seconds.
    pub fn watched(&self) -> f64 {
        self.up + self.tampered + self.maintenance + self.down
    }

    /// Share, 0 to 1, of the watched time with an answer by a page, tampered or not; `None` if nothing was watched.
    pub fn uptime(&self) -> Option<f64> {
        let watched = self.watched();
        (watched > 0.0).then(|| (self.up + self.tampered) / watched)
    }
}

fn overlap(span: &Span, from: Timestamp, to: Timestamp) -> f64 {
    let start = span.from.max(from);
    let end = span.to.min(to);
    (end.duration_since(start).as_secs_f64()).max(0.0)
}

/// Times of not answering, neighbours of different causes apart, a cause interrupted by nothing together.
pub fn outages(spans: &[Span], from: Timestamp, to: Timestamp) -> Vec<Outage> {
    let mut out: Vec<Outage> = Vec::new();
    for span in spans
        .iter()
        .filter(|it| it.class.standing() == Standing::Down)
    {
        let (start, end) = (span.from.max(from), span.to.min(to));
        if end < start {
            continue;
        }
        match out.last_mut() {
            Some(last) if last.class == span.class && last.to >= start => last.to = end,
            _ => out.push(Outage {
                class: span.class,
                from: start,
                to: end,
                open: false,
            }),
        }
    }
    let last_seen = spans.iter().map(|it| it.to).max();
    if let Some(last) = out.last_mut() {
        last.open = Some(last.to) >= last_seen || last.to >= to;
    }
    out
}

/// The period as stretches of one standing, for a drawing.
pub fn line(spans: &[Span], from: Timestamp, to: Timestamp) -> Vec<Stretch> {
    let whole = to.duration_since(from).as_secs_f64().max(1.0);
    let mut out: Vec<Stretch> = Vec::new();
    for span in spans {
        let seconds = overlap(span, from, to);
        if seconds <= 0.0 {
            continue;
        }
        let standing = name(span.class.standing());
        let start = span.from.max(from).duration_since(from).as_secs_f64() / whole;
        let length = seconds / whole;
        match out.last_mut() {
            Some(last)
                if last.standing == standing && start - (last.start + last.length) < 1e-6 =>
            {
                last.length = start + length - last.start;
            }
            _ => out.push(Stretch {
                standing,
                start,
                length,
            }),
        }
    }
    out
}

fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Up => "up",
        Standing::Asked => "asked",
        Standing::Tampered => "tampered",
        Standing::Maintenance => "maintenance",
        Standing::Down => "down",
        Standing::Blocked => "blocked",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Class;

    fn span(class: Class, from: i64, to: i64) -> Span {
        let at = |it| Timestamp::from_second(it).unwrap();
        Span {
            class,
            from: at(from),
            to: at(to),
            looks: 1,
        }
    }

    #[test]
    fn what_was_not_watched_is_not_up() {
        let spans = [
            span(Class::Unchanged, 0, 600),
            span(Class::Timeout, 600, 700),
            span(Class::Connection, 700, 800),
            span(Class::ByPortal, 2000, 3000),
            span(Class::Defaced, 3000, 3200),
        ];
        let at = |it| Timestamp::from_second(it).unwrap();
        let tally = Tally::of(&spans, at(100), at(4000));
        assert_eq!(
            (tally.up, tally.down, tally.tampered),
            (500.0, 200.0, 200.0)
        );
        assert_eq!(tally.watched(), 900.0);
        assert_eq!(tally.uptime(), Some(700.0 / 900.0));
        assert_eq!(Tally::of(&[], at(0), at(10)).uptime(), None);
        let found = outages(&spans, at(0), at(4000));
        assert_eq!(found.len(), 2);
        assert!(!found[1].open);
    }
}
