//! Content codings that the HTTP client leaves alone: several at once, other spellings, raw deflate. A body whose coding
//! is not understood was not read, and nothing may be concluded of it.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Codings one inside the other; honest servers use one.
const LAYERS: usize = 3;

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecoded {
    /// With its beginning, as many bytes as a layer may hold.
    TooLarge(Vec<u8>),
    Unknown(String),
    Broken(String),
}

/// The codings of a header's values, in the order in which they were applied.
pub(super) fn codings<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    values
        .flat_map(|it| it.split(','))
        .map(|it| {
            it.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        })
        .filter(|it| !it.is_empty() && it != "identity")
        .collect()
}

/// Undoes them, the last first. No layer may hold more than `most` bytes.
pub(super) fn undone(body: &[u8], codings: &[String], most: u64) -> Result<Vec<u8>, Undecoded> {
    if codings.len() > LAYERS {
        return Err(Undecoded::Unknown(codings.join(", ")));
    }
    let mut body = body.to_vec();
    let mut large = false;
    for coding in codings.iter().rev() {
        let layer = match coding.as_str() {
            "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(body.as_slice()), most, coding),
            "br" => bounded(
                brotli::Decompressor::new(body.as_slice(), 4096),
                most,
                coding,
            ),
            "zstd" => match zstd::Decoder::new(body.as_slice()) {
                Ok(mut decoder) => {
                    // a window of more than 8 MiB is no browser's (RFC 9659)
                    decoder
                        .window_log_max(23)
                        .map_err(|error| Undecoded::Broken(error.to_string()))?;
                    bounded(decoder, most, coding)
                }
                Err(error) => Err(Undecoded::Broken(format!("{coding}: {error}"))),
            },
            // meant is zlib; many servers send it bare
            "deflate" => match bounded(ZlibDecoder::new(body.as_slice()), most, coding) {
                Err(Undecoded::Broken(_)) => {
                    bounded(DeflateDecoder::new(body.as_slice()), most, coding)
                }
                other => other,
            },
            // browsers show what bears a coding that they do not know as it is (`utf-8`, `none`, `aws-chunked`)
            _ => Ok(body),
        };
        // what stands at the beginning is read all the same: browsers show it
        body = match layer {
            Err(Undecoded::TooLarge(beginning)) => {
                large = true;
                beginning
            }
            layer => layer?,
        };
    }
    if large {
        return Err(Undecoded::TooLarge(body));
    }
    Ok(body)
}

fn bounded(decoder: impl Read, most: u64, coding: &str) -> Result<Vec<u8>, Undecoded> {
    let mut out = Vec::new();
    let read = decoder.take(most + 1).read_to_end(&mut out);
    if out.len() as u64 > most {
        out.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        return Err(Undecoded::TooLarge(out));
    }
    match read {
        Ok(_) => Ok(out),
        // what follows a whole stream is padding
        Err(_) if !out.is_empty() => Ok(out),
        Err(error) => Err(Undecoded::Broken(format!("{coding}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn codings_are_undone_or_named() {
        let twice = gzip(&gzip(b"page"));
        let found = codings(["GZIP, x-gzip"].into_iter());
        assert_eq!(undone(&twice, &found, 100).unwrap(), b"page");
        // neither layer fits: what is left of the inner one is not to be read
        assert!(undone(&twice, &found, 3).is_err());
        let inner = gzip(&[b"page", [b' '; 9000].as_slice()].concat());
        assert_eq!(
            undone(&gzip(&inner), &found, 100),
            Err(Undecoded::TooLarge(
                [b"page", [b' '; 96].as_slice()].concat()
            ))
        );
        let bomb = gzip(&vec![0; 1 << 20]);
        assert_eq!(
            undone(&bomb, &codings(["gzip"].into_iter()), 1000),
            Err(Undecoded::TooLarge(vec![0; 1000]))
        );
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(b"page").unwrap();
        let raw = raw.finish().unwrap();
        assert_eq!(
            undone(&raw, &codings(["deflate"].into_iter()), 100).unwrap(),
            b"page"
        );
        let mut padded = gzip(b"page");
        padded.extend([0; 64]);
        assert_eq!(
            undone(&padded, &codings(["gzip"].into_iter()), 100).unwrap(),
            b"page"
        );
        assert_eq!(
            undone(b"x", &codings(["aws-chunked"].into_iter()), 100).unwrap(),
            b"x"
        );
        let many = codings(["gzip, gzip, gzip, gzip"].into_iter());
        assert!(matches!(
            undone(b"x", &many, 100),
            Err(Undecoded::Unknown(_))
        ));
    }
}
