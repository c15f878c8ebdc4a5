//! The shades of a picture's pixels.

use std::{io::Cursor, num::NonZeroU64};

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// Most pixels of a picture: a poster of 2,000 by 2,000.
const MOST: usize = 4 << 20;
/// Longest side, in pixels.
const LONGEST_SIDE: usize = 4096;
/// Bytes that a decoder may take beside its output.
const WORKSPACE: usize = 32 << 20;

/// Sides of a picture that holds a code and little else: nearly equal, and at most 800 pixels.
const BARE_SIDE: usize = 800;

/// Pictures that are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All within the limits.
    Any,
    /// Those that may hold a code and little else: the cheap ones.
    Bare,
}

impl Shape {
    fn admits(self, width: usize, height: usize) -> bool {
        let sides = [width, height];
        let pixels = width.saturating_mul(height);
        let fits = pixels <= MOST && sides.iter().all(|it| (1..=LONGEST_SIDE).contains(it));
        let is_bare = width.abs_diff(height) * 4 <= width && width <= BARE_SIDE;
        fits && (self == Self::Any || is_bare)
    }
}

/// A picture in shades of grey: 0 is black, and what is transparent is white.
pub(super) struct Grey {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<u8>,
}

impl Grey {
    /// The shade at a place; white outside.
    pub fn at(&self, x: usize, y: usize) -> u8 {
        if x >= self.width {
            return u8::MAX;
        }
        let at = y.checked_mul(self.width).and_then(|it| it.checked_add(x));
        at.and_then(|it| self.pixels.get(it))
            .map_or(u8::MAX, |it| *it)
    }

    /// The picture of `channels` bytes a pixel: grey, grey with opacity, colours, colours with opacity.
    fn of(width: usize, height: usize, channels: usize, bytes: &[u8]) -> Option<Self> {
        let shade = |it: &[u8]| match *it {
            [grey] => grey,
            [grey, opacity] => over_white(grey, opacity),
            [r, g, b] => luma(r, g, b),
            [r, g, b, opacity] => over_white(luma(r, g, b), opacity),
            _ => u8::MAX,
        };
        let pixels: Vec<u8> = bytes.chunks_exact(channels).map(shade).collect();
        let whole = pixels.len() >= width.checked_mul(height)?;
        whole.then_some(Self {
            width,
            height,
            pixels,
        })
    }
}

fn luma(r: u8, g: u8, b: u8) -> u8 {
    ((u32::from(r) * 77 + u32::from(g) * 150 + u32::from(b) * 29) >> 8) as u8
}

fn over_white(shade: u8, opacity: u8) -> u8 {
    let white = 255 - u32::from(opacity);
    (u32::from(shade) * u32::from(opacity) / 255 + white).min(255) as u8
}

/// Decodes a picture; `None` for other bytes, and for a picture over the limits.
pub(super) fn grey(bytes: &[u8], shape: Shape) -> Option<Grey> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => png(bytes, shape),
        [0xff, 0xd8, 0xff, ..] => jpeg(bytes, shape),
        [b'G', b'I', b'F', b'8', ..] => gif(bytes, shape),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => webp(bytes, shape),
        _ => None,
    }
}

fn png(bytes: &[u8], shape: Shape) -> Option<Grey> {
    let limits = png::Limits { bytes: WORKSPACE };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    if !shape.admits(width, height) {
        return None;
    }
    let mut out = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut out).ok()?;
    let channels = match frame.color_type {
        png::ColorType::Grayscale => 1,
        png::ColorType::GrayscaleAlpha => 2,
        png::ColorType::Rgb => 3,
        png::ColorType::Rgba => 4,
        png::ColorType::Indexed => return None,
    };
    Grey::of(width, height, channels, &out)
}

fn jpeg(bytes: &[u8], shape: Shape) -> Option<Grey> {
    let options = DecoderOptions::default()
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().ok()?;
    let (width, height) = decoder.dimensions()?;
    if !shape.admits(width, height) {
        return None;
    }
    let out = decoder.decode().ok()?;
    Grey::of(width, height, out.len() / (width * height), &out)
}

fn gif(bytes: &[u8], shape: Shape) -> Option<Grey> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let limit = NonZeroU64::new(WORKSPACE as u64)?;
    options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    let mut decoder = options.read_info(bytes).ok()?;
    let canvas = (decoder.width().into(), decoder.height().into());
    if !shape.admits(canvas.0, canvas.1) {
        return None;
    }
    let frame = decoder.read_next_frame().ok()??;
    let (width, height) = (frame.width.into(), frame.height.into());
    if !shape.admits(width, height) {
        return None;
    }
    Grey::of(width, height, 4, &frame.buffer)
}

fn webp(bytes: &[u8], shape: Shape) -> Option<Grey> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes)).ok()?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    if !shape.admits(width, height) {
        return None;
    }
    decoder.set_memory_limit(WORKSPACE);
    let mut out = vec![0; decoder.output_buffer_size()?];
    decoder.read_image(&mut out).ok()?;
    Grey::of(width, height, if decoder.has_alpha() { 4 } else { 3 }, &out)
}
