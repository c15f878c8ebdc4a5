//! The envelope of what is written to disk, where a write may tear and bits may rot: a version byte, a checksum over key and
//! content, and the content, compressed where that gains. The checksum covers the key, so that a content under the wrong
//! key counts as damaged.

use std::{borrow::Cow, cell::RefCell, io};

use zstd::bulk::{Compressor, Decompressor};

use crate::model::Digest;

/// Version byte of plain content, and of content compressed with zstd.
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

fn packed(content: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(content.len()).ok()?;
    let body = with_packer(|packer, _| packer.compress(content)).ok()?;
    let mut out = length.to_le_bytes().to_vec();
    out.extend(body);
    (out.len() < content.len()).then_some(out)
}

fn unpacked(body: &[u8]) -> io::Result<Vec<u8>> {
    let (length, body) = body
        .split_first_chunk::<LENGTH>()
        .ok_or_else(|| io::Error::other("it was cut off"))?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(LONGEST);
    with_packer(|_, opener| opener.decompress(body, length.min(LONGEST)))
}

/// What is wrong with an envelope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Damaged(String);

/// The envelope of `content` under this key.
pub fn sealed(key: &str, content: &[u8]) -> Vec<u8> {
    let packed = (content.len() >= WORTH).then(|| packed(content));
    match packed.flatten() {
        Some(packed) => written(PACKED, key, &packed),
        None => written(PLAIN, key, content),
    }
}

/// The content of an envelope.
///
/// # Errors
///
/// [`Damaged`] if the envelope is not what was written under this key.
pub fn opened<'a>(key: &str, envelope: &'a [u8]) -> Result<Cow<'a, [u8]>, Damaged> {
    match body(key, envelope)? {
        (PACKED, body) => unpacked(body)
            .map(Cow::Owned)
            .map_err(|error| Damaged(error.to_string())),
        (_, body) => Ok(Cow::Borrowed(body)),
    }
}

/// The content of an envelope that is not verified: the caller has done so, or does not need it. `None` if it is cut off.
pub fn unverified(envelope: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = envelope.split_first()?;
    let body = rest.get(SUM..)?;
    match *version {
        PACKED => unpacked(body).ok(),
        _ => Some(body.to_vec()),
    }
}

/// Whether an envelope is exactly what was written under this key.
pub fn is_whole(key: &str, envelope: &[u8]) -> bool {
    body(key, envelope).is_ok()
}

fn written(version: u8, key: &str, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + SUM + body.len());
    out.push(version);
    out.extend(sum(key, body));
    out.extend(body);
    out
}

/// Version and body of an envelope, after the checksum is verified.
fn body<'a>(key: &str, envelope: &'a [u8]) -> Result<(u8, &'a [u8]), Damaged> {
    match envelope.split_first() {
        Some((version @ (&PLAIN | &PACKED), rest)) if rest.len() >= SUM => {
            let (written, body) = rest.split_at(SUM);
            if written != sum(key, body) {
                return Err(Damaged("its checksum does not match".to_owned()));
            }
            Ok((*version, body))
        }
        Some((version, _)) if !matches!(*version, PLAIN | PACKED) => Err(Damaged(format!(
            "version {version}, this program knows {PLAIN} and {PACKED}"
        ))),
        _ => Err(Damaged("it was cut off".to_owned())),
    }
}

fn sum(key: &str, body: &[u8]) -> [u8; SUM] {
    Digest::of_parts([key.as_bytes(), body]).low().to_le_bytes()
}
