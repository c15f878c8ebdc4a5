//! The list of signals. A new one is a file, a `mod` line, a line in [`ALL`], a row in `weigh::WEIGHTS`
//! and a sentence in each of `locales/*.ftl`.

mod boast;
mod canonical;
mod download;
mod emptied;
mod foreign_form;
mod foreign_frame;
mod foreign_links;
mod foreign_loader;
mod foreign_script;
mod hidden_links;
mod language;
mod missing_text;
mod moved;
mod not_a_page;
mod packed_script;
mod redirect;
mod replaced;
mod slogan;
mod spam;
mod stage;
mod swapped_links;
mod taunt;
mod title;

use super::Detector;

/// In the order in which a person would name them; equal weights keep it.
pub const ALL: &[&dyn Detector] = &[
    &boast::Boast,
    &taunt::Taunt,
    &slogan::Slogan,
    &not_a_page::NotAPage,
    &replaced::Replaced,
    &title::Title,
    &emptied::Emptied,
    &stage::Stage,
    &moved::Moved,
    &redirect::Redirect,
    &foreign_script::ForeignScript,
    &foreign_loader::ForeignLoader,
    &packed_script::PackedScript,
    &foreign_frame::ForeignFrame,
    &foreign_form::ForeignForm,
    &hidden_links::HiddenLinks,
    &spam::Spam,
    &swapped_links::SwappedLinks,
    &foreign_links::ForeignLinks,
    &canonical::Canonical,
    &download::Download,
    &language::Language,
    &missing_text::MissingText,
];
