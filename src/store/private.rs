//! Files and folders that only their owner may read: the store holds the agencies of portals, and the officers called
//! at night.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

/// Modes of folders and files that only the owner may use.
pub const FOLDER: u32 = 0o700;
pub const FILE: u32 = 0o600;

/// Makes new files and folders accessible to the owner only, regardless of the shell's umask.
pub fn umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Creates a folder if it is missing. If other users may read an existing folder, removes their rights and logs it.
pub fn folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(path)?;
    close(path, FOLDER);
    Ok(())
}

/// Removes all rights of other users. Returns whether they had any.
pub(super) fn close(path: &Path, mode: u32) -> bool {
    let Ok(meta) = fs::metadata(path) else {
        return false;
    };
    let loose = meta.mode() & 0o077 != 0;
    // a folder with the sticky bit, such as /tmp, is shared on purpose
    if loose && meta.mode() & 0o1000 == 0 {
        let shown = path.display();
        match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
            Ok(()) => tracing::warn!(
                "{shown} was open to other users of this machine; it is its owner's alone now (mode {mode:o})"
            ),
            // the folder belongs to another user, or the file system has no rights
            Err(error) => {
                tracing::warn!(%error, "{shown} is open to other users of this machine; run: chmod {mode:o} {shown}")
            }
        }
    }
    loose
}
