//! The list of signals. A new signal is a file, a `mod` line, a line in [`ALL`], a row in `weights.tsv` and a sentence
//! in each of `locales/*.ftl`.

mod alien_text;
mod asks_secrets;
mod boast;
mod canonical;
mod covered;
mod download;
mod dressed;
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
mod origin;
mod packed_script;
mod parked;
mod planted_file;
mod redirect;
mod replaced;
mod slogan;
mod spam;
mod stage;
mod swapped_links;
mod taunt;
mod title;
mod unrecognised;
mod uprooted;

use super::Detector;

// signals that rules name one by one
pub use asks_secrets::AsksSecrets;
pub use emptied::Emptied;
pub use moved::Moved;
pub use replaced::Replaced;
pub use stage::Stage;
pub use uprooted::Uprooted;

/// All detectors, in the order in which a person would name them; signals of equal weight are listed in this order.
pub const ALL: &[&dyn Detector] = &[
    &boast::Boast,
    &taunt::Taunt,
    &slogan::Slogan,
    &not_a_page::NotAPage,
    &dressed::Dressed,
    &covered::Covered,
    &unrecognised::Unrecognised,
    &Replaced,
    &Uprooted,
    &title::Title,
    &Emptied,
    &Stage,
    &Moved,
    &origin::Origin,
    &parked::Parked,
    &planted_file::PlantedFile,
    &redirect::Redirect,
    &foreign_script::ForeignScript,
    &foreign_loader::ForeignLoader,
    &packed_script::PackedScript,
    &foreign_frame::ForeignFrame,
    &foreign_form::ForeignForm,
    &AsksSecrets,
    &hidden_links::HiddenLinks,
    &spam::Spam,
    &swapped_links::SwappedLinks,
    &foreign_links::ForeignLinks,
    &canonical::Canonical,
    &download::Download,
    &alien_text::AlienText,
    &language::Language,
    &missing_text::MissingText,
];
