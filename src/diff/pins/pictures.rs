//! Pictures that visitors trust: QR codes and the logo.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Codes, Fact, Pin, words::bare};
use crate::{
    model::digest::key,
    page::{Block, Image, Page, cancel, noise, registrable},
    qr::{self, Shape},
};

/// Most pictures of a page that are searched.
const SEARCHED: usize = 2000;
/// Bytes of a picture in its own address, below which it is empty.
const PLACEHOLDER: usize = 400;
/// Blocks before and after a picture that tell what it is.
const BESIDE: usize = 2;
/// Pictures in their own addresses that are read: those that the page calls codes, and others.
const READ: [usize; 2] = [6, 6];
/// Bytes in base64 of such a picture that the page does not call a code.
const UNCALLED: usize = 32 << 10;
/// Steps of reading a picture for each of its bytes: it unpacks to many pixels.
const COST: usize = 64;

pub(super) fn of(page: &Page, codes: &Codes) -> Vec<Pin> {
    let own = page.domain();
    let mut logo = None;
    let mut out = Vec::new();
    let mut read = READ;
    for image in page.images.iter().take(SEARCHED) {
        if cancel::step(image.src.len() + image.alt.len()) {
            break;
        }
        // what stands there until a script loads the picture
        if image.src.starts_with("data:") && image.src.len() < PLACEHOLDER {
            continue;
        }
        let name = bare(&format!("{} {}", file_name(&image.src), image.alt));
        let is_logo = name.contains("logo");
        let is_called = is_qr(image, &name) || !is_logo && asks_to_scan(page, image);
        let said = content(&image.src)
            .filter(|_| is_called)
            .or_else(|| codes.get(&image.src).cloned())
            .or_else(|| inside(image, is_called, &mut read[usize::from(!is_called)]));
        if is_called || said.is_some() {
            let said = said.map(|it| (it.clone(), it));
            let (value, shown) = said.unwrap_or_else(|| (picture(image, &own), image.src.clone()));
            out.push(beside_texts(page, image, &value, &shown));
        } else if logo.is_none() && is_logo {
            let value = picture(image, &own);
            logo = Some(Pin::new(Fact::Logo, &value, "logo", &image.src));
        }
    }
    out.extend(logo);
    out
}

/// A picture of the page as the fact that it would be if it were a code.
pub fn picture_at(page: &Page, image: &Image) -> Pin {
    let value = picture(image, &page.domain());
    beside_texts(page, image, &value, &image.src)
}

/// What the code in a picture says; `None` in a picture without one.
pub fn code_at(bytes: &[u8]) -> Option<String> {
    code_of(bytes, Shape::Any)
}

fn code_of(bytes: &[u8], shape: Shape) -> Option<String> {
    if cancel::step(bytes.len().saturating_mul(COST)) {
        return None;
    }
    qr::read(bytes, shape)
}

/// What the code in a picture says that stands in its own address. `left` such pictures may still be read; of those that
/// the page does not call codes, only small ones are.
fn inside(image: &Image, is_called: bool, left: &mut usize) -> Option<String> {
    let (most, shape) = match is_called {
        true => (usize::MAX, Shape::Any),
        false => (UNCALLED, Shape::Bare),
    };
    if !(PLACEHOLDER..=most).contains(&image.data.len()) || *left == 0 {
        return None;
    }
    *left -= 1;
    let plain: Vec<u8> = image
        .data
        .bytes()
        .filter(|it| !it.is_ascii_whitespace())
        .collect();
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    code_of(&engine.decode(plain).ok()?, shape)
}

/// The code of a picture, with the texts around it.
fn beside_texts(page: &Page, image: &Image, value: &str, shown: &str) -> Pin {
    let near = || beside(page, image, BESIDE).filter(|it| it.text.len() < 400);
    let text: Vec<String> = near().map(|it| bare(&it.text)).collect();
    let label = format!("{} {}", bare(&image.alt), text.join(" "));
    let place = near().map(|it| it.key).collect();
    Pin::new(Fact::Qr, value, &label, shown).at(place)
}

/// The texts around a picture, at most `most` in each direction.
fn beside<'a>(
    page: &'a Page,
    image: &Image,
    most: usize,
) -> impl Iterator<Item = &'a Block> + use<'a> {
    let at = image.block.min(page.blocks.len());
    let to = (at + most).min(page.blocks.len());
    page.blocks[at.saturating_sub(most)..to].iter()
}

/// Whether a caption, which stands directly above or below, asks to scan the picture.
fn asks_to_scan(page: &Page, image: &Image) -> bool {
    const WORDS: &[&str] = &[
        "quet ma",
        "ma qr",
        "qr code",
        "scan the code",
        "scan to",
        "pindai",
    ];
    let mut captions = beside(page, image, 1).filter(|it| it.text.len() < 200);
    captions.any(|it| {
        let text = bare(&it.text);
        WORDS.iter().any(|it| text.contains(it))
    })
}

/// Whether the address or the alternative text calls the picture a QR code.
fn is_qr(image: &Image, name: &str) -> bool {
    let mut words = name.split(|it: char| !it.is_alphanumeric());
    let named = words.any(|it| {
        matches!(it, "qr" | "qrcode" | "maqr" | "vietqr" | "qrpay") || it.starts_with("qrcode")
    });
    let src = image
        .src
        .get(..600)
        .unwrap_or(&image.src)
        .to_ascii_lowercase();
    named
        || ["vietqr", "create-qr", "cht=qr", "/qr?", "qrserver"]
            .iter()
            .any(|it| src.contains(it))
}

/// What a QR code says, where its address tells: `img.vietqr.io/image/BANK-ACCOUNT-TEMPLATE.png`, or a generator's
/// parameter.
fn content(src: &str) -> Option<String> {
    let url = url::Url::parse(src).ok()?;
    let query = url.query_pairs();
    let mut account = None;
    let mut bank = None;
    for (name, value) in query {
        match name.to_ascii_lowercase().as_str() {
            "acc" | "account" | "accountno" | "accountnumber" | "stk" => {
                account = Some(value.to_string())
            }
            "bank" | "bankid" | "bankcode" | "bin" => bank = Some(value.to_string()),
            "data" | "chl" | "text" | "content" if value.len() >= 4 => {
                return Some(value.to_string());
            }
            _ => (),
        }
    }
    if let Some(account) = account.filter(|it| it.bytes().filter(u8::is_ascii_digit).count() >= 6) {
        return Some(
            format!("{} {account}", bank.unwrap_or_default())
                .trim()
                .to_owned(),
        );
    }
    if !url.host_str()?.contains("qr") {
        return None;
    }
    let mut segments = url.path_segments()?;
    segments.find_map(|it| {
        let mut parts = it.split('-');
        let (bank, account) = (parts.next()?, parts.next()?);
        let account = account.split('.').next()?;
        let digits = account.len() >= 6 && account.bytes().all(|it| it.is_ascii_digit());
        digits.then(|| format!("{bank} {account}"))
    })
}

/// The name of the file at an address; without one, all of the address behind the host.
fn file_name(src: &str) -> &str {
    let path = src.split(['?', '#']).next().unwrap_or_default();
    let is_file = |it: &&str| {
        let end = it
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        ["png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "avif"].contains(&end.as_str())
    };
    path.rsplit('/').find(is_file).unwrap_or_default()
}

/// Identifies a picture: its file's name without size, digest and ending, and its domain unless that is the page's own.
/// A picture that moves into another folder or format stays the picture that it was.
fn picture(image: &Image, own: &str) -> String {
    let name = file_name(&image.src).to_ascii_lowercase();
    if image.src.starts_with("data:") {
        let load = if image.data.is_empty() {
            &image.src
        } else {
            &image.data
        };
        return format!("data {:x}", key(load));
    }
    if name.is_empty() {
        // never equal to the address, which stands for what a code says
        return format!("at {}", noise::normal_url(&image.src));
    }
    let stem = name.rsplit_once('.').map_or(name.as_str(), |it| it.0);
    let kept: Vec<&str> = stem
        .split(['-', '_', '.', '@'])
        .filter(|it| !is_size(it) && !is_hash(it))
        .collect();
    let stem = if kept.is_empty() {
        stem.to_owned()
    } else {
        kept.join("-")
    };
    match registrable(&image.host) {
        domain if domain == own || domain.is_empty() => stem,
        domain => format!("{domain} {stem}"),
    }
}

fn is_size(part: &str) -> bool {
    let sides = part.split_once('x');
    let number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    part == "scaled" || part == "2x" || sides.is_some_and(|(a, b)| number(a) && number(b))
}

fn is_hash(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_digit).count();
    part.len() >= 8
        && part.bytes().all(|it| it.is_ascii_hexdigit())
        && digits > 0
        && digits < part.len()
}
