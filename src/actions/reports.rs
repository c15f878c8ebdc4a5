//! Collects the figures of a report, writes the report, and queues it once a week.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    path::{Component, Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    actions::access::Access,
    blocking,
    config::Config,
    model::{
        About, Alert, Digest, Incident, Target, TargetId, Urgency, alert::ReportFile, time::Week,
    },
    report::{
        Report, Subject, TargetRow, formats,
        summarise::{self, Frame},
    },
    store::{Commit, StoreError, Wanted},
    world::World,
};

/// Targets of one query for histories: the answer is some hundred kilobytes.
const AT_ONCE: usize = 200;

/// The report of a week, for one agency (by id) or for all.
pub async fn gather(world: &World, week: Week, agency: Option<&str>) -> Result<Report, StoreError> {
    gather_of(world, week, |it| {
        agency.is_none_or(|agency| it.agency == agency)
    })
    .await
}

/// The report of a week, for the targets that `wanted` accepts.
async fn gather_of(
    world: &World,
    week: Week,
    wanted: impl Fn(&Target) -> bool,
) -> Result<Report, StoreError> {
    let gathered = Gathered::of(world, week, &wanted).await?;
    Ok(gathered.report(world, wanted))
}

/// The data of all reports of a week, read once.
struct Gathered {
    week: Week,
    now: Timestamp,
    rows: Vec<(Target, TargetRow)>,
    incidents: Vec<Incident>,
}

impl Gathered {
    async fn of(
        world: &World,
        week: Week,
        wanted: impl Fn(&Target) -> bool,
    ) -> Result<Self, StoreError> {
        let zone = &world.config.service.timezone;
        let now = world.clock.now();
        let (from, end) = week.bounds(zone);
        let (before_from, before_end) = week.before().bounds(zone);
        let mut targets = world.targets().await?;
        targets.retain(wanted);
        let ends: HashMap<TargetId, Timestamp> = world
            .store
            .all_summaries()
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
        let frame = frame(world, week, now);
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
                rows.push((target.clone(), summarise::target(&frame, &subject, &of)));
            }
        }
        Ok(Self {
            week,
            now,
            rows,
            incidents,
        })
    }

    /// The report on the targets that `wanted` accepts.
    fn report(&self, world: &World, wanted: impl Fn(&Target) -> bool) -> Report {
        let ours = self.rows.iter().filter(|(target, _)| wanted(target));
        let (ids, rows): (HashSet<&TargetId>, Vec<TargetRow>) =
            ours.map(|(target, row)| (&target.id, row.clone())).unzip();
        let incidents = self.incidents.iter().filter(|it| ids.contains(&it.target));
        let incidents: Vec<Incident> = incidents.cloned().collect();
        summarise::whole(&frame(world, self.week, self.now), rows, &incidents)
    }
}

fn frame(world: &World, week: Week, now: Timestamp) -> Frame<'_> {
    Frame {
        week,
        zone: &world.config.service.timezone,
        now,
        service: &world.config.service.name,
        vantage: &world.config.service.vantage,
    }
}

/// Renders a report and writes it atomically into `folder`. Returns the path of the file.
///
/// # Errors
///
/// A sentence, if rendering or writing fails.
pub fn write(
    world: &World,
    report: &Report,
    format: &dyn formats::Format,
    folder: &Path,
) -> Result<PathBuf, String> {
    let bytes = format.render(report, &world.locale)?;
    let path = folder.join(format!("gaccong-{}.{}", report.week, format.name()));
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let temporary = path.with_extension(format!("{}.tmp", format.name()));
    fs::write(&temporary, bytes).map_err(failed)?;
    fs::rename(&temporary, &path).map_err(failed)?;
    Ok(path)
}

/// The report of a week on the targets that `wanted` accepts: its head paragraph, and the HTML page.
///
/// # Errors
///
/// A sentence, if the store fails or the report cannot be rendered.
pub async fn page(
    world: &World,
    week: Week,
    wanted: impl Fn(&Target) -> bool,
) -> Result<(String, Vec<u8>), String> {
    let report = gather_of(world, week, wanted)
        .await
        .map_err(|it| it.to_string())?;
    let html = formats::find("html").ok_or("there is no HTML format")?;
    let bytes = html.render(&report, &world.locale)?;
    Ok((formats::summary(&report, &world.locale), bytes))
}

/// Last week's report on the portals that the caller may see: the week, the head paragraph and the HTML page.
///
/// # Errors
///
/// As [`page()`].
pub async fn last_week(access: &Access<'_>) -> Result<(Week, String, Vec<u8>), String> {
    let world = access.world;
    let zone = world.config.service.timezone.clone();
    let week = Week::of(world.clock.now().to_zoned(zone).date()).before();
    let ours = access.targets().await.map_err(|it| it.to_string())?;
    let ours: HashSet<&TargetId> = ours.iter().map(|it| &it.id).collect();
    let (summary, bytes) = page(world, week, |it| ours.contains(&it.id)).await?;
    Ok((week, summary, bytes))
}

/// Writes last week's reports and queues them, unless that was done before: the full report for the operator, and for
/// every other notifier a report on its own portals.
///
/// # Errors
///
/// A sentence, if the store or the report folder fails; nothing is queued then.
pub async fn send_weekly(world: &World) -> Result<(), String> {
    let said = |error: StoreError| error.to_string();
    let zone = &world.config.service.timezone;
    let now = world.clock.now();
    let week = Week::of(now.to_zoned(zone.clone()).date()).before();
    let sent = format!("report/{week}");
    if world.store.marker(&sent).await.map_err(said)?.is_some() {
        return Ok(());
    }
    let gathered = Gathered::of(world, week, |_| true).await.map_err(said)?;
    let whole = gathered.report(world, |_| true);
    if whole.totals.watched <= 0.0 {
        tracing::info!(%week, "nothing was watched last week: no report is sent");
        return Ok(());
    }
    let html = formats::find("html").ok_or("there is no HTML format")?;
    let folder = folder_of(&world.config);
    let mut alerts = Vec::new();
    let mut told = |names: &[&String], report: &Report, path: PathBuf| {
        let about = About::Report(ReportFile {
            week: week.to_string(),
            path: name_of(&world.config, &path),
            summary: formats::summary(report, &world.locale),
        });
        let alert = |name: &&String| Alert::new(name, about.clone(), Urgency::Low, now);
        alerts.extend(names.iter().map(alert));
    };
    let duty: Vec<&String> = world.config.operators().names().iter().collect();
    let path = write(world, &whole, html, &folder)?;
    told(&duty, &whole, path);
    let names = gathered.rows.iter().flat_map(|it| &it.0.settings.notify);
    let names: BTreeSet<&String> = names.filter(|it| !duty.contains(it)).collect();
    for name in names {
        let own = gathered.report(world, |it| it.settings.notify.contains(name));
        if own.totals.watched > 0.0 {
            let folder = own_reports(&world.config).join(Digest::of(name.as_bytes()).short());
            let path = write(world, &own, html, &folder)?;
            told(&[name], &own, path);
        }
    }
    let commit = Commit {
        alerts,
        marker: Some((sent, now.to_string())),
        ..Commit::default()
    };
    world.store.commit(commit).await.map_err(said)?;
    tracing::info!(%week, folder = %folder.display(), "the weekly reports are on their way");
    Ok(())
}

fn folder_of(config: &Config) -> PathBuf {
    config.service.data_dir.join("reports")
}

/// The name of a report, relative to the service's report folder. The outbox holds names instead of paths because it
/// may be restored from a backup of another machine.
fn name_of(config: &Config, path: &Path) -> String {
    let inside = path.strip_prefix(folder_of(config)).unwrap_or(path);
    inside.display().to_string()
}

/// Upper limit of a report file, in bytes: no report is this large.
const LARGEST: u64 = 48 << 20;

/// The bytes of a report by its name; only files of the report folder are read. Older records hold a path, which is
/// accepted too.
///
/// # Errors
///
/// A sentence that names the report, if the name leads out of the folder, or the file is too large or cannot be read.
pub async fn bytes_of(config: &Config, name: &str) -> Result<Vec<u8>, String> {
    let (folder, name) = (folder_of(config), name.to_owned());
    blocking::run(move || read_within(folder, &name)).await
}

fn read_within(folder: PathBuf, name: &str) -> Result<Vec<u8>, String> {
    let wrong = |why: &str| format!("{name:?} is no report of this service: {why}");
    let name_there = Path::new(name);
    let inside = match name_there.strip_prefix(&folder) {
        Ok(inside) => inside.to_owned(),
        // the path of a service that ran in another working directory
        Err(_) => {
            let parts: Vec<Component> = name_there.components().collect();
            let folder = parts.iter().rposition(|it| it.as_os_str() == "reports");
            parts[folder.map_or(0, |it| it + 1)..].iter().collect()
        }
    };
    if !inside
        .components()
        .all(|it| matches!(it, Component::Normal(_)))
    {
        return Err(wrong("it leads out of the folder"));
    }
    let failed = |error: std::io::Error| wrong(&error.to_string());
    let folder = folder.canonicalize().map_err(failed)?;
    let path = folder.join(inside).canonicalize().map_err(failed)?;
    let meta = fs::metadata(&path).map_err(failed)?;
    if !path.starts_with(&folder) || !meta.is_file() || meta.len() > LARGEST {
        return Err(wrong("it is no file of the folder, or too large"));
    }
    fs::read(&path).map_err(failed)
}

/// The folder for reports to single chats, which are deleted after a time. The full reports are kept in its parent
/// folder.
fn own_reports(config: &Config) -> PathBuf {
    folder_of(config).join("chats")
}

/// Deletes reports to single chats that are older than `age`. Called at night.
pub fn sweep(config: &Config, age: Duration) {
    let Ok(folders) = fs::read_dir(own_reports(config)) else {
        return;
    };
    for folder in folders.flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let written = file.metadata().and_then(|it| it.modified());
            let old = written.is_ok_and(|it| it.elapsed().is_ok_and(|it| it > age));
            if old && let Err(error) = fs::remove_file(file.path()) {
                tracing::warn!(%error, "an old report cannot be deleted");
            }
        }
    }
}
