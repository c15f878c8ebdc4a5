//! Page bodies as evidence: files compressed with zstd, each named by the BLAKE3 digest of its content.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use crate::{blocking::Limit, model::Digest};

/// A directory of bodies: `ab/ab12….zst`.
#[derive(Clone, Debug)]
pub struct Evidence {
    folder: PathBuf,
    threads: Limit,
}

#[derive(Debug, thiserror::Error)]
/// Why a body could not be stored or read.
pub enum EvidenceError {
    #[error("the page {0} is not in the snapshots")]
    Missing(String),
    #[error("the snapshot {0} does not hold what its name says; it was damaged or edited")]
    Damaged(String),
    #[error("snapshots: {0}")]
    Io(#[from] io::Error),
}

/// Compression level: good enough for HTML, and 10 times faster than the levels that save a few percent more.
const LEVEL: i32 = 3;
/// Number of threads that may wait for the disk at once because of evidence: a portal that is learnt writes several pages.
const THREADS: usize = 2;
/// Limit of a body in bytes; larger than any `max_body`.
const LARGEST: u64 = 64 << 20;

impl Evidence {
    /// The evidence in this directory, which is created when the first body is stored.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            threads: Limit::new(THREADS),
        }
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder.join(&hex[..2]).join(format!("{hex}.zst"))
    }

    /// Stores a body: in a temporary file that is synced and renamed; then the folder is synced.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, for example to a full disk.
    pub fn keep(&self, body: &[u8]) -> Result<Digest, EvidenceError> {
        let digest = Digest::of(body);
        let path = self.path(&digest);
        // a complete copy is not written again; its age restarts, so that the sweep does not delete it
        if self.body(&digest).is_ok() {
            File::options()
                .append(true)
                .open(&path)?
                .set_modified(SystemTime::now())?;
            return Ok(digest);
        }
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder)?;
        let temporary = folder.join(format!(
            ".{}.{}.{:x}",
            digest.hex(),
            std::process::id(),
            fastrand::u64(..)
        ));
        let written = write(&temporary, body).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error.into());
        }
        File::open(folder)?.sync_all()?;
        Ok(digest)
    }

    /// Runs work on the files, on a thread for blocking calls. It runs to its end even if the caller stops waiting.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let evidence = self.clone();
        self.threads.run(move || work(&evidence)).await
    }

    /// Like [`Self::keep`], on a thread for blocking calls.
    pub async fn keep_body(&self, body: Bytes) -> Result<Digest, EvidenceError> {
        self.run(move |it| it.keep(&body)).await
    }

    /// The body with this digest.
    ///
    /// # Errors
    ///
    /// If the file is missing, cannot be read, or does not have this digest.
    pub fn body(&self, digest: &Digest) -> Result<Vec<u8>, EvidenceError> {
        let file = match File::open(self.path(digest)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(EvidenceError::Missing(digest.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        let mut body = Vec::new();
        let read = zstd::Decoder::new(file).and_then(|it| it.take(LARGEST).read_to_end(&mut body));
        if read.is_err() || Digest::of(&body) != *digest {
            return Err(EvidenceError::Damaged(digest.to_string()));
        }
        Ok(body)
    }

    /// Size of a body's file on disk in bytes; 0 if it is missing.
    pub fn size(&self, digest: &Digest) -> u64 {
        fs::metadata(self.path(digest)).map_or(0, |it| it.len())
    }

    /// Deletes a body that was stored longer ago than `age`. Returns whether it is gone.
    pub fn remove(&self, digest: &Digest, age: Duration) -> bool {
        let path = self.path(digest);
        let Ok(kept) = fs::metadata(&path).and_then(|it| it.modified()) else {
            return true;
        };
        let old = kept.elapsed().is_ok_and(|it| it >= age);
        old && fs::remove_file(&path).is_ok()
    }

    /// Deletes bodies that are not in `referred` and older than `age`; returns their number. The minimum age protects
    /// a body until its commit is done.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn sweep(&self, referred: &HashSet<Digest>, age: Duration) -> Result<usize, EvidenceError> {
        let mut gone = 0;
        let shelves = match fs::read_dir(&self.folder) {
            Ok(shelves) => shelves,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        for shelf in shelves.flatten().filter(|it| it.path().is_dir()) {
            for entry in fs::read_dir(shelf.path())?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let stale = name.starts_with('.');
                let digest: Option<Digest> =
                    name.strip_suffix(".zst").and_then(|it| it.parse().ok());
                let wanted = digest.is_some_and(|it| referred.contains(&it));
                let ours = stale || digest.is_some();
                let old = entry
                    .metadata()
                    .and_then(|it| it.modified())
                    .is_ok_and(|it| {
                        SystemTime::now()
                            .duration_since(it)
                            .is_ok_and(|it| it > age)
                    });
                if ours && !wanted && old && fs::remove_file(entry.path()).is_ok() {
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }
}

fn write(path: &Path, body: &[u8]) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(File::create(path)?, LEVEL)?;
    encoder.include_checksum(true)?;
    encoder.write_all(body)?;
    encoder.finish()?.sync_all()
}
