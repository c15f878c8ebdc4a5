//! Reads the agencies and their targets.

use std::collections::BTreeMap;

use super::{
    Config, Fault, Pace, duty,
    fields::Fields,
    hosts::allowed_host,
    settings::{notify, settings},
    tree::{Node, Place, Value},
};
use crate::{
    model::{
        Agency, Target,
        target::{Settings, portal_url},
    },
    page,
};

/// Reads `agencies` into `config`; faults go to `faults`.
pub(super) fn read(node: &Node, pace: Pace, config: &mut Config, faults: &mut Vec<Fault>) {
    let Some(items) = items(node, "agencies", faults) else {
        return;
    };
    let mut reading = Reading {
        pace,
        config,
        agencies: BTreeMap::new(),
        targets: BTreeMap::new(),
        urls: BTreeMap::new(),
    };
    for (at, node) in items.iter().enumerate() {
        reading.agency(node, &format!("agencies[{at}]"), faults);
    }
}

/// The configuration as far as it is read, and where each id and URL was first written.
struct Reading<'a> {
    pace: Pace,
    config: &'a mut Config,
    agencies: BTreeMap<String, Place>,
    targets: BTreeMap<String, Place>,
    urls: BTreeMap<String, Place>,
}

impl Reading<'_> {
    fn agency(&mut self, node: &Node, path: &str, faults: &mut Vec<Fault>) {
        let Some(fields) = Fields::of(node, path, faults) else {
            return;
        };
        let id = fields.required("id", fields.id("id"));
        let name = fields.required("name", fields.text("name"));
        let told = notify(&fields, &self.config.notifiers);
        if let Some((at, id)) = &id
            && let Some(first) = self.agencies.insert(id.clone(), *at)
        {
            fields.fault(
                *at,
                "id",
                format!("{id:?} is taken by the agency at line {}", first.0),
            );
        }
        let agency = Agency {
            id: id.map(|it| it.1).unwrap_or_default(),
            name: name.unwrap_or_default(),
            province: fields.text("province"),
            notify: told.clone().unwrap_or_default(),
            escalation: duty::escalation(&fields),
            head: duty::one(&fields, "head"),
        };
        let base = Settings {
            notify: told.unwrap_or_else(|| self.config.defaults.notify.clone()),
            ..self.config.defaults.clone()
        };
        if let Some(node) = fields.node("targets") {
            let path = fields.path("targets");
            fields.inside(|faults| {
                for (at, node) in items(node, &path, faults)
                    .unwrap_or_default()
                    .iter()
                    .enumerate()
                {
                    self.target(node, &format!("{path}[{at}]"), (&agency, &base), faults);
                }
            });
        }
        fields.finish();
        self.config.agencies.push(agency);
    }

    /// Reads one target of an agency, over the agency's settings.
    fn target(
        &mut self,
        node: &Node,
        path: &str,
        (agency, base): (&Agency, &Settings),
        faults: &mut Vec<Fault>,
    ) {
        let Some(fields) = Fields::of(node, path, faults) else {
            return;
        };
        let id = fields.required("id", fields.id("id"));
        let name = fields.text("name");
        let url = fields.required("url", fields.parsed("url", portal_url));
        let at = fields.node("url").map_or(fields.at, |it| it.at);
        let settings = settings(&fields, base, self.pace, &self.config.notifiers);
        let ignore = fields.raw_texts("ignore").unwrap_or_default();
        for (at, selector) in &ignore {
            if !page::is_selector(selector) {
                fields.fault(*at, "ignore", format!("{selector:?} is not a CSS selector"));
            }
        }
        let must_contain = fields.texts("must_contain").unwrap_or_default();
        for (at, text) in &must_contain {
            if page::fold::fold(text).is_empty() {
                let why = format!("{text:?} holds no letter and no digit that could be looked for");
                fields.fault(*at, "must_contain", why);
            }
        }
        let allow_hosts = fields.list("allow_hosts", allowed_host).unwrap_or_default();
        if let Some((at, id)) = &id
            && let Some(first) = self.targets.insert(id.clone(), *at)
        {
            fields.fault(
                *at,
                "id",
                format!("{id:?} is taken by the target at line {}", first.0),
            );
        }
        if let Some(url) = &url
            && let Some(first) = self.urls.insert(url.to_string(), at)
        {
            fields.fault(
                at,
                "url",
                format!("{url} is watched already, see line {}", first.0),
            );
        }
        fields.finish();
        let texts =
            |list: Vec<(Place, String)>| list.into_iter().map(|it| it.1).collect::<Vec<_>>();
        let (Some((_, id)), Some(url)) = (id, url) else {
            return;
        };
        let Ok(id) = id.parse() else { return };
        self.config.targets.push(Target {
            part: None,
            by_operator: true,
            id,
            name: name.unwrap_or_else(|| url.host_str().unwrap_or_default().to_owned()),
            url,
            agency: agency.id.clone(),
            agency_name: agency.name.clone(),
            settings,
            ignore: texts(ignore),
            must_contain: texts(must_contain),
            allow_hosts,
        });
    }
}

fn items<'a>(node: &'a Node, path: &str, faults: &mut Vec<Fault>) -> Option<&'a [Node]> {
    match &node.value {
        Value::List(items) => Some(items),
        _ if node.is_null() => None,
        _ => {
            let message = format!(
                "{path}: a list (- …) is wanted here, this is {}",
                node.kind()
            );
            faults.push(Fault {
                line: node.at.0,
                column: node.at.1,
                message,
            });
            None
        }
    }
}
