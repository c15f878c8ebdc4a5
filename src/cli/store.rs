//! `gaccong store`, `backup` and `restore`: the store as a thing to be looked after.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{done, line, table},
};
use crate::{
    config::{Config, Pace},
    model::Digest,
    store::{
        Checkup, Evidence, Store, Wanted, backends, codec, evidence::EvidenceError, journal,
        lock::Lock,
    },
    watch::World,
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
}

/// Names inside a backup.
const RECORDS: &str = "records.jsonl";
const ABOUT: &str = "about.json";
/// More than any page body can be.
const LARGEST_ENTRY: u64 = 1 << 32;

pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    open::logs("warn");
    match action {
        Action::Verify => verify(global).await,
    }
}

async fn verify(global: &Global) -> Result<Outcome, Failure> {
    let (world, _opened) = open::world(global, false).await?;
    let checkup = world.store.checkup().await?;
    let referred = referred(world.store.as_ref()).await?;
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
        rows.push(vec![world.words.plain(&format!("verify-{key}")), value]);
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
        world.words.plain("verify-what"),
        world.words.plain("verify-found"),
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
        line(&world.words.text("verify-in-memory", &[("why", why)]))?;
    }
    line(
        &world
            .words
            .plain(if good { "verify-good" } else { "verify-bad" }),
    )
}

/// Bodies that dossiers and incidents speak of.
async fn referred(store: &dyn Store) -> Result<BTreeSet<Digest>, Failure> {
    let mut out = BTreeSet::new();
    for dossier in store.dossiers().await? {
        let looks = dossier.baseline.iter().flat_map(|it| it.looks());
        out.extend(looks.chain(&dossier.learning).map(|it| it.digest));
    }
    for incident in store.incidents(&Wanted::default()).await? {
        out.extend(incident.evidence.iter().map(|it| it.digest));
        out.extend(incident.before.iter().map(|it| it.digest));
    }
    Ok(out)
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> Failure + '_ {
    move |error| Failure::system(format!("{}: {error}", path.display()))
}

pub(super) async fn backup(global: &Global, args: Backup) -> Result<Outcome, Failure> {
    open::logs("warn");
    let (world, _opened) = open::world(global, false).await?;
    let path = std::path::absolute(&args.file).map_err(failed(&args.file))?;
    if path.exists() {
        return Err(Failure::usage(format!(
            "{} is there already; choose another name",
            path.display()
        )));
    }
    let records = path.with_extension("records");
    let temporary = path.with_extension("part");
    let count = world.store.backup(records.clone()).await?;
    let digests = referred(world.store.as_ref()).await?;
    let written = pack(&world, &records, &temporary, count, &digests);
    let _ = fs::remove_file(&records);
    match written.and_then(|missing| {
        fs::rename(&temporary, &path).map_err(failed(&path))?;
        Ok(missing)
    }) {
        Ok(missing) => {
            let size = fs::metadata(&path).map_or(0, |it| it.len());
            let sentence = world.words.text(
                "backup-done",
                &[
                    ("file", &path.display().to_string()),
                    ("records", &count.to_string()),
                    ("files", &(digests.len() - missing).to_string()),
                    ("missing", &missing.to_string()),
                ],
            );
            let facts = json!({"file": path, "records": count, "files": digests.len() - missing, "missing": missing, "bytes": size});
            done(global.json, &sentence, &facts)?;
            Ok(Outcome::Fine)
        }
        Err(failure) => {
            let _ = fs::remove_file(&temporary);
            Err(failure)
        }
    }
}

/// Writes the archive; returns how many bodies could not be taken in.
fn pack(
    world: &World,
    records: &Path,
    to: &Path,
    count: u64,
    digests: &BTreeSet<Digest>,
) -> Result<usize, Failure> {
    use std::os::unix::fs::OpenOptionsExt;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .map_err(failed(to))?;
    let encoder = zstd::Encoder::new(BufWriter::new(file), 3).map_err(failed(to))?;
    let mut archive = tar::Builder::new(encoder);
    let about = json!({
        "gaccong": env!("CARGO_PKG_VERSION"),
        "at": world.clock.now().to_string(),
        "records": count,
    })
    .to_string();
    append(&mut archive, ABOUT, about.as_bytes()).map_err(failed(to))?;
    archive
        .append_path_with_name(records, RECORDS)
        .map_err(failed(to))?;
    let mut missing = 0;
    for digest in digests {
        match world.evidence.body(digest) {
            Ok(body) => {
                append(&mut archive, &format!("bodies/{}", digest.hex()), &body)
                    .map_err(failed(to))?;
            }
            Err(error) => {
                tracing::warn!(%error, "a page is not in the backup");
                missing += 1;
            }
        }
    }
    let encoder = archive.into_inner().map_err(failed(to))?;
    let mut out = encoder.finish().map_err(failed(to))?;
    out.flush().map_err(failed(to))?;
    let file = out
        .into_inner()
        .map_err(|error| failed(to)(error.into_error()))?;
    file.sync_all().map_err(failed(to))?;
    Ok(missing)
}

fn append(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, bytes)
}

pub(super) async fn restore(global: &Global, args: Restore) -> Result<Outcome, Failure> {
    open::logs("warn");
    let config = open::config(global, Pace::Fast, false)?;
    let folder = config.service.data_dir.clone();
    let Some(_lock) = Lock::try_take(&folder)? else {
        return Err(Failure::system(format!(
            "a gaccong service holds the store in {}; stop it first",
            folder.display()
        )));
    };
    let there: Vec<PathBuf> = ["store", "journal"]
        .map(|it| folder.join(it))
        .into_iter()
        .filter(|it| it.exists())
        .collect();
    if !there.is_empty() && !args.replace {
        return Err(Failure::usage(format!(
            "there is a store in {} already; --replace moves it out of the way",
            folder.display()
        )));
    }
    // everything is read and checked before anything is touched
    let unpacked = folder.join(".restoring");
    let _ = fs::remove_dir_all(&unpacked);
    fs::create_dir_all(&unpacked).map_err(failed(&unpacked))?;
    let result = unpack(&args.file, &unpacked, &config);
    let outcome = result.and_then(|(records, bodies)| {
        let aside = aside(&folder, &there)?;
        let all = records
            .iter()
            .map(|(key, json)| Ok((key.clone(), codec::of_json(key, json))));
        journal::write_base(&folder.join("journal"), 1, all)?;
        // made from the journal, as after a loss
        drop(backends::open(&config.service.store, &folder)?);
        Ok((records.len(), bodies, aside))
    });
    let _ = fs::remove_dir_all(&unpacked);
    let (records, bodies, aside) = outcome?;
    let words = crate::words::Words::new(config.service.language);
    let mut sentence = words.text(
        "restore-done",
        &[
            ("folder", &folder.display().to_string()),
            ("records", &records.to_string()),
            ("files", &bodies.to_string()),
        ],
    );
    if let Some(aside) = &aside {
        sentence.push('\n');
        sentence
            .push_str(&words.text("restore-aside", &[("folder", &aside.display().to_string())]));
    }
    let facts = json!({"folder": folder, "records": records, "files": bodies, "aside": aside});
    done(global.json, &sentence, &facts)?;
    Ok(Outcome::Fine)
}

fn aside(folder: &Path, there: &[PathBuf]) -> Result<Option<PathBuf>, Failure> {
    if there.is_empty() {
        return Ok(None);
    }
    let name = format!("before-restore-{}", jiff::Timestamp::now().as_second());
    let to = folder.join(name);
    fs::create_dir(&to).map_err(failed(&to))?;
    for path in there {
        if let Some(name) = path.file_name() {
            fs::rename(path, to.join(name)).map_err(failed(path))?;
        }
    }
    Ok(Some(to))
}

/// Reads the archive: records, checked; bodies go to the evidence, each under the digest of what it is.
fn unpack(
    file: &Path,
    folder: &Path,
    config: &Config,
) -> Result<(journal::Records, usize), Failure> {
    let no_backup = |why: &str| {
        Failure::usage(format!(
            "{} is no backup of gaccong, or it is damaged: {why}",
            file.display()
        ))
    };
    let open =
        File::open(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let decoder =
        zstd::Decoder::new(BufReader::new(open)).map_err(|error| no_backup(&error.to_string()))?;
    let mut archive = tar::Archive::new(decoder);
    let evidence = Evidence::new(&config.service.snapshots_dir);
    let mut records = None;
    let mut bodies = 0;
    let entries = archive
        .entries()
        .map_err(|error| no_backup(&error.to_string()))?;
    for entry in entries {
        let entry = entry.map_err(|error| no_backup(&error.to_string()))?;
        let name = entry
            .path()
            .map_err(|error| no_backup(&error.to_string()))?
            .to_string_lossy()
            .into_owned();
        let mut content = entry.take(LARGEST_ENTRY);
        if name == RECORDS {
            let path = folder.join(RECORDS);
            let mut to = File::create(&path).map_err(failed(&path))?;
            std::io::copy(&mut content, &mut to).map_err(|error| no_backup(&error.to_string()))?;
            records = Some(journal::read_records(&path)?);
        } else if let Some(hex) = name.strip_prefix("bodies/") {
            let mut body = Vec::new();
            content
                .read_to_end(&mut body)
                .map_err(|error| no_backup(&error.to_string()))?;
            if Digest::of(&body).hex() != hex {
                return Err(no_backup(&format!(
                    "the page {hex} is not what its name says"
                )));
            }
            evidence
                .keep(&body)
                .map_err(|error| Failure::system(error.to_string()))?;
            bodies += 1;
        }
    }
    let records = records.ok_or_else(|| no_backup("it holds no records"))?;
    Ok((records, bodies))
}
