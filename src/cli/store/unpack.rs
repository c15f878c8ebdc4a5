//! Reads a backup, which an attacker may have written, in two passes: the first checks everything and keeps only the
//! records, the second keeps the pages.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use super::{ABOUT, Failure, RECORDS, failed};
use crate::{
    evidence::Evidence,
    model::{Digest, excerpt::excerpt},
    store::{free_space, journal, private},
};

/// Limit of a body in bytes; larger than any page.
const LARGEST_BODY: u64 = 64 << 20;
/// Limit of the records in bytes; a service with 50,000 targets has some 300 MiB.
const LARGEST_RECORDS: u64 = 1 << 30;
/// Limit in bytes of tar headers for long names, which are skipped. The service's own names are short, but other
/// tools that rewrite an archive may add such headers.
const LARGEST_NAME: u64 = 4 << 10;
/// The largest zstd window in backups, as a power of two.
const WINDOW_LOG: u32 = 24;
/// The folder of page bodies in a backup.
const BODIES: &str = "bodies/";

/// A reader that fails after `left` more bytes of unpacked data.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("unpacked it is larger than half of the free space"))?;
        Ok(read)
    }
}

/// A file that may be a backup, and the folders to unpack it into.
pub(super) struct Backup<'a> {
    pub file: &'a Path,
    /// An empty folder.
    pub staging: &'a Path,
    pub evidence: &'a Evidence,
}

impl Backup<'_> {
    /// Checks every entry, and returns the records, after unpacking them into the staging folder.
    pub fn records(&self) -> Result<journal::Records, Failure> {
        let mut records = None;
        self.entries(|name, entry| {
            if name.starts_with(BODIES) {
                return self.page(name, entry).map(|_| ());
            }
            if name != RECORDS {
                return Ok(());
            }
            if records.is_some() {
                return Err(self.broken("it holds records twice"));
            }
            let path = self.staging.join(RECORDS);
            let mut to = File::create(&path).map_err(failed(&path))?;
            io::copy(entry, &mut to).map_err(|error| self.unread(&error))?;
            records = Some(journal::read_records(&path)?);
            Ok(())
        })?;
        records.ok_or_else(|| self.broken("it holds no records"))
    }

    /// Stores each page under its own digest; returns their number.
    pub fn pages(&self) -> Result<usize, Failure> {
        let folder = self.evidence.folder();
        private::folder(folder).map_err(failed(folder))?;
        let mut bodies = 0;
        self.entries(|name, entry| {
            if name.starts_with(BODIES) {
                self.evidence
                    .keep(&self.page(name, entry)?)
                    .map_err(|error| Failure::system(error.to_string()))?;
                bodies += 1;
            }
            Ok(())
        })?;
        Ok(bodies)
    }

    fn page(&self, name: &str, entry: &mut dyn Read) -> Result<Vec<u8>, Failure> {
        let hex = name.strip_prefix(BODIES).unwrap_or(name);
        let mut body = Vec::new();
        entry
            .read_to_end(&mut body)
            .map_err(|error| self.unread(&error))?;
        if Digest::of(&body).hex() != hex {
            return Err(self.broken(&format!("the page {hex} is not what its name says")));
        }
        Ok(body)
    }

    /// Calls `take` with each entry and its name. Refuses entries that gaccong never writes, entries larger than
    /// gaccong's own can be, and more than half of the free disk space in all.
    fn entries(
        &self,
        mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let unread = |error: io::Error| self.unread(&error);
        let open = File::open(self.file)
            .map_err(|error| Failure::usage(format!("{}: {error}", self.file.display())))?;
        let mut inner = zstd::Decoder::new(BufReader::new(open)).map_err(unread)?;
        inner.window_log_max(WINDOW_LOG).map_err(unread)?;
        let left = free_space(self.staging).min(free_space(self.evidence.folder())) / 2;
        let mut archive = tar::Archive::new(Bounded { inner, left });
        // raw entries, because the tar crate would collect long names and the like in memory
        for entry in archive.entries().map_err(unread)?.raw(true) {
            let mut entry = entry.map_err(unread)?;
            let size = entry.size();
            let kind = entry.header().entry_type();
            let about_names = kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions();
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let most = match name.as_str() {
                _ if about_names => LARGEST_NAME,
                _ if !kind.is_file() => return Err(self.broken(&format!("{name:?} is no file"))),
                RECORDS => LARGEST_RECORDS,
                ABOUT => LARGEST_NAME,
                it if it.starts_with(BODIES) => LARGEST_BODY,
                _ => {
                    let why = format!("it holds {name:?}, which gaccong never writes");
                    return Err(self.broken(&why));
                }
            };
            if size > most {
                let why = format!("{name:?} is of {size} bytes; {most} is the most");
                return Err(self.broken(&why));
            }
            if !about_names {
                take(&name, &mut entry)?;
            }
        }
        Ok(())
    }

    fn unread(&self, error: &io::Error) -> Failure {
        self.broken(&error.to_string())
    }

    fn broken(&self, why: &str) -> Failure {
        Failure::usage(format!(
            "{} is no backup of gaccong, or it is damaged: {}",
            self.file.display(),
            excerpt(why, 200)
        ))
    }
}
