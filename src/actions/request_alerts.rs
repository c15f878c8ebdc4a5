//! The alerts about registration requests, and the background facts that officers see with a request.

use jiff::Timestamp;

use crate::{
    actions::resemblance::taken_for,
    model::{
        About, Alert, Urgency,
        names::{is_same_name, resembles},
        registration::Request,
    },
    notify::messages::request::Background,
    registry::limits,
    store::StoreError,
    world::World,
};

/// The alerts about a request, to officers and asker. Officers see a stranger's request without proof in one common
/// message, which is edited as requests arrive. A request with proof gets its own message, unless it is one of many.
pub(crate) fn told(world: &World, request: &Request, now: Timestamp) -> Vec<Alert> {
    let operators = world.config.operators().names();
    let mut out = Vec::new();
    let own = About::Request(request.id.clone());
    if let Some(crowd) = request.crowd {
        for name in operators {
            let about = About::Requests(crowd);
            let mut alert = Alert::new(name, about, Urgency::Ordinary, now);
            alert.due = limits::due(crowd, now);
            out.push(alert);
        }
    }
    let proved = request.proof.is_some() && !request.together;
    let alone = request.crowd.is_none() || proved;
    let mut names: Vec<&String> = operators.iter().filter(|_| alone).collect();
    names.extend(&request.asker.notifier);
    names.sort();
    names.dedup();
    let alert = |name: &&String| Alert::new(name, own.clone(), Urgency::Ordinary, now);
    out.extend(names.iter().map(alert));
    out
}

/// Background facts that officers see with a request.
pub struct RequestBackground {
    window: Option<(String, Timestamp)>,
    new_agency: bool,
    alike: Option<String>,
    asker_alike: Option<String>,
}

impl RequestBackground {
    /// The facts, borrowed for the message.
    pub fn shown(&self) -> Background<'_> {
        Background {
            window: self.window.as_ref().map(|it| (it.0.as_str(), it.1)),
            new_agency: self.new_agency,
            alike: self.alike.as_deref(),
            asker_alike: self.asker_alike.as_deref(),
        }
    }
}

/// Looks up the next watch window, and whether the agency's name is a look-alike of a known agency's name.
pub async fn background(world: &World, request: &Request) -> Result<RequestBackground, StoreError> {
    let known = world.targets().await?;
    let known = world.agencies(&known);
    let name = &request.agency_name;
    let alike = known.iter().find(|it| {
        it.id != request.agency && !is_same_name(&it.name, name) && resembles(&it.name, name)
    });
    let window = world.window_ahead(world.clock.now());
    Ok(RequestBackground {
        window: window.map(|it| (it.name, it.to)),
        new_agency: known.iter().all(|it| it.id != request.agency),
        alike: alike.map(|it| it.name.clone()),
        asker_alike: taken_for(world, &request.asker.name, request.asker.account, false)
            .filter(|_| request.stranger),
    })
}
