//! The nouns: plain data with public fields that every other module speaks in.
//!
//! Nothing here needs the world: no clock, no file, no socket, no HTML.

pub mod agency;
pub mod alert;
pub mod baseline;
pub mod class;
pub mod digest;
pub mod domain;
pub mod dossier;
pub mod duty;
pub mod excerpt;
pub mod history;
pub mod incident;
pub mod mask;
pub mod names;
pub mod observation;
pub mod plan;
pub mod presentation;
pub mod record;
pub mod registration;
pub mod say;
pub mod sighting;
pub mod signal;
pub mod site;
pub mod storm;
pub mod target;
pub mod time;
pub mod verdict;
pub mod visit;
pub mod window;

pub use agency::Agency;
pub use alert::{About, Alert, Notice, Receipt, Urgency};
pub use baseline::{Baseline, LookRef};
pub use class::{Class, Standing};
pub use digest::Digest;
pub use domain::registrable;
pub use dossier::{Dossier, Glance};
pub use incident::{Incident, IncidentId, Kind};
pub use mask::Mask;
pub use observation::{Observation, Seen};
pub use presentation::Presentation;
pub use say::Say;
pub use sighting::Sightings;
pub use signal::Signal;
pub use site::SiteFacts;
pub use storm::Storm;
pub use target::{Part, Profile, Target, TargetId};
pub use verdict::{Level, Verdict};
pub use visit::{Broken, Fetched, Held};
pub use window::WatchWindow;
