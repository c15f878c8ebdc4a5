//! `gaccong targets show ID`: what is known of one target, and the facts that are pinned.

use serde_json::json;

use super::super::{
    Failure, Global, Outcome, open,
    output::{line, table},
};
use crate::{
    diff::pins::{Fact, Pin},
    model::{TargetState, excerpt::excerpt},
};

pub(super) async fn run(global: &Global, id: &str) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let targets = world.targets().await?;
    let target = targets
        .iter()
        .find(|it| it.id.as_str() == id)
        .ok_or_else(|| Failure::usage(format!("no target is called {id}")))?;
    let target_state = world.store.target_state(&target.id).await?;
    let target_state = target_state.unwrap_or_else(|| TargetState::new(target.id.clone()));
    let learnt = world
        .norms
        .learnt(&world.workers, target, &target_state)
        .await
        .map_err(|why| Failure::system(why.to_string()))?;
    let mut pinned: Vec<&Pin> = learnt.all.pinned().collect();
    pinned.sort_by_key(|it| {
        let at = Fact::ALL.iter().position(|kind| *kind == it.kind);
        (at, &it.value, &it.label)
    });
    let looks = target_state
        .baseline
        .as_ref()
        .map_or(0, |it| it.looks().count());
    let baseline = target_state.baseline.as_ref().map(|it| (&it.by, it.at));
    if global.json {
        let pinned = pinned.iter().map(
            |it| json!({"kind": it.kind, "value": it.value, "shown": it.shown, "label": it.label}),
        );
        let object = json!({
            "id": target.id, "name": target.name, "url": target.url,
            "agency": target.agency, "agency_name": target.agency_name,
            "baseline": baseline.map(|it| json!({"by": it.0, "at": it.1, "looks": looks})),
            "open": target_state.open, "pinned": pinned.collect::<Vec<_>>(),
        });
        line(&object.to_string())?;
        return Ok(Outcome::Fine);
    }
    let locale = &world.locale;
    line(&excerpt(&format!("{}  {}", target.id, target.name), 200))?;
    line(&excerpt(target.url.as_str(), 200))?;
    let learnt = match baseline {
        Some((by, at)) => {
            let at = locale.moment(at, &world.config.service.timezone);
            let looks = looks.to_string();
            let args = [
                ("by", by.as_str()),
                ("at", at.as_str()),
                ("looks", looks.as_str()),
            ];
            locale.text_with("target-baseline", &args)
        }
        None => locale.text("target-no-baseline"),
    };
    line(&excerpt(&learnt, 200))?;
    if pinned.is_empty() {
        line(&format!("\n{}", locale.text("target-no-pins")))?;
        return Ok(Outcome::Fine);
    }
    line(&format!("\n{}", locale.text("target-pins")))?;
    let row = |it: &&Pin| {
        vec![
            locale.text(&format!("pin-{}", it.kind.as_str())),
            it.shown.clone(),
            it.label.clone(),
        ]
    };
    let heads = ["kind", "value", "words"].map(|it| locale.text(&format!("head-{it}")));
    table(&heads, pinned.iter().map(row).collect())?;
    Ok(Outcome::Fine)
}
