//! Content codings that the HTTP client does not decode: several at once, other spellings, raw deflate. A body in an
//! unknown coding counts as not read, and one that ends before its coding does is not the page. The part of either that
//! could be unpacked is returned separately, since browsers may have shown it to visitors.

use brotli::{BrotliDecompressStream, BrotliResult, BrotliState, HeapAlloc, HuffmanCode};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

/// Most codings inside each other; honest servers use one.
const LAYERS: usize = 3;
/// Most streams in one body, one after another (gzip members, zstd frames).
const STREAMS: usize = 1000;
/// Bytes unpacked in one step.
const PIECE: usize = 32 << 10;
/// Most bytes of an unpacked body that is unpacked on the async thread, which takes less than a millisecond.
const PAGE: u64 = 384 << 10;

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undecoded {
    TooLarge,
    Unknown(String),
    Broken(String),
    /// The body ends before the end of its coding.
    Cut(String),
}

/// Why a body could not be unpacked completely, and the part that could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub why: Undecoded,
    pub shown: Vec<u8>,
}

/// The codings in a header's values, in the order in which the server applied them.
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

/// Undoes codings: small bodies on the calling thread, larger ones on a blocking thread.
pub(super) async fn unpacked(
    packed: Bytes,
    codings: Vec<String>,
    most: u64,
) -> Result<Vec<u8>, Failed> {
    let here = most.min(PAGE);
    if (packed.len() as u64) < PAGE / 4 {
        match undone(&packed, &codings, here) {
            Err(failed) if failed.why == Undecoded::TooLarge && most > here => (),
            done => return done,
        }
    }
    let work = tokio::task::spawn_blocking(move || undone(&packed, &codings, most));
    work.await.unwrap_or_else(|_| {
        Err(Failed {
            why: Undecoded::Broken("?".to_owned()),
            shown: Vec::new(),
        })
    })
}

/// Undoes codings, the last first. No layer may hold more than `most` bytes.
fn undone(body: &[u8], codings: &[String], most: u64) -> Result<Vec<u8>, Failed> {
    if codings.len() > LAYERS {
        return Err(Failed {
            why: Undecoded::Unknown(codings.join(", ")),
            shown: Vec::new(),
        });
    }
    let mut body = body.to_vec();
    let mut failed = None;
    for coding in codings.iter().rev() {
        let mut layer = Layer {
            out: Vec::new(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        };
        let ended = match coding.as_str() {
            "gzip" | "x-gzip" => layer.gzip(&body),
            "br" => layer.brotli(&body),
            "zstd" => layer.zstd(&body),
            "deflate" => layer.deflate(&body),
            // browsers show a body with an unknown coding as it is (`utf-8`, `none`, `aws-chunked`)
            _ => continue,
        };
        layer.out.truncate(layer.most);
        body = layer.out;
        if let Err(end) = ended {
            failed.get_or_insert(match end {
                End::TooLarge => Undecoded::TooLarge,
                End::Cut => Undecoded::Cut(coding.clone()),
                End::Broken(why) => Undecoded::Broken(format!("{coding}: {why}")),
            });
        }
    }
    match failed {
        None => Ok(body),
        Some(why) => Err(Failed { why, shown: body }),
    }
}

/// Why a stream did not end as its format requires.
enum End {
    TooLarge,
    Cut,
    Broken(String),
}

/// The output of one coding, as far as it could be undone.
struct Layer {
    out: Vec<u8>,
    most: usize,
}

impl Layer {
    /// Makes room for another piece of output. Fails once the output is over the limit.
    fn grow(&mut self) -> Result<(), End> {
        if self.out.len() > self.most {
            return Err(End::TooLarge);
        }
        // doubles the room, but goes no further than one piece past the limit
        let wanted = self.out.len().clamp(PIECE, 1 << 20);
        self.out
            .reserve(wanted.min(self.most - self.out.len() + PIECE));
        Ok(())
    }

    /// Undoes one deflate stream and returns how many bytes of `packed` it took.
    fn inflate(&mut self, state: &mut Decompress, packed: &[u8]) -> Result<usize, End> {
        let begun = state.total_in();
        loop {
            self.grow()?;
            let taken = usize::try_from(state.total_in() - begun).unwrap_or(packed.len());
            let rest = packed.get(taken..).unwrap_or_default();
            let before = (state.total_in(), self.out.len());
            let status = state
                .decompress_vec(rest, &mut self.out, FlushDecompress::None)
                .map_err(|error| End::Broken(error.to_string()))?;
            if status == Status::StreamEnd {
                return Ok(usize::try_from(state.total_in() - begun).unwrap_or(packed.len()));
            }
            // the stream had room, but neither took nor gave a byte: its input is cut
            if before == (state.total_in(), self.out.len()) {
                return Err(End::Cut);
            }
        }
    }

    /// Undoes gzip members, one after another, and ignores padding after them. Checksum and length of a member are not
    /// checked, as in browsers, and a cut trailer is no fault.
    fn gzip(&mut self, packed: &[u8]) -> Result<(), End> {
        let mut rest = packed;
        let mut state = Decompress::new(false);
        for member in 0..STREAMS {
            let begin = match gzip_header(rest) {
                Ok(begin) => begin,
                // bytes after a whole member that begin no other are padding
                Err(_) if member > 0 => return self.is_small(),
                Err(end) => return Err(end),
            };
            state.reset(false);
            let took = self.inflate(&mut state, &rest[begin..])?;
            rest = rest.get(begin + took + 8..).unwrap_or_default();
        }
        Err(End::Broken(format!("more than {STREAMS} members")))
    }

    /// Undoes deflate: the standard means zlib, many servers send a bare deflate stream.
    fn deflate(&mut self, packed: &[u8]) -> Result<(), End> {
        let ended = self.inflate(&mut Decompress::new(true), packed);
        match ended {
            Err(End::Broken(_)) if self.out.is_empty() => {
                self.inflate(&mut Decompress::new(false), packed)?;
            }
            ended => {
                ended?;
            }
        }
        self.is_small()
    }

    fn brotli(&mut self, packed: &[u8]) -> Result<(), End> {
        let mut state = BrotliState::new_strict(
            HeapAlloc::<u8>::new(0),
            HeapAlloc::<u32>::new(0),
            HeapAlloc::<HuffmanCode>::new(HuffmanCode::default()),
        );
        let (mut left, mut at, mut total) = (packed.len(), 0, 0);
        let mut piece = vec![0; PIECE];
        loop {
            let (mut room, mut filled) = (piece.len(), 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut at,
                packed,
                &mut room,
                &mut filled,
                &mut piece,
                &mut total,
                &mut state,
            );
            self.grow()?;
            self.out.extend_from_slice(&piece[..filled]);
            match result {
                // bytes after the stream are padding
                BrotliResult::ResultSuccess => return self.is_small(),
                BrotliResult::NeedsMoreOutput => (),
                BrotliResult::NeedsMoreInput => return Err(End::Cut),
                BrotliResult::ResultFailure => {
                    return Err(End::Broken("the stream is damaged".to_owned()));
                }
            }
        }
    }

    fn zstd(&mut self, packed: &[u8]) -> Result<(), End> {
        let broken = |error: std::io::Error| End::Broken(error.to_string());
        let mut state = Decoder::new().map_err(broken)?;
        // browsers refuse a window over 8 MiB (RFC 9659)
        state
            .set_parameter(DParameter::WindowLogMax(23))
            .map_err(broken)?;
        let mut input = InBuffer::around(packed);
        let mut piece = vec![0; PIECE];
        let mut frames = 0;
        loop {
            let mut output = OutBuffer::around(piece.as_mut_slice());
            let wanted = state.run(&mut input, &mut output).map_err(broken)?;
            let filled = output.pos();
            self.grow()?;
            self.out.extend_from_slice(&piece[..filled]);
            if wanted == 0 {
                frames += 1;
                let rest = packed.get(input.pos()..).unwrap_or_default();
                if !begins_frame(rest) {
                    // bytes after a frame that begin no other are padding
                    return self.is_small();
                }
                if frames >= STREAMS {
                    return Err(End::Broken(format!("more than {STREAMS} frames")));
                }
            } else if filled < piece.len() && input.pos() == packed.len() {
                return Err(End::Cut);
            }
        }
    }

    fn is_small(&self) -> Result<(), End> {
        match self.out.len() > self.most {
            true => Err(End::TooLarge),
            false => Ok(()),
        }
    }
}

/// Bytes of a gzip member's header (RFC 1952).
fn gzip_header(packed: &[u8]) -> Result<usize, End> {
    let magic = [0x1f, 0x8b, 8];
    let begins = packed.iter().zip(magic).all(|(is, ought)| *is == ought);
    if !begins {
        return Err(End::Broken("invalid gzip header".to_owned()));
    }
    let flags = *packed.get(3).ok_or(End::Cut)?;
    let mut at = 10;
    if flags & 4 != 0 {
        let length = packed.get(at..at + 2).ok_or(End::Cut)?;
        at += 2 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    }
    // file name and comment end with a zero byte
    for flag in [8, 16] {
        if flags & flag != 0 {
            let rest = packed.get(at..).ok_or(End::Cut)?;
            at += 1 + rest.iter().position(|it| *it == 0).ok_or(End::Cut)?;
        }
    }
    if flags & 2 != 0 {
        at += 2;
    }
    match at <= packed.len() {
        true => Ok(at),
        false => Err(End::Cut),
    }
}

/// Whether a zstd frame begins here, a data frame or a skippable one.
fn begins_frame(rest: &[u8]) -> bool {
    matches!(
        rest,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn raw(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut out = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
        out.write_all(bytes).unwrap();
        out.into_inner()
    }

    fn all(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("gzip", gzip(bytes)),
            ("br", brotli(bytes)),
            ("zstd", zstd::encode_all(bytes, 3).unwrap()),
            ("deflate", zlib(bytes)),
            ("deflate", raw(bytes)),
        ]
    }

    fn of(coding: &str, body: &[u8], most: u64) -> Result<Vec<u8>, Failed> {
        undone(body, &codings([coding].into_iter()), most)
    }

    fn why(coding: &str, body: &[u8], most: u64) -> Undecoded {
        of(coding, body, most).unwrap_err().why
    }

    #[test]
    fn codings_are_undone_or_named() {
        let twice = gzip(&gzip(b"page"));
        assert_eq!(of("GZIP, x-gzip", &twice, 100).unwrap(), b"page");
        assert_eq!(why("GZIP, x-gzip", &twice, 3), Undecoded::TooLarge);
        assert_eq!(of("aws-chunked", b"x", 100).unwrap(), b"x");
        let many = why("gzip, gzip, gzip, gzip", b"x", 100);
        assert!(matches!(many, Undecoded::Unknown(_)));
        for (coding, body) in all(b"page") {
            assert_eq!(of(coding, &body, 4).unwrap(), b"page", "{coding}");
            assert_eq!(why(coding, &body, 3), Undecoded::TooLarge, "{coding}");
            for padding in [&[0; 64][..], b"\r\n", b"\x1f\x8b", b"<!-- -->"] {
                let padded = [&body[..], padding].concat();
                assert_eq!(of(coding, &padded, 100).unwrap(), b"page", "{coding}");
            }
        }
        let inner = gzip(&[b"page", [b' '; 9000].as_slice()].concat());
        let failed = of("gzip, gzip", &gzip(&inner), 100).unwrap_err();
        let begun = [b"page", [b' '; 96].as_slice()].concat();
        assert_eq!((failed.why, failed.shown), (Undecoded::TooLarge, begun));
        for (coding, body) in all(&vec![0; 1 << 20]) {
            let failed = of(coding, &body, 1000).unwrap_err();
            assert_eq!(failed.why, Undecoded::TooLarge, "{coding}");
            assert_eq!(
                failed.shown,
                vec![0; 1000],
                "{coding}: its beginning is kept"
            );
        }
        for coding in ["gzip", "zstd"] {
            let found = why(coding, b"<html><h1>page</h1></html>", 100);
            assert!(matches!(found, Undecoded::Broken(_)), "{coding}: {found:?}");
        }
    }

    #[test]
    fn several_streams_are_one_page_and_a_wrong_sum_is_no_fault() {
        let two = [gzip(b"pa"), gzip(b"ge")].concat();
        assert_eq!(of("gzip", &two, 100).unwrap(), b"page");
        let two = [
            zstd::encode_all(&b"pa"[..], 3).unwrap(),
            zstd::encode_all(&b"ge"[..], 3).unwrap(),
        ];
        assert_eq!(of("zstd", &two.concat(), 100).unwrap(), b"page");
        let mut wrong = gzip(b"page");
        let sum = wrong.len() - 8;
        wrong[sum] ^= 1;
        assert_eq!(of("gzip", &wrong, 100).unwrap(), b"page");
        assert_eq!(
            of("gzip", &wrong[..sum], 100).unwrap(),
            b"page",
            "no sum at all"
        );
        let named = flate2::GzBuilder::new()
            .filename("trang.html")
            .comment("x")
            .extra(vec![1; 300]);
        let mut named = named.write(Vec::new(), flate2::Compression::fast());
        named.write_all(b"page").unwrap();
        let named = named.finish().unwrap();
        assert_eq!(of("gzip", &named, 100).unwrap(), b"page");
        for end in 0..320 {
            assert_eq!(
                why("gzip", &named[..end], 100),
                Undecoded::Cut("gzip".to_owned()),
                "{end}"
            );
        }
        let many = gzip(b"").repeat(STREAMS + 1);
        assert!(matches!(why("gzip", &many, 100), Undecoded::Broken(_)));
    }

    #[test]
    fn half_a_stream_is_no_page() {
        let mut text = String::from("<title>Hacked by</title>");
        for n in 0..20_000_u32 {
            text.push_str(&format!("{:x} ", n.wrapping_mul(2_654_435_761)));
        }
        for (coding, body) in all(text.as_bytes()) {
            for end in [1, 2, body.len() / 2, body.len() - 12] {
                let failed = of(coding, &body[..end], 1 << 20).unwrap_err();
                let cut = Undecoded::Cut(coding.to_owned());
                // the first two bytes of a bare deflate stream are no zlib header, so that the fault is another one
                assert!(
                    failed.why == cut || end <= 2,
                    "{coding} {end}: {:?}",
                    failed.why
                );
                assert!(text.as_bytes().starts_with(&failed.shown), "{coding} {end}");
                let begun = failed.shown.starts_with(b"<title>Hacked by</title>");
                // zstd gives no output before a whole block of up to 128 KiB has arrived
                let too_little = end < 100 || (coding == "zstd" && end < body.len() - 12);
                assert!(begun || too_little, "{coding}: its beginning is kept");
            }
            let nested = gzip(&body[..body.len() / 2]);
            let found = of(&format!("{coding}, gzip"), &nested, 1 << 20).unwrap_err();
            assert_eq!(found.why, Undecoded::Cut(coding.to_owned()));
            let nested = gzip(&body);
            let found = of(
                &format!("{coding}, gzip"),
                &nested[..nested.len() / 2],
                1 << 20,
            );
            assert_eq!(found.unwrap_err().why, Undecoded::Cut("gzip".to_owned()));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(body in prop::collection::vec(any::<u8>(), 0..2000), at in 0..4_usize) {
            let coding = ["gzip", "br", "zstd", "deflate"][at];
            match of(coding, &body, 1 << 16) {
                Ok(plain) => prop_assert!(plain.len() <= 1 << 16),
                Err(failed) => prop_assert!(failed.shown.len() <= 1 << 16),
            }
        }
    }
}
