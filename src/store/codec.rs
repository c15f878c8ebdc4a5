//! Records on disk: a version, a checksum over key and content, JSON.
//!
//! JSON, since records are small and few are read a second, and a record of an older version can be
//! read by whoever finds it. The checksum covers the key: a value under the wrong key is damage too.

use serde::{Serialize, de::DeserializeOwned};

use super::{Result, StoreError};
use crate::model::Digest;

const VERSION: u8 = 1;
const SUM: usize = 8;

pub fn encode<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(value)
        .map_err(|error| StoreError::Failed(format!("{key} cannot be written: {error}")))?;
    let mut out = Vec::with_capacity(1 + SUM + json.len());
    out.push(VERSION);
    out.extend(sum(key, &json));
    out.extend(json);
    Ok(out)
}

pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    let damaged = |why: String| StoreError::Damaged {
        key: key.to_owned(),
        why,
    };
    match bytes.split_first() {
        Some((&VERSION, rest)) if rest.len() >= SUM => {
            let (written, json) = rest.split_at(SUM);
            if written != sum(key, json) {
                return Err(damaged("its checksum does not match".to_owned()));
            }
            serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))
        }
        Some((version, _)) if *version != VERSION => Err(damaged(format!(
            "version {version}, this program knows {VERSION}"
        ))),
        _ => Err(damaged("it was cut off".to_owned())),
    }
}

/// The JSON of a record, whose checksum the caller has seen or does not need.
pub fn json(bytes: &[u8]) -> Result<&str> {
    bytes
        .get(1 + SUM..)
        .and_then(|it| std::str::from_utf8(it).ok())
        .ok_or_else(|| StoreError::Failed("a record is cut off or no text".to_owned()))
}

/// The record for JSON that comes from a journal or a backup.
pub fn of_json(key: &str, json: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + SUM + json.len());
    out.push(VERSION);
    out.extend(sum(key, json.as_bytes()));
    out.extend(json.as_bytes());
    out
}

/// Whether a record is what was written under that key.
pub fn is_whole(key: &str, bytes: &[u8]) -> bool {
    match bytes.split_first() {
        Some((&VERSION, rest)) if rest.len() >= SUM => {
            let (written, json) = rest.split_at(SUM);
            written == sum(key, json)
        }
        _ => false,
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
