//! What code can do: the deeds by which planted code gains something, recognised in folded code as statements
//! that belong together, not as single words.
//!
//! `TABLE` is the table. A row's function gets `Plain` code and gives the token at which the deed is
//! done, and the texts that it is done with (addresses, commands, titles).

mod build;
mod command;
mod copies;
mod flow;
mod folding;
mod gathers;
mod leaves;
mod lexer;
mod plain;
mod rewrites;
mod runs;
mod sends;
mod takes;
mod unasked;
mod visitor;

pub use build::Build;
pub use command::{is_command, tells_to_paste};
pub use leaves::Leaving;
use lexer::Kind;
use plain::Plain;

use super::{
    cancel, embedded,
    script::{self, Layer},
};

/// A capability of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// Writes to the clipboard.
    Copies,
    /// Writes to the clipboard, and holds a command that a shell would run.
    CopiesCommand,
    /// Asks a wallet for accounts, a signature or a payment.
    AsksWallet,
    /// Computes for a pool.
    Mines,
    /// Asks for permission to send notifications.
    AsksToNotify,
    /// Runs text that a server answers.
    RunsAnswers,
    /// Runs, loads or writes what it deciphers.
    RunsDeciphered,
    /// Sends what visitors type.
    SendsInputs,
    /// Sends what visitors type as the address of a picture.
    SendsInPicture,
    /// Sends each key that visitors press.
    SendsKeys,
    /// Writes another page in the place of this one.
    TakesPage,
    /// Gives the page a title.
    SetsTitle,
    /// Leads elsewhere.
    Leaves,
    /// Loads code, frames or data from an address with a host.
    Reaches,
    /// Decides by referrer, browser or a first visit.
    ChoosesVisitors,
    /// Sends what is typed anywhere in the page, whatever form it belongs to.
    GathersInputs,
    /// Hands out a program without being asked.
    PushesProgram,
    /// Leads every visitor to a path, at once.
    LeadsOn,
    /// Gives links, forms or pictures of the page an address, or puts digits of its own into texts or the clipboard.
    RewritesTargets,
    /// Registers a worker that stays in the browser.
    StaysInBrowser,
}

impl Capability {
    /// The capability's place in a set of capabilities.
    pub fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A capability that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub capability: Capability,
    /// Texts that it is done with.
    pub with: Vec<String>,
    /// The code from the statement on.
    pub shown: String,
}

/// The token of a capability, and the texts that it is done with.
type Sign = (usize, Vec<String>);

/// Finds a capability in code.
type Finds = fn(&Plain) -> Option<Sign>;

/// Capabilities and how each is recognised.
const TABLE: &[(Capability, Finds)] = &[
    (Capability::Copies, copies::any),
    (Capability::CopiesCommand, copies::command),
    (Capability::AsksWallet, visitor::wallet),
    (Capability::Mines, visitor::mines),
    (Capability::AsksToNotify, visitor::notify),
    (Capability::RunsAnswers, runs::answers),
    (Capability::RunsDeciphered, runs::deciphered),
    (Capability::SendsInputs, sends::inputs),
    (Capability::SendsInPicture, sends::in_picture),
    (Capability::SendsKeys, sends::keys),
    (Capability::TakesPage, takes::page),
    (Capability::SetsTitle, takes::title),
    (Capability::Leaves, leaves::away),
    (Capability::Reaches, leaves::reaches),
    (Capability::ChoosesVisitors, leaves::chooses),
    (Capability::GathersInputs, gathers::inputs),
    (Capability::PushesProgram, unasked::pushes_program),
    (Capability::LeadsOn, unasked::leads_on),
    (Capability::RewritesTargets, rewrites::targets),
    (Capability::StaysInBrowser, visitor::stays),
];

/// Longest code that is shown of a capability, in bytes.
const SHOWN: usize = 400;
/// Layers of one piece of code that are read as code, and their least length in bytes.
const LAYERS: usize = 16;
const SHORTEST: usize = 16;

/// Most pieces of markup that are read of one piece of code, and most addresses in them.
const WRITTEN: usize = 16;

/// What a piece of code is and does.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub done: Vec<Done>,
    /// Where it leads, statement by statement.
    pub leavings: Vec<Leaving>,
    pub build: Build,
    /// Addresses of scripts and frames in markup that it writes.
    pub written: Vec<String>,
}

/// Reads code and the texts that it carries. The work is linear in both.
pub fn read(code: &str, layers: &[Layer]) -> Reading {
    let mut reading = Reading::default();
    let whole = Plain::of(code);
    reading.take(code, &whole);
    let inner = layers
        .iter()
        .map(|it| it.text.as_str())
        .filter(|it| it.len() >= SHORTEST && it.contains(['(', '=']));
    for layer in inner.take(LAYERS) {
        if cancel::step(layer.len()) {
            break;
        }
        reading.take(layer, &Plain::of(layer));
    }
    // text in disguise is copied, too
    if reading.does(Capability::Copies).is_some()
        && reading.does(Capability::CopiesCommand).is_none()
        && let Some(command) = layers.iter().find(|it| is_command(&it.text))
    {
        reading.done.push(Done {
            capability: Capability::CopiesCommand,
            with: vec![command.text.clone()],
            shown: command.text.clone(),
        });
    }
    let texts = std::iter::once(code).chain(layers.iter().map(|it| it.text.as_str()));
    let hosts: Vec<String> = texts.flat_map(script::hosts_in).collect();
    reading.build = Build::of(&whole, code.len(), reading.set(), &hosts);
    reading
}

impl Reading {
    fn take(&mut self, code: &str, plain: &Plain) {
        if cancel::step(code.len()) {
            return;
        }
        for (capability, find) in TABLE {
            if self.does(*capability).is_none()
                && let Some((at, with)) = find(plain)
            {
                let from = plain.tokens.get(at).map_or(0, |it| it.at);
                let shown = code[from..].chars().take(SHOWN).collect();
                self.done.push(Done {
                    capability: *capability,
                    with,
                    shown,
                });
            }
        }
        self.leavings.extend(leaves::all(plain));
        let markup = (0..plain.len()).filter_map(|it| plain.text(it));
        let markup = markup.filter(|it| it.contains("src=")).take(WRITTEN);
        self.written
            .extend(markup.flat_map(embedded::sources).take(WRITTEN));
    }

    /// The capability, if it is done.
    pub fn does(&self, capability: Capability) -> Option<&Done> {
        self.done.iter().find(|it| it.capability == capability)
    }

    /// The capabilities as a set of [`Capability::bit`]s.
    pub fn set(&self) -> u32 {
        self.done
            .iter()
            .fold(0, |set, it| set | it.capability.bit())
    }
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}
