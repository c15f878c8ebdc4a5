//! The farm's hidden side: switches, counters, and the ear that takes alerts.

use std::sync::atomic::Ordering;

use clap::ValueEnum;
use http_body_util::{BodyExt, Limited};
use hyper::{Request, Response, StatusCode, body::Incoming};
use jiff::Timestamp;
use serde_json::json;

use super::{
    Farm,
    deface::Kind,
    portal::Told,
    serve::{Parts, plain},
};

/// An alert longer than this is none.
const MOST: usize = 4 << 20;
/// Most false alerts that are kept for reading.
const KEPT: usize = 20;

pub async fn answer(farm: &Farm, request: Request<Incoming>) -> Response<Parts> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let said = match request.uri().path() {
        "/ctl/deface" => deface(farm, &query),
        "/ctl/restore" => restore(farm, &query),
        "/ctl/stats" => Ok(stats(farm)),
        "/ctl/defaced" => Ok(defaced(farm)),
        "/ctl/gaps/begin" => {
            farm.gaps.begin();
            Ok("{}".to_owned())
        }
        "/ctl/gaps" => Ok(gaps(farm)),
        "/ctl/alert" => match Limited::new(request.into_body(), MOST).collect().await {
            Ok(body) => Ok(alert(farm, &String::from_utf8_lossy(&body.to_bytes()))),
            Err(error) => Err(format!("the alert did not arrive whole: {error}")),
        },
        other => Err(format!("{other} is unknown")),
    };
    match said {
        Ok(text) => plain(StatusCode::OK, text + "\n"),
        Err(why) => plain(StatusCode::BAD_REQUEST, why + "\n"),
    }
}

fn deface(farm: &Farm, query: &str) -> Result<String, String> {
    let kind = parameter(query, "kind").unwrap_or("full");
    let kind = Kind::from_str(kind, false).map_err(|error| format!("kind: {error}"))?;
    let (ids, now) = (ids(farm, query)?, Timestamp::now().as_microsecond());
    for id in &ids {
        farm.portals[*id].deface(kind, now);
    }
    Ok(json!({ "defaced": ids.len() }).to_string())
}

fn restore(farm: &Farm, query: &str) -> Result<String, String> {
    let all = parameter(query, "ids").is_none();
    let ids = if all {
        (0..farm.portals.len()).collect()
    } else {
        ids(farm, query)?
    };
    for id in ids {
        farm.portals[id].restore();
    }
    Ok("{}".to_owned())
}

fn stats(farm: &Farm) -> String {
    let read = |of: &std::sync::atomic::AtomicU64| of.load(Ordering::Relaxed);
    let it = &farm.counters;
    json!({
        "requests": read(&it.requests),
        "bytes": read(&it.bytes),
        "not_modified": read(&it.not_modified),
        "connections": read(&it.connections),
        "alerts": read(&it.alerts),
        "false_alarms": read(&it.false_alarms),
        "said_falsely": &*farm.said_falsely(),
    })
    .to_string()
}

fn defaced(farm: &Farm) -> String {
    let lines = farm.portals.iter().filter_map(|it| it.defaced());
    let lines = lines.filter_map(|it| serde_json::to_string(&it).ok());
    lines.collect::<Vec<_>>().join("\n")
}

fn gaps(farm: &Farm) -> String {
    let now = Timestamp::now().as_microsecond();
    let open = farm.portals.iter().filter_map(|it| it.left_alone(now));
    let read = farm.gaps.read(open);
    serde_json::to_string(&read).unwrap_or_default()
}

fn alert(farm: &Farm, body: &str) -> String {
    farm.counters.alerts.fetch_add(1, Ordering::Relaxed);
    let (named, now) = (named(body), Timestamp::now().as_microsecond());
    for id in &named {
        let Some(portal) = farm.portals.get(*id) else {
            continue;
        };
        if portal.told(now) == Told::Wrongly {
            farm.counters.false_alarms.fetch_add(1, Ordering::Relaxed);
            let mut kept = farm.said_falsely();
            if kept.len() < KEPT {
                kept.push(body.chars().take(600).collect());
            }
        }
    }
    json!({ "portals": named }).to_string()
}

/// Portals that an alert names, by path `/p/00042` or by the `(00042)` of their title. Each once.
fn named(body: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for opening in ["/p/", "("] {
        for (at, _) in body.match_indices(opening) {
            let rest = &body[at + opening.len()..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let closed = opening != "(" || rest[digits..].starts_with(')');
            if digits == 5
                && closed
                && let Ok(id) = rest[..digits].parse()
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
    }
    found
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query.split('&').filter_map(|it| it.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn ids(farm: &Farm, query: &str) -> Result<Vec<usize>, String> {
    let text = parameter(query, "ids").ok_or("ids are wanted: ids=1,5,9-20 or ids=all")?;
    list(text, farm.portals.len())
}

/// `1,5,9-20` or `all` of `n` portals.
fn list(text: &str, n: usize) -> Result<Vec<usize>, String> {
    if text == "all" {
        return Ok((0..n).collect());
    }
    let mut out = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        match (from.parse::<usize>(), to.parse::<usize>()) {
            (Ok(from), Ok(to)) if to < n => out.extend(from..=to),
            _ => return Err(format!("{part:?} names no portal below {n}")),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn portals_are_named_by_path_or_title() {
        assert_eq!(
            named("127.0.0.1:9/p/00042/ …/p/00042/ (00007) (2025) /p/12"),
            [42, 7]
        );
        assert_eq!(named("nothing (0000012)"), [0usize; 0]);
    }

    #[test]
    fn lists_are_read() {
        assert_eq!(list("1,3-5", 10), Ok(vec![1, 3, 4, 5]));
        assert_eq!(list("all", 2), Ok(vec![0, 1]));
        assert!(list("7", 7).is_err() && list("x", 7).is_err());
    }
}
