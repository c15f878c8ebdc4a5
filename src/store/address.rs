//! The address on which the running service listens, in a file beside the store. `gaccong health` reads it, because
//! targets.yaml may have been edited since the service started.

use std::{
    fs::{self, File},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{journal::beside, private};
use crate::files;

/// Content of the file if the service does not listen; the word that targets.yaml uses, too.
const OFF: &str = "off";
/// Size limit of the file in bytes; longer than any address with a port.
const LONGEST: u64 = 128;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("gaccong.address")
}

/// Writes the address with mode 0600, replacing that of an earlier service. The caller holds the store's lock.
pub fn leave(data_dir: &Path, listening: Option<SocketAddr>) -> io::Result<()> {
    let path = path(data_dir);
    let temporary = beside(&path);
    let text = listening.map_or(OFF.to_owned(), |it| it.to_string());
    let written = File::options()
        .write(true)
        .create_new(true)
        .mode(private::FILE)
        .open(&temporary)
        .and_then(|mut file| writeln!(file, "{text}"))
        .and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // remove an earlier service's address, which would mislead
        let _ = fs::remove_file(&temporary);
        remove(data_dir);
    }
    written
}

/// The address of the running service, or of the last one; `None` if it does not listen.
///
/// # Errors
///
/// If the file is missing, unreadable or does not hold an address.
pub fn left(data_dir: &Path) -> io::Result<Option<SocketAddr>> {
    let path = path(data_dir);
    let failed = |why: String| io::Error::other(format!("{}: {why}", path.display()));
    let text = files::text(&path, LONGEST).map_err(|error| failed(error.to_string()))?;
    match text.trim() {
        OFF => Ok(None),
        address => address
            .parse()
            .map(Some)
            .map_err(|_| failed(format!("{address:?} is no address"))),
    }
}

/// Removes the file when the service stops.
pub fn remove(data_dir: &Path) {
    let _ = fs::remove_file(path(data_dir));
}
