//! `gaccong calendar`: the holidays and watch windows of a year.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{line, table},
};
use crate::{calendar, calendar::HOLIDAYS, config::Pace, locale::Locale, model::time::midnight};

#[derive(clap::Args)]
pub struct Args {
    /// The year; this one where none is given
    #[arg(long, value_parser = clap::value_parser!(i16).range(1900..=2199))]
    year: Option<i16>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Outcome, Failure> {
    open::logs("error");
    let config = open::config(global, Pace::Fast, false)?;
    let locale = Locale::new(config.service.language);
    let zone = &config.service.timezone;
    let year = args
        .year
        .unwrap_or_else(|| Timestamp::now().to_zoned(zone.clone()).year());
    let shown = |at: Timestamp, zone: &TimeZone| {
        at.to_zoned(zone.clone())
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    };
    let mut rows = Vec::new();
    for holiday in HOLIDAYS {
        let (Some(date), Some((first, last))) = (holiday.date(year), holiday.days(year)) else {
            continue;
        };
        let (from, to) = (
            midnight(first, zone),
            midnight(last.tomorrow().unwrap_or(last), zone),
        );
        if global.json {
            line(
                &json!({"name": holiday.title, "holiday": holiday.name, "date": date.to_string(), "from": shown(from, zone), "to": shown(to, zone)})
                    .to_string(),
            )?;
        } else {
            rows.push((
                from,
                vec![
                    holiday.title.to_owned(),
                    locale.date(date),
                    shown(from, zone),
                    shown(to, zone),
                ],
            ));
        }
    }
    let windows = calendar::windows(&config.windows, year, year, zone);
    for window in windows.iter().filter(|it| {
        it.from.to_zoned(zone.clone()).year() == year || it.to.to_zoned(zone.clone()).year() == year
    }) {
        if global.json {
            line(
                &json!({"name": window.name, "holiday": null, "window": true, "from": shown(window.from, zone), "to": shown(window.to, zone)})
                    .to_string(),
            )?;
        } else {
            let name = format!("{} ({})", window.name, locale.text("calendar-window"));
            rows.push((
                window.from,
                vec![
                    name,
                    String::new(),
                    shown(window.from, zone),
                    shown(window.to, zone),
                ],
            ));
        }
    }
    if !global.json {
        rows.sort_by_key(|it| it.0);
        let heads = ["name", "date", "from", "to"].map(|it| locale.text(&format!("head-{it}")));
        table(&heads, rows.into_iter().map(|it| it.1).collect())?;
    }
    Ok(Outcome::Fine)
}
