//! Files with results that are expensive to derive from evidence, one for each target. Nothing depends on them: a
//! file that is lost, damaged or of an older version is derived again.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    envelope,
    model::{Digest, TargetId},
};

#[derive(Clone, Debug)]
/// A directory of cache files.
pub struct CacheFiles {
    folder: PathBuf,
}

impl CacheFiles {
    /// The files in this directory.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The path of a target's file, in a subfolder of two digits of a digest, so that no folder holds tens of
    /// thousands.
    fn path(&self, of: &TargetId) -> PathBuf {
        let name = Digest::of(of.as_str().as_bytes()).hex();
        self.folder.join(&name[..2]).join(&name[..32])
    }

    /// The cached content of a target; `None` if it is missing or damaged.
    pub fn get(&self, of: &TargetId) -> Option<Vec<u8>> {
        let bytes = fs::read(self.path(of)).ok()?;
        envelope::opened(of.as_str(), &bytes)
            .ok()
            .map(Cow::into_owned)
    }

    /// Replaces the cached content of a target. The file is overwritten in place and not synced: reading detects a
    /// torn file, and a new file each time would cost more than its content.
    pub fn put(&self, of: &TargetId, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(of);
        let record = envelope::sealed(of.as_str(), bytes);
        match fs::write(&path, &record) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
                fs::write(&path, &record)
            }
            written => written,
        }
    }

    /// Deletes files that were not written for `age`: of targets that are gone, and of pages that do not change.
    /// Returns their number.
    pub fn sweep(&self, age: Duration) -> usize {
        let old = |path: &Path| {
            let written = path.metadata().and_then(|it| it.modified());
            let since = written.map(|it| SystemTime::now().duration_since(it));
            matches!(since, Ok(Ok(since)) if since > age)
        };
        let Ok(shelves) = fs::read_dir(&self.folder) else {
            return 0;
        };
        let files = shelves
            .flatten()
            .filter_map(|it| fs::read_dir(it.path()).ok())
            .flat_map(|it| it.flatten().map(|file| file.path()));
        files
            .filter(|it| old(it) && fs::remove_file(it).is_ok())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::cache_files::*;

    #[test]
    fn what_is_damaged_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let derived = CacheFiles::new(folder.path());
        let id: TargetId = "a".parse().unwrap();
        assert_eq!(derived.get(&id), None);
        derived.put(&id, &[7; 2000]).unwrap();
        derived.put(&id, &[8; 2000]).unwrap();
        assert_eq!(derived.get(&id), Some(vec![8; 2000]));
        let path = derived.path(&id);
        let whole = fs::read(&path).unwrap();
        for cut in [0, 1, 5, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(derived.get(&id), None, "cut at {cut}");
        }
        fs::write(&path, whole).unwrap();
        assert_eq!(derived.sweep(Duration::from_secs(3600)), 0);
        assert_eq!(derived.sweep(Duration::ZERO), 1);
        assert_eq!(derived.get(&id), None);
    }
}
