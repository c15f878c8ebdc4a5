//! What officers are told of requests, and the facts that they need besides.

use jiff::Timestamp;

use crate::{
    model::{
        About, Alert, Urgency,
        duty::Person,
        excerpt::excerpt,
        names::{is_same_name, resembles},
        registration::Request,
    },
    notify::request::Beside,
    registry::limits,
    store::StoreError,
    world::World,
};

/// The alerts about a request: to the officers, and to the asker. Officers see a stranger's request without proof, or one
/// of many with proof, in a message with others, which is brought up to date.
pub(crate) fn told(world: &World, request: &Request, now: Timestamp) -> Vec<Alert> {
    let duty = &world.config.defaults.notify;
    let mut out = Vec::new();
    let own = About::Request(request.id.clone());
    if let Some(crowd) = request.crowd {
        for name in duty {
            let about = About::Requests(crowd);
            let mut alert = Alert::new(name, about, Urgency::Ordinary, now);
            alert.due = limits::due(crowd, now);
            out.push(alert);
        }
    }
    let proved = request.proof.is_some() && !request.together;
    let alone = request.crowd.is_none() || proved;
    let mut names: Vec<&String> = duty.iter().filter(|_| alone).collect();
    names.extend(&request.asker.notifier);
    names.sort();
    names.dedup();
    let alert = |name: &&String| Alert::new(name, own.clone(), Urgency::Ordinary, now);
    out.extend(names.iter().map(alert));
    out
}

/// The officer or person of the roster that a speaker's name resembles, where the speaker is another person. In the
/// operator's own chat (`ours`) only people with a known account count: the speaker may be any of the others.
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

/// The facts that officers need besides a request.
pub struct Besides {
    window: Option<(String, Timestamp)>,
    new_agency: bool,
    alike: Option<String>,
    asker_alike: Option<String>,
}

impl Besides {
    pub fn shown(&self) -> Beside<'_> {
        Beside {
            window: self.window.as_ref().map(|it| (it.0.as_str(), it.1)),
            new_agency: self.new_agency,
            alike: self.alike.as_deref(),
            asker_alike: self.asker_alike.as_deref(),
        }
    }
}

/// Looks up the next watch window, and whether the agency's name resembles a known one's in other letters.
pub async fn beside(world: &World, request: &Request) -> Result<Besides, StoreError> {
    let known = world.targets().await?;
    let known = world.agencies(&known);
    let name = &request.agency_name;
    let alike = known.iter().find(|it| {
        it.id != request.agency && !is_same_name(&it.name, name) && resembles(&it.name, name)
    });
    let window = world.window_ahead(world.clock.now());
    Ok(Besides {
        window: window.map(|it| (it.name, it.to)),
        new_agency: known.iter().all(|it| it.id != request.agency),
        alike: alike.map(|it| it.name.clone()),
        asker_alike: taken_for(world, &request.asker.name, request.asker.account, false)
            .filter(|_| request.stranger),
    })
}
