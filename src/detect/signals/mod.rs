//! The list of signals. A new signal is a file, a `mod` line, a line in [`ALL`], a row in `weights.tsv` and a sentence
//! in each of `locales/*.ftl`.

mod alien_text;
mod altered;
mod asks_secrets;
mod boast;
mod canonical;
mod copies_command;
mod covered;
mod covering_layer;
mod disguised;
mod download;
mod dressed;
mod emptied;
mod foreign_declaration;
mod foreign_form;
mod foreign_frame;
mod foreign_links;
mod foreign_loader;
mod foreign_script;
mod foreign_style;
mod hidden_links;
mod intruder;
mod language;
mod leads_to;
mod missing_text;
mod moved;
mod new_account;
mod not_a_page;
mod offer;
mod origin;
mod own_upload;
mod packed_script;
mod parked;
mod pinned_account;
mod pinned_contact;
mod pinned_logo;
mod pinned_program;
mod pinned_qr;
mod pinned_service;
mod planted_file;
mod redirect;
mod replaced;
mod retitled;
mod runs_unseen;
mod sends_inputs;
mod shown_to_some;
mod slogan;
mod spam;
mod stage;
mod strange_service;
mod swapped_links;
mod takes_page;
mod taunt;
mod title;
mod unrecognised;
mod uprooted;
mod uses_visitors;

use super::Detector;

// signals that rules name one by one
pub use asks_secrets::AsksSecrets;
pub use emptied::Emptied;
pub use moved::Moved;
pub use pinned_qr::PinnedQr;
pub use replaced::{Replaced, is_familiar};
pub use stage::Stage;
pub use uprooted::Uprooted;

/// All detectors, in the order in which a person would name them; signals of equal weight are listed in this order.
pub const ALL: &[&dyn Detector] = &[
    &boast::Boast,
    &taunt::Taunt,
    &slogan::Slogan,
    &intruder::Intruder,
    &disguised::Disguised,
    &not_a_page::NotAPage,
    &dressed::Dressed,
    &covered::Covered,
    &covering_layer::CoveringLayer,
    &unrecognised::Unrecognised,
    &Replaced,
    &Uprooted,
    &title::Title,
    &retitled::Retitled,
    &Emptied,
    &Stage,
    &Moved,
    &origin::Origin,
    &parked::Parked,
    &planted_file::PlantedFile,
    &redirect::Redirect,
    &foreign_script::ForeignScript,
    &foreign_loader::ForeignLoader,
    &own_upload::OwnUpload,
    &foreign_style::ForeignStyle,
    &foreign_declaration::ForeignDeclaration,
    &packed_script::PackedScript,
    &copies_command::CopiesCommand,
    &uses_visitors::UsesVisitors,
    &runs_unseen::RunsUnseen,
    &sends_inputs::SendsInputs,
    &takes_page::TakesPage,
    &foreign_frame::ForeignFrame,
    &foreign_form::ForeignForm,
    &AsksSecrets,
    &hidden_links::HiddenLinks,
    &spam::Spam,
    &offer::Offer,
    &swapped_links::SwappedLinks,
    &foreign_links::ForeignLinks,
    &canonical::Canonical,
    &download::Download,
    &pinned_account::PinnedAccount,
    &pinned_qr::PinnedQr,
    &pinned_service::PinnedService,
    &pinned_program::PinnedProgram,
    &pinned_contact::PinnedContact,
    &pinned_logo::PinnedLogo,
    &new_account::NewAccount,
    &strange_service::StrangeService,
    &shown_to_some::ShownToSome,
    &leads_to::LeadsTo,
    &alien_text::AlienText,
    &altered::Altered,
    &language::Language,
    &missing_text::MissingText,
];
