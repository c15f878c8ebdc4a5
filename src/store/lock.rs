//! One process a store: a lock on a file in the data directory.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{Result, StoreError};

/// Held as long as it lives.
pub struct Lock {
    _file: File,
}

/// A service that was told to stop needs a moment.
const PATIENCE: Duration = Duration::from_secs(3);

impl Lock {
    /// Makes the directory where it is not there, and takes the lock or says who has it.
    pub fn take(folder: &Path) -> Result<Self> {
        Self::take_within(folder, PATIENCE)
    }

    /// `None` where another process holds it now.
    pub fn try_take(folder: &Path) -> Result<Option<Self>> {
        match Self::take_within(folder, Duration::ZERO) {
            Ok(lock) => Ok(Some(lock)),
            Err(StoreError::Held(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn take_within(folder: &Path, patience: Duration) -> Result<Self> {
        let shown = folder.display();
        let failed = |error: std::io::Error| StoreError::Failed(format!("{shown}: {error}"));
        fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join("gaccong.lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let until = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(50))
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    let _ = file.read_to_string(&mut holder);
                    return Err(StoreError::Held(format!(
                        "{shown} (process {})",
                        holder.trim()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        file.set_len(0).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}
