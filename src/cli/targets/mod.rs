//! `gaccong targets`: lists and changes the registry.

mod import;
mod pins;
mod plans;
mod requests;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use requests::{Until, register};
use serde_json::json;

use super::{
    Failure, Global, Outcome,
    configuration::{self, Texts},
    open,
    output::{done, line, table},
    reload,
};
use crate::{
    actions::{Access, Refused, registry::Present, removal},
    config,
    config::{Pace, duty_remarks, export},
    model::{Target, TargetId, TargetSummary},
    registry,
    registry::{Row, rows},
    store::Commit,
    world::{
        World,
        clock::{Clock, System},
    },
};

#[derive(clap::Subcommand)]
pub enum Action {
    /// All targets: of the file and registered ones
    List,
    /// One target: its baseline, and the facts that are pinned
    Show { id: String },
    /// Watch a fact of a target's page though few looks had it
    Pin {
        id: String,
        /// Its id or its value, as `targets show` prints them
        fact: String,
        /// The officer
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Strike a fact of a target's page: its change is not told any more
    Unpin {
        id: String,
        /// Its id or its value, as `targets show` prints them
        fact: String,
        /// The officer
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Register a target
    Add {
        id: String,
        url: String,
        /// The agency's id
        #[arg(long)]
        agency: String,
        /// The agency's name, where it is a new one
        #[arg(long, value_name = "NAME")]
        agency_name: Option<String>,
        /// The portal's name; its host where none is given
        #[arg(long)]
        name: Option<String>,
        /// Who registers
        #[arg(long, value_name = "NAME", default_value = "cli")]
        by: String,
        /// Watch it to the end of that day, or of the watch window that is open or next (`window`)
        #[arg(long, value_name = "DAY|window")]
        until: Option<Until>,
    },
    /// Take a registered target out
    Remove {
        id: String,
        /// Who takes it out
        #[arg(long, value_name = "NAME", default_value = "cli")]
        by: String,
        /// Why, for the registry's history
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Register the targets of a CSV (id,agency,name,url; as Excel saves it) or YAML file; all of them or none
    Import {
        file: PathBuf,
        /// Who registers
        #[arg(long, value_name = "NAME", default_value = "cli")]
        by: String,
    },
    /// What people ask to be watched and no officer has decided yet
    Requests {
        /// Decided ones, too
        #[arg(long)]
        all: bool,
    },
    /// Let a portal that was asked for be watched
    Approve {
        /// The request's id, such as DK-2026-0007
        id: String,
        /// The officer
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Watch it to the end of that day, or of the watch window that is open or next (`window`)
        #[arg(long, value_name = "DAY|window")]
        until: Option<Until>,
    },
    /// Refuse a request; who asked is told why
    Refuse {
        /// The request's id, such as DK-2026-0007
        id: String,
        /// The officer
        #[arg(long, value_name = "NAME")]
        by: String,
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Announce that portals are edited: meanwhile only what bears marks of an attack rings
    Plan(plans::Args),
    /// Who changed the registry, when and how: of one target, or of all
    History { id: Option<String> },
    /// Print everything as one targets.yaml
    Export,
    /// Report what is wrong with the configuration, all at once
    Validate,
    /// Let the running service take in a file that names far fewer targets than before
    Accept,
}

pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    open::logs("warn");
    match action {
        Action::List => list(global).await,
        Action::Show { id } => pins::show(global, &id).await,
        Action::Pin { id, fact, by } => pins::rule(global, &id, &fact, &by, true).await,
        Action::Unpin { id, fact, by } => pins::rule(global, &id, &fact, &by, false).await,
        Action::Accept => accept(global).await,
        Action::Add {
            id,
            url,
            agency,
            agency_name,
            name,
            by,
            until,
        } => {
            let row = Row {
                at: "the arguments".to_owned(),
                id,
                agency,
                agency_name,
                name: name.unwrap_or_default(),
                url,
            };
            let (world, _opened) = open::world(global, false).await?;
            let until = until.map(|it| it.of(&world)).transpose()?;
            register(global, &world, &by, until, |present| {
                checked(&world, present, vec![row.clone()])
            })
            .await
        }
        Action::Remove { id, by, reason } => remove(global, &id, &by, reason).await,
        Action::Import { file, by } => {
            let (world, _opened) = open::world(global, false).await?;
            if import::is_yaml(&file) {
                let targets = import::from_yaml(&file)?;
                register(global, &world, &by, None, |present| {
                    fitting(&world, present, &targets)
                })
                .await
            } else {
                let rows = import::from_csv(&file)?;
                register(global, &world, &by, None, |present| {
                    checked(&world, present, rows.clone())
                })
                .await
            }
        }
        Action::Requests { all } => requests::list(global, all).await,
        Action::Approve { id, by, until } => requests::approve(global, &id, &by, until).await,
        Action::Refuse { id, by, reason } => requests::refuse(global, &id, &by, &reason).await,
        Action::Plan(args) => plans::run(global, args).await,
        Action::History { id } => requests::history(global, id.as_deref()).await,
        Action::Export => export_yaml(global).await,
        Action::Validate => validate(global),
    }
}

async fn export_yaml(global: &Global) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let targets = world.targets().await?;
    let mut config = world.config.clone();
    unresolve(&mut config, global);
    let text = export::yaml(&config, &world.agencies(&targets), &targets);
    line(text.trim_end())?;
    Ok(Outcome::Fine)
}

fn validate(global: &Global) -> Result<Outcome, Failure> {
    let config = open::config(global, Pace::Polite, true)?;
    let locale = crate::locale::Locale::new(config.service.language);
    let args = [
        ("file", global.config.display().to_string()),
        ("targets", config.targets.len().to_string()),
        ("agencies", config.agencies.len().to_string()),
    ];
    let args: Vec<(&str, &str)> = args
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let remarks = duty_remarks(&config, System.now(), &locale);
    let facts = json!({"valid": true, "targets": config.targets.len(), "agencies": config.agencies.len(), "remarks": remarks});
    let mut said = vec![locale.text_with("cli-valid", &args)];
    said.extend(remarks);
    done(global.json, &said.join("\n"), &facts)?;
    Ok(Outcome::Fine)
}

/// Makes resolved paths relative to the file's folder again.
fn unresolve(config: &mut config::Config, global: &Global) {
    let folder = global
        .config
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let strip = |path: &PathBuf| {
        path.strip_prefix(folder)
            .map(Path::to_owned)
            .unwrap_or_else(|_| path.clone())
    };
    config.service.data_dir = strip(&config.service.data_dir);
    config.service.snapshots_dir = strip(&config.service.snapshots_dir);
    config.service.extra_ca = config.service.extra_ca.iter().map(strip).collect();
}

async fn list(global: &Global) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let targets = world.targets().await?;
    let seen = world.store.all_summaries().await?;
    let seen: HashMap<&str, &TargetSummary> =
        seen.iter().map(|it| (it.target.as_str(), it)).collect();
    let mut rows = Vec::new();
    for it in &targets {
        let summary = seen.get(it.id.as_str());
        let last = summary.and_then(|it| it.last);
        let baseline = summary
            .and_then(|it| it.baseline.as_ref())
            .map(|it| it.by.clone());
        if global.json {
            let object = json!({
                "id": it.id, "name": it.name, "url": it.url, "agency": it.agency, "agency_name": it.agency_name,
                "class": last.map(|it| it.1), "last": last.map(|it| it.0),
                "baseline": baseline, "open": summary.and_then(|it| it.open.clone()),
            });
            line(&object.to_string())?;
            continue;
        }
        rows.push(vec![
            it.id.to_string(),
            it.agency.clone(),
            last.map(|it| it.1.to_string())
                .unwrap_or_else(|| "–".to_owned()),
            baseline.unwrap_or_else(|| "–".to_owned()),
            it.url.to_string(),
            it.name.clone(),
        ]);
    }
    if !global.json {
        let heads = ["id", "agency", "class", "baseline", "url", "name"]
            .map(|it| world.locale.text(&format!("head-{it}")));
        table(&heads, rows)?;
    }
    Ok(Outcome::Fine)
}

/// Checks that the targets of another file fit into this registry.
///
/// # Errors
///
/// All faults: ids and URLs that are in use, and unknown notifiers.
fn fitting(
    world: &World,
    present: &Present,
    targets: &[Target],
) -> Result<Vec<Target>, Vec<String>> {
    let strange = |it: &Target| {
        let mut names = it.settings.notify.iter();
        let name = names.find(|name| world.config.notifier(name).is_none())?;
        Some(format!(
            "{}: this service has no notifier called {name:?}",
            it.id
        ))
    };
    let mut names = rows::Names::of(&present.targets);
    let faults = targets
        .iter()
        .filter_map(|it| names.take(it).or_else(|| strange(it)));
    let faults: Vec<String> = faults.collect();
    if faults.is_empty() {
        Ok(targets.to_vec())
    } else {
        Err(faults)
    }
}

fn checked(world: &World, present: &Present, rows: Vec<Row>) -> Result<Vec<Target>, Vec<String>> {
    let defaults = &world.config.defaults;
    registry::targets(rows, &present.targets, &present.agencies, defaults)
}

async fn remove(
    global: &Global,
    id: &str,
    by: &str,
    reason: Option<String>,
) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let id: TargetId = id.parse().map_err(Failure::usage)?;
    match removal::remove(&Access::cli(&world, by), &id, reason).await {
        Ok(()) => {
            let sentence = world
                .locale
                .text_with("cli-removed", &[("id", id.as_str())]);
            done(global.json, &sentence, &json!({"removed": id}))?;
            return Ok(Outcome::Fine);
        }
        Err(Refused::NotFound(_)) => (),
        Err(why) => return Err(Failure::refused(why, &world.locale)),
    }
    let hint = if world.config.targets.iter().any(|it| it.id == id) {
        format!(
            "{id} stands in {}: take it out there",
            global.config.display()
        )
    } else {
        format!("no target is called {id}")
    };
    Err(Failure::usage(hint))
}

/// Stores the digest of the present file as accepted; the running service compares it with the file.
async fn accept(global: &Global) -> Result<Outcome, Failure> {
    let mut texts = Texts::default();
    let config = configuration::read(global, Pace::Fast, true, &mut texts)?;
    let (world, _opened) = open::world_of(config).await?;
    let digest = texts.yaml.map(|it| it.hex()).unwrap_or_default();
    let commit = Commit {
        marker: Some((reload::ACCEPTED.to_owned(), digest.clone())),
        ..Commit::default()
    };
    world.store.commit(commit).await?;
    let count = world.config.targets.len();
    let sentence = world
        .locale
        .text_with("targets-accepted", &[("count", &count.to_string())]);
    done(
        global.json,
        &sentence,
        &json!({"targets": count, "digest": digest}),
    )?;
    Ok(Outcome::Fine)
}
