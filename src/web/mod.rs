//! What the service says of itself over HTTP: /healthz and /metrics.

use std::sync::{Arc, atomic::Ordering};

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

use crate::watch::World;

/// An alert that waits longer than this says that the outbox does not move.
const OUTBOX_STUCK_S: i64 = 900;
/// A service that made no look for longer than twice the slowest target's interval is not watching.
const LOOKS_STOPPED_FACTOR: i64 = 2;

/// Answers until told to stop.
pub async fn serve(
    listener: TcpListener,
    world: Arc<World>,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let app = Router::new()
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics))
        .with_state(world);
    axum::serve(listener, app)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

async fn healthz(State(world): State<Arc<World>>) -> impl IntoResponse {
    let health = &world.measure.health;
    let now = world.clock.now().as_millisecond();
    let last = health.last_look.load(Ordering::Relaxed);
    let allowed = LOOKS_STOPPED_FACTOR * health.slowest.load(Ordering::Relaxed) + 60_000;
    let targets = world.measure.targets.get();
    let overdue = world.measure.overdue.get();
    let looks = (last == 0 || now - last <= allowed || targets == 0) && overdue == 0;
    let store = !health.store_fails_now.load(Ordering::Relaxed);
    let age = world.measure.outbox_age.get();
    let outbox = age < OUTBOX_STUCK_S;
    let blind = health.blind.load(Ordering::Relaxed);
    let good = looks && store && outbox;
    let status = if good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ok": good,
        "version": env!("CARGO_PKG_VERSION"),
        "looks": {
            "ok": looks,
            "targets": targets,
            "overdue": overdue,
            "last": (last > 0).then(|| jiff::Timestamp::from_millisecond(last).map(|it| it.to_string()).unwrap_or_default()),
        },
        "store": { "ok": store, "failures": health.store_failures.load(Ordering::Relaxed) },
        "outbox": { "ok": outbox, "depth": world.measure.outbox_depth.get(), "oldest_s": age },
        "sight": { "ok": !blind },
    });
    (status, Json(body))
}

async fn metrics(State(world): State<Arc<World>>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], world.measure.text())
}
