//! `gaccong targets plan`: announces, cancels and lists changes.

use jiff::{Timestamp, civil::DateTime};
use serde_json::json;

use super::super::{
    Failure, Global, Outcome, open,
    output::{done, line, table},
};
use crate::{
    actions::{
        Access,
        plans::{self, Announcement},
    },
    model::{
        TargetId,
        plan::{PlanId, PlanStage},
    },
    world::World,
};

#[derive(clap::Args)]
pub struct Args {
    /// The portals that are edited
    #[arg(required_unless_present_any = ["list", "cancel"])]
    ids: Vec<String>,
    /// When it begins, such as "2026-11-22 22:00"; now, where nothing is given
    #[arg(long, value_name = "TIME")]
    from: Option<DateTime>,
    /// When it ends
    #[arg(long, value_name = "TIME", required_unless_present_any = ["list", "cancel"])]
    to: Option<DateTime>,
    /// Who announces it
    #[arg(long, value_name = "NAME", default_value = "cli")]
    by: String,
    /// What is changed
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["list", "cancel"])]
    reason: Option<String>,
    /// Take back what was announced
    #[arg(long, value_name = "KH-…", conflicts_with = "list")]
    cancel: Option<String>,
    /// Show what is announced
    #[arg(long)]
    list: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    if args.list {
        return list(global, &world).await;
    }
    let access = Access::cli(&world, &args.by);
    if let Some(id) = &args.cancel {
        let id = PlanId::try_from(id.trim().to_uppercase()).map_err(Failure::usage)?;
        let cancelled = plans::cancel(&access, &id).await;
        cancelled.map_err(|why| Failure::refused(why, &world.locale))?;
        let sentence = world.locale.text_with("plan-did-unplan", &[("id", &id.0)]);
        done(global.json, &sentence, &json!({"cancelled": id}))?;
        return Ok(Outcome::Fine);
    }
    let known = world.targets().await?;
    let mut targets: Vec<TargetId> = Vec::new();
    for id in &args.ids {
        match known.iter().find(|it| it.id.as_str() == id) {
            Some(target) => targets.push(target.id.clone()),
            None => return Err(Failure::usage(format!("no target is called {id}"))),
        }
    }
    let now = world.clock.now();
    let at = |it: Option<DateTime>| it.map_or(Ok(now), |it| moment(&world, it));
    let announcement = Announcement {
        targets,
        from: at(args.from)?,
        to: at(args.to)?,
        reason: args.reason.unwrap_or_default(),
    };
    let plan = plans::announce(&access, announcement).await;
    let plan = plan.map_err(|why| Failure::refused(why, &world.locale))?;
    let sentence = world.locale.text_with("cli-planned", &[("id", &plan.id.0)]);
    done(global.json, &sentence, &json!({"plan": plan}))?;
    Ok(Outcome::Fine)
}

fn moment(world: &World, at: DateTime) -> Result<Timestamp, Failure> {
    let zone = world.config.service.timezone.clone();
    let zoned = at.to_zoned(zone);
    zoned
        .map(|it| it.timestamp())
        .map_err(|error| Failure::usage(format!("{at}: {error}")))
}

async fn list(global: &Global, world: &World) -> Result<Outcome, Failure> {
    let locale = &world.locale;
    let zone = &world.config.service.timezone;
    let mut rows = Vec::new();
    for it in world.store.plans().await? {
        if global.json {
            line(&json!(it).to_string())?;
            continue;
        }
        let stage = match it.stage {
            PlanStage::Announced => "plan-stage-announced",
            PlanStage::Asked => "plan-stage-asked",
            PlanStage::Cancelled { .. } => "plan-stage-cancelled",
            PlanStage::Quiet => "plan-stage-quiet",
            PlanStage::Answered { ours: true, .. } => "plan-stage-ours",
            PlanStage::Answered { .. } => "plan-stage-theirs",
        };
        let ids: Vec<&str> = it.targets.iter().map(TargetId::as_str).collect();
        rows.push(vec![
            it.id.to_string(),
            locale.moment(it.from, zone),
            locale.moment(it.to, zone),
            locale.text(stage),
            it.by.clone(),
            ids.join(", "),
            it.reason.clone(),
        ]);
    }
    if !global.json {
        let heads = ["id", "from", "to", "decision", "by", "targets", "reason"]
            .map(|it| locale.text(&format!("head-{it}")));
        table(&heads, rows)?;
    }
    Ok(Outcome::Fine)
}
