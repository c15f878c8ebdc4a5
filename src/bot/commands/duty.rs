//! `/truc`: the officers on duty now and next, with their phone numbers.

use async_trait::async_trait;

use super::Command;
use crate::{
    actions::Role,
    bot::{context::ChatContext, reply::Reply},
    duty::{next, on_duty},
    model::{duty::Person, excerpt::excerpt},
    notify::text::Text,
};

pub(super) struct Duty;

#[async_trait]
impl Command for Duty {
    fn names(&self) -> [&'static str; 2] {
        ["truc", "duty"]
    }

    fn least(&self) -> Role {
        Role::Agency
    }

    async fn run(&self, context: &ChatContext<'_>, _rest: &str) -> Reply {
        let locale = context.locale();
        let zone = context.zone();
        let roster = &context.world().config.duty.roster;
        let now = context.world().clock.now();
        let mut reply = Reply::default();
        let text = &mut reply.text;
        if roster.is_empty() {
            text.push(&locale.text("bot-no-roster"));
            return reply;
        }
        text.bold(&locale.text("bot-on-duty")).line();
        let turns = on_duty(roster, now, zone);
        if turns.is_empty() {
            text.push(&locale.text("handover-nobody")).line();
        }
        for it in &turns {
            let until = locale.moment(it.to, zone);
            person(
                text,
                &it.who,
                &locale.text_with("bot-until", &[("when", &until)]),
            );
        }
        if let Some(it) = next(roster, now, zone) {
            let from = locale.moment(it.from, zone);
            text.bold(&locale.text("bot-next")).line();
            person(
                text,
                &it.who,
                &locale.text_with("bot-from", &[("when", &from)]),
            );
        }
        reply
    }
}

fn person(text: &mut Text, who: &Person, when: &str) {
    text.push("• ").push(&excerpt(&who.name, 80));
    if let Some(phone) = &who.phone {
        text.push(&format!(" ☎ {}", excerpt(phone, 40)));
    }
    text.push(" ").push(when).line();
}
