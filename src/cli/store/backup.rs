//! `gaccong backup`: writes everything in the store into one file, even while the service runs.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::json;

use super::{ABOUT, Backup, Failure, Global, Outcome, RECORDS, failed, referred, seal};
use crate::{
    cli::{open, output::done},
    model::Digest,
    store::journal::beside,
    world::World,
};

pub(in crate::cli) async fn backup(global: &Global, args: Backup) -> Result<Outcome, Failure> {
    open::logs("warn");
    let (world, _opened) = open::existing(global).await?;
    let path = std::path::absolute(&args.file).map_err(failed(&args.file))?;
    // symlink_metadata also finds a dangling link
    if fs::symlink_metadata(&path).is_ok() {
        return Err(taken(&path));
    }
    // random names, so that no existing file beside the backup is overwritten
    let (records, temporary) = (beside(&path), beside(&path));
    let written = write(&world, &records, &temporary).await;
    let _ = fs::remove_file(&records);
    let placed = written.and_then(|facts| {
        place(&temporary, &path)?;
        Ok(facts)
    });
    let facts = match placed {
        Ok(facts) => facts,
        Err(failure) => {
            let _ = fs::remove_file(&temporary);
            return Err(failure);
        }
    };
    let size = fs::metadata(&path).map_or(0, |it| it.len());
    let sentence = world.locale.text_with(
        "backup-done",
        &[
            ("file", &path.display().to_string()),
            ("records", &facts.records.to_string()),
            ("files", &facts.files.to_string()),
            ("missing", &facts.missing.to_string()),
        ],
    );
    let facts = json!({"file": path, "records": facts.records, "files": facts.files, "missing": facts.missing, "bytes": size});
    done(global.json, &sentence, &facts)?;
    Ok(Outcome::Fine)
}

fn taken(path: &Path) -> Failure {
    Failure::usage(format!(
        "{} is there already; choose another name",
        path.display()
    ))
}

/// Figures about a backup.
struct Facts {
    records: u64,
    files: usize,
    /// Bodies that could not be read and are missing in it.
    missing: usize,
}

async fn write(world: &World, records: &Path, to: &Path) -> Result<Facts, Failure> {
    let count = world.store.backup(records.to_owned()).await?;
    let digests = referred(world).await?;
    let missing = pack(world, records, to, count, &digests)?;
    Ok(Facts {
        records: count,
        files: digests.len() - missing,
        missing,
    })
}

/// Renames the finished file, unless a file with its name exists.
fn place(temporary: &Path, path: &Path) -> Result<(), Failure> {
    match renameat_with(CWD, temporary, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) => Err(taken(path)),
        // the file system does not support RENAME_NOREPLACE
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if fs::symlink_metadata(path).is_ok() {
                return Err(taken(path));
            }
            fs::rename(temporary, path).map_err(failed(path))
        }
        Err(error) => Err(failed(path)(error.into())),
    }
}

/// Writes the archive. Returns how many bodies are missing.
fn pack(
    world: &World,
    records: &Path,
    to: &Path,
    count: u64,
    digests: &BTreeSet<Digest>,
) -> Result<usize, Failure> {
    let data_dir = &world.config.service.data_dir;
    let key = seal::key(data_dir, true).map_err(failed(data_dir))?;
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
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
    let mut file = out
        .into_inner()
        .map_err(|error| failed(to)(error.into_error()))?;
    if let Some(key) = key {
        seal::seal(&mut file, &key).map_err(failed(to))?;
    }
    file.sync_all().map_err(failed(to))?;
    Ok(missing)
}

fn append(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_cksum();
    archive.append_data(&mut header, name, bytes)
}
