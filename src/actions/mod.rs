//! What people do, one file a family of verbs: the bot, the command line and later the console translate to these and back.

pub mod approve;
pub mod candidates;
pub mod evidence;
pub mod incidents;
pub mod ownership;
pub mod plans;
pub mod registration;
pub mod removal;
pub mod reports;
pub mod request_alerts;
