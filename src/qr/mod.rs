//! QR codes in pictures: bytes of a PNG, JPEG, GIF or WebP file to what the code says.
//!
//! The bytes are an attacker's. `pixels` refuses large pictures before it decodes them; `locate` finds upright and turned
//! codes in time linear in the pixels; `rqrr` only corrects and reads the squares. Drawn (SVG) and photographed codes with
//! perspective are not read.

mod locate;
mod payment;
mod pixels;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use payment::is_order;
pub use pixels::Shape;

/// Most bytes of a picture.
pub const LARGEST: usize = 256 << 10;
/// Longest text of a code that is kept, in bytes.
const LONGEST: usize = 240;

/// What the code in a picture says: the bank and account of an order to pay, else its text. `None` where the bytes are no
/// picture of this shape, or no code is found in it.
pub fn read(bytes: &[u8], shape: Shape) -> Option<String> {
    if bytes.len() > LARGEST {
        return None;
    }
    // a decoder that panics on what an attacker made must not take the look with it
    let text = catch_unwind(AssertUnwindSafe(|| {
        let grey = pixels::grey(bytes, shape)?;
        locate::texts(&grey).next()
    }));
    said(&text.ok()??)
}

/// The text of a code in the form in which two codes are compared and shown.
fn said(text: &str) -> Option<String> {
    if let Some(order) = payment::order(text) {
        return Some(order);
    }
    let text: String = text.chars().filter(|it| !it.is_control()).collect();
    let text = text.trim();
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (!text.is_empty()).then(|| text[..end].to_owned())
}

#[cfg(test)]
mod tests;
