//! Registration requests on the command line.

use jiff::{Timestamp, civil::Date};
use serde_json::json;

use super::super::{
    Failure, Global, Outcome, open,
    output::{done, line, table},
};
use crate::{
    actions::{Access, Refused, registration as verbs, registry::Present},
    locale::Locale,
    model::{
        Localized, Target, TargetId,
        excerpt::excerpt,
        registration::{AuditEntry, AuditEvent, DISPLACED, Request, Stage},
    },
    world::World,
};

/// Lists open requests, or all.
pub(super) async fn list(global: &Global, all: bool) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let locale = &world.locale;
    let zone = &world.config.service.timezone;
    let mut rows = Vec::new();
    for it in world.store.requests().await? {
        if !all && !it.stage.is_open() {
            continue;
        }
        if global.json {
            line(&json!(it).to_string())?;
            continue;
        }
        let proof = it.proof.as_ref().map_or("–", |it| it.as_str());
        let looks = it.view.as_ref().map(|it| it.class.to_string());
        rows.push(vec![
            it.id.to_string(),
            locale.moment(it.at, zone),
            locale.text(stage_key(&it.stage)),
            proof.to_owned(),
            looks.unwrap_or_else(|| "–".to_owned()),
            it.agency_name.clone(),
            it.url.to_string(),
        ]);
    }
    if !global.json {
        let heads = ["id", "when", "decision", "proof", "class", "agency", "url"]
            .map(|it| locale.text(&format!("head-{it}")));
        table(&heads, rows)?;
    }
    Ok(Outcome::Fine)
}

fn stage_key(stage: &Stage) -> &'static str {
    match stage {
        Stage::Open => "request-stage-open",
        Stage::Approved { .. } => "request-stage-approved",
        Stage::Refused { .. } => "request-stage-refused",
        Stage::Withdrawn { .. } => "request-stage-withdrawn",
        Stage::Expired { .. } => "request-stage-expired",
    }
}

pub(super) async fn approve(
    global: &Global,
    id: &str,
    by: &str,
    until: Option<Until>,
) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let access = Access::cli(&world, by);
    let request = known(&access, id).await?;
    let until = until.map(|it| it.of(&world)).transpose()?;
    let approved = verbs::approve(&access, &request.id, until, None).await;
    let approved = approved.map_err(|why| Failure::refused(why, &world.locale))?;
    let id = approved.target.to_string();
    let sentence = world.locale.text_with("cli-registered", &[("id", &id)]);
    done(global.json, &sentence, &json!({"registered": id}))?;
    Ok(Outcome::Fine)
}

pub(super) async fn refuse(
    global: &Global,
    id: &str,
    by: &str,
    reason: &str,
) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let access = Access::cli(&world, by);
    let request = known(&access, id).await?;
    let refused = verbs::refuse(&access, &request.id, reason).await;
    refused.map_err(|why| Failure::refused(why, &world.locale))?;
    let id = request.id.to_string();
    let sentence = world.locale.text_with("cli-refused", &[("id", &id)]);
    done(global.json, &sentence, &json!({"refused": id}))?;
    Ok(Outcome::Fine)
}

async fn known(access: &Access<'_>, id: &str) -> Result<Request, Failure> {
    let found = verbs::find(access, id).await;
    found.map_err(|why| match why {
        Refused::NotFound(_) => Failure::usage(format!(
            "no request is called {id:?}: gaccong targets requests lists them"
        )),
        why => Failure::refused(why, &access.world.locale),
    })
}

/// Prints the registry's history, oldest first.
pub(super) async fn history(global: &Global, id: Option<&str>) -> Result<Outcome, Failure> {
    let (world, _opened) = open::existing(global).await?;
    let id: Option<TargetId> = id.map(str::parse).transpose().map_err(Failure::usage)?;
    let entries = world.store.entries(id.as_ref()).await?;
    if let (Some(id), true) = (&id, entries.is_empty()) {
        return Err(Failure::usage(format!("nothing is known of {id}")));
    }
    let locale = &world.locale;
    let zone = &world.config.service.timezone;
    let mut rows = Vec::new();
    for it in entries {
        if global.json {
            line(&json!(it).to_string())?;
            continue;
        }
        rows.push(vec![
            locale.moment(it.at, zone),
            it.target.to_string(),
            it.by.clone(),
            locale.localized(&deed(&it, locale, zone)),
        ]);
    }
    if !global.json {
        let heads = ["when", "id", "by", "deed"].map(|it| locale.text(&format!("head-{it}")));
        table(&heads, rows)?;
    }
    Ok(Outcome::Fine)
}

fn deed(it: &AuditEntry, locale: &Locale, zone: &jiff::tz::TimeZone) -> Localized {
    let say = Localized::new(&format!("deed-{}", it.deed.as_str()));
    match &it.deed {
        AuditEvent::Asked { request, url } => say.with("request", request).with("url", url),
        AuditEvent::Proved { request, proof } => {
            let proof = locale.text(&format!("proof-{}", proof.as_str()));
            say.with("request", request).with("proof", proof)
        }
        AuditEvent::Refused { request, reason } => {
            let reason = match reason.as_str() {
                DISPLACED => locale.text(reason),
                other => other.to_owned(),
            };
            say.with("request", request).with("reason", reason)
        }
        AuditEvent::Withdrawn { request } | AuditEvent::Expired { request } => {
            say.with("request", request)
        }
        AuditEvent::Registered {
            request,
            url,
            agency,
            until,
            notify: _,
        } => {
            let request = request.as_ref().map(|it| format!(" ({it})"));
            let until = until.map(|it| {
                let until = locale.moment(it, zone);
                format!(", {}", locale.text_with("deed-until", &[("until", &until)]))
            });
            say.with("request", request.unwrap_or_default())
                .with("until", until.unwrap_or_default())
                .with("url", url)
                .with("agency", agency)
        }
        AuditEvent::Removed { reason } => {
            let reason = reason.as_ref().map(|it| format!(": {it}"));
            say.with("reason", reason.unwrap_or_default())
        }
        AuditEvent::Listed { url } | AuditEvent::Changed { url } => say.with("url", url),
        AuditEvent::Ended | AuditEvent::Unlisted => say,
        AuditEvent::Pinned { kind, value } | AuditEvent::Unpinned { kind, value } => {
            let kind = locale.text(&format!("pin-{kind}"));
            say.with("kind", kind).with("value", excerpt(value, 120))
        }
    }
}

/// The end of a registration.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// At the end of this day.
    Day(Date),
    /// At the end of the watch window that is open, or of the next one.
    Window,
}

impl std::str::FromStr for Until {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "window" => Ok(Self::Window),
            _ => text
                .parse()
                .map(Self::Day)
                .map_err(|_| format!("{text:?} is neither a day (2027-02-12) nor `window`")),
        }
    }
}

impl Until {
    pub(super) fn of(self, world: &World) -> Result<Timestamp, Failure> {
        let now = world.clock.now();
        let end = match self {
            Self::Window => world.window_ahead(now).map(|it| it.to),
            Self::Day(day) => {
                let zone = world.config.service.timezone.clone();
                let next = day.tomorrow().and_then(|it| it.to_zoned(zone));
                next.ok().map(|it| it.timestamp())
            }
        };
        match end {
            Some(end) if end > now => Ok(end),
            Some(_) => Err(Failure::usage("--until: that day is over")),
            None => Err(Failure::usage(
                "--until: no watch window opens within a month (see gaccong calendar)",
            )),
        }
    }
}

/// Registers targets: all of them, or none.
pub(super) async fn register(
    global: &Global,
    world: &World,
    by: &str,
    until: Option<Timestamp>,
    targets: impl Fn(&Present) -> Result<Vec<Target>, Vec<String>> + Sync,
) -> Result<Outcome, Failure> {
    let faults =
        |found: Vec<String>| Localized::new("register-faults").with("faults", found.join("\n"));
    let access = Access::cli(world, by);
    let added = verbs::add(&access, until, |present| targets(present).map_err(faults)).await;
    let added = added.map_err(|why| Failure::refused(why, &world.locale))?;
    if added.is_empty() {
        return Err(Failure::usage("there was no target to register"));
    }
    for it in added {
        let id = it.target.id;
        let sentence = world
            .locale
            .text_with("cli-registered", &[("id", id.as_str())]);
        done(global.json, &sentence, &json!({"registered": id}))?;
    }
    Ok(Outcome::Fine)
}
