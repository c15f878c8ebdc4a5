//! Where the running service listens. It is left beside the store for `gaccong health`, since targets.yaml may have been
//! edited after the start.

use std::{
    fs::{self, File},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{journal::beside, private};
use crate::files;

/// The content of the file if the service does not listen: the word that targets.yaml uses.
const OFF: &str = "off";
/// Bytes; more than any address with its port.
const LONGEST: u64 = 128;

fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("gaccong.address")
}

/// Writes the address, mode 0600, over that of an earlier service. The caller holds the store's lock.
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
        // an address of an earlier service would mislead
        let _ = fs::remove_file(&temporary);
        remove(data_dir);
    }
    written
}

/// What the last service left; `None` if it does not listen.
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

/// Called when the service stops.
pub fn remove(data_dir: &Path) {
    let _ = fs::remove_file(path(data_dir));
}
