//! gaccong (*gác cổng*, "to guard the gate") watches web portals from outside and tells people when one is
//! defaced, carries planted content, or is down.
#![forbid(unsafe_code)]

pub mod actions;
pub mod blocking;
pub mod bot;
pub mod calendar;
pub mod cli;
pub mod config;
pub mod deliver;
pub mod detect;
pub mod diff;
pub mod duty;
pub mod envelope;
pub mod evidence;
pub mod fetch;
pub mod files;
pub mod incident;
pub mod jobs;
pub mod judge;
pub mod locale;
pub mod model;
pub mod notify;
pub mod page;
pub mod qr;
pub mod registry;
pub mod report;
pub mod schedule;
pub mod store;
pub mod table;
pub mod watch;
pub mod web;
pub mod world;
