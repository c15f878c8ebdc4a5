//! The seal of a backup, which proves that this data directory made the file. It is an HMAC-SHA-256 over the file,
//! with a key that is stored beside the store. It is appended as a zstd frame that decoders skip.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};

const KEY: &str = "backup.key";
/// Head of the seal: magic number of a skippable zstd frame, length of its content, and a mark.
const FRAME: &[u8] = b"\x5a\x2a\x4d\x18\x2c\x00\x00\x00gaccong seal";
/// Bytes of the HMAC.
const SUM: usize = 32;

/// The key of the data directory. If `make` is set, a missing one is created.
pub(super) fn key(data_dir: &Path, make: bool) -> io::Result<Option<hmac::Key>> {
    let path: PathBuf = data_dir.join(KEY);
    let mut bytes = Vec::new();
    match File::open(&path) {
        Ok(file) => {
            file.take(SUM as u64).read_to_end(&mut bytes)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && make => {
            bytes = vec![0; SUM];
            let random = SystemRandom::new();
            random
                .fill(&mut bytes)
                .map_err(|_| io::Error::other("the system has no random numbers"))?;
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    if bytes.len() < SUM {
        let why = format!(
            "{}: shorter than a key; remove it, and the next backup makes one",
            path.display()
        );
        return Err(io::Error::other(why));
    }
    Ok(Some(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
}

/// Appends the seal to a finished file.
pub(super) fn seal(file: &mut File, key: &hmac::Key) -> io::Result<()> {
    let sum = sum(file, key, None)?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(FRAME)?;
    file.write_all(sum.as_ref())
}

/// Whether the file has a seal made with the key. Reads the file once, and unpacks nothing.
pub(super) fn is_sealed(path: &Path, key: &hmac::Key) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let length = fs::metadata(path)?.len();
    let Some(end) = length.checked_sub((FRAME.len() + SUM) as u64) else {
        return Ok(false);
    };
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(end))?;
    Read::by_ref(&mut file)
        .take((FRAME.len() + SUM) as u64)
        .read_to_end(&mut tail)?;
    let Some(told) = tail.strip_prefix(FRAME) else {
        return Ok(false);
    };
    let found = sum(&mut file, key, Some(end))?;
    // sign the sum once more, because ring compares in constant time only when it verifies a tag
    let of = hmac::sign(key, found.as_ref());
    Ok(hmac::verify(key, told, of.as_ref()).is_ok())
}

fn sum(file: &mut File, key: &hmac::Key, end: Option<u64>) -> io::Result<hmac::Tag> {
    file.seek(SeekFrom::Start(0))?;
    let mut context = hmac::Context::with_key(key);
    let mut rest = file.take(end.unwrap_or(u64::MAX));
    let mut buffer = vec![0; 64 << 10];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(context.sign()),
            read => context.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_for_its_file_and_its_key() {
        let folder = tempfile::tempdir().unwrap();
        assert!(key(folder.path(), false).unwrap().is_none());
        let own = key(folder.path(), true).unwrap().unwrap();
        let path = folder.path().join("b");
        let packed = zstd::encode_all(&b"what is kept"[..], 3).unwrap();
        fs::write(&path, &packed).unwrap();
        assert!(!is_sealed(&path, &own).unwrap());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .unwrap();
        seal(&mut file, &own).unwrap();
        let again = key(folder.path(), false).unwrap().unwrap();
        assert!(is_sealed(&path, &again).unwrap());
        let whole = fs::read(&path).unwrap();
        assert_eq!(zstd::decode_all(&whole[..]).unwrap(), b"what is kept");
        let other = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        assert!(!is_sealed(&path, &other).unwrap());
        for at in [0, packed.len() / 2, packed.len() + 3, whole.len() - 1] {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(&path, bad).unwrap();
            assert!(!is_sealed(&path, &own).unwrap(), "byte {at}");
        }
        fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert!(!is_sealed(&path, &own).unwrap());
    }
}
