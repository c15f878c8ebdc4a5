//! What one visitor was shown, to be held beside what another is shown in the same minute.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    diff::Norm,
    model::Digest,
    page::{Page, registrable},
};

/// Text blocks that are kept: of a longer page, the later ones count as unknown.
const BLOCKS: usize = 8000;

/// The parts of a page by which two visitors are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub title: Option<String>,
    /// Keys of text blocks, ascending.
    pub blocks: Vec<u64>,
    /// Registrable domains that the page links, loads or posts to.
    pub domains: BTreeSet<String>,
}

impl Shown {
    /// The parts of a page.
    pub fn of(page: &Page) -> Self {
        let mut blocks: Vec<u64> = page.blocks.iter().take(BLOCKS).map(|it| it.key).collect();
        blocks.sort_unstable();
        blocks.dedup();
        Self {
            title: page.title.clone(),
            blocks,
            domains: domains(page),
        }
    }

    /// Whether the page has this text block.
    pub fn has(&self, block: u64) -> bool {
        self.blocks.binary_search(&block).is_ok()
    }

    /// Identifies what was shown.
    pub fn digest(&self) -> Digest {
        let blocks: Vec<u8> = self.blocks.iter().flat_map(|it| it.to_le_bytes()).collect();
        let title = self.title.as_deref().unwrap_or_default().as_bytes();
        let domains = self.domains.iter().map(String::as_bytes);
        Digest::of_parts([title, blocks.as_slice()].into_iter().chain(domains))
    }
}

/// Registrable domains of everything that a page leads to, loads or posts to.
pub fn domains(page: &Page) -> BTreeSet<String> {
    let hosts = page
        .links
        .iter()
        .map(|it| &it.host)
        .chain(page.scripts.iter().map(|it| &it.host))
        .chain(page.frames.iter().map(|it| &it.host))
        .chain(page.forms.iter().map(|it| &it.host))
        .chain(page.relations.iter().map(|it| &it.host));
    let hosts: BTreeSet<&str> = hosts
        .map(String::as_str)
        .filter(|it| !it.is_empty())
        .collect();
    hosts.into_iter().map(registrable).collect()
}

/// The first visitor, for a page that another visitor is shown.
#[derive(Clone, Debug)]
pub struct FirstVisitor {
    /// What the first visitor was shown just now; empty where that page was as one that is known.
    pub shown: Arc<Shown>,
    /// What is normal for the first visitor.
    pub first: Arc<Norm>,
    /// What is normal for the visitor of this page.
    pub own: Arc<Norm>,
}
