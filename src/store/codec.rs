//! The format of records on disk: JSON in an [`envelope`]. JSON lets people read records of older versions. Longer records are
//! compressed, because the engine keeps frequently read ones in memory.

use std::borrow::Cow;

use serde::{Serialize, de::DeserializeOwned};

use super::{Result, StoreError};
use crate::envelope;
pub use crate::envelope::{is_whole, sealed};

/// The record of a value under this key.
pub fn encode<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>> {
    let json = serde_json::to_vec(value)
        .map_err(|error| StoreError::Failed(format!("{key} cannot be written: {error}")))?;
    Ok(sealed(key, &json))
}

/// The value of a record.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the record is not what was written under this key.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T> {
    let json = opened(key, bytes)?;
    serde_json::from_slice(&json).map_err(|error| damaged(key, &error))
}

/// The JSON of a record. The checksum is not verified: the caller has done so, or does not need it.
pub fn json(bytes: &[u8]) -> Result<String> {
    let json = envelope::unverified(bytes).and_then(|it| String::from_utf8(it).ok());
    json.ok_or_else(|| StoreError::Failed("a record is cut off or no text".to_owned()))
}

/// The record of JSON from a journal or a backup.
pub fn of_json(key: &str, json: &str) -> Vec<u8> {
    sealed(key, json.as_bytes())
}

/// The bytes of a record.
///
/// # Errors
///
/// [`StoreError::Damaged`] if the record is not what was written under this key.
pub fn opened<'a>(key: &str, record: &'a [u8]) -> Result<Cow<'a, [u8]>> {
    envelope::opened(key, record).map_err(|error| damaged(key, &error))
}

fn damaged(key: &str, why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Damaged {
        key: key.to_owned(),
        why: why.to_string(),
    }
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
