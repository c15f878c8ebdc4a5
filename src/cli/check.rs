//! `gaccong check`: looks now, once for each profile, without confirmation.

use std::io::IsTerminal;

use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use url::Url;

use super::{
    Failure, Global, Outcome, open,
    output::{line, signal_json, table},
};
use crate::{
    actions::{
        Refused,
        approve::{Approval, Keep, approve},
    },
    judge::Look,
    model::{
        Standing, Target, TargetId, TargetState,
        observation::{Face, Families},
        target::portal_url,
    },
    watch::{LookOptions, look, teach::record_mask, visitors::profile_dossier},
    world::World,
};

#[derive(clap::Args)]
pub struct Args {
    /// URLs or ids of registered targets; none means all that are registered
    #[arg(value_name = "URL or id")]
    what: Vec<String>,
    /// Make what is seen now the baseline
    #[arg(long)]
    learn: bool,
}

/// Targets that are looked at in parallel.
const AT_ONCE: usize = 64;
/// Number of targets from which a progress bar is shown.
const BAR_FROM: usize = 8;

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    open::logs("error");
    let (world, _opened) = open::world(global, false).await?;
    let targets = wanted(&world, &args.what).await?;
    world.add_up_fleet().await?;
    if targets.is_empty() {
        return Err(Failure::usage(
            "nothing to look at: name a URL, or register targets in targets.yaml",
        ));
    }
    let bar = bar(targets.len(), global.json);
    let mut looks = stream::iter(&targets)
        .map(|target| one(&world, target, args.learn))
        .buffered(AT_ONCE);
    let mut found = false;
    let mut rows = Vec::new();
    let mut failed = None;
    let mut target = targets.iter();
    while let Some(result) = looks.next().await {
        let target = target.next();
        bar.inc(1);
        let (Some(target), looks) = (target, result?) else {
            continue;
        };
        for (look, learnt) in looks {
            found |= look.class.standing() != Standing::Up;
            if let Some(error) = learnt {
                failed.get_or_insert(format!("{}: {error}", target.id));
            }
            if global.json {
                bar.suspend(|| line(&as_json(&world, target, &look).to_string()))?;
            } else {
                rows.push(as_row(&world, target, &look));
            }
        }
    }
    bar.finish_and_clear();
    if !global.json {
        let heads = ["id", "class", "score", "ms", "bytes", "address", "why"]
            .map(|it| world.locale.text(&format!("head-{it}")));
        table(&heads, rows)?;
    }
    if let Some(error) = failed {
        let _ = std::io::Write::write_fmt(
            &mut anstream::stderr(),
            format_args!("gaccong: not learnt: {error}\n"),
        );
    }
    Ok(if found { Outcome::Found } else { Outcome::Fine })
}

/// All registered targets, or those named: by id, by the URL of a registered target, or by any other URL.
async fn wanted(world: &World, what: &[String]) -> Result<Vec<Target>, Failure> {
    let registered = world.targets().await?;
    if what.is_empty() {
        return Ok(registered);
    }
    let mut out = Vec::new();
    for text in what {
        let by_id = text
            .parse::<TargetId>()
            .ok()
            .and_then(|id| registered.iter().find(|it| it.id == id));
        if let Some(target) = by_id {
            out.push(target.clone());
            continue;
        }
        if !text.contains("://") {
            let hint = if text.contains('.') {
                format!("; a URL begins with https://, as in https://{text}/")
            } else {
                String::new()
            };
            return Err(Failure::usage(format!(
                "{text:?} is neither a registered id nor a URL{hint}"
            )));
        }
        let url: Url = portal_url(text).map_err(Failure::usage)?;
        match registered.iter().find(|it| it.url == url) {
            Some(target) => out.push(target.clone()),
            None => out.push(Target {
                by_operator: true,
                ..Target::unregistered(url, world.config.defaults.clone())
            }),
        }
    }
    Ok(out)
}

type Looked = (Look, Option<Refused>);

/// One look for each profile; with `learn`, one more at the first profile's page.
async fn one(world: &World, target: &Target, learn: bool) -> Result<Vec<Looked>, Failure> {
    let target_state = world
        .store
        .target_state(&target.id)
        .await?
        .unwrap_or_else(|| TargetState::new(target.id.clone()));
    let mut out: Vec<Looked> = Vec::new();
    for (at, profile) in target.settings.profiles.iter().enumerate() {
        let seen = if at == 0 {
            let seen = look(
                world,
                target,
                *profile,
                &target_state,
                LookOptions::default(),
            )
            .await;
            record_mask(world, &target_state.target, &seen).await;
            seen
        } else {
            let own = profile_dossier(world, target, *profile).await;
            let shown = out.first().and_then(|it| it.0.to_compare());
            let beside = LookOptions {
                first_profile: Some(&target_state),
                first_shown: shown.as_ref(),
                address: out.first().and_then(|it| it.0.observation.face.address),
                ..LookOptions::default()
            };
            let seen = look(world, target, *profile, &own, beside).await;
            record_mask(world, &own.target, &seen).await;
            seen
        };
        out.push((seen, None));
    }
    if learn && let Some((first, error)) = out.first_mut() {
        match approve(
            world,
            target,
            Approval::new("check --learn", Keep::IfNormal),
            Some(first.clone()),
        )
        .await
        {
            Ok(_) => (),
            Err(Refused::Store(why)) => return Err(why.into()),
            Err(why) => *error = Some(why),
        }
    }
    Ok(out)
}

fn bar(count: usize, json: bool) -> ProgressBar {
    if json
        || count < BAR_FROM
        || !std::io::stderr().is_terminal()
        || !std::io::stdout().is_terminal()
    {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(count as u64).with_style(style)
}

fn as_json(world: &World, target: &Target, look: &Look) -> Value {
    let seen = &look.observation;
    let answer = seen.answer();
    let zone: &TimeZone = &world.config.service.timezone;
    let at = seen
        .at
        .to_zoned(zone.clone())
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string();
    let mut out = json!({
        "id": target.id,
        "url": target.url,
        "at": at,
        "class": look.class,
        "level": look.verdict.level,
        "score": (look.verdict.score * 1000.0).round() / 1000.0,
        "status": answer.map(|it| it.status).or(seen.silence().and_then(|it| it.status)),
        "final_url": answer.map(|it| it.final_url.as_str()),
        "elapsed_ms": seen.elapsed_ms,
        "bytes": answer.map(|it| it.bytes),
        "digest": answer.and_then(|it| it.digest),
        "vantage": seen.vantage,
        "signals": look.verdict.signals.iter().map(|it| signal_json(it, &world.locale)).collect::<Vec<_>>(),
        "cause": look.cause.as_ref().map(|it| world.locale.localized(it)),
    });
    if let Some(object) = out.as_object_mut() {
        if target.settings.profiles.len() > 1 {
            object.insert("profile".to_owned(), json!(seen.profile));
        }
        if let Some(address) = seen.face.address {
            object.insert("address".to_owned(), json!(address));
        }
        if let Some(families) = seen.face.families {
            object.insert("families".to_owned(), json!(families));
        }
    }
    out
}

/// The address that the look went to, with the address family if the name has only one.
fn address(world: &World, face: &Face) -> String {
    let address = face.address.map(|it| it.to_string());
    let alone = face
        .families
        .and_then(Families::alone)
        .map(|it| world.locale.text(&format!("only-{it}")));
    let both: Vec<String> = address.into_iter().chain(alone).collect();
    both.join(", ")
}

fn as_row(world: &World, target: &Target, look: &Look) -> Vec<String> {
    let why = match (&look.cause, look.verdict.signals.first()) {
        (Some(cause), _) => world.locale.localized(cause),
        (None, Some(signal)) if look.class.standing() != Standing::Up => {
            world.locale.localized(&signal.say)
        }
        _ => String::new(),
    };
    let bytes = look
        .observation
        .answer()
        .map(|it| world.locale.count(it.bytes))
        .unwrap_or_default();
    vec![
        target.id.to_string(),
        look.class.to_string(),
        format!("{:.2}", look.verdict.score),
        look.observation.elapsed_ms.to_string(),
        bytes,
        address(world, &look.observation.face),
        why,
    ]
}
