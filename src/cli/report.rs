//! `gaccong report weekly`: writes the availability report of a week.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{Failure, Global, Outcome, open, output::line};
use crate::{
    actions::reports,
    model::time::Week,
    report::{
        formats,
        formats::{Format, summary},
    },
};

#[derive(clap::Subcommand)]
pub enum Action {
    /// Uptime, outages, incidents and response times of one ISO week
    Weekly(Args),
}

#[derive(clap::Args)]
pub struct Args {
    /// ISO week; the present one, as far as it goes, where none is given
    #[arg(long, value_name = "2026-W47")]
    week: Option<Week>,
    /// Only this agency's portals
    #[arg(long, value_name = "ID")]
    agency: Option<String>,
    /// One or more of: html, csv, json
    #[arg(
        long,
        value_name = "FORMATS",
        value_delimiter = ',',
        default_value = "html"
    )]
    format: Vec<String>,
    /// Where the files go
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    let Action::Weekly(args) = action;
    open::logs("error");
    let formats = args
        .format
        .iter()
        .map(|it| format(it))
        .collect::<Result<Vec<_>, _>>()?;
    let (world, _opened) = open::world(global, true).await?;
    if let Some(agency) = &args.agency {
        let agencies = world.agencies(&world.targets().await?);
        if !agencies.iter().any(|it| it.id == *agency) {
            let known: Vec<&str> = agencies.iter().map(|it| it.id.as_str()).collect();
            return Err(Failure::usage(format!(
                "no agency is called {agency:?}; there are: {}",
                known.join(", ")
            )));
        }
    }
    let week = args.week.unwrap_or_else(|| {
        Week::of(
            Timestamp::now()
                .to_zoned(world.config.service.timezone.clone())
                .date(),
        )
    });
    let report = reports::gather(&world, week, args.agency.as_deref()).await?;
    let folder = open::folder(&args.out)?;
    let mut files = Vec::new();
    for format in formats {
        let path = reports::write(&world, &report, format, &folder).map_err(Failure::system)?;
        files.push(path.display().to_string());
    }
    if global.json {
        line(&json!({"week": report.week, "files": files}).to_string())?;
    } else {
        line(&summary(&report, &world.locale))?;
        for file in files {
            line(&file)?;
        }
    }
    Ok(Outcome::Fine)
}

fn format(name: &str) -> Result<&'static dyn Format, Failure> {
    formats::find(name.trim()).ok_or_else(|| {
        let known: Vec<&str> = formats::ALL.iter().map(|it| it.name()).collect();
        Failure::usage(format!(
            "--format: this version does not write {name:?}; it writes: {}",
            known.join(", ")
        ))
    })
}
