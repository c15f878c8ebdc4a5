//! Pictures that visitors trust: QR codes and the logo.

use super::{Fact, Pin, words::bare};
use crate::{
    model::digest::key,
    page::{Block, Image, Page, cancel, noise, registrable},
};

/// Most pictures of a page that are searched.
const SEARCHED: usize = 2000;
/// Bytes of a picture in its own address, below which it is empty.
const PLACEHOLDER: usize = 400;
/// Blocks before and after a picture that tell what it is.
const BESIDE: usize = 2;

pub(super) fn of(page: &Page) -> Vec<Pin> {
    let own = page.domain();
    let mut logo = None;
    let mut out = Vec::new();
    for image in page.images.iter().take(SEARCHED) {
        if cancel::step(image.src.len() + image.alt.len()) {
            break;
        }
        // what stands there until a script loads the picture
        if image.src.starts_with("data:") && image.src.len() < PLACEHOLDER {
            continue;
        }
        let name = bare(&format!("{} {}", file_name(&image.src), image.alt));
        if is_qr(image, &name) || asks_to_scan(page, image) && !name.contains("logo") {
            let (value, shown) = match content(&image.src) {
                Some(said) => (said.clone(), said),
                None => (picture(image, &own), image.src.clone()),
            };
            let near = || beside(page, image, BESIDE).filter(|it| it.text.len() < 400);
            let text: Vec<String> = near().map(|it| bare(&it.text)).collect();
            let label = format!("{} {}", bare(&image.alt), text.join(" "));
            let place = near().map(|it| it.key).collect();
            out.push(Pin::new(Fact::Qr, &value, &label, &shown).at(place));
        } else if logo.is_none() && name.contains("logo") {
            let value = picture(image, &own);
            logo = Some(Pin::new(Fact::Logo, &value, "logo", &image.src));
        }
    }
    out.extend(logo);
    out
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
/// parameter. Decoding the picture itself would give the value for all others.
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
        return format!("data {:x}", key(&image.src));
    }
    if name.is_empty() {
        return noise::normal_url(&image.src);
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
