//! One visit from start to end: redirects, limits, and every outcome as an observation.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Response,
    header::{self, HeaderMap, HeaderValue},
};
use tokio::sync::Semaphore;
use url::Url;

use super::{
    Fetch, Settings, Unusable, Visit,
    arrive::{Arrived, How, Transport},
    body::{self, LARGE_AT_ONCE, Lost},
    classify::http2_broke,
    client::Names,
    counted::{BESIDE, LATE_FOR},
    faces::{Faces, Way},
    front,
    host_limits::HostLimits,
    presentation,
    progress::Progress,
    redirect::{goes_round, redirect},
    remembered::{Remembered, server_of},
    waits::within,
};
use crate::model::{
    Class, Digest, Fetched, Held, Localized, Observation, Profile, Seen,
    excerpt::{defang, excerpt},
    observation::{Answer, Silence},
    registrable,
};

/// Makes visits over the network. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

/// The parts that all visits share.
struct Inner {
    settings: Settings,
    names: Arc<Names>,
    transport: Transport,
    /// Targets with a late answer from a server that was reached: their next visits use counted connections.
    late: Remembered,
    host_limits: HostLimits,
    faces: Arc<Faces>,
    /// Limits visits at once by the number of files that the process may open.
    places: Semaphore,
    /// Limits large bodies in memory at once.
    large: Arc<Semaphore>,
}

/// Files for the rest of the process; a visit needs two sockets, one of them for its name.
const OTHER_FILES: u64 = 192;
const MOST_AT_ONCE: u64 = 2048;

/// Number of visits at once for which the system allows sockets. Raises the process's limit of open files first.
fn at_once() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let known = getrlimit(Resource::Nofile);
    let wanted = known
        .maximum
        .unwrap_or(u64::MAX)
        .min(2 * MOST_AT_ONCE + OTHER_FILES);
    if known.current.is_some_and(|it| it < wanted) {
        // a refusal leaves the limit as it is
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

/// Most front pages that one visit leaves behind.
const FRONTS: usize = 3;

/// The outcome of a visit before it becomes an observation.
#[expect(
    clippy::large_enum_variant,
    reason = "one a look, and nearly always the large one"
)]
enum End {
    Answered(Answer, Option<Bytes>),
    Silent(Silence),
}

impl Fetcher {
    /// Fails if certificates or the resolver are unusable.
    pub fn new(settings: Settings) -> Result<Self, Unusable> {
        let names = Arc::new(Names::new(&settings.resolver)?);
        let transport = Transport::new(&settings, &names)?;
        Ok(Self(Arc::new(Inner {
            settings,
            names,
            transport,
            late: Remembered::lasting(LATE_FOR),
            host_limits: HostLimits::default(),
            faces: Arc::default(),
            places: Semaphore::new(at_once()),
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        })))
    }
}

#[async_trait]
impl Fetch for Fetcher {
    async fn texts(&self, name: &str) -> Vec<String> {
        self.0.names.texts(name).await
    }

    async fn reaches(&self, url: &Url, by_operator: bool) -> bool {
        self.0.transport.is_reached(url, by_operator).await
    }

    /// The wait for a place at a busy host does not count into the look's time limit.
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Fetched {
        let inner = &self.0;
        let host = server_of(visit.url);
        // a place at the host comes first: a visit that waits for a slow host must not hold one of the shared places
        let domain = registrable(visit.url.host_str().unwrap_or_default());
        let _place = inner.host_limits.place(&host, &domain).await;
        let _one_of_all = inner.places.acquire().await;
        let started = Instant::now();
        let mut progress = Progress::new(visit.url.clone());
        progress.counted = inner.late.contains(visit.target.as_str());
        let way = Way::new(
            visit.target.as_str(),
            visit.prefer,
            inner.faces.clone(),
            visit.timeout,
        );
        let waits = progress.waits.clone();
        let going = way.along(inner.go(visit, &mut progress));
        let end = match within(visit.timeout, &waits, going).await {
            Some(end) => end,
            None => {
                // the limits of a counted connection rule out a flood: the portal was silent, and the next visit need
                // not be counted
                match progress.counted {
                    true => inner.late.remove(visit.target.as_str()),
                    false if way.is_connected() => inner.late.add(visit.target.as_str()),
                    false => (),
                }
                End::Silent(progress.certain.take().unwrap_or_else(|| Silence {
                    class: Class::Timeout,
                    cause: Localized::new("cause-timeout").with("seconds", seconds(visit.timeout)),
                    status: progress.status,
                }))
            }
        };
        let (seen, body, partial) = match end {
            End::Answered(answer, body) => (Seen::Answered(answer), body, None),
            End::Silent(silence) => {
                let partial = body::shown(&mut progress, visit.max_body).await;
                (Seen::Silent(silence), None, partial)
            }
        };
        let second = body.as_ref().or(partial.as_ref());
        let broken = body::broken(&mut progress, second, visit.max_body).await;
        let [first, last] = [visit.url, &progress.url].map(|it| it.host_str().unwrap_or_default());
        // an address of a foreign host that did not answer is no address of the portal
        let is_own = progress.address.is_some() || registrable(first) == registrable(last);
        let face = way.face(first, if is_own { last } else { first }, progress.address);
        if let Seen::Answered(answer) = &seen
            && let Some(address) = answer.address
            && progress.hops.is_empty()
        {
            inner.host_limits.met(&host, address);
        }
        let observation = Observation {
            target: visit.target.clone(),
            profile: visit.profile,
            at,
            vantage: inner.settings.vantage.clone(),
            elapsed_ms: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
            hops: progress.hops,
            certificate: progress.certificate,
            face,
            seen,
        };
        Fetched {
            observation,
            body,
            partial,
            broken,
            held: progress.large.map(Held::new),
        }
    }
}

/// The page behind a front page that only leads on, at most [`FRONTS`] in one visit. An address that the visit came from
/// is none: a firewall's check leads back.
fn leads_on(visit: &Visit<'_>, progress: &Progress, end: &End) -> Option<Url> {
    let End::Answered(answer, Some(body)) = end else {
        return None;
    };
    let fronts = progress.hops.iter().filter(|it| it.status == 200).count();
    if answer.status != 200 || fronts >= FRONTS {
        return None;
    }
    let to = front::leads_on(body, answer.refresh.as_deref(), &progress.url)?;
    let is_new = progress.hops.iter().all(|it| it.to != to) && *visit.url != to;
    is_new.then_some(to)
}

fn seconds(length: Duration) -> String {
    let text = format!("{:.1}", length.as_secs_f64());
    text.trim_end_matches(".0").to_owned()
}

fn silent(class: Class, cause: Localized, status: Option<u16>) -> End {
    End::Silent(Silence {
        class,
        cause,
        status,
    })
}

impl Inner {
    /// Follows the redirects, and starts over with HTTP/1.1 if HTTP/2 broke within a body. One time limit covers both.
    async fn go(&self, visit: &Visit<'_>, progress: &mut Progress) -> End {
        let end = self.follow(visit, progress).await;
        match end {
            End::Silent(loss) if progress.http2_broke => {
                progress.over_http1(visit.url.clone(), loss.clone());
                match self.follow(visit, progress).await {
                    // HTTP/1.1 brought nothing: the failure over HTTP/2 says more
                    End::Silent(again) if again.status.is_none() => End::Silent(loss),
                    end => end,
                }
            }
            end => end,
        }
    }

    async fn follow(&self, visit: &Visit<'_>, progress: &mut Progress) -> End {
        let own_port = visit.url.port();
        let mut pass = self.transport.passes.first(visit.by_operator);
        loop {
            if let Err(refused) = pass.guard().url(&progress.url, own_port) {
                return self.refused(progress, refused.class, refused.why);
            }
            let headers = self.headers(visit, progress);
            let how = How {
                http1: progress.http1,
                counted: progress.counted,
                most: visit.max_body.saturating_add(BESIDE),
            };
            let arrived = self
                .transport
                .arrive(&progress.url, headers, how, pass)
                .await;
            let Arrived {
                response,
                address,
                certificate,
            } = match arrived {
                Ok(arrived) => arrived,
                Err((class, cause)) => {
                    if class.standing() == crate::model::Standing::Blocked {
                        return self.refused(progress, class, cause);
                    }
                    return silent(class, cause, progress.status);
                }
            };
            let status = response.status().as_u16();
            progress.status = Some(status);
            progress.address = address;
            progress.met(certificate);
            pass = self.transport.passes.after(pass, address);
            progress.keep_cookies(response.headers());
            let Some(to) = redirect(&response, &progress.url) else {
                let end = self.read(visit, progress, response, address).await;
                let Some(to) = leads_on(visit, progress, &end) else {
                    return end;
                };
                progress.leave(status, to);
                continue;
            };
            if goes_round(progress, &to) {
                let cause = Localized::new("cause-loop").with("hops", progress.hops.len() + 1);
                return silent(Class::RedirectLoop, cause, Some(status));
            }
            progress.leave(status, to);
        }
    }

    /// The outcome if the guard refuses the URL of the visit, or the target of a redirect.
    fn refused(&self, progress: &Progress, class: Class, why: Localized) -> End {
        if progress.hops.is_empty() {
            return silent(class, why, None);
        }
        let to = defang(progress.url.host_str().unwrap_or_default());
        let cause = Localized::new("cause-refused-redirect").with("host", to);
        silent(Class::RefusedRedirect, cause, progress.status)
    }

    fn headers(&self, visit: &Visit<'_>, progress: &Progress) -> HeaderMap {
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
        if let Some(cookie) = progress.cookie() {
            headers.insert(header::COOKIE, cookie);
        }
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip, deflate, br, zstd"),
        );
        // a condition holds for the page that gave it, not for the target of a redirect
        match visit.validators.filter(|_| progress.hops.is_empty()) {
            Some(known) => {
                // only the ETag: dates say too little, since a file replaced by one with an older date is "not
                // modified"
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
        headers
    }

    async fn read(
        &self,
        visit: &Visit<'_>,
        progress: &mut Progress,
        response: Response,
        address: Option<IpAddr>,
    ) -> End {
        let status = response.status().as_u16();
        // browsers take the last of several headers
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
            final_url: progress.url.clone(),
            content_type: text(header::CONTENT_TYPE),
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
            bytes: 0,
            digest: None,
            address,
            refresh,
            presentation: presentation::of(response.headers(), &progress.url),
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
        if status == 304 && visit.validators.is_some() && progress.hops.is_empty() {
            return End::Answered(answer, None);
        }
        let body = match body::read(response, progress, visit.max_body, &self.large).await {
            Ok(body) => body,
            Err(lost) => {
                progress.http2_broke =
                    matches!(&lost, Lost::Broken(error) if http2_broke(error)) && !progress.http1;
                return End::Silent(lost.told(status));
            }
        };
        answer.bytes = body.len() as u64;
        answer.digest = Some(Digest::of(&body));
        End::Answered(answer, Some(body))
    }
}

/// The User-Agent header: every profile names the service and its contact. The part by which a portal recognizes the
/// kind of visitor comes first.
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
