//! What is normal in that which style sheets do to a page: they hide menus, draw marks and lay out whole pages on every
//! portal.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    model::digest::key,
    page::{Styled, noise},
};

/// What style sheets did to one look. Keys are ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StyledFeatures {
    /// Of texts that style draws, and of pictures behind the page.
    pub drawn: Vec<u64>,
    /// Of elements that style sheets hide and that hold links.
    pub hide: Vec<u64>,
    /// Of layers that cover the page.
    pub layers: Vec<u64>,
    /// Number of words that visitors could read.
    pub words: usize,
}

impl StyledFeatures {
    /// Extracts the features of what style sheets do to a page.
    pub fn of(styled: &Styled) -> Self {
        let texts = styled.drawn.iter().map(|it| drawn_key(it));
        let grounds = styled.grounds.iter().map(|it| ground_key(it));
        let hide = styled.concealed.iter().map(|it| it.within);
        Self {
            drawn: ascending(texts.chain(grounds).collect()),
            hide: ascending(hide.collect()),
            layers: ascending(styled.layers.iter().map(|it| it.key).collect()),
            words: styled.words,
        }
    }
}

/// What is normal, learnt from the looks that were read with style sheets.
#[derive(Clone, Debug, Default)]
pub struct StyledNorm {
    pub drawn: HashSet<u64>,
    pub hide: HashSet<u64>,
    pub layers: HashSet<u64>,
    /// Numbers of words that visitors could read, one a look.
    seen: Vec<usize>,
}

impl StyledNorm {
    pub(super) fn take(&mut self, look: &StyledFeatures) {
        self.drawn.extend(&look.drawn);
        self.hide.extend(&look.hide);
        self.layers.extend(&look.layers);
        self.seen.push(look.words);
    }

    /// Whether any look was read with style sheets.
    pub fn is_known(&self) -> bool {
        !self.seen.is_empty()
    }

    /// The median number of words that visitors could read.
    pub fn words(&self) -> usize {
        let mut seen = self.seen.clone();
        seen.sort_unstable();
        seen.get(seen.len() / 2).copied().unwrap_or(0)
    }

    /// Whether a text was drawn by style in any look.
    pub fn draws(&self, text: &str) -> bool {
        self.drawn.contains(&drawn_key(text))
    }

    /// Whether a picture lay behind the whole page in any look.
    pub fn paints(&self, url: &str) -> bool {
        self.drawn.contains(&ground_key(url))
    }

    pub(super) fn bytes(&self) -> usize {
        (self.drawn.capacity() + self.hide.capacity() + self.layers.capacity()) * 9
            + self.seen.len() * 8
    }
}

fn drawn_key(text: &str) -> u64 {
    key(&noise::normal(text))
}

fn ground_key(url: &str) -> u64 {
    key(&format!("url {}", noise::normal_url(url)))
}

fn ascending(mut keys: Vec<u64>) -> Vec<u64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}
