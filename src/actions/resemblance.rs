//! Detection of names that could be mistaken for another person's name.

use crate::{
    model::{duty::Person, excerpt::excerpt, names::resembles},
    world::World,
};

/// The name of the officer, roster member or agency head that the speaker's name resembles, unless the speaker is one
/// of these people. In the operator's own chat (`ours`) only people with a configured account are compared: the
/// speaker may be one of the people without an account.
pub fn taken_for(world: &World, name: &str, account: Option<i64>, ours: bool) -> Option<String> {
    let config = &world.config;
    let rows = config.duty.roster.iter().map(|it| &it.who);
    let people: Vec<&Person> = config.duty.officers.iter().chain(rows).collect();
    let heads = config.agencies.iter().filter_map(|it| it.head.as_ref());
    let is_own = |it: &Person| account.is_some() && it.telegram == account;
    if people.iter().copied().chain(heads.clone()).any(is_own) {
        return None;
    }
    let known = |it: &&Person| it.telegram.is_some();
    let people = people.into_iter().filter(|it| known(it) || !ours);
    people
        .chain(heads.filter(known))
        .find(|it| resembles(&it.name, name))
        .map(|it| excerpt(&it.name, 60))
}
