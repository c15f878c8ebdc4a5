//! Ensures that only one process uses a store: a lock on a file in the data directory.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use super::{Result, StoreError, private};

/// The lock; released when it is dropped.
pub struct Lock {
    _file: File,
}

/// Time to wait for the lock: a service that was asked to stop needs a moment.
const PATIENCE: Duration = Duration::from_secs(3);

impl Lock {
    /// Creates the directory if it is missing, and takes the lock.
    ///
    /// # Errors
    ///
    /// [`StoreError::Held`] with the process id of the holder.
    pub fn take(folder: &Path) -> Result<Self> {
        Self::take_within(folder, PATIENCE)
    }

    /// Takes the lock without waiting; `None` if another process holds it.
    pub fn try_take(folder: &Path) -> Result<Option<Self>> {
        match Self::take_within(folder, Duration::ZERO) {
            Ok(lock) => Ok(Some(lock)),
            Err(StoreError::Held(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn take_within(folder: &Path, limit: Duration) -> Result<Self> {
        let shown = folder.display();
        let failed = |error: std::io::Error| StoreError::Failed(format!("{shown}: {error}"));
        private::folder(folder).map_err(failed)?;
        let path = folder.join("gaccong.lock");
        let mut file = open(&path).map_err(failed)?;
        // if other users could open the lock file, one of their processes may hold the lock
        let mut doubtful = private::close(&path, private::FILE);
        let until = Instant::now() + limit;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if doubtful && !is_ours(&mut file) => {
                    doubtful = false;
                    tracing::warn!(
                        "{} was held by another user's process; a new one takes its place",
                        path.display()
                    );
                    fs::remove_file(&path).map_err(failed)?;
                    file = open(&path).map_err(failed)?;
                }
                Err(TryLockError::WouldBlock) if Instant::now() < until => {
                    thread::sleep(Duration::from_millis(50))
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::Held(format!(
                        "{shown} (process {})",
                        holder(&mut file)
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

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(private::FILE)
        .open(path)
}

/// The process id that the holder wrote into the lock file.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.seek(SeekFrom::Start(0));
    let _ = file.take(20).read_to_string(&mut text);
    text.trim().to_owned()
}

/// Whether the process named in the lock file is alive and belongs to this user. Only this user can write the file.
fn is_ours(file: &mut File) -> bool {
    let Ok(process) = holder(file).parse::<u32>() else {
        return false;
    };
    let own = rustix::process::geteuid().as_raw();
    fs::metadata(format!("/proc/{process}")).is_ok_and(|it| it.uid() == own)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_open_folder_is_closed_and_a_strangers_hold_on_the_lock_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        fs::create_dir(&path).unwrap();
        let lock = path.join("gaccong.lock");
        fs::write(&lock, "").unwrap();
        let open = |mode| fs::Permissions::from_mode(mode);
        fs::set_permissions(&path, open(0o755)).unwrap();
        fs::set_permissions(&lock, open(0o644)).unwrap();
        // like `flock -x` by another user: locks the file without writing a process id
        let stranger = File::open(&lock).unwrap();
        stranger.try_lock().unwrap();
        let taken = Lock::try_take(&path).unwrap();
        assert!(taken.is_some());
        let mode = |it: &Path| fs::metadata(it).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&lock)), (0o700, 0o600));
        // a lock with a process id of this user is respected
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(taken);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }
}
