//! gaccong (*gác cổng*, "to guard the gate") watches web portals from outside and tells people when one is
//! defaced, carries planted content, or is down.
#![forbid(unsafe_code)]

pub mod alert;
pub mod bot;
pub mod calendar;
pub mod cli;
pub mod config;
pub mod detect;
pub mod diff;
pub mod duty;
pub mod fetch;
pub mod files;
pub mod incident;
pub mod model;
pub mod page;
pub mod registry;
pub mod report;
pub mod schedule;
pub mod store;
pub mod table;
pub mod watch;
pub mod web;
pub mod words;
