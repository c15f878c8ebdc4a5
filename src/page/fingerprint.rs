//! The three digests of a page: its bytes, its content without noise, its shape.

use serde::{Deserialize, Serialize};

use super::{Page, Styled, noise};
use crate::model::{Digest, digest::key};

/// Digests by which two looks at a page are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Of the body's bytes after the HTTP content coding is undone.
    pub raw: Digest,
    /// Of everything that can carry an attack: title, text shown and hidden, links, scripts, frames, forms, images,
    /// meta.
    pub content: Digest,
    /// Of the sequence of tags.
    pub shape: Digest,
}

/// Words of a step in the number of words that are shown: a counter with one word more is no other page.
const WORDS: usize = 20;

/// The content digest. Everything that a detector reads must flow into it: pages of equal content are not judged again.
pub(super) fn content(page: &Page) -> Digest {
    let mut parts: Vec<String> = Vec::with_capacity(page.blocks.len() + page.links.len() + 64);
    parts.push(noise::normal(page.title.as_deref().unwrap_or_default()));
    parts.push(format!(
        "{:?} {:?} {} {} {:?} {:?}",
        page.kind, page.lang, page.media, page.dark, page.stunts, page.asks
    ));
    // pictures and other files have no parts: their bytes tell them apart
    if !page.kind.is_text() {
        parts.push(page.fingerprint.raw.hex());
    }
    for block in &page.blocks {
        parts.push(format!("{:x}{:?}", block.key, block.hidden));
    }
    for link in &page.links {
        parts.push(format!("{}{:?}", noise::normal_url(&link.url), link.hidden));
    }
    for script in &page.scripts {
        parts.push(format!(
            "{:?}{:x}",
            script.src.as_deref().map(noise::normal_url),
            script.key
        ));
    }
    for frame in &page.frames {
        parts.push(format!(
            "{}{}{:?}",
            noise::normal_url(&frame.src),
            frame.covers,
            frame.hidden
        ));
    }
    for form in &page.forms {
        parts.push(format!(
            "{}{}",
            noise::normal_url(&form.action),
            form.password
        ));
    }
    for image in &page.images {
        parts.push(noise::normal_url(&image.src));
        parts.push(noise::normal(&image.alt));
        // the address is cut before the picture in it ends
        if !image.data.is_empty() {
            parts.push(format!("{:x}", key(&image.data)));
        }
    }
    for cover in &page.covers {
        let src = noise::normal_url(&cover.src);
        parts.push(format!("{}{src}{}", cover.tag, cover.whole));
    }
    for layer in &page.layers {
        let src = noise::normal_url(&layer.src);
        let text = noise::normal(&layer.text);
        parts.push(format!("{:x} {text} {src} {}", layer.key, layer.only_leads));
    }
    parts.extend(page.style_hosts.iter().cloned());
    for (name, content) in &page.meta {
        if !noise::is_noisy_meta(name) {
            parts.push(format!("{name}={}", noise::normal(content)));
        }
    }
    parts.extend(page.refreshes.iter().cloned());
    parts.extend(page.relations.iter().map(|it| noise::normal_url(&it.url)));
    for used in &page.uses {
        parts.push(format!(
            "{} {}",
            used.usage.as_str(),
            noise::normal_url(&used.url)
        ));
    }
    Digest::of_parts(parts.iter().map(String::as_bytes))
}

/// The content digest of a page with what style sheets do to it.
pub(super) fn styled(content: Digest, styled: &Styled) -> Digest {
    let mut parts = vec![content.hex(), (styled.words / WORDS).to_string()];
    for it in &styled.concealed {
        parts.push(format!("{} {:?} {:x}", it.link, it.hiding, it.within));
    }
    for layer in &styled.layers {
        let text = noise::normal(&layer.text);
        let src = noise::normal_url(&layer.src);
        parts.push(format!("{:x} {text} {src} {}", layer.key, layer.only_leads));
    }
    parts.extend(styled.drawn.iter().map(|it| noise::normal(it)));
    parts.extend(styled.grounds.iter().map(|it| noise::normal_url(it)));
    Digest::of_parts(parts.iter().map(String::as_bytes))
}
