//! What the service says of itself over HTTP: /healthz and /metrics.

mod hosts;

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    model::Recipient,
    store::Condition,
    world::{Live, health::Health},
};

/// Answers until told to stop.
pub async fn serve(
    listener: TcpListener,
    worlds: Live,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let listens = listener.local_addr()?;
    let known = move |request: Request, next: Next| async move {
        let host = request.headers().get(header::HOST);
        let host = host.map(|it| it.to_str().unwrap_or_default().to_owned());
        // HTTP/2 and requests in absolute form carry the host in the URI
        let host = host.or_else(|| request.uri().host().map(str::to_owned));
        if hosts::may_ask(host.as_deref(), listens) {
            next.run(request).await
        } else {
            let why = "this service is asked by its address or as localhost\n";
            (StatusCode::MISDIRECTED_REQUEST, why).into_response()
        }
    };
    let app = Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .layer(from_fn(known))
        .with_state(worlds);
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn healthz(State(worlds): State<Live>) -> impl IntoResponse {
    let world = worlds.borrow().clone();
    let it = world.health().await;
    let status = if it.is_good() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let (since, why, waiting) = match &it.condition {
        Condition::Sound => (None, None, 0),
        Condition::InMemory {
            since,
            why,
            waiting,
        } => (Some(since.to_string()), Some(why.clone()), *waiting),
    };
    let body = json!({
        "ok": it.is_good(),
        "version": env!("CARGO_PKG_VERSION"),
        "looks": {
            "ok": it.looks_on_time(),
            "targets": it.targets,
            "overdue": it.overdue,
            "last": it.last_look.map(|it| it.to_string()),
        },
        "store": {
            "ok": it.store_writes(),
            "failures": it.store_failures,
            "in_memory_since": since,
            "why": why,
            "waiting": waiting,
        },
        "outbox": {
            "ok": it.outbox_moves(),
            "depth": it.outbox_depth,
            "oldest_s": it.outbox_age_s,
            "dead_letters": it.dead_letters,
        },
        "notifiers": { "ok": it.dead_notifiers.is_empty(), "gone": gone(&it) },
        "sight": { "ok": !it.blind },
        "clock": { "ok": it.skew.is_none(), "off_s": it.skew.map(|it| it.as_secs()) },
    });
    (status, Json(body))
}

/// The number of dead chats of each notifier. Which chats, and why, only the officers on duty are told.
fn gone(health: &Health) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for name in health.dead_notifiers.keys() {
        let name = Recipient::from(name.as_str()).base().to_owned();
        *out.entry(name).or_default() += 1;
    }
    out
}

async fn metrics(State(worlds): State<Live>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = worlds.borrow().metrics.text();
    ([(header::CONTENT_TYPE, kind)], text)
}
