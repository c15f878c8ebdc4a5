//! `/trangthai`: the state of the portals; `/trangthai ID`: the state of one portal.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::{
        Role,
        overview::{Seen, portal, portals},
    },
    bot::{context::ChatContext, reply::Reply},
    locale::by_name,
    model::{
        Class, Standing, Target, TargetSummary,
        excerpt::{defang, marked, named},
    },
};

pub(super) struct Status;

/// Portals that are named: those that are not up, the gravest first, then by name.
const NAMED: usize = 15;

#[async_trait]
impl Command for Status {
    fn names(&self) -> [&'static str; 2] {
        ["trangthai", "status"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply {
        let shown = if rest.is_empty() {
            portals(&context.access).await.map(|it| all(context, &it))
        } else {
            let found = portal(&context.access, rest).await;
            found.map(|(target, summary)| one(context, &target, summary.as_ref()))
        };
        shown.unwrap_or_else(|why| Reply::plain(&context.refusal(&why)))
    }
}

fn all(context: &ChatContext<'_>, seen: &[Seen]) -> Reply {
    let locale = context.locale();
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut ill: Vec<(&Target, Class)> = Vec::new();
    for (target, summary) in seen {
        let last = summary.as_ref().and_then(|it| it.last);
        let standing = last.map(|it| it.1.standing());
        *counts.entry(key(standing)).or_default() += 1;
        if let Some((_, class)) = last.filter(|it| it.1.standing() != Standing::Up) {
            ill.push((target, class));
        }
    }
    let mut reply = Reply::default();
    let count = locale.count(seen.len() as u64);
    reply
        .text
        .bold(&locale.text_with("bot-watched", &[("count", &count)]))
        .line();
    for (key, count) in counts {
        let count = locale.count(count);
        reply
            .text
            .push(&locale.text_with(key, &[("count", &count)]))
            .line();
    }
    let rank = |class: &Class| class.standing() != Standing::Tampered;
    ill.sort_by(|(a, was), (b, is)| {
        let graver = rank(was).cmp(&rank(is));
        graver.then_with(|| by_name(&a.name, &b.name))
    });
    for (target, class) in ill.iter().take(NAMED) {
        let line = format!(
            "• {} ({}): {}",
            named(&target.name, 80),
            target.id,
            locale.text(&class.key())
        );
        reply.text.push(&line).line();
    }
    if ill.len() > NAMED {
        let more = locale.count((ill.len() - NAMED) as u64);
        reply
            .text
            .push(&locale.text_with("bot-more", &[("count", &more)]));
    }
    reply
}

fn key(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "bot-count-new",
        Some(Standing::Up) => "bot-count-up",
        Some(Standing::Asked) => "bot-count-asked",
        Some(Standing::Tampered) => "bot-count-tampered",
        Some(Standing::Maintenance) => "bot-count-maintenance",
        Some(Standing::Down) => "bot-count-down",
        Some(Standing::Blocked) => "bot-count-blocked",
    }
}

fn one(context: &ChatContext<'_>, target: &Target, summary: Option<&TargetSummary>) -> Reply {
    let locale = context.locale();
    let zone = context.zone();
    let mut reply = Reply::default();
    let text = &mut reply.text;
    text.bold(&named(&target.name, 120)).line();
    text.push(&marked(&defang(target.url.host_str().unwrap_or_default())))
        .line();
    let last = summary.and_then(|it| it.last);
    let line = match last {
        Some((at, class)) => locale.text_with(
            "bot-last-look",
            &[
                ("when", &locale.moment(at, zone)),
                ("class", &locale.text(&class.key())),
            ],
        ),
        None => locale.text("bot-not-looked"),
    };
    text.push(&line).line();
    let line = match summary.and_then(|it| it.baseline.as_ref()) {
        Some(baseline) => locale.text_with(
            "bot-baseline",
            &[
                ("by", &named(&baseline.by, 60)),
                ("when", &locale.moment(baseline.at, zone)),
            ],
        ),
        None => locale.text("bot-no-baseline"),
    };
    text.push(&line).line();
    if let Some(end) = summary.and_then(|it| it.certificate_ends) {
        let end = locale.moment(end, zone);
        text.push(&locale.text_with("bot-certificate", &[("when", &end)]))
            .line();
    }
    if let Some(id) = summary.and_then(|it| it.open.as_ref()) {
        text.push(&locale.text_with("bot-has-open", &[("id", &id.to_string())]))
            .line();
    }
    reply
}
