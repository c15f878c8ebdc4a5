//! `gaccong targets show`, `pin` and `unpin`: one target with its facts, and officers' decisions on them.

use serde_json::{Value, json};

use super::super::{
    Failure, Global, Outcome, open,
    output::{done, line, table},
};
use crate::{
    actions::{
        Access, Noun, Refused,
        pins::{self, Facts, Listed},
    },
    model::{TargetId, excerpt::excerpt},
    world::World,
};

/// Shows what is known of a target, and its facts.
pub(super) async fn show(global: &Global, id: &str) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let id = target_id(id)?;
    let facts = pins::list(&Access::cli(&world, "cli"), &id).await;
    let facts = facts.map_err(|why| failure(&world, &id, why))?;
    if global.json {
        line(&json_of(&facts).to_string())?;
        return Ok(Outcome::Fine);
    }
    let locale = &world.locale;
    line(&excerpt(&format!("{}  {}", id, facts.target.name), 200))?;
    line(&excerpt(facts.target.url.as_str(), 200))?;
    let learnt = match &facts.baseline {
        Some(it) => {
            let at = locale.moment(it.at, &world.config.service.timezone);
            let looks = it.looks().count().to_string();
            let args = [
                ("by", it.by.as_str()),
                ("at", at.as_str()),
                ("looks", looks.as_str()),
            ];
            locale.text_with("target-baseline", &args)
        }
        None => locale.text("target-no-baseline"),
    };
    line(&excerpt(&learnt, 200))?;
    if facts.of(true).next().is_none() {
        line(&format!("\n{}", locale.text("target-no-pins")))?;
    }
    for (is_watched, title) in [(true, "target-pins"), (false, "target-other-pins")] {
        let rows: Vec<Vec<String>> = facts
            .of(is_watched)
            .map(|it| row(&world, facts.looks, it))
            .collect();
        if rows.is_empty() {
            continue;
        }
        line(&format!("\n{}", locale.text(title)))?;
        let heads = ["fact", "kind", "value", "words", "looks", "standing"];
        table(&heads.map(|it| locale.text(&format!("head-{it}"))), rows)?;
    }
    Ok(Outcome::Fine)
}

/// Approves a fact, or strikes it.
pub(super) async fn rule(
    global: &Global,
    id: &str,
    fact: &str,
    by: &str,
    is_watched: bool,
) -> Result<Outcome, Failure> {
    let by = by.trim();
    if by.is_empty() {
        return Err(Failure::usage("--by: a name is wanted"));
    }
    let (world, _opened) = open::existing(global).await?;
    let id = target_id(id)?;
    let pin = pins::rule(&Access::cli(&world, by), &id, fact, is_watched).await;
    let pin = pin.map_err(|why| failure(&world, &id, why))?;
    let locale = &world.locale;
    let key = if is_watched {
        "cli-pinned"
    } else {
        "cli-unpinned"
    };
    let kind = locale.text(&format!("pin-{}", pin.kind.as_str()));
    let value = excerpt(&pin.shown, 120);
    let args = [
        ("id", id.as_str()),
        ("kind", kind.as_str()),
        ("value", value.as_str()),
    ];
    let facts = json!({"id": id, "fact": pin.id(), "kind": pin.kind, "value": pin.value, "watched": is_watched, "by": by});
    done(global.json, &locale.text_with(key, &args), &facts)?;
    Ok(Outcome::Fine)
}

fn target_id(id: &str) -> Result<TargetId, Failure> {
    id.parse().map_err(|_| unknown(id))
}

fn unknown(id: &str) -> Failure {
    let id = excerpt(id, 80);
    Failure::usage(format!(
        "no target is called {id}; gaccong targets list shows all"
    ))
}

fn failure(world: &World, id: &TargetId, why: Refused) -> Failure {
    match why {
        Refused::NotFound(Noun::Target) => unknown(id.as_str()),
        why => Failure::refused(why, &world.locale),
    }
}

fn json_of(facts: &Facts) -> Value {
    let target = &facts.target;
    let baseline = facts.baseline.as_ref();
    let baseline =
        baseline.map(|it| json!({"by": it.by, "at": it.at, "looks": it.looks().count()}));
    let of = |is_watched| -> Vec<Value> {
        let all = facts.of(is_watched);
        all.map(|it| fact_json(facts.looks, it)).collect()
    };
    json!({
        "id": target.id, "name": target.name, "url": target.url,
        "agency": target.agency, "agency_name": target.agency_name,
        "baseline": baseline, "open": facts.open, "pinned": of(true), "others": of(false),
    })
}

fn fact_json(of: u16, it: &Listed) -> Value {
    let ruling = it.ruling.as_ref();
    json!({
        "fact": it.pin.id(), "kind": it.pin.kind, "value": it.pin.value, "shown": it.pin.shown,
        "label": it.pin.label, "looks": it.looks, "of": of, "standing": standing(it),
        "by": ruling.map(|it| &it.by), "at": ruling.map(|it| it.at),
    })
}

/// Why a fact is watched, or why not.
fn standing(it: &Listed) -> &'static str {
    match &it.ruling {
        Some(ruling) if ruling.is_watched => "approved",
        Some(_) => "struck",
        None if it.is_watched => "learnt",
        None => "seldom",
    }
}

fn row(world: &World, of: u16, it: &Listed) -> Vec<String> {
    let locale = &world.locale;
    let mut state = locale.text(&format!("pin-standing-{}", standing(it)));
    if let Some(ruling) = &it.ruling {
        let at = locale.moment(ruling.at, &world.config.service.timezone);
        state = format!("{state} ({}, {at})", excerpt(&ruling.by, 60));
    }
    vec![
        it.pin.id(),
        locale.text(&format!("pin-{}", it.pin.kind.as_str())),
        it.pin.shown.clone(),
        it.pin.label.clone(),
        format!("{}/{of}", it.looks),
        state,
    ]
}
