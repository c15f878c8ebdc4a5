//! Reads and checks the sections of the file.

use std::{collections::BTreeMap, path::PathBuf};

use jiff::{civil::Date, tz::TimeZone};

use super::{
    Config, Fault, NotifierSpec, Pace, Service, agencies,
    duty::{self, said},
    fields::{self, Fields},
    questions,
    settings::{at_least, settings},
    tree::{Node, Value},
};
use crate::{
    calendar::{Days, HOLIDAYS, WindowRule, holiday},
    duty::roster,
    locale::Lang,
    model::target::{Settings, portal_url},
};

/// Reads all sections; faults go to `faults`.
pub(super) fn config(root: &Node, pace: Pace, faults: &mut Vec<Fault>) -> Config {
    let mut config = Config {
        pace,
        ..Config::default()
    };
    let Some(top) = Fields::of(root, "", faults) else {
        return config;
    };
    if let Some(node) = top.node("service") {
        config.service = top.inside(|faults| service(node, faults, &mut config.warnings));
    }
    let names = match top.node("notifiers") {
        Some(node) => top.inside(|faults| notifiers(node, faults)),
        None => BTreeMap::new(),
    };
    config.notifiers.extend(names);
    if let Some(node) = top.node("defaults") {
        let base = Settings::default();
        config.defaults = top.inside(|faults| {
            Fields::of(node, "defaults", faults).map_or(base.clone(), |fields| {
                let found = settings(&fields, &base, pace, &config.notifiers);
                fields.finish();
                found
            })
        });
    }
    if let Some(node) = top.node("watch_windows") {
        config.windows = top.inside(|faults| windows(node, pace, faults));
    }
    let mut named = Vec::new();
    if let Some(node) = top.node("duty") {
        config.duty = top.inside(|faults| duty::read(node, &mut named, faults));
    }
    if let Some(node) = top.node("questions") {
        config.questions = top.inside(|faults| questions::read(node, faults));
    }
    if let Some(node) = top.node("agencies") {
        top.inside(|faults| agencies::read(node, pace, &mut config, faults));
    }
    let strangers = named.iter().filter_map(|it| it.unknown(&config.agencies));
    config.warnings.extend(strangers);
    top.finish();
    config
}

fn service(node: &Node, faults: &mut Vec<Fault>, warnings: &mut Vec<Fault>) -> Service {
    let mut out = Service::default();
    let Some(fields) = Fields::of(node, "service", faults) else {
        return out;
    };
    out.name = fields.text("name").unwrap_or(out.name);
    out.contact = fields.text("contact").unwrap_or(out.contact);
    let language = fields.parsed("language", |text| match text {
        "vi" => Ok(Lang::Vi),
        "en" => Ok(Lang::En),
        _ => Err(format!("{text:?} is not a language: vi or en")),
    });
    out.language = language.unwrap_or(out.language);
    let zone = fields.parsed("timezone", |text| {
        TimeZone::get(text).map_err(|_| {
            format!("{text:?} is no time zone of the IANA list, such as Asia/Ho_Chi_Minh")
        })
    });
    out.timezone = zone.unwrap_or(out.timezone);
    let path = |name| fields.parsed(name, |text| Ok(PathBuf::from(text)));
    out.data_dir = path("data_dir").unwrap_or(out.data_dir);
    out.snapshots_dir = path("snapshots_dir").unwrap_or(out.snapshots_dir);
    out.vantage = fields.text("vantage").unwrap_or(out.vantage);
    if let Some(node) = fields.node("store") {
        out.store_at = node.at;
        let kind = fields.inside(|faults| {
            let fields = Fields::of(node, "service.store", faults)?;
            let kind = fields.required("kind", fields.text("kind"));
            fields.finish();
            kind
        });
        out.store = kind.unwrap_or(out.store);
    }
    let listen = fields.parsed("listen", |text| match text {
        "off" => Ok(None),
        text => fields::address(text).map(Some),
    });
    out.listen = listen.unwrap_or(out.listen);
    network(&fields, &mut out);
    out.heartbeat = fields
        .parsed("heartbeat", |text| match text {
            "off" => Ok(None),
            text => portal_url(text).map(Some),
        })
        .flatten();
    if let Some(node) = fields.node("token_env") {
        let message =
            "service.token_env: this version has no API yet, so the token opens nothing".to_owned();
        warnings.push(Fault {
            line: node.at.0,
            column: node.at.1,
            message,
        });
    }
    fields.finish();
    out
}

/// What the service may visit, and how it finds names and authorities.
fn network(fields: &Fields, out: &mut Service) {
    out.allow_networks = fields
        .list("allow_networks", |text| {
            text.parse().map_err(|_| {
                format!("{text:?} is not a network such as 10.1.0.0/16 or 127.0.0.2/32")
            })
        })
        .unwrap_or_default();
    let ports = fields.list("allow_ports", |text| {
        text.parse()
            .ok()
            .filter(|it| *it != 0)
            .ok_or_else(|| format!("{text:?} is not a port from 1 to 65535"))
    });
    if let Some(ports) = ports {
        out.allow_ports = ports;
    }
    out.own_addresses = fields
        .list("own_addresses", |text| {
            text.parse()
                .map_err(|_| format!("{text:?} is not an address such as 203.0.113.7"))
        })
        .unwrap_or_default();
    let extra_ca = fields.raw_texts("extra_ca").unwrap_or_default();
    (out.extra_ca_at, out.extra_ca) = extra_ca
        .into_iter()
        .map(|(at, path)| (at, PathBuf::from(path)))
        .unzip();
    out.resolver = resolver(fields);
    out.connectivity = fields
        .list("connectivity", connectivity)
        .unwrap_or_default();
}

fn resolver(fields: &Fields) -> Vec<std::net::SocketAddr> {
    match fields.node("resolver") {
        Some(Node {
            value: Value::Scalar(text, _),
            ..
        }) if text == "system" => Vec::new(),
        Some(Node {
            value: Value::List(_),
            ..
        }) => fields.list("resolver", fields::address).unwrap_or_default(),
        Some(node) => {
            fields.fault(node.at, "resolver", "write system, or a list of ip:port");
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Parses `host:port` or a URL.
fn connectivity(text: &str) -> Result<String, String> {
    let url = if text.contains("://") {
        text.to_owned()
    } else {
        format!("http://{text}")
    };
    let url = portal_url(&url)?;
    if !text.contains("://")
        && text
            .rsplit_once(':')
            .is_none_or(|(_, port)| port.parse::<u16>().is_err())
    {
        return Err(format!("{text:?} is neither a URL nor host:port"));
    }
    let port = url.port_or_known_default().unwrap_or(80);
    Ok(format!("{}:{port}", url.host_str().unwrap_or_default()))
}

fn notifiers(node: &Node, faults: &mut Vec<Fault>) -> BTreeMap<String, NotifierSpec> {
    let mut out = BTreeMap::new();
    let Some(fields) = Fields::of(node, "notifiers", faults) else {
        return out;
    };
    let Value::Map(pairs) = &node.value else {
        return out;
    };
    for (key, node) in pairs {
        if !crate::model::target::is_id(&key.name) {
            fields.fault(
                key.at,
                &key.name,
                "a notifier's name is 1 to 64 characters of a-z, 0-9 and -",
            );
        }
        let path = fields.path(&key.name);
        let spec = fields.inside(|faults| {
            let fields = Fields::of(node, &path, faults)?;
            let kind = fields.required("kind", fields.text("kind"));
            let with = fields
                .node("with")
                .map_or(serde_json::Value::Null, Node::json);
            let fallback = fields.text("fallback");
            fields.finish();
            Some(NotifierSpec {
                kind: kind?,
                with,
                fallback,
                at: node.at,
            })
        });
        if let Some(spec) = spec {
            out.insert(key.name.clone(), spec);
        }
    }
    for (name, spec) in &out {
        let Some(fallback) = &spec.fallback else {
            continue;
        };
        let known = fallback == "console" || out.contains_key(fallback);
        if !known || fallback == name {
            let field = format!("{name}.fallback");
            fields.fault(
                spec.at,
                &field,
                format!("another notifier is wanted here, {fallback:?} is none"),
            );
        }
    }
    out
}

fn windows(node: &Node, pace: Pace, faults: &mut Vec<Fault>) -> Vec<WindowRule> {
    let Value::List(items) = &node.value else {
        if !node.is_null() {
            let message = format!(
                "watch_windows: a list is wanted here, this is {}",
                node.kind()
            );
            faults.push(Fault {
                line: node.at.0,
                column: node.at.1,
                message,
            });
        }
        return Vec::new();
    };
    let each = |(at, node)| window(node, &format!("watch_windows[{at}]"), pace, faults);
    items.iter().enumerate().filter_map(each).collect()
}

fn window(node: &Node, path: &str, pace: Pace, faults: &mut Vec<Fault>) -> Option<WindowRule> {
    let fields = Fields::of(node, path, faults)?;
    let name = fields.text("name");
    let day = |text: &str| {
        text.parse::<Date>()
            .map_err(|_| format!("{text:?} is not a day: write 2027-05-20"))
    };
    let named = fields.parsed("holiday", |text| match holiday(text) {
        Some(_) => Ok(text.to_owned()),
        None => {
            let known: Vec<&str> = HOLIDAYS.iter().map(|it| it.name).collect();
            Err(format!(
                "no holiday is called {text:?}; there are: {}",
                known.join(", ")
            ))
        }
    });
    let (from, to) = (fields.parsed("from", day), fields.parsed("to", day));
    let before = fields.duration("before").unwrap_or_default();
    let after = fields.duration("after").unwrap_or_default();
    let every = fields.duration("every");
    if let Some(every) = every {
        at_least(&fields, "every", every, pace.least(), pace);
    }
    let digest = fields.parsed("digest", said(roster::time));
    let written = |name: &'static str| fields.node(name).is_some();
    let days = match (named, from, to) {
        (Some(name), None, None) => Some(Days::Holiday(name)),
        (None, Some(from), Some(to)) if from <= to => Some(Days::Range(from, to)),
        (None, Some(_), Some(_)) => {
            fields.fault(fields.at, "to", "lies before from");
            None
        }
        _ => {
            if !(written("holiday") && !written("from") && !written("to")) {
                fields.fault(fields.at, "", "needs either holiday, or from and to");
            }
            None
        }
    };
    fields.finish();
    Some(WindowRule {
        name,
        days: days?,
        before,
        after,
        every,
        digest,
    })
}
