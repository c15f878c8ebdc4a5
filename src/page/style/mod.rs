//! A small cascade: which declarations of a page's style decide how an element looks.
//!
//! It knows tags, ids, classes, attributes, descendants, children, `:nth-child`, `:not` and groups. What it cannot
//! resolve (other selectors, `calc`, `var`, conditions of media) says nothing: such an element is neither hidden nor
//! does it cover the page. It reads rules as data: texts of the page ([`Sheet`]), and style sheets that the caller fetched
//! ([`Sheets`]).

mod cascade;
mod declared;
mod layout;
mod linked;
mod rule_set;
mod selector;
mod sheet;

pub(super) use cascade::{Cascade, Path, Style};
pub(super) use declared::{Declaration, address, declarations, drawn};
pub(super) use layout::{Lift, lift};
pub use linked::{Sheets, StyleSheet, imports as imports_of};
pub(super) use rule_set::RuleSet;
pub(super) use selector::Drawn;
pub(super) use sheet::{Sheet, holds, imports};
