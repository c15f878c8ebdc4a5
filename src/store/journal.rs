//! The journal: a second copy of everything that cannot be rebuilt, as an append-only file of checksummed lines
//! beside the engine.
//!
//! A journal is a base (all records at one moment) and the log of the batches since then. Each line has its own
//! checksum, so that damage costs one line and not the lines after it. The log makes commits durable: every
//! acknowledged commit is in it, whatever happens to the engine.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Batch, Result, StoreError, codec, tables};
use crate::model::Digest;

/// One line: a batch and its number. All lines of a base have the number of the last batch that it contains.
#[derive(Serialize, Deserialize)]
struct Line {
    n: u64,
    put: Vec<(String, Option<Box<RawValue>>)>,
}

/// All records after applying every line: JSON by key.
pub type Records = BTreeMap<String, Box<str>>;

/// What was found when the journal was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The number of the last batch.
    pub last: u64,
    /// The number of the last batch that the base contains; `None` without a base.
    pub base: Option<u64>,
    pub lines: u64,
    /// Files and line numbers that could not be read.
    pub damaged: Vec<String>,
}

/// The journal, open for writing.
pub struct Journal {
    folder: PathBuf,
    log: BufWriter<File>,
    last: u64,
    written: u64,
    base: u64,
}

/// Limit of a line in bytes: a batch has a few records, so a longer line is damage.
const LONGEST_LINE: u64 = 64 << 20;
/// Number of damaged lines after which reading stops, because their list would fill the memory.
const MOST_DAMAGED: usize = 100_000;
/// Size of the log in bytes from which it is folded into a new base.
const LOG_ENOUGH: u64 = 64 << 20;

fn failed(path: &Path) -> impl FnOnce(io::Error) -> StoreError + '_ {
    move |error| StoreError::Failed(format!("{}: {error}", path.display()))
}

/// Key under which the engine stores the number of the last batch that it contains.
pub const SEQUENCE: &str = tables::JOURNAL_POSITION.prefix;

impl Journal {
    /// Opens the journal for writing after it was read. It begins a new log file, so that a torn line remains the
    /// last of its file.
    pub fn open(folder: &Path, reading: &Reading) -> Result<Self> {
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let log = begin(folder, reading.last)?;
        Ok(Self {
            folder: folder.to_owned(),
            log: BufWriter::new(log),
            last: reading.last,
            written: 0,
            base: reading.base.unwrap_or(0),
        })
    }

    /// The number of the last batch.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Appends a batch and passes it to the operating system; returns its number. It is not yet on disk: see
    /// [`Journal::file`].
    pub fn append(&mut self, batch: &Batch) -> Result<u64> {
        let put: Vec<_> = batch
            .iter()
            .filter(|(key, _)| tables::is_backed_up(key))
            .map(|(key, value)| Ok((key.clone(), value.as_deref().map(raw).transpose()?)))
            .collect::<Result<_>>()?;
        let n = self.last + 1;
        let written = write_line(&mut self.log, &Line { n, put })
            .and_then(|bytes| self.log.flush().map(|()| bytes));
        match written {
            Ok(bytes) => {
                self.last = n;
                self.written += bytes;
                Ok(n)
            }
            Err(error) => Err(failed(&self.folder)(error)),
        }
    }

    /// The file of the log, for a flush that does not block appends.
    pub fn file(&self) -> Result<File> {
        self.log.get_ref().try_clone().map_err(failed(&self.folder))
    }

    /// Whether the log is large enough to be folded into a new base.
    pub fn is_long(&self) -> bool {
        self.written > LOG_ENOUGH
    }

    /// Begins a new log. Returns the number that a base must reach to replace the older files.
    pub fn turn(&mut self) -> Result<u64> {
        self.log.flush().map_err(failed(&self.folder))?;
        self.log
            .get_ref()
            .sync_data()
            .map_err(failed(&self.folder))?;
        self.log = BufWriter::new(begin(&self.folder, self.last)?);
        self.written = 0;
        Ok(self.last)
    }

    /// Deletes the files that a base up to batch `n` replaces; that base must be on disk.
    pub fn forget(&mut self, n: u64) -> Result<()> {
        self.base = n;
        for (path, kind, number) in files(&self.folder)? {
            let older = match kind {
                Kind::Base => number < n,
                // the name of a log holds the number before its first line
                Kind::Log => number < n,
            };
            if older {
                fs::remove_file(&path).map_err(failed(&path))?;
            }
        }
        Ok(())
    }
}

/// Creates a log file for the lines after batch `last`.
fn begin(folder: &Path, last: u64) -> Result<File> {
    for again in 0..1000 {
        let path = folder.join(format!("log-{last:016x}-{again:03}"));
        match OpenOptions::new().create_new(true).append(true).open(&path) {
            Ok(file) => {
                sync_folder(folder)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // reuse a log in which nothing was ever written
                if fs::metadata(&path).is_ok_and(|it| it.len() == 0) {
                    return OpenOptions::new()
                        .append(true)
                        .open(&path)
                        .map_err(failed(&path));
                }
            }
            Err(error) => return Err(failed(&path)(error)),
        }
    }
    Err(StoreError::Failed(format!(
        "{}: a thousand logs begin at batch {last}; move them away",
        folder.display()
    )))
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|it| it.sync_all())
        .map_err(failed(folder))
}

fn raw(record: &[u8]) -> Result<Box<RawValue>> {
    RawValue::from_string(codec::json(record)?)
        .map_err(|error| StoreError::Failed(format!("a record is no JSON: {error}")))
}

fn write_line(to: &mut impl Write, line: &Line) -> io::Result<u64> {
    let json = serde_json::to_vec(line)?;
    let sum = Digest::of(&json).low();
    write!(to, "{sum:016x} ")?;
    to.write_all(&json)?;
    to.write_all(b"\n")?;
    Ok(json.len() as u64 + 18)
}

fn parse(bytes: &[u8]) -> Option<Line> {
    let (sum, rest) = bytes.split_at_checked(16)?;
    let json = rest.strip_prefix(b" ")?;
    let json = json.strip_suffix(b"\n")?;
    let sum = u64::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (sum == Digest::of(json).low())
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

/// Writes all records as a base: to a temporary file, which is synced and renamed.
pub fn write_base(
    folder: &Path,
    n: u64,
    records: impl Iterator<Item = Result<(String, Vec<u8>)>>,
) -> Result<()> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    // delete a base that a crash left unfinished
    for entry in fs::read_dir(folder).map_err(failed(folder))?.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(".base-") {
            fs::remove_file(entry.path()).map_err(failed(folder))?;
        }
    }
    write_records(&folder.join(format!("base-{n:016x}")), n, records)?;
    sync_folder(folder)
}

/// A hidden file name beside a file, with a random part, which no other process uses.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{:016x}", fastrand::u64(..)))
}

/// Writes all records to a new file that only its owner may read; returns their number. Changes no other file.
pub fn write_records(
    path: &Path,
    n: u64,
    records: impl Iterator<Item = Result<(String, Vec<u8>)>>,
) -> Result<u64> {
    use std::os::unix::fs::OpenOptionsExt;
    let temporary = beside(path);
    let write = || -> Result<u64> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(failed(&temporary))?;
        let mut out = BufWriter::new(file);
        let mut count = 0;
        for record in records {
            let (key, value) = record?;
            if !tables::is_backed_up(&key) {
                continue;
            }
            let put = match raw(&value) {
                Ok(json) => vec![(key, Some(json))],
                Err(error) => {
                    tracing::error!(store.key = key, %error, "a damaged record is left out of the copy");
                    continue;
                }
            };
            write_line(&mut out, &Line { n, put }).map_err(failed(&temporary))?;
            count += 1;
        }
        // an empty last line marks the file as complete
        let end = Line { n, put: Vec::new() };
        write_line(&mut out, &end).map_err(failed(&temporary))?;
        let file = out
            .into_inner()
            .map_err(|error| failed(&temporary)(error.into_error()))?;
        file.sync_all().map_err(failed(&temporary))?;
        fs::rename(&temporary, path).map_err(failed(path))?;
        Ok(count)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Base,
    Log,
}

/// The journal's files with the number in their names: bases first, ascending.
fn files(folder: &Path) -> Result<Vec<(PathBuf, Kind, u64)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(folder)(error)),
    };
    let mut out = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(folder))?.path();
        let name = path
            .file_name()
            .map(|it| it.to_string_lossy().into_owned())
            .unwrap_or_default();
        let (kind, rest) = match name.split_once('-') {
            Some(("base", rest)) => (Kind::Base, rest),
            Some(("log", rest)) => (Kind::Log, rest),
            _ => continue,
        };
        // skip temporary files
        if let Some(n) = rest.get(..16).filter(|_| !rest.ends_with("tmp"))
            && let Ok(n) = u64::from_str_radix(n, 16)
        {
            out.push((path, kind, n));
        }
    }
    out.sort_by(|a, b| (a.1 == Kind::Log, a.2, &a.0).cmp(&(b.1 == Kind::Log, b.2, &b.0)));
    Ok(out)
}

/// Reads the journal in order and passes on each batch after number `from`. The lines of the base come first, and
/// only if `from` lies before it.
///
/// # Errors
///
/// The error of `take`; [`StoreError::Failed`] if a file cannot be read, or has too many damaged lines. Single
/// damaged lines are listed in the [`Reading`].
pub fn read(
    folder: &Path,
    from: u64,
    mut take: impl FnMut(u64, Vec<(String, Option<Box<str>>)>) -> Result<()>,
) -> Result<Reading> {
    let mut reading = Reading::default();
    let all = files(folder)?;
    let newest = all
        .iter()
        .filter(|it| it.1 == Kind::Base)
        .map(|it| it.2)
        .max();
    reading.base = newest;
    reading.last = newest.unwrap_or(0);
    for (path, kind, n) in &all {
        let wanted = match kind {
            Kind::Base => Some(*n) == newest && from < *n,
            Kind::Log => true,
        };
        if wanted {
            read_file(path, &mut reading, |n, put| {
                let fresh = match kind {
                    Kind::Base => true,
                    Kind::Log => n > from && newest.is_none_or(|base| n > base),
                };
                if fresh { take(n, put) } else { Ok(()) }
            })?;
        }
    }
    Ok(reading)
}

fn read_file(
    path: &Path,
    reading: &mut Reading,
    mut take: impl FnMut(u64, Vec<(String, Option<Box<str>>)>) -> Result<()>,
) -> Result<()> {
    let mut file = BufReader::new(File::open(path).map_err(failed(path))?);
    let mut number = 0_u64;
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = io::Read::take(&mut file, LONGEST_LINE)
            .read_until(b'\n', &mut bytes)
            .map_err(failed(path))?;
        if read == 0 {
            return Ok(());
        }
        number += 1;
        match parse(&bytes) {
            Some(line) => {
                reading.lines += 1;
                reading.last = reading.last.max(line.n);
                let put = line
                    .put
                    .into_iter()
                    .map(|(key, value)| (key, value.map(Box::<str>::from)))
                    .collect();
                take(line.n, put)?;
            }
            // a crash tore the last line of a log: it was never acknowledged
            None if !bytes.ends_with(b"\n") && is_log(path) => (),
            None if reading.damaged.len() >= MOST_DAMAGED => {
                let shown = path.display();
                let why = format!("{shown}: more than {MOST_DAMAGED} damaged lines");
                return Err(StoreError::Failed(why));
            }
            None => reading.damaged.push(format!("{}:{number}", path.display())),
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|it| it.to_string_lossy().starts_with("log-"))
}

/// All records of the journal.
pub fn records(folder: &Path) -> Result<(Records, Reading)> {
    let mut all = Records::new();
    let reading = read(folder, 0, |_, put| {
        fold(&mut all, put);
        Ok(())
    })?;
    Ok((all, reading))
}

/// The records of a file that [`write_records`] wrote.
///
/// # Errors
///
/// If anything in the file is damaged or missing.
pub fn read_records(path: &Path) -> Result<Records> {
    let mut all = Records::new();
    let mut reading = Reading::default();
    let mut ended = false;
    read_file(path, &mut reading, |_, put| {
        ended = put.is_empty();
        fold(&mut all, put);
        Ok(())
    })?;
    if !reading.damaged.is_empty() || !ended {
        return Err(StoreError::Failed(format!(
            "{}: {} damaged lines{}; nothing was taken from it",
            path.display(),
            reading.damaged.len(),
            if ended {
                ""
            } else {
                ", and its end is missing"
            }
        )));
    }
    Ok(all)
}

fn fold(all: &mut Records, put: Vec<(String, Option<Box<str>>)>) {
    for (key, value) in put {
        match value {
            Some(value) => all.insert(key, value),
            None => all.remove(&key),
        };
    }
}
