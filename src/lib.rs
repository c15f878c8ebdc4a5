//! gaccong (*gác cổng*, "to guard the gate") watches web portals from outside and tells people when one is
//! defaced, carries planted content, or is down.
#![forbid(unsafe_code)]

pub mod model;
pub mod page;
pub mod diff;
pub mod detect;
pub mod words;
pub mod calendar;
pub mod config;
pub mod fetch;
pub mod incident;
pub mod store;
pub mod alert;
pub mod report;
pub mod watch;
pub mod schedule;
pub mod bot;
pub mod web;
pub mod cli;
