//! `gaccong incidents`: lists incidents, and carries out actions on them.

use serde_json::{Value, json};

use super::{
    Failure, Global, Outcome, open,
    output::{done, line, signal_json, table},
};
use crate::{
    actions::{Access, Refused, evidence::lines_of, incidents},
    model::{
        Incident, IncidentId,
        excerpt::{excerpt, unmarked},
    },
    notify::{messages, people::called, timeline},
    store::Wanted,
    world::World,
};

#[derive(clap::Subcommand)]
pub enum Action {
    /// All incidents, oldest first
    List {
        /// Only those that are open
        #[arg(long)]
        open: bool,
    },
    /// One incident, with its time line and what changed
    Show { id: String },
    /// Take it: you are looking after it
    Ack {
        id: String,
        /// Your name
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Close it: it is over. What is still wrong opens another
    Resolve {
        id: String,
        /// Your name
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What was done
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    open::logs("error");
    let (world, _opened) = open::world(global, true).await?;
    match action {
        Action::List { open } => list(global, &world, open).await,
        Action::Show { id } => show(global, &world, &id).await,
        Action::Ack { id, by } => {
            let access = Access::cli(&world, by.trim());
            let taken = incidents::take(&access, &read(&world, &id)?).await;
            done_with(global, &world, &id, taken, "cli-taken")
        }
        Action::Resolve { id, by, note } => {
            let access = Access::cli(&world, by.trim());
            let closed = incidents::close(&access, &read(&world, &id)?, note).await;
            done_with(global, &world, &id, closed, "cli-resolved")
        }
    }
}

async fn list(global: &Global, world: &World, open_only: bool) -> Result<Outcome, Failure> {
    let wanted = Wanted {
        open_only,
        ..Wanted::default()
    };
    let all = world.store.incidents(&wanted).await?;
    if global.json {
        for it in &all {
            line(&as_json(world, it).to_string())?;
        }
        return Ok(Outcome::Fine);
    }
    if all.is_empty() {
        line(&world.locale.text("cli-no-incidents"))?;
        return Ok(Outcome::Fine);
    }
    let heads = ["id", "target", "kind", "stage", "seen", "taken-by"]
        .map(|it| world.locale.text(&format!("head-{it}")));
    let zone = &world.config.service.timezone;
    let rows = all.iter().map(|it| {
        vec![
            it.id.to_string(),
            it.target.to_string(),
            world.locale.text(&format!("kind-{}", it.kind.as_str())),
            world.locale.text(&format!("stage-{}", it.stage.as_str())),
            world.locale.moment(it.seen_at, zone),
            it.holder()
                .map(|it| unmarked(&called(&it.by, it.origin.as_ref(), &world.locale)))
                .unwrap_or_default(),
        ]
    });
    table(&heads, rows.collect())?;
    Ok(Outcome::Fine)
}

/// Parses the id that a person typed.
fn read(world: &World, text: &str) -> Result<IncidentId, Failure> {
    let zone = world.config.service.timezone.clone();
    let this_year = world.clock.now().to_zoned(zone).year();
    IncidentId::read(text, this_year).ok_or_else(|| unknown(text))
}

fn unknown(id: &str) -> Failure {
    let id = excerpt(id.trim(), 60);
    Failure::usage(format!(
        "no incident is called {id}; gaccong incidents list shows all"
    ))
}

async fn show(global: &Global, world: &World, id: &str) -> Result<Outcome, Failure> {
    let found = world.store.incident(&read(world, id)?).await?;
    let it = found.ok_or_else(|| unknown(id))?;
    let undelivered = world.store.undelivered(&it.id).await?;
    if global.json {
        let mut out = as_json(world, &it);
        if let Some(object) = out.as_object_mut() {
            object.insert("timeline".to_owned(), json!(it.timeline));
            object.insert("changes".to_owned(), json!(lines_of(world, &it)));
            object.insert("undelivered".to_owned(), json!(undelivered));
        }
        line(&out.to_string())?;
        return Ok(Outcome::Fine);
    }
    let zone = &world.config.service.timezone;
    let message = messages::message_of(&it, &world.locale, zone, false);
    line(&message.plain)?;
    line("")?;
    for event in timeline::lines(&it, &world.locale, zone, usize::MAX) {
        line(&unmarked(&event))?;
    }
    for alert in undelivered {
        let why = alert.refused.unwrap_or_default();
        line(&world.locale.text_with(
            "cli-undelivered",
            &[("notifier", &alert.notifier), ("why", &why)],
        ))?;
    }
    Ok(Outcome::Fine)
}

/// Prints the result of an action.
fn done_with(
    global: &Global,
    world: &World,
    id: &str,
    outcome: Result<Incident, Refused>,
    said: &str,
) -> Result<Outcome, Failure> {
    let now = outcome.map_err(|why| match why {
        Refused::NotFound(_) => unknown(id),
        why => Failure::refused(why, &world.locale),
    })?;
    let sentence = world.locale.text_with(said, &[("id", &now.id.0)]);
    done(global.json, &sentence, &as_json(world, &now))?;
    Ok(Outcome::Fine)
}

fn as_json(world: &World, it: &Incident) -> Value {
    json!({
        "id": it.id,
        "target": it.target,
        "name": it.portal.name,
        "agency": it.portal.agency,
        "url": it.portal.url,
        "kind": it.kind,
        "stage": it.stage,
        "class": it.class,
        "score": (it.score * 1000.0).round() / 1000.0,
        "cause": it.cause.as_ref().map(|it| world.locale.localized(it)),
        "seen_at": it.seen_at,
        "confirmed_at": it.confirmed_at,
        "agreed": it.agreed,
        "looked": it.looked,
        "taken": it.taken,
        "ended_at": it.ended_at,
        "signals": it.signals.iter().map(|it| signal_json(it, &world.locale)).collect::<Vec<_>>(),
        "evidence": it.evidence.iter().map(|it| it.digest).collect::<Vec<_>>(),
        "led": it.led.iter().map(|it| json!({"url": it.url, "digest": it.digest})).collect::<Vec<_>>(),
    })
}
