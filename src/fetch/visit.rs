//! One visit from start to end: redirects, limits, and every outcome as an observation.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use reqwest::{
    Response,
    header::{self, HeaderMap, HeaderValue},
};
use tokio::{sync::Semaphore, time::timeout};
use url::Url;

use super::{
    Sees, Settings, Sighting, Unusable, Visit,
    classify::class_of,
    client::Names,
    decode::{self, Undecoded},
    journey::Journey,
    manners::Manners,
    pass::{Pass, Passes},
    tls::Recorder,
};
use crate::model::{
    Class, Digest, Observation, Profile, Say, Seen,
    excerpt::{defang, excerpt},
    observation::{Answer, Hop, Silence},
    registrable,
};

/// More hops than any browser's habit would need (Firefox and Chromium give up after 20).
const MOST_HOPS: usize = 10;

/// A redirect to a longer URL is not followed: it is read as the answer.
const LONGEST_URL: usize = 8 << 10;

/// Makes visits. Cheap to clone.
#[derive(Clone)]
pub struct Eye(Arc<Inner>);

struct Inner {
    settings: Settings,
    passes: Passes,
    names: Arc<Names>,
    recorder: Recorder,
    manners: Manners,
    /// Visits under way at once, in all: as many as there are files to open.
    places: Semaphore,
    /// Large bodies in memory at once.
    large: Arc<Semaphore>,
}

/// A visit needs a socket, and one for its name; the rest of the process needs some, too.
const OTHER_FILES: u64 = 192;
const MOST_AT_ONCE: u64 = 2048;
/// A body is large from here on, and so many may be in memory: pages are a tenth of it.
const LARGE: usize = 1 << 20;
const LARGE_AT_ONCE: usize = 12;
/// Decoded in less than a millisecond.
const PAGE: u64 = 384 << 10;
/// A body in so many pieces of so few bytes is dripped on purpose.
const PIECES: usize = 50_000;
const PIECE: usize = 32;

/// As many visits as the system lets us open sockets for; it is asked for more first.
fn at_once() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    let wanted = known
        .maximum
        .unwrap_or(u64::MAX)
        .min(2 * MOST_AT_ONCE + OTHER_FILES);
    if known.current.is_some_and(|it| it < wanted) {
        // what is refused is lived with
        let _ = setrlimit(
            Resource::Nofile,
            Rlimit {
                current: Some(wanted),
                maximum: known.maximum,
            },
        );
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let places = (files.saturating_sub(OTHER_FILES) / 2).clamp(32, MOST_AT_ONCE);
    usize::try_from(places).unwrap_or(32)
}

/// How a visit ended, before it is dressed as an observation.
#[expect(
    clippy::large_enum_variant,
    reason = "one a look, and nearly always the large one"
)]
enum End {
    Answered(Answer, Option<Bytes>),
    Silent(Silence),
}

impl Eye {
    /// Fails where certificates or the resolver cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Unusable> {
        let recorder = Recorder::default();
        let names = Arc::new(Names::new(&settings.resolver)?);
        let passes = Passes::new(&settings, &recorder, &names)?;
        Ok(Self(Arc::new(Inner {
            settings,
            passes,
            names,
            recorder,
            manners: Manners::default(),
            places: Semaphore::new(at_once()),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        })))
    }
}

#[async_trait]
impl Sees for Eye {
    async fn texts(&self, name: &str) -> Vec<String> {
        self.0.names.texts(name).await
    }

    /// The wait for a place at a busy host does not count into the look's time.
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Sighting {
        let inner = &self.0;
        let host = format!(
            "{}:{}",
            visit.url.host_str().unwrap_or_default(),
            visit.url.port_or_known_default().unwrap_or(0)
        );
        // first the host's place, then one of all: who waits for a slow host keeps nobody else waiting
        let domain = registrable(visit.url.host_str().unwrap_or_default());
        let _place = inner.manners.place(&host, &domain).await;
        let _one_of_all = inner.places.acquire().await;
        let started = Instant::now();
        let mut journey = Journey::new(visit.url.clone());
        let end = match timeout(visit.timeout, inner.go(visit, &mut journey)).await {
            Ok(end) => end,
            Err(_) => End::Silent(Silence {
                class: Class::Timeout,
                cause: Say::new("cause-timeout").with("seconds", seconds(visit.timeout)),
                status: journey.status,
            }),
        };
        let (seen, body, partial) = match end {
            End::Answered(answer, body) => (Seen::Answered(answer), body, None),
            End::Silent(silence) => {
                let partial = std::mem::take(&mut journey.partial);
                let partial = (!partial.is_empty()).then(|| partial.freeze());
                (Seen::Silent(silence), None, partial)
            }
        };
        if let Seen::Answered(answer) = &seen
            && let Some(address) = answer.address
            && journey.hops.is_empty()
        {
            inner.manners.met(&host, address);
        }
        let observation = Observation {
            target: visit.target.clone(),
            profile: visit.profile,
            at,
            vantage: inner.settings.vantage.clone(),
            elapsed_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
            hops: journey.hops,
            certificate: journey.certificate,
            seen,
        };
        Sighting {
            observation,
            body,
            partial,
            large: journey.large,
        }
    }
}

fn seconds(length: Duration) -> String {
    let text = format!("{:.1}", length.as_secs_f64());
    text.trim_end_matches(".0").to_owned()
}

fn silent(class: Class, cause: Say, status: Option<u16>) -> End {
    End::Silent(Silence {
        class,
        cause,
        status,
    })
}

impl Inner {
    async fn go(&self, visit: &Visit<'_>, journey: &mut Journey) -> End {
        let own_port = visit.url.port();
        let mut been: Vec<(Url, usize)> = Vec::new();
        let mut pass = self.passes.first(visit.by_operator);
        loop {
            if let Err(refused) = pass.guard.url(&journey.url, own_port) {
                return self.refused(journey, refused.class, refused.why);
            }
            let response = match self.ask(visit, journey, pass).await {
                Ok(response) => response,
                Err(error) => {
                    let (class, cause) = class_of(&error);
                    if class.standing() == crate::model::Standing::Blocked {
                        return self.refused(journey, class, cause);
                    }
                    return silent(class, cause, journey.status);
                }
            };
            let status = response.status().as_u16();
            journey.status = Some(status);
            pass = self
                .passes
                .after(pass, response.remote_addr().map(|it| it.ip()));
            if let Some(fault) = self.certificate_fault(journey) {
                return silent(Class::Tls, fault, Some(status));
            }
            journey.keep_cookies(response.headers());
            let Some(to) = redirect(&response, &journey.url) else {
                return self.read(visit, journey, response).await;
            };
            let jar = journey.count_cookies();
            // the same place with the same cookies will answer the same
            if journey.hops.len() >= MOST_HOPS || been.contains(&(to.clone(), jar)) {
                let cause = Say::new("cause-loop").with("hops", journey.hops.len() + 1);
                return silent(Class::RedirectLoop, cause, Some(status));
            }
            been.push((to.clone(), jar));
            journey.hops.push(Hop {
                status,
                to: to.clone(),
            });
            journey.url = to;
        }
    }

    /// Refused at once, or refused where the portal sent us.
    fn refused(&self, journey: &Journey, class: Class, why: Say) -> End {
        if journey.hops.is_empty() {
            return silent(class, why, None);
        }
        let to = defang(journey.url.host_str().unwrap_or_default());
        let cause = Say::new("cause-refused-redirect").with("host", to);
        silent(Class::RefusedRedirect, cause, journey.status)
    }

    async fn ask(
        &self,
        visit: &Visit<'_>,
        journey: &Journey,
        pass: &Pass,
    ) -> Result<Response, reqwest::Error> {
        let mut headers = HeaderMap::new();
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        headers.insert(
            header::ACCEPT_LANGUAGE,
            HeaderValue::from_static("vi,en;q=0.7"),
        );
        if let Ok(agent) = HeaderValue::from_str(&user_agent(visit.profile, &self.settings.contact))
        {
            headers.insert(header::USER_AGENT, agent);
        }
        if visit.profile == Profile::FromGoogle {
            headers.insert(
                header::REFERER,
                HeaderValue::from_static("https://www.google.com/"),
            );
        }
        if let Some(cookie) = journey.cookie() {
            headers.insert(header::COOKIE, cookie);
        }
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip, deflate, br, zstd"),
        );
        // conditions hold for the page they were given for, not for where it leads now
        match visit.validators.filter(|_| journey.hops.is_empty()) {
            Some(known) => {
                // a date says less than it seems: a file put in place with an older one is "not modified"
                if let Some(tag) = known
                    .etag
                    .as_ref()
                    .and_then(|it| HeaderValue::from_str(it).ok())
                {
                    headers.insert(header::IF_NONE_MATCH, tag);
                }
            }
            None => {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            }
        }
        pass.client
            .get(journey.url.clone())
            .headers(headers)
            .send()
            .await
    }

    fn certificate_fault(&self, journey: &mut Journey) -> Option<Say> {
        if journey.url.scheme() != "https" {
            return None;
        }
        let host = journey
            .url
            .host_str()?
            .trim_start_matches('[')
            .trim_end_matches(']');
        let facts = self.recorder.of(host)?;
        let mut fault = facts.fault.clone();
        // a resumed session shows no certificate: the one that is known may have run out
        if fault.is_none() && Timestamp::now() >= facts.not_after {
            fault = Some(Say::new("cause-tls-expired"));
        }
        journey.certificate = Some(facts);
        fault
    }

    async fn read(&self, visit: &Visit<'_>, journey: &mut Journey, response: Response) -> End {
        let status = response.status().as_u16();
        // of several, browsers take the last
        let text = |name: header::HeaderName| {
            let last = response.headers().get_all(name).iter().next_back()?;
            Some(excerpt(&String::from_utf8_lossy(last.as_bytes()), 2000))
        };
        let refresh = response
            .headers()
            .get(header::REFRESH)
            .map(|it| excerpt(&String::from_utf8_lossy(it.as_bytes()), 2000));
        let mut answer = Answer {
            status,
            final_url: journey.url.clone(),
            content_type: text(header::CONTENT_TYPE),
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
            bytes: 0,
            digest: None,
            address: response.remote_addr().map(|it| it.ip()),
            refresh,
            date: response
                .headers()
                .get(header::DATE)
                .and_then(|it| it.to_str().ok())
                .and_then(|it| {
                    jiff::fmt::rfc2822::DateTimeParser::new()
                        .parse_timestamp(it)
                        .ok()
                }),
        };
        if status == 304 && visit.validators.is_some() && journey.hops.is_empty() {
            return End::Answered(answer, None);
        }
        let values = response.headers().get_all(header::CONTENT_ENCODING);
        let codings = decode::codings(values.iter().filter_map(|it| it.to_str().ok()));
        // without a length, the end of the connection is the end of the body, however it comes
        let open_ended = !response.headers().contains_key(header::CONTENT_LENGTH)
            && !response.headers().contains_key(header::TRANSFER_ENCODING);
        let too_large = || {
            let cause = Say::new("cause-too-large").with("bytes", visit.max_body);
            silent(Class::TooLarge, cause, Some(status))
        };
        // what is announced need not come: no more than an ordinary page is made ready for
        let announced = response.content_length().unwrap_or(0);
        let room = usize::try_from(announced.min(visit.max_body)).unwrap_or(0);
        journey.partial.reserve(room.min(LARGE));
        let mut pieces = 0;
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            let body = &mut journey.partial;
            pieces += 1;
            match chunk {
                Ok(chunk) if body.len() as u64 + chunk.len() as u64 > visit.max_body => {
                    return too_large();
                }
                Ok(chunk) => body.extend_from_slice(&chunk),
                Err(error) => {
                    let (class, cause) = class_of(&error);
                    if open_ended && cause.key == "cause-closed" && !body.is_empty() {
                        break;
                    }
                    return silent(class, cause, Some(status));
                }
            }
            if pieces > PIECES && body.len() < pieces * PIECE {
                return silent(Class::Protocol, Say::new("cause-dripped"), Some(status));
            }
            if body.len() > LARGE && journey.large.is_none() {
                journey.large = self.large.clone().acquire_owned().await.ok().map(Arc::new);
            }
        }
        let mut body = journey.partial.split().freeze();
        if !codings.is_empty() && !body.is_empty() {
            body = match undone(body, codings, visit.max_body).await {
                Ok(Ok(plain)) => Bytes::from(plain),
                Ok(Err(Undecoded::TooLarge)) => return too_large(),
                Ok(Err(Undecoded::Unknown(coding) | Undecoded::Broken(coding))) => {
                    let coding = excerpt(&coding, 80);
                    let cause = Say::new("cause-coding").with("coding", coding);
                    return silent(Class::Protocol, cause, Some(status));
                }
                Err(_) => {
                    return silent(
                        Class::Protocol,
                        Say::new("cause-coding").with("coding", "?"),
                        Some(status),
                    );
                }
            };
            if body.len() > LARGE && journey.large.is_none() {
                journey.large = self.large.clone().acquire_owned().await.ok().map(Arc::new);
            }
        }
        answer.bytes = body.len() as u64;
        answer.digest = Some(Digest::of(&body));
        End::Answered(answer, Some(body))
    }
}

/// Decodes; a page here, what is larger on a thread of its own.
async fn undone(
    packed: Bytes,
    codings: Vec<String>,
    most: u64,
) -> Result<Result<Vec<u8>, Undecoded>, tokio::task::JoinError> {
    let here = most.min(PAGE);
    if (packed.len() as u64) < PAGE / 4 {
        match decode::undone(&packed, &codings, here) {
            Err(Undecoded::TooLarge) if most > here => (),
            done => return Ok(done),
        }
    }
    tokio::task::spawn_blocking(move || decode::undone(&packed, &codings, most)).await
}

/// Where a redirect leads, without its fragment.
fn redirect(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    // Latin-1 bytes in Location are read as UTF-8 by browsers
    let location =
        String::from_utf8_lossy(response.headers().get(header::LOCATION)?.as_bytes()).into_owned();
    let mut to = from.join(location.trim()).ok()?;
    to.set_fragment(None);
    (to.as_str().len() <= LONGEST_URL).then_some(to)
}

/// Every profile names us and a contact; what a portal's code tells visitors by comes first.
pub fn user_agent(profile: Profile, contact: &str) -> String {
    let us = format!("gaccong/{}", env!("CARGO_PKG_VERSION"));
    // a header holds ASCII only
    let contact: String = contact.chars().filter(char::is_ascii_graphic).collect();
    let contact = if contact.is_empty() {
        contact
    } else {
        format!("; +{contact}")
    };
    match profile {
        Profile::Desktop | Profile::FromGoogle => {
            format!(
                "Mozilla/5.0 (X11; Linux x86_64; {us}{contact}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
            )
        }
        Profile::Mobile => {
            format!(
                "Mozilla/5.0 (Linux; Android 15; {us}{contact}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
            )
        }
        Profile::Googlebot => {
            format!(
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) ({us}{contact})"
            )
        }
    }
}
