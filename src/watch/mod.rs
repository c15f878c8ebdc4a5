//! The only place where the core and the edges meet: one look from start to end, the outbox to its notifiers,
//! and doubt of ourselves before any accusation.

pub mod approve;
pub mod beyond;
pub mod candidates;
pub mod chats;
pub mod check;
pub mod clock;
mod confirm;
mod delivered;
pub mod diff;
pub mod duty;
mod elsewhere;
pub mod evicted;
pub mod eyes;
mod found;
pub mod health;
mod judged;
mod judging;
mod learn;
pub mod leaving;
mod lessons;
pub mod line;
pub mod listed;
pub mod look;
pub mod measure;
mod memo;
mod norms;
mod outside;
mod parts;
pub mod paths;
pub mod plans;
pub mod processor;
pub mod registration;
pub mod reports;
pub mod request_alerts;
pub mod scrutiny;
pub mod shift_check;
mod sightings;
pub mod step;
pub mod tell;
mod turns;
pub mod windows;
mod world;

pub use look::{Beside, Look, look};
pub use world::{Fault, Live, World, derived, steady};
