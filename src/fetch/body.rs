//! The body of an answer: read within its limits and unpacked, or lost, together with the part that arrived.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::{Response, header};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    classify::class_of,
    decode::{self, Failed, Undecoded},
    progress::Progress,
};
use crate::model::{Broken, Class, Localized, excerpt::excerpt, observation::Silence};

/// Bytes from which a body counts as large (ten times an ordinary page), and large bodies held in memory at once.
const LARGE: usize = 1 << 20;
pub(super) const LARGE_AT_ONCE: usize = 12;
/// A body of more than `PIECES` chunks with fewer than `PIECE` bytes each, on average, is dripped on purpose.
const PIECES: usize = 50_000;
const PIECE: usize = 32;
/// Bytes that are read of a body with an announced length over the limit, since its beginning may hold an attacker's
/// signature: as many as the crude reader takes, within the time that an honest server needs for them.
const BEGINNING: usize = 512 << 10;
const BEGINNING_WITHIN: Duration = Duration::from_secs(3);

/// Why a body could not be read.
pub(super) enum Lost {
    /// The connection or the protocol broke; a second request over HTTP/1.1 may still bring the body.
    Broken(reqwest::Error),
    Certain(Class, Localized),
}

impl Lost {
    /// The failure for the observation; `status` is that of the response.
    pub fn told(self, status: u16) -> Silence {
        let (class, cause) = match self {
            Self::Broken(error) => class_of(&error),
            Self::Certain(class, cause) => (class, cause),
        };
        Silence {
            class,
            cause,
            status: Some(status),
        }
    }
}

fn too_large(most: u64) -> Lost {
    let cause = Localized::new("cause-too-large").with("bytes", most);
    Lost::Certain(Class::TooLarge, cause)
}

/// Reads and unpacks a body of at most `most` bytes. If the body is lost, `progress.partial` holds the part that
/// arrived.
pub(super) async fn read(
    response: Response,
    progress: &mut Progress,
    most: u64,
    places: &Arc<Semaphore>,
) -> Result<Bytes, Lost> {
    let values = response.headers().get_all(header::CONTENT_ENCODING);
    progress.codings = decode::codings(values.iter().filter_map(|it| it.to_str().ok()));
    // the announced length is that of the packed body: unpacked, it is no smaller
    let announced = response.content_length().unwrap_or(0);
    if announced > most {
        progress.certain = Some(too_large(most).told(response.status().as_u16()));
        let _ = timeout(BEGINNING_WITHIN, begin(response, progress)).await;
        return Err(too_large(most));
    }
    // the announced bytes may never come: reserve memory for an ordinary page at most
    let room = usize::try_from(announced).unwrap_or(LARGE);
    progress.partial.reserve(room.min(LARGE));
    receive(response, progress, most, places).await?;
    let packed = progress.partial.split().freeze();
    let codings = std::mem::take(&mut progress.codings);
    if codings.is_empty() || packed.is_empty() {
        return Ok(packed);
    }
    // unpacking is this program's work: it does not count into the portal's time
    let waits = progress.waits.clone();
    match waits.during(decode::unpacked(packed, codings, most)).await {
        Ok(plain) => {
            let plain = Bytes::from(plain);
            take_place(plain.len(), progress, places).await;
            Ok(plain)
        }
        Err(Failed { why, shown }) => {
            progress.partial = Bytes::from(shown).into();
            let coding = |key, coding: &str| {
                let cause = Localized::new(key).with("coding", excerpt(coding, 80));
                Lost::Certain(Class::Protocol, cause)
            };
            Err(match why {
                Undecoded::TooLarge => too_large(most),
                Undecoded::Unknown(it) | Undecoded::Broken(it) => coding("cause-coding", &it),
                Undecoded::Cut(it) => coding("cause-coding-cut", &it),
            })
        }
    }
}

async fn receive(
    response: Response,
    progress: &mut Progress,
    most: u64,
    places: &Arc<Semaphore>,
) -> Result<(), Lost> {
    // without a length, the body ends where the connection ends, cleanly or not
    let open_ended = !response.headers().contains_key(header::CONTENT_LENGTH)
        && !response.headers().contains_key(header::TRANSFER_ENCODING);
    let mut pieces = 0;
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let body = &mut progress.partial;
        pieces += 1;
        match chunk {
            Ok(chunk) if body.len() as u64 + chunk.len() as u64 > most => {
                return Err(too_large(most));
            }
            Ok(chunk) => body.extend_from_slice(&chunk),
            Err(error) => {
                if open_ended && class_of(&error).1.key == "cause-closed" && !body.is_empty() {
                    break;
                }
                return Err(Lost::Broken(error));
            }
        }
        if pieces > PIECES && body.len() < pieces * PIECE {
            return Err(Lost::Certain(
                Class::Protocol,
                Localized::new("cause-dripped"),
            ));
        }
        take_place(progress.partial.len(), progress, places).await;
    }
    Ok(())
}

/// Reads the first [`BEGINNING`] bytes of a body into `progress.partial`.
async fn begin(response: Response, progress: &mut Progress) {
    let mut stream = response.bytes_stream();
    while let Some(Ok(chunk)) = stream.next().await {
        let room = BEGINNING.saturating_sub(progress.partial.len());
        progress
            .partial
            .extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            return;
        }
    }
}

/// Waits for one of the [`LARGE_AT_ONCE`] places once a body is large. Other portals hold them, so the wait does not count
/// into the visit's time limit.
async fn take_place(bytes: usize, progress: &mut Progress, places: &Arc<Semaphore>) {
    if bytes > LARGE && progress.large.is_none() {
        let waits = progress.waits.clone();
        let place = waits.during(places.clone().acquire_owned()).await;
        progress.large = place.ok().map(Arc::new);
    }
}

/// The part of a lost body that arrived, unpacked as far as possible; `None` if no byte arrived.
pub(super) async fn shown(progress: &mut Progress, most: u64) -> Option<Bytes> {
    if progress.partial.is_empty()
        && let Some(earlier) = progress.earlier.take()
    {
        return plain(earlier.partial.freeze(), earlier.codings, most).await;
    }
    let codings = std::mem::take(&mut progress.codings);
    plain(progress.partial.split().freeze(), codings, most).await
}

/// The part that broke off over HTTP/2, unless the page over HTTP/1.1 (`second`) continues it. A server that breaks
/// HTTP/2 on purpose shows one page to browsers, which do not ask again once a page has begun, and another one to this
/// service.
pub(super) async fn broken(
    progress: &mut Progress,
    second: Option<&Bytes>,
    most: u64,
) -> Option<Broken> {
    let earlier = progress.earlier.take()?;
    let beginning = plain(earlier.partial.freeze(), earlier.codings, most).await?;
    let goes_on = second.is_some_and(|it| it.starts_with(&beginning));
    (!goes_on).then_some(Broken {
        loss: earlier.loss,
        beginning,
    })
}

/// Unpacks the part of a body as far as possible; `None` if that gives no byte.
async fn plain(partial: Bytes, codings: Vec<String>, most: u64) -> Option<Bytes> {
    if partial.is_empty() || codings.is_empty() {
        return (!partial.is_empty()).then_some(partial);
    }
    let plain = match decode::unpacked(partial, codings, most).await {
        Ok(plain) => plain,
        Err(failed) => failed.shown,
    };
    (!plain.is_empty()).then(|| Bytes::from(plain))
}
