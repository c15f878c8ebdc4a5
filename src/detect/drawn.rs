//! Texts that style sheets newly draw.

use std::borrow::Cow;

use super::texts::{Place, Text};
use crate::{
    diff::Norm,
    model::digest::key,
    page::{Page, Styled, fold::fold, noise},
};

/// What style sheets do to a page, where its norm knows what they did before, or there is no norm.
pub(super) fn styled<'a>(page: &'a Page, norm: &Norm) -> Option<&'a Styled> {
    let is_comparable = norm.looks == 0 || norm.styled.is_known();
    page.styled.as_ref().filter(|_| is_comparable)
}

/// Texts that style sheets newly draw.
pub(super) fn drawn<'a>(page: &'a Page, norm: &Norm) -> Vec<Text<'a>> {
    let drawn = styled(page, norm).into_iter().flat_map(|it| &it.drawn);
    let new = drawn
        .filter(|it| !norm.styled.draws(it) && !norm.blocks.contains_key(&key(&noise::normal(it))));
    new.map(|it| Text {
        place: Place::Block,
        raw: Cow::Borrowed(it.as_str()),
        folded: fold(it),
        linked: false,
    })
    .collect()
}
