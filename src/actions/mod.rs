//! What people do, one file a family of verbs. A verb takes the caller's [`Access`], asks it what the caller may do, decides
//! and commits, and answers with data or with [`Refused`]: the bot, the command line and later the console only translate
//! to these and back.

mod access;
pub mod approve;
pub mod candidates;
pub mod evidence;
pub mod incidents;
pub mod overview;
pub mod ownership;
pub mod plans;
mod refused;
pub mod registration;
pub mod registry;
pub mod removal;
pub mod reports;
pub mod request_alerts;
mod resemblance;
pub mod rounds;
pub mod shift_check;

pub use access::{Access, Caller, CallerChat, Role};
pub use refused::{Noun, Refused};
