//! What the disk has room for, and whether it takes anything.

use std::{fs, path::Path};

use super::{Result, StoreError};

/// Less free space than this counts as none: the engine must not meet the end of the disk by itself, since it
/// does not recover from that without being opened anew.
const RESERVE: u64 = 16 << 20;

/// Whether the disk takes something.
pub(super) fn probe(folder: &Path) -> Result<()> {
    enough_space(folder)?;
    let path = folder.join(".probe");
    let written = fs::write(&path, [0; 4096]).and_then(|()| fs::File::open(&path)?.sync_all());
    let _ = fs::remove_file(&path);
    written.map_err(|error| StoreError::Failed(format!("{}: {error}", folder.display())))
}

pub(super) fn enough_space(folder: &Path) -> Result<()> {
    let Ok(found) = rustix::fs::statvfs(folder) else {
        return Ok(());
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    if found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) {
        return Err(StoreError::Failed(format!(
            "{}: the file system is read-only",
            folder.display()
        )));
    }
    if free < RESERVE {
        return Err(StoreError::Failed(format!(
            "{}: the disk is full ({} MiB free, {} are kept in reserve)",
            folder.display(),
            free >> 20,
            RESERVE >> 20
        )));
    }
    Ok(())
}

/// Bytes free for files in a folder; `u64::MAX` if the system does not tell.
pub fn free_space(folder: &Path) -> u64 {
    let found = rustix::fs::statvfs(folder);
    found.map_or(u64::MAX, |it| it.f_bavail.saturating_mul(it.f_frsize))
}

/// Bytes of all files in a folder and those below it; what cannot be read counts as nothing.
pub fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|it| match it.metadata() {
            Ok(meta) if meta.is_dir() => size(&it.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
