//! Proof checks for strangers' requests that the service has not stored because too many requests are waiting. They
//! are kept in memory, and written as requests once their proof is found. One look at a host checks the tokens of all
//! its askers and of all waiting requests for it. The latest asker comes first, so that an attacker cannot block
//! others by filling a queue. When a stored request for that domain is due for a look, the two take turns.

use std::collections::{HashMap, HashSet};

use url::Url;

use crate::{
    actions::{
        ownership::{Claims, RECORD, holders},
        registration,
    },
    model::registration::Proof,
    registry::{
        Wanted,
        limits::{domain, token},
    },
    world::World,
};

/// Portals that one round looks at.
const AT_ONCE: usize = 4;

/// Looks at the portals of remembered askers: they may have published their proof by now. `due`: the domains of
/// stored requests with a look due.
pub(crate) async fn round(world: &World, due: &HashSet<String>) {
    let now = world.clock.now();
    let asked = std::iter::repeat_with(|| world.candidates.take(due, now));
    let looks = asked.take(AT_ONCE).map_while(|it| it);
    let looks = looks.map(|(next, all)| look(world, next, all));
    futures_util::future::join_all(looks).await;
}

/// Looks for proofs. A DNS record proves its whole domain, a file its host, a meta element only its own page.
async fn look(world: &World, next: Wanted, all: Vec<Wanted>) {
    let mut found: HashMap<String, Proof> = HashMap::new();
    let of = domain(&next.url);
    let mut open = world.store.requests().await.unwrap_or_else(|error| {
        tracing::error!(%error, "requests cannot be read");
        Vec::new()
    });
    open.retain(|it| it.stage.is_open() && it.proof.is_none() && domain(&it.url) == of);
    let asked = all.iter().map(token);
    let tokens: HashSet<String> = asked
        .chain(open.iter().map(|it| it.token.clone()))
        .collect();
    for text in world.eye.texts(&format!("{RECORD}.{of}")).await {
        if let Some(token) = tokens.get(text.trim()) {
            found.insert(token.clone(), Proof::Dns);
        }
    }
    // address and token of each asker with a portal on that host
    let asked = all.iter().map(|it| (&it.url, token(it)));
    let here = asked.chain(open.iter().map(|it| (&it.url, it.token.clone())));
    let here = here.filter(|it| it.0.origin() == next.url.origin());
    let here: Vec<(&Url, String)> = here.collect();
    let page = here.iter().filter(|it| *it.0 == next.url);
    let claims = Claims {
        url: &next.url,
        own: &page.map(|it| it.1.clone()).collect(),
        tokens: &here.iter().map(|it| it.1.clone()).collect(),
    };
    found.extend(holders(world, &claims).await);
    for it in open {
        if let Some(proof) = found.remove(&it.token)
            && let Err(error) = registration::proved(world, &it.id, proof).await
        {
            tracing::error!(?error, request = %it.id, "a proof cannot be written");
        }
    }
    for wanted in all {
        let Some(proof) = found.remove(&token(&wanted)) else {
            continue;
        };
        let url = wanted.url.clone();
        if let Err(error) = registration::ask_proved(world, wanted, proof).await {
            tracing::error!(?error, %url, "a request with proof cannot be written");
        }
    }
}
