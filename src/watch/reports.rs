//! Gathers what a report needs, writes it, and sends it once a week.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::World;
use crate::{
    model::{About, Target, TargetId, Urgency, alert::ReportFile, time::Week},
    report::{
        Report, Subject, formats,
        summarise::{self, Frame},
    },
    store::{Commit, StoreError, Wanted},
};

/// Targets whose history is asked for at once: some hundred kilobytes.
const AT_ONCE: usize = 200;

/// The figures of a week, of one agency or of all.
pub async fn gather(world: &World, week: Week, agency: Option<&str>) -> Result<Report, StoreError> {
    gather_of(world, week, |it| {
        agency.is_none_or(|agency| it.agency == agency)
    })
    .await
}

/// The same of the targets that are wanted.
async fn gather_of(
    world: &World,
    week: Week,
    wanted: impl Fn(&Target) -> bool,
) -> Result<Report, StoreError> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let (from, end) = week.bounds(zone);
    let (before_from, before_end) = week.before().bounds(zone);
    let mut targets = world.targets().await?;
    targets.retain(wanted);
    let ends: HashMap<TargetId, Timestamp> = world
        .store
        .glances()
        .await?
        .into_iter()
        .filter_map(|it| Some((it.target, it.certificate_ends?)))
        .collect();
    let wanted = Wanted {
        since: Some(before_from),
        ..Wanted::default()
    };
    let mut incidents = world.store.incidents(&wanted).await?;
    let watched: HashSet<&TargetId> = targets.iter().map(|it| &it.id).collect();
    incidents.retain(|it| watched.contains(&it.target));
    let frame = Frame {
        week,
        zone,
        now,
        service: &world.config.service.name,
        vantage: &world.config.service.vantage,
    };
    let of = summarise::by_portal(&frame, &incidents);
    let mut rows = Vec::with_capacity(targets.len());
    for some in targets.chunks(AT_ONCE) {
        let ids: Vec<TargetId> = some.iter().map(|it| it.id.clone()).collect();
        let now = world.store.histories(&ids, from, end).await?;
        let before = world.store.histories(&ids, before_from, before_end).await?;
        for ((target, history), before) in some.iter().zip(now).zip(before) {
            let subject = Subject {
                target,
                history: &history,
                before: &before,
                certificate_ends: ends.get(&target.id).copied(),
            };
            rows.push(summarise::target(&frame, &subject, &of));
        }
    }
    Ok(summarise::whole(&frame, rows, &incidents))
}

/// Writes a report in a format; returns the file.
pub fn write(
    world: &World,
    report: &Report,
    format: &dyn formats::Format,
    folder: &Path,
) -> Result<PathBuf, String> {
    let bytes = format.render(report, &world.words)?;
    let path = folder.join(format!("gaccong-{}.{}", report.week, format.name()));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let temporary = path.with_extension(format!("{}.tmp", format.name()));
    fs::write(&temporary, bytes).map_err(failed)?;
    fs::rename(&temporary, &path).map_err(failed)?;
    Ok(path)
}

/// The report of a week as one page, and the paragraph that stands at its head; of the targets that are wanted.
pub async fn page(
    world: &World,
    week: Week,
    wanted: impl Fn(&Target) -> bool,
) -> Result<(String, Vec<u8>), String> {
    let report = gather_of(world, week, wanted)
        .await
        .map_err(|it| it.to_string())?;
    let html = formats::find("html").ok_or("there is no HTML format")?;
    let bytes = html.render(&report, &world.words)?;
    Ok((formats::summary(&report, &world.words), bytes))
}

pub fn summary_name(week: &str) -> String {
    format!("summary/{week}")
}

/// Writes last week's report and puts it into the outbox, unless that was done already.
pub async fn send_weekly(world: &World) -> Result<(), String> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let week = Week::of(now.to_zoned(zone.clone()).date()).before();
    let sent = format!("report/{week}");
    if world
        .store
        .milestone(&sent)
        .await
        .map_err(|it| it.to_string())?
        .is_some()
    {
        return Ok(());
    }
    let report = gather(world, week, None)
        .await
        .map_err(|it| it.to_string())?;
    if report.totals.watched <= 0.0 {
        tracing::info!(%week, "nothing was watched last week: no report is sent");
        return Ok(());
    }
    let html = formats::find("html").ok_or("there is no HTML format")?;
    let path = write(
        world,
        &report,
        html,
        &world.config.service.data_dir.join("reports"),
    )?;
    let summary = formats::summary(&report, &world.words);
    let about = About::Report(ReportFile {
        week: week.to_string(),
        path: path.display().to_string(),
    });
    let store = &world.store;
    let remember = |name: String, value: String| Commit {
        milestone: Some((name, value)),
        ..Commit::default()
    };
    store
        .commit(remember(summary_name(&week.to_string()), summary))
        .await
        .map_err(|it| it.to_string())?;
    let commit = Commit {
        alerts: world.notices_to_all(&about, Urgency::Low, now),
        ..remember(sent, now.to_string())
    };
    store.commit(commit).await.map_err(|it| it.to_string())?;
    tracing::info!(%week, path = %path.display(), "the weekly report is on its way");
    Ok(())
}
