//! What the service says of itself over HTTP: /healthz and /metrics.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    store::Condition,
    watch::{Live, health::health},
};

/// Answers until told to stop.
pub async fn serve(
    listener: TcpListener,
    worlds: Live,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let app = Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .with_state(worlds);
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn healthz(State(worlds): State<Live>) -> impl IntoResponse {
    let world = worlds.borrow().clone();
    let it = health(&world).await;
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
        "notifiers": { "ok": it.gone.is_empty(), "gone": it.gone },
        "sight": { "ok": !it.blind },
        "clock": { "ok": it.skew.is_none(), "off_s": it.skew.map(|it| it.as_secs()) },
    });
    (status, Json(body))
}

async fn metrics(State(worlds): State<Live>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = worlds.borrow().measure.text();
    ([(header::CONTENT_TYPE, kind)], text)
}
