//! The format of records on disk: a version byte, a checksum over key and content, and JSON.
//!
//! JSON lets people read records of older versions. Longer records are compressed, because the engine keeps
//! frequently read ones in memory. The checksum covers the key, so that a value under the wrong key counts as
//! damaged.

use std::{borrow::Cow, cell::RefCell, io};

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};

use super::{Result, StoreError};
use crate::model::Digest;

/// Version byte of plain JSON, and of JSON compressed with zstd.
const PLAIN: u8 = 1;
const PACKED: u8 = 2;
/// Bytes of the checksum.
const SUM: usize = 8;
/// Length in bytes below which compression gains nothing. The state of a target has about 4 KB, compressed 1.5 KB.
const WORTH: usize = 512;
/// Limit of a decompressed record in bytes: several times the longest possible record.
const LONGEST: usize = 64 << 20;
/// Bytes before compressed content that hold its decompressed length.
const LENGTH: usize = 4;

thread_local! {
    /// Reused, because creating a compressor costs more than using it.
    static PACKER: RefCell<Option<(Compressor<'static>, Decompressor<'static>)>> = const { RefCell::new(None) };
}

fn with_packer<T>(
    work: impl FnOnce(&mut Compressor<'static>, &mut Decompressor<'static>) -> io::Result<T>,
) -> io::Result<T> {
    PACKER.with_borrow_mut(|it| {
        if it.is_none() {
            *it = Some((Compressor::new(1)?, Decompressor::new()?));
        }
        match it {
            Some((packer, opener)) => work(packer, opener),
            None => Err(io::Error::other("there is no packer")),
        }
    })
}

fn packed(json: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(json.len()).ok()?;
    let body = with_packer(|packer, _| packer.compress(json)).ok()?;
    let mut out = length.to_le_bytes().to_vec();
    out.extend(body);
    (out.len() < json.len()).then_some(out)
}

fn unpacked(body: &[u8]) -> io::Result<Vec<u8>> {
    let (length, body) = body
        .split_first_chunk::<LENGTH>()
        .ok_or_else(|| io::Error::other("it was cut off"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(LONGEST);
    with_packer(|_, opener| opener.decompress(body, length.min(LONGEST)))
}

/// The record of a value under this key.
pub fn encode<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(value)
        .map_err(|error| StoreError::Failed(format!("{key} cannot be written: {error}")))?;
    Ok(of_bytes(key, &json))
}

/// The value of a record.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the record is not what was written under this key.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    let json = open(key, bytes)?;
    serde_json::from_slice(&json).map_err(|error| damaged(key, error.to_string()))
}

/// The JSON of a record. The checksum is not verified: the caller has done so, or does not need it.
pub fn json(bytes: &[u8]) -> Result<String> {
    let cut = || StoreError::Failed("a record is cut off or no text".to_owned());
    let (version, rest) = bytes.split_first().ok_or_else(cut)?;
    let body = rest.get(SUM..).ok_or_else(cut)?;
    let json = match *version {
        PACKED => unpacked(body).map_err(|_| cut())?,
        _ => body.to_vec(),
    };
    String::from_utf8(json).map_err(|_| cut())
}

/// The record of JSON from a journal or a backup.
pub fn of_json(key: &str, json: &str) -> Vec<u8> {
    of_bytes(key, json.as_bytes())
}

/// The record of bytes that are not JSON.
pub fn sealed(key: &str, bytes: &[u8]) -> Vec<u8> {
    of_bytes(key, bytes)
}

/// The bytes of a record.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the record is not what was written under this key.
pub fn opened(key: &str, record: &[u8]) -> Result<Vec<u8>> {
    open(key, record).map(Cow::into_owned)
}

/// Whether a record is exactly what was written under this key.
pub fn is_whole(key: &str, bytes: &[u8]) -> bool {
    body(key, bytes).is_ok()
}

fn of_bytes(key: &str, body: &[u8]) -> Vec<u8> {
    let packed = (body.len() >= WORTH).then(|| packed(body));
    match packed.flatten() {
        Some(packed) => record(PACKED, key, &packed),
        None => record(PLAIN, key, body),
    }
}

fn record(version: u8, key: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + SUM + body.len());
    out.push(version);
    out.extend(sum(key, body));
    out.extend(body);
    out
}

fn damaged(key: &str, why: String) -> StoreError {
    StoreError::Damaged {
        key: key.to_owned(),
        why,
    }
}

/// Version and content of a record, after the checksum is verified.
fn body<'a>(key: &str, bytes: &'a [u8]) -> Result<(u8, &'a [u8])> {
    match bytes.split_first() {
        Some((version @ (&PLAIN | &PACKED), rest)) if rest.len() >= SUM => {
            let (written, body) = rest.split_at(SUM);
            if written != sum(key, body) {
                let why = "its checksum does not match".to_owned();
                return Err(damaged(key, why));
            }
            Ok((*version, body))
        }
        Some((version, _)) if !matches!(*version, PLAIN | PACKED) => {
            let why = format!("version {version}, this program knows {PLAIN} and {PACKED}");
            Err(damaged(key, why))
        }
        _ => Err(damaged(key, "it was cut off".to_owned())),
    }
}

fn open<'a>(key: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    match body(key, bytes)? {
        (PACKED, body) => unpacked(body)
            .map(Cow::Owned)
            .map_err(|error| damaged(key, error.to_string())),
        (_, body) => Ok(Cow::Borrowed(body)),
    }
}

fn sum(key: &str, json: &[u8]) -> [u8; SUM] {
    Digest::of_parts([key.as_bytes(), json]).low().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_damage_is_noticed() {
        let good = encode("d/a", &vec![1, 2, 3]).unwrap();
        assert_eq!(decode::<Vec<i32>>("d/a", &good).unwrap(), [1, 2, 3]);
        assert!(decode::<Vec<i32>>("d/b", &good).is_err(), "another key");
        let long = "a page ".repeat(200);
        let packed = encode("d/a", &long).unwrap();
        assert!(packed.len() < 200 && decode::<String>("d/a", &packed).unwrap() == long);
        assert_eq!(of_json("d/a", &json(&packed).unwrap()), packed);
        for at in 0..packed.len() {
            let mut bad = packed.clone();
            bad[at] ^= 4;
            assert!(decode::<String>("d/a", &bad).is_err(), "byte {at}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 4;
            assert!(decode::<Vec<i32>>("d/a", &bad).is_err(), "byte {at}");
            assert!(
                decode::<Vec<i32>>("d/a", &good[..at]).is_err(),
                "cut at {at}"
            );
        }
    }
}
