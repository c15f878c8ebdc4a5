//! A small cascade: which declarations of a page's style decide how an element looks.
//!
//! It knows tags, ids, classes, attributes, descendants, children, `:nth-child`, `:not` and groups. What it cannot
//! resolve (other selectors, `calc`, `var`, conditions of media) says nothing: such an element is neither hidden nor
//! does it cover the page. It reads rules as data ([`Sheet`]), from wherever the caller has them.

mod cascade;
mod declared;
mod layout;
mod selector;
mod sheet;

pub(super) use cascade::{Cascade, Path, Style};
pub(super) use declared::{address, declarations, drawn};
pub(super) use layout::{Lift, lift};
pub(super) use selector::Drawn;
pub(super) use sheet::{Sheet, holds};
