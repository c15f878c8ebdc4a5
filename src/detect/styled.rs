//! What style sheets do to a page and did to no known look. Only looks that were read with style sheets are compared:
//! menus, tabs and windows are hidden by them on every portal.

use super::{drawn::styled, view::View};
use crate::{
    model::digest::key,
    page::{Hiding, Layer, Link, Styled, noise},
};

/// Fewest letters of a new text by which a layer is recognised as new.
const LETTERS: usize = 6;
/// Most new blocks that are searched in a layer.
const BLOCKS: usize = 400;

impl<'a> View<'a> {
    /// What style sheets do to the page, where that can be compared.
    pub(super) fn styled(&self) -> Option<&'a Styled> {
        styled(self.page, self.norm)
    }

    /// New links that style sheets alone hide, in an element that hid no links before, with the way of hiding.
    pub(super) fn concealed(&self) -> Vec<(&'a Link, Hiding)> {
        let Some(styled) = self.styled().filter(|it| !it.is_partial) else {
            return Vec::new();
        };
        let new = styled
            .concealed
            .iter()
            .filter(|it| !self.norm.styled.hide.contains(&it.within));
        new.filter_map(|it| Some((self.page.links.get(it.link)?, it.hiding)))
            .filter(|it| {
                let url = key(&noise::normal_url(&it.0.url));
                !self.norm.links.contains_key(&url)
            })
            .collect()
    }

    /// Layers that cover the page by style sheets, that no known look had, and that show something new. Without a norm
    /// none: whether a script takes one away is not known.
    pub(super) fn styled_layers(&self) -> impl Iterator<Item = &'a Layer> {
        let known = self.norm.looks > 0;
        let styled = self.styled().filter(|_| known);
        let layers = styled.into_iter().flat_map(|it| &it.layers);
        let is_new = |it: &&Layer| {
            let norm = self.norm;
            !norm.layers.contains(&it.key)
                && !norm.styled.layers.contains(&it.key)
                && self.shows_news(it)
        };
        layers.filter(is_new)
    }

    fn shows_news(&self, layer: &Layer) -> bool {
        let src = key(&noise::normal_url(&layer.src));
        let norm = self.norm;
        if !layer.src.is_empty() {
            return !norm.images.contains_key(&src) && !norm.links.contains_key(&src);
        }
        if layer.tag.starts_with("::") {
            return !norm.styled.draws(&layer.text);
        }
        let new = self.change.iter().flat_map(|it| &it.blocks).take(BLOCKS);
        let texts = new.map(|it| it.text.as_str());
        let mut texts =
            texts.filter(|it| it.chars().filter(|c| c.is_alphabetic()).count() >= LETTERS);
        texts.any(|it| layer.text.contains(it) || it.contains(layer.text.as_str()))
    }
}
