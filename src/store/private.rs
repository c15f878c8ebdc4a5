//! Folders that are nobody else's: the store tells whom a portal belongs to and who was called at night.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
};

/// For the owner alone.
pub const FOLDER: u32 = 0o700;
pub const FILE: u32 = 0o600;

/// New files and folders are the owner's alone, whatever the shell that started the program says.
pub fn umask() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Makes a folder where it is not there; one that others may look into is closed to them, which is logged.
pub fn folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(path)?;
    close(path, FOLDER);
    Ok(())
}

/// Takes a file's or folder's rights from all but its owner; whether anybody else had some.
pub(super) fn close(path: &Path, mode: u32) -> bool {
    let Ok(meta) = fs::metadata(path) else {
        return false;
    };
    let loose = meta.mode() & 0o077 != 0;
    // a folder that all may write into, such as /tmp, is not ours to close
    if loose && meta.mode() & 0o1000 == 0 {
        let shown = path.display();
        match fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
            Ok(()) => tracing::warn!(
                "{shown} was open to other users of this machine; it is its owner's alone now (mode {mode:o})"
            ),
            // somebody else's folder, or a file system without rights
            Err(error) => {
                tracing::warn!(%error, "{shown} is open to other users of this machine; run: chmod {mode:o} {shown}")
            }
        }
    }
    loose
}
