//! What a page newly leads to: the places worth a look before an alarm, the most dangerous first.

use std::collections::HashSet;

use url::Url;

use super::{Role, View, pins, programs};
use crate::{
    diff::Norm,
    model::{
        digest::key,
        lead::{Lead, LeadRole},
    },
    page::{Page, noise},
};

/// Most places of one page.
pub const MOST: usize = 6;
/// Most places of one kind: a page with a hundred new links must not push out its new script.
const MOST_OF_A_KIND: usize = 2;

/// The places that the page of `view` newly leads to, at most [`MOST`]. Empty without a baseline: then all is new.
pub fn of(view: &View) -> Vec<Lead> {
    let Some(change) = &view.change else {
        return Vec::new();
    };
    let refreshes = change.refreshes.iter().map(|it| it.as_str());
    let frames = view.frames();
    let forms = view.forms();
    let links = view.links();
    let programs = links.iter().filter(|it| programs::is_program(&it.url));
    let strange = links
        .iter()
        .filter(|it| !programs::is_program(&it.url) && view.is_strange_as(&it.host, Role::Any));
    let mut leads = Leads::default();
    leads.take(LeadRole::Refresh, refreshes);
    leads.take(LeadRole::Script, new_scripts(view.page, view.norm));
    let pictures = pins::to_read(view);
    leads.take(LeadRole::Picture, pictures.iter().map(String::as_str));
    leads.take(LeadRole::Frame, frames.iter().map(|it| it.src.as_str()));
    leads.take(LeadRole::Form, forms.iter().map(|it| it.action.as_str()));
    leads.take(LeadRole::Download, programs.map(|it| it.url.as_str()));
    leads.take(LeadRole::Link, strange.map(|it| it.url.as_str()));
    leads.0.truncate(MOST);
    leads.0
}

/// Addresses of scripts that no known look loaded, on any host: an attacker may have uploaded one to the portal itself.
fn new_scripts<'a>(page: &'a Page, norm: &'a Norm) -> impl Iterator<Item = &'a str> {
    let sources = page.scripts.iter().filter_map(|it| it.src.as_deref());
    sources.filter(|it| !norm.scripts.contains_key(&key(&noise::normal_url(it))))
}

#[derive(Default)]
struct Leads(Vec<Lead>);

impl Leads {
    fn take<'a>(&mut self, role: LeadRole, urls: impl Iterator<Item = &'a str>) {
        let mut known: HashSet<Url> = self.0.iter().map(|it| it.url.clone()).collect();
        let new = urls
            .filter_map(|it| Url::parse(it).ok())
            .filter(|it| matches!(it.scheme(), "http" | "https"))
            .filter(|it| known.insert(it.clone()))
            .take(MOST_OF_A_KIND);
        self.0.extend(new.map(|url| Lead { role, url }));
    }
}
