//! `/truc`: who is on duty now, who comes next, and whom to call.

use async_trait::async_trait;

use super::Command;
use crate::{
    bot::{
        here::{Here, Role},
        reply::Reply,
    },
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

    async fn run(&self, here: &Here<'_>, _rest: &str) -> Reply {
        let words = &here.world.words;
        let zone = &here.world.config.service.timezone;
        let roster = &here.world.config.duty.roster;
        let now = here.world.clock.now();
        let mut reply = Reply::default();
        let text = &mut reply.text;
        if roster.is_empty() {
            text.push(&words.plain("bot-no-roster"));
            return reply;
        }
        text.bold(&words.plain("bot-on-duty")).line();
        let turns = on_duty(roster, now, zone);
        if turns.is_empty() {
            text.push(&words.plain("handover-nobody")).line();
        }
        for it in &turns {
            let until = words.moment(it.to, zone);
            person(text, &it.who, &words.text("bot-until", &[("when", &until)]));
        }
        if let Some(it) = next(roster, now, zone) {
            let from = words.moment(it.from, zone);
            text.bold(&words.plain("bot-next")).line();
            person(text, &it.who, &words.text("bot-from", &[("when", &from)]));
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
