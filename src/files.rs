//! Reads files that the configuration or a command line names. A device may have no end, and a pipe no writer: the reader
//! takes regular files only, up to a number of bytes.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::{FileTypeExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;

/// Reads a regular file of at most `most` bytes; follows links. The error says what is wrong and what to do.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // before it is opened, since opening some devices has effects
    regular(&fs::metadata(path)?, most)?;
    // if a pipe has taken the file's place since, opening it must not wait for a writer
    let file = File::options()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    regular(&file.metadata()?, most)?;
    let mut bytes = Vec::new();
    // the file may grow meanwhile, and those of /proc do not tell their size
    file.take(most + 1).read_to_end(&mut bytes)?;
    within(bytes.len() as u64, most)?;
    Ok(bytes)
}

/// Reads a regular file of at most `most` bytes as UTF-8 text.
pub fn text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not UTF-8; save it as UTF-8",
        )
    })
}

fn regular(meta: &Metadata, most: u64) -> io::Result<()> {
    let kind = meta.file_type();
    let what = if kind.is_file() {
        return within(meta.len(), most);
    } else if kind.is_dir() {
        "it is a folder; name the file in it"
    } else if kind.is_fifo() {
        "it is a pipe; write its content to a file and name that"
    } else if kind.is_socket() {
        "it is a socket; name a regular file"
    } else {
        "it is a device; name a regular file"
    };
    Err(io::Error::other(what))
}

fn within(length: u64, most: u64) -> io::Result<()> {
    if length <= most {
        return Ok(());
    }
    let most = match most >> 20 {
        0 => format!("{} KiB", most >> 10),
        mib => format!("{mib} MiB"),
    };
    Err(io::Error::other(format!(
        "it is too large: {most} is the most; look whether it is the right file"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_files_are_read_up_to_the_bound_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "năm").unwrap();
        assert_eq!(text(&path, 4).unwrap(), "năm");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read(&link, 4).unwrap(), "năm".as_bytes());
        for (path, most, what) in [
            (path.as_path(), 3, "0 KiB is the most"),
            (folder.path(), 9, "a folder"),
            (Path::new("/dev/zero"), 1 << 20, "a device"),
            // says that it has no bytes, and has many
            (Path::new("/proc/self/maps"), 10, "too large"),
        ] {
            let why = read(path, most).unwrap_err().to_string();
            assert!(why.contains(what), "{}: {why}", path.display());
        }
    }
}
