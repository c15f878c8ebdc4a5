//! Gathers what a report needs, writes it, and sends it once a week.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::World;
use crate::{
    model::{About, Urgency, alert::ReportFile, time::Week},
    report::{self, Report, Subject, formats, summarise::Frame},
    store::{Commit, StoreError, Wanted},
};

/// The figures of a week, of one agency or of all.
pub async fn gather(world: &World, week: Week, agency: Option<&str>) -> Result<Report, StoreError> {
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let (from, end) = week.bounds(zone);
    let (before_from, before_end) = week.before().bounds(zone);
    let mut targets = world.targets().await?;
    targets.retain(|it| agency.is_none_or(|agency| it.agency == agency));
    let mut seen = Vec::with_capacity(targets.len());
    for target in &targets {
        let history = world.store.history(&target.id, from, end).await?;
        let before = world
            .store
            .history(&target.id, before_from, before_end)
            .await?;
        let ends = world
            .store
            .dossier(&target.id)
            .await?
            .and_then(|it| it.certificate_ends);
        seen.push((target, history, before, ends));
    }
    let subjects: Vec<Subject> = seen
        .iter()
        .map(|(target, history, before, ends)| Subject {
            target,
            history,
            before,
            certificate_ends: *ends,
        })
        .collect();
    let wanted = Wanted {
        since: Some(before_from),
        ..Wanted::default()
    };
    let mut incidents = world.store.incidents(&wanted).await?;
    incidents.retain(|it| targets.iter().any(|target| target.id == it.target));
    let frame = Frame {
        week,
        zone,
        now,
        service: &world.config.service.name,
        vantage: &world.config.service.vantage,
    };
    Ok(report::summarise(&frame, &subjects, &incidents))
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
