//! `gaccong store`, `backup` and `restore`: maintenance of the store.

mod backup;
mod restore;
mod seal;
mod unpack;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

pub(super) use backup::backup;
pub(super) use restore::restore;
use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{line, table},
};
use crate::{
    evidence::bodies::EvidenceError,
    model::Digest,
    store::Checkup,
    world::{World, evicted},
};

#[derive(clap::Subcommand)]
pub enum Action {
    /// Look at every record, the journal and the evidence, and say what is damaged
    Verify,
}

#[derive(clap::Args)]
pub struct Backup {
    /// The file to write; nothing that is there is overwritten
    file: PathBuf,
}

#[derive(clap::Args)]
pub struct Restore {
    /// A file that gaccong backup wrote
    file: PathBuf,
    /// Move a store that is there out of the way
    #[arg(long)]
    replace: bool,
    /// Take a backup that was not made here: its maker decides what is believed of each portal from now on
    #[arg(long)]
    foreign: bool,
    /// Let chats be told that targets.yaml does not name
    #[arg(long)]
    yes: bool,
}

/// Names of entries in a backup: the records, and a description.
const RECORDS: &str = "records.jsonl";
const ABOUT: &str = "about.json";
pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    open::logs("warn");
    match action {
        Action::Verify => verify(global).await,
    }
}

async fn verify(global: &Global) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let checkup = world.store.checkup().await?;
    let referred = referred(&world).await?;
    let mut missing = Vec::new();
    let mut damaged = Vec::new();
    for digest in &referred {
        match world.evidence.body(digest) {
            Ok(_) => (),
            Err(EvidenceError::Missing(_)) => missing.push(digest.to_string()),
            Err(_) => damaged.push(digest.to_string()),
        }
    }
    let good = checkup.is_good() && missing.is_empty() && damaged.is_empty();
    if global.json {
        line(
            &json!({
                "ok": good,
                "store": checkup,
                "evidence": {"files": referred.len(), "missing": missing, "damaged": damaged},
            })
            .to_string(),
        )?;
    } else {
        shown(&world, &checkup, referred.len(), &missing, &damaged, good)?;
    }
    Ok(if good { Outcome::Fine } else { Outcome::Found })
}

fn shown(
    world: &World,
    checkup: &Checkup,
    files: usize,
    missing: &[String],
    damaged: &[String],
    good: bool,
) -> Result<(), Failure> {
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / 1_048_576.0);
    let mut rows = Vec::new();
    let mut row = |key: &str, value: String| {
        rows.push(vec![world.locale.text(&format!("verify-{key}")), value]);
    };
    row("records", checkup.records.to_string());
    row("damaged", checkup.damaged.len().to_string());
    row("set-aside", checkup.set_aside.len().to_string());
    row("missing", checkup.missing.len().to_string());
    row("journal", checkup.journal_lines.to_string());
    row("journal-damaged", checkup.journal_damaged.len().to_string());
    row("evidence", files.to_string());
    row("evidence-missing", missing.len().to_string());
    row("evidence-damaged", damaged.len().to_string());
    row("live", mib(checkup.live_bytes));
    row("disk", mib(checkup.disk_bytes));
    row("journal-disk", mib(checkup.journal_bytes));
    let heads = [
        world.locale.text("verify-what"),
        world.locale.text("verify-found"),
    ];
    table(&heads, rows)?;
    let named = checkup
        .damaged
        .iter()
        .chain(&checkup.missing)
        .chain(&checkup.journal_damaged)
        .chain(missing)
        .chain(damaged);
    for it in named {
        line(&format!("  {it}"))?;
    }
    if let Some(why) = &checkup.in_memory {
        line(&world.locale.text_with("verify-in-memory", &[("why", why)]))?;
    }
    line(
        &world
            .locale
            .text(if good { "verify-good" } else { "verify-bad" }),
    )
}

/// The bodies that target states and incidents refer to, in a stable order.
async fn referred(world: &World) -> Result<BTreeSet<Digest>, Failure> {
    Ok(evicted::all_referenced(world.store.as_ref())
        .await?
        .into_iter()
        .collect())
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::system(format!("{}: {error}", path.display()))
}
