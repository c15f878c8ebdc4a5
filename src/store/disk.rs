//! Checks of the disk: free space, and whether it can be written to.

use std::{fs, path::Path};

use super::{Result, StoreError};

/// Free space, in bytes, below which the disk counts as full. The engine must not run into a full disk by itself: it
/// recovers from that only by being reopened.
const RESERVE: u64 = 16 << 20;

/// Writes and syncs a small file. Fails if the disk is full, read-only or broken.
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

/// Bytes free for files in a folder; `u64::MAX` if the system does not report it.
pub fn free_space(folder: &Path) -> u64 {
    let found = rustix::fs::statvfs(folder);
    found.map_or(u64::MAX, |it| it.f_bavail.saturating_mul(it.f_frsize))
}

/// Bytes of all files in a folder and its subfolders; unreadable ones count as 0.
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
