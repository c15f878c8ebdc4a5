//! Actions of people, one file for each family of actions. An action takes the caller's [`Access`], checks the
//! caller's permissions, decides, commits, and returns data or [`Refused`]. The bot and the command line only
//! translate to and from these. Every action may also fail with [`Refused::Store`].

mod access;
pub mod approve;
pub mod campaigns;
pub mod candidates;
pub mod evidence;
pub mod incidents;
pub mod moved_chats;
pub mod overview;
pub mod ownership;
pub mod pins;
pub mod plans;
pub mod questions;
mod refused;
pub mod registration;
pub mod registry;
pub mod removal;
pub mod reports;
pub mod request_alerts;
mod resemblance;
pub mod shift_check;

pub use access::{Access, Caller, CallerChat, Role};
pub use refused::{Noun, Refused};
