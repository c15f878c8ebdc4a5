//! A page as it is kept: stretches of bytes that never change, and between them what differs with each request.

use bytes::Bytes;

use super::slots::{self, Slot, Visit};

/// Where a defacement may take hold. An honest page has something of its own there, or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Title,
    /// The end of the head.
    Head,
    /// The first thing to be seen under the banner.
    Lead,
    /// Before the end of the body.
    Foot,
}

#[derive(Clone)]
pub enum Piece {
    Fixed(Bytes),
    Place(Place, Bytes),
    Slot(Slot),
}

#[derive(Clone)]
pub struct Page {
    pieces: Vec<Piece>,
    /// Quoted, as it stands in the header. Only pages without slots have one.
    pub etag: Option<String>,
}

impl Page {
    pub fn new(pieces: Vec<Piece>, validated: bool) -> Self {
        let mut page = Self { pieces, etag: None };
        if validated {
            page.etag = Some(page.digest());
        }
        page
    }

    /// This page with other bytes in one place.
    pub fn with(&self, place: Place, bytes: Bytes) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Place(at, _) if *at == place => Piece::Place(place, bytes.clone()),
            other => other.clone(),
        });
        Self::new(pieces.collect(), self.etag.is_some())
    }

    pub fn is_dynamic(&self) -> bool {
        self.pieces.iter().any(|it| matches!(it, Piece::Slot(_)))
    }

    /// What one visitor is sent. Copies nothing but the slots.
    pub fn fill(&self, visit: &Visit) -> Vec<Bytes> {
        let part = |piece: &Piece| match piece {
            Piece::Fixed(bytes) | Piece::Place(_, bytes) => bytes.clone(),
            Piece::Slot(slot) => slots::fill(*slot, visit),
        };
        let parts = self.pieces.iter().map(part);
        parts.filter(|it| !it.is_empty()).collect()
    }

    fn digest(&self) -> String {
        let mut hash = blake3::Hasher::new();
        for piece in &self.pieces {
            if let Piece::Fixed(bytes) | Piece::Place(_, bytes) = piece {
                hash.update(bytes);
            }
        }
        format!("\"{}\"", &hash.finalize().to_hex()[..24])
    }
}

/// Gathers text into pieces.
#[derive(Default)]
pub struct Composer {
    pieces: Vec<Piece>,
    text: String,
    before: usize,
}

impl Composer {
    pub fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn slot(&mut self, slot: Slot) {
        self.close();
        self.pieces.push(Piece::Slot(slot));
    }

    pub fn place(&mut self, place: Place, honest: String) {
        self.close();
        self.before += honest.len();
        self.pieces.push(Piece::Place(place, honest.into()));
    }

    /// Bytes so far, without the slots.
    pub fn length(&self) -> usize {
        self.before + self.text.len()
    }

    /// The page; with `validated`, its answers carry an ETag.
    pub fn finish(mut self, validated: bool) -> Page {
        self.close();
        Page::new(self.pieces, validated)
    }

    fn close(&mut self) {
        if !self.text.is_empty() {
            self.before += self.text.len();
            let text = std::mem::take(&mut self.text);
            self.pieces.push(Piece::Fixed(text.into()));
        }
    }
}
