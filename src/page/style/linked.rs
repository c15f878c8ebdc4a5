//! Style sheets that a page links, as they were fetched: each is read once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use url::Url;

use super::{
    rule_set::RuleSet,
    sheet::{self, Sheet},
};
use crate::{
    model::Digest,
    page::{links::resolve, noise::normal_url},
};

/// Most bytes of one style sheet that are read.
const LARGEST: usize = 256 << 10;
/// Bytes of the beginning of a style sheet in which its imports stand.
const BEGINNING: usize = 16 << 10;
/// Most style sheets that one style sheet imports.
const IMPORTS: usize = 8;

/// A style sheet that was fetched.
#[derive(Debug)]
pub struct StyleSheet {
    pub(in crate::page) rules: Arc<RuleSet>,
    imports: Vec<String>,
    digest: Digest,
    is_cut: bool,
}

/// Addresses of style sheets that the beginning of a style sheet imports: browsers take imports from nowhere else.
pub fn imports(bytes: &[u8], url: &str) -> Vec<String> {
    let Ok(base) = Url::parse(url) else {
        return Vec::new();
    };
    let css = String::from_utf8_lossy(&bytes[..bytes.len().min(BEGINNING)]);
    let written = sheet::imports(&css).into_iter().take(IMPORTS);
    written.map(|it| resolve(&base, &it).0).collect()
}

impl StyleSheet {
    /// Reads the bytes that stand at an address, up to 256 KiB.
    pub fn read(bytes: &[u8], url: &Url) -> Self {
        let css = String::from_utf8_lossy(&bytes[..bytes.len().min(LARGEST)]);
        let css = css.trim_start_matches('\u{feff}').to_owned();
        let mut rules = RuleSet::of(&[Sheet { css }], true);
        rules.resolve(url);
        let imports = rules.loads.imports.iter().take(IMPORTS);
        Self {
            imports: imports.map(|it| resolve(url, it).0).collect(),
            digest: Digest::of(bytes),
            is_cut: bytes.len() > LARGEST || rules.is_full(),
            rules: Arc::new(rules),
        }
    }

    /// Addresses of the style sheets that it imports.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Whether it was not read to its end.
    pub(in crate::page) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Bytes of memory that it takes, roughly.
    pub fn bytes(&self) -> usize {
        self.rules.bytes() + 512
    }

    /// The digest of its bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// The style sheets of a portal that are known, by address.
#[derive(Clone, Debug, Default)]
pub struct Sheets {
    all: HashMap<String, Arc<StyleSheet>>,
    digest: Option<Digest>,
    /// Whether other addresses may hold style sheets that are not known yet.
    is_open: bool,
}

impl Sheets {
    /// Style sheets, each with its address.
    pub fn of(sheets: impl IntoIterator<Item = (String, Arc<StyleSheet>)>) -> Self {
        let sheets = sheets.into_iter().map(|(url, it)| (name(&url), it));
        let all: HashMap<String, Arc<StyleSheet>> = sheets.collect();
        let digest = Self::identity(all.iter().map(|it| (it.0.as_str(), it.1.digest)));
        Self {
            all,
            digest,
            is_open: false,
        }
    }

    /// These style sheets, while others are not known yet.
    pub fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Whether an address may hold a style sheet that is not known yet.
    pub(in crate::page) fn lacks(&self, url: &str) -> bool {
        self.is_open && !self.all.contains_key(&name(url))
    }

    /// The digest by which style sheets of these addresses and digests are identified; `None` for none.
    pub fn identity<'a>(sheets: impl IntoIterator<Item = (&'a str, Digest)>) -> Option<Digest> {
        let named = sheets.into_iter().map(|(url, it)| (name(url), it));
        let named: BTreeMap<String, Digest> = named.collect();
        let parts = named
            .iter()
            .flat_map(|it| [it.0.as_bytes(), it.1.bytes().as_slice()]);
        (!named.is_empty()).then(|| Digest::of_parts(parts))
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The style sheet at an address.
    pub fn get(&self, url: &str) -> Option<&Arc<StyleSheet>> {
        if self.all.is_empty() {
            return None;
        }
        self.all.get(&name(url))
    }

    /// Identifies them; `None` if none is known.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }
}

/// The name of an address: without what varies between looks (`?v=12`).
fn name(url: &str) -> String {
    normal_url(url)
}
