//! Checks of a portal that a request names: its present page, proof that it belongs to the asker, and whether it is
//! already watched under another name.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use url::Url;

use crate::{
    fetch::Visit,
    judge::Look,
    model::{
        LookRef, Profile, Standing, Target, TargetId, TargetState,
        excerpt::{defang_text, excerpt},
        registrable,
        registration::{Proof, Request, View},
        target::Settings,
    },
    page::{self, Page, Source},
    registry::names::portal_key,
    watch::{
        connectivity::check_connectivity,
        look::{LookOptions, look},
    },
    world::{World, connectivity::NetworkState},
};

/// The DNS label below which a TXT record may hold the asker's token.
pub const RECORD: &str = "_gaccong";
/// The name of the meta element that may hold the token.
pub const META: &str = "gaccong";
/// The path of the file that may hold the token.
pub const FILE: &str = "/.well-known/gaccong.txt";

/// Lines of a page that an officer is shown, and characters of each line: half a phone's screen.
const LINES: usize = 6;
const LINE: usize = 120;
/// At most this many portals of one template have their stored page parsed for its title.
const READ: usize = 50;
/// Bytes of the proof file that are read: it holds one short token.
const LONGEST_FILE: u64 = 4 << 10;

/// Looks once at the portal of a request, as an ordinary visitor, and searches for its token. `None` while the
/// service's own network is down.
pub async fn inspect(world: &World, request: &Request) -> Option<(View, Option<Proof>)> {
    let mut settings: Settings = world.config.defaults.clone();
    settings.profiles = vec![Profile::Desktop];
    let mut target = Target::unregistered(request.url.clone(), settings);
    // its own id, so that no state of a registered portal at this address is used
    target.id = target.id.child("asked");
    let target_state = TargetState::new(target.id.clone());
    let seen = look(
        world,
        &target,
        Profile::Desktop,
        &target_state,
        LookOptions::default(),
    )
    .await;
    if check_connectivity(world, &target, None, &seen).await == NetworkState::Offline {
        return None;
    }
    let read = read(world, &seen).await;
    let proof = proof(world, request, &seen, read.as_ref()).await;
    let view = view(world, request, seen, read).await;
    Some((view, proof))
}

/// The page to look at, and the tokens to look for.
pub(crate) struct Claims<'a> {
    pub url: &'a Url,
    /// The tokens of the askers for exactly this page: its meta element may hold one of them.
    pub own: &'a HashSet<String>,
    /// The tokens of all askers for this host.
    pub tokens: &'a HashSet<String>,
}

/// The tokens of `claims` that the portal publishes, each with the kind of proof. For askers that are not stored as
/// requests.
pub(crate) async fn holders(world: &World, claims: &Claims<'_>) -> HashMap<String, Proof> {
    let url = claims.url;
    let mut settings: Settings = world.config.defaults.clone();
    settings.profiles = vec![Profile::Desktop];
    let mut target = Target::unregistered(url.clone(), settings);
    target.id = target.id.child("asked");
    let target_state = TargetState::new(target.id.clone());
    let beside = LookOptions::default();
    let seen = look(world, &target, Profile::Desktop, &target_state, beside).await;
    let read = read(world, &seen).await;
    holds_tokens(world, &target.id, claims, &seen, read.as_ref()).await
}

/// The lines of a page that an officer is shown, and the token in its meta element.
struct Read {
    lines: Vec<String>,
    token: Option<String>,
}

async fn read(world: &World, seen: &Look) -> Option<Read> {
    let (body, reference) = (seen.body.clone()?, seen.seen.clone()?);
    let work = move || {
        let source = Source {
            bytes: &body,
            content_type: reference.content_type.as_deref(),
            url: &reference.url,
            ignore: &[],
        };
        let page: Page = page::read(source).ok()?;
        let lines = page.visible().map(|it| it.text.trim());
        let lines = lines.filter(|it| !it.is_empty()).take(LINES);
        Some(Read {
            lines: lines.map(|it| defang_text(&excerpt(it, LINE))).collect(),
            token: page.meta(META).map(|it| it.trim().to_owned()),
        })
    };
    world
        .workers
        .run_limited(&seen.observation.target, work)
        .await
        .ok()
        .flatten()
}

async fn view(world: &World, request: &Request, seen: Look, read: Option<Read>) -> View {
    let answer = seen.observation.answer();
    let silence = seen.observation.silence();
    let final_url = answer.map_or_else(|| request.url.clone(), |it| it.final_url.clone());
    // reads all target states: once for each request, and again when its asker wants another look
    let same_as = match &request.view {
        Some(view) if !request.again => view.same_as.clone(),
        _ => duplicate_of(world, request, &final_url, &seen).await,
    };
    let standing = seen.class.standing();
    View {
        at: seen.observation.at,
        class: seen.class,
        status: answer
            .map(|it| it.status)
            .or(silence.and_then(|it| it.status)),
        final_url,
        title: seen.title.as_ref().map(|it| excerpt(it, LINE)),
        lines: read.map(|it| it.lines).unwrap_or_default(),
        score: seen.verdict.score,
        suspicious: standing == Standing::Tampered || seen.verdict.level.rings(),
        certificate_fault: seen
            .observation
            .certificate
            .as_ref()
            .and_then(|it| it.fault.clone()),
        digest: seen.seen.as_ref().map(|it| it.digest),
        signals: seen.verdict.signals,
        cause: seen.cause,
        same_as,
    }
}

/// The registered portal that is identical with the requested one: the requested address redirects to it, or both
/// show one page.
async fn duplicate_of(
    world: &World,
    request: &Request,
    leads_to: &Url,
    seen: &Look,
) -> Option<TargetId> {
    let key = portal_key(leads_to);
    let targets = world.targets().await.ok()?;
    if key != portal_key(&request.url)
        && let Some(known) = targets.iter().find(|it| portal_key(&it.url) == key)
    {
        return Some(known.id.clone());
    }
    let here = seen.seen.as_ref()?;
    let mut read = 0;
    for target_state in world.store.target_states().await.ok()? {
        let looks = target_state.baseline.iter().flat_map(|it| it.looks());
        // equal document trees: portals of one template have them too, and differ in their titles
        let alike: Vec<LookRef> = looks.filter(|it| it.shape == here.shape).cloned().collect();
        let same = alike.iter().any(|it| it.digest == here.digest)
            || match alike.last() {
                Some(last) if seen.title.is_some() && read < READ => {
                    read += 1;
                    title(world, &target_state.target, last).await == seen.title
                }
                _ => false,
            };
        let portal = target_state.target.portal();
        if same && let Some(known) = targets.iter().find(|it| it.id.as_str() == portal) {
            return Some(known.id.clone());
        }
    }
    None
}

/// The title of a stored page.
async fn title(world: &World, whose: &TargetId, of: &LookRef) -> Option<String> {
    let (evidence, of) = (world.evidence.clone(), of.clone());
    let work = move || {
        let bytes = evidence.body(&of.digest).ok()?;
        let source = Source {
            bytes: &bytes,
            content_type: of.content_type.as_deref(),
            url: &of.url,
            ignore: &[],
        };
        page::read(source).ok()?.title
    };
    world.workers.run_limited(whose, work).await.ok().flatten()
}

/// The proof that publishes the request's token; `None` if there is none, or if the request already has its proof.
async fn proof(
    world: &World,
    request: &Request,
    seen: &Look,
    read: Option<&Read>,
) -> Option<Proof> {
    if request.proof.is_some() {
        return None;
    }
    let tokens = HashSet::from([request.token.clone()]);
    let claims = Claims {
        url: &request.url,
        own: &tokens,
        tokens: &tokens,
    };
    let mut found = holds_tokens(world, &request.target, &claims, seen, read).await;
    found.remove(&request.token)
}

/// Searches for tokens in the meta element, DNS and the proof file. A redirect to another domain proves nothing for
/// this one.
async fn holds_tokens(
    world: &World,
    target: &TargetId,
    claims: &Claims<'_>,
    seen: &Look,
    read: Option<&Read>,
) -> HashMap<String, Proof> {
    let Claims { url, own, tokens } = *claims;
    let mut found = HashMap::new();
    let host = url.host_str().unwrap_or_default();
    let is_ours = |url: &Url| {
        let of = url.host_str().unwrap_or_default();
        of == host || registrable(of) == registrable(host)
    };
    let mut put = |text: &str, proof: Proof| {
        if let Some(token) = tokens.get(text.trim()) {
            found.entry(token.clone()).or_insert(proof);
        }
        found.len() == tokens.len()
    };
    let answered = seen.observation.answer().map(|it| &it.final_url);
    // a page with an invalid certificate may come from an attacker
    let is_trusted = seen.observation.certificate_fault().is_none();
    if let Some(token) = read.and_then(|it| it.token.as_ref())
        && is_trusted
        && own.contains(token)
        && answered.is_some_and(is_ours)
        && put(token, Proof::Meta)
    {
        return found;
    }
    for name in [host.to_owned(), registrable(host)] {
        for text in world.eye.texts(&format!("{RECORD}.{name}")).await {
            if put(&text, Proof::Dns) {
                return found;
            }
        }
    }
    if let Ok(file) = url.join(FILE) {
        for text in file_lines(world, target, &file, is_ours).await {
            put(&text, Proof::File);
        }
    }
    found
}

/// The lines of the proof file; none if it was answered from another domain, or with an invalid certificate.
async fn file_lines(
    world: &World,
    target: &TargetId,
    file: &Url,
    is_ours: impl Fn(&Url) -> bool,
) -> Vec<String> {
    let visit = Visit {
        target,
        url: file,
        profile: Profile::Desktop,
        timeout: world.config.defaults.timeout,
        max_body: LONGEST_FILE,
        validators: None,
        prefer: None,
        by_operator: false,
    };
    let at: Timestamp = world.clock.now();
    let sighting = world.eye.visit(&visit, at).await;
    let answer = sighting.observation.answer();
    let is_trusted = sighting.observation.certificate_fault().is_none();
    if !is_trusted || !answer.is_some_and(|it| it.status == 200 && is_ours(&it.final_url)) {
        return Vec::new();
    }
    let body = sighting.body.as_deref().unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    text.lines().map(str::to_owned).collect()
}
