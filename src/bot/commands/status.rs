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
        Class, Glance, Standing, Target,
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
            found.map(|(target, glance)| one(context, &target, glance.as_ref()))
        };
        shown.unwrap_or_else(|why| Reply::plain(&context.refusal(&why)))
    }
}

fn all(context: &ChatContext<'_>, seen: &[Seen]) -> Reply {
    let words = context.words();
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut ill: Vec<(&Target, Class)> = Vec::new();
    for (target, glance) in seen {
        let last = glance.as_ref().and_then(|it| it.last);
        let standing = last.map(|it| it.1.standing());
        *counts.entry(key(standing)).or_default() += 1;
        if let Some((_, class)) = last.filter(|it| it.1.standing() != Standing::Up) {
            ill.push((target, class));
        }
    }
    let mut reply = Reply::default();
    let count = words.count(seen.len() as u64);
    reply
        .text
        .bold(&words.text("bot-watched", &[("count", &count)]))
        .line();
    for (key, count) in counts {
        let count = words.count(count);
        reply
            .text
            .push(&words.text(key, &[("count", &count)]))
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
            words.plain(&class.key())
        );
        reply.text.push(&line).line();
    }
    if ill.len() > NAMED {
        let more = words.count((ill.len() - NAMED) as u64);
        reply
            .text
            .push(&words.text("bot-more", &[("count", &more)]));
    }
    reply
}

fn key(standing: Option<Standing>) -> &'static str {
    match standing {
        None => "bot-count-new",
        Some(Standing::Up) => "bot-count-up",
        Some(Standing::Tampered) => "bot-count-tampered",
        Some(Standing::Maintenance) => "bot-count-maintenance",
        Some(Standing::Down) => "bot-count-down",
        Some(Standing::Blocked) => "bot-count-blocked",
    }
}

fn one(context: &ChatContext<'_>, target: &Target, glance: Option<&Glance>) -> Reply {
    let words = context.words();
    let zone = context.zone();
    let mut reply = Reply::default();
    let text = &mut reply.text;
    text.bold(&named(&target.name, 120)).line();
    text.push(&marked(&defang(target.url.host_str().unwrap_or_default())))
        .line();
    let last = glance.and_then(|it| it.last);
    let line = match last {
        Some((at, class)) => words.text(
            "bot-last-look",
            &[
                ("when", &words.moment(at, zone)),
                ("class", &words.plain(&class.key())),
            ],
        ),
        None => words.plain("bot-not-looked"),
    };
    text.push(&line).line();
    let line = match glance.and_then(|it| it.baseline.as_ref()) {
        Some(baseline) => words.text(
            "bot-baseline",
            &[
                ("by", &named(&baseline.by, 60)),
                ("when", &words.moment(baseline.at, zone)),
            ],
        ),
        None => words.plain("bot-no-baseline"),
    };
    text.push(&line).line();
    if let Some(end) = glance.and_then(|it| it.certificate_ends) {
        let end = words.moment(end, zone);
        text.push(&words.text("bot-certificate", &[("when", &end)]))
            .line();
    }
    if let Some(id) = glance.and_then(|it| it.open.as_ref()) {
        text.push(&words.text("bot-has-open", &[("id", &id.to_string())]))
            .line();
    }
    reply
}
