//! Signed JSON to a URL of the operator: for agencies with their own incident systems.
//!
//! The body is signed with HMAC-SHA-256 (`X-Gaccong-Signature: sha256=<hex>`). It contains the time of sending and
//! the `Idempotency-Key`, which all attempts of a message share: a receiver recognises a replay by its age, or by a
//! key that it has seen (docs/webhook.md).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::StatusCode;
use ring::hmac;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::{
    model::{Digest, Receipt},
    notify::{
        Message, Notifier, Place, Refusal,
        notifiers::{Problem, secret, with},
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    url: Url,
    secret_env: String,
}

struct Webhook {
    url: Url,
    key: hmac::Key,
    client: reqwest::Client,
}

/// Builds the notifier from its settings.
pub fn build(value: &Value) -> Result<Arc<dyn Notifier>, Problem> {
    let with: With = with("webhook", value)?;
    if !matches!(with.url.scheme(), "http" | "https") {
        return Err(Problem::Invalid(
            "with.url: http or https is wanted".to_owned(),
        ));
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret(&with.secret_env)?.as_bytes());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(15))
        .build()
        .map_err(|error| Problem::Invalid(format!("the HTTP client cannot be built: {error}")))?;
    Ok(Arc::new(Webhook {
        url: with.url,
        key,
        client,
    }))
}

#[async_trait]
impl Notifier for Webhook {
    fn groups(&self) -> bool {
        false
    }

    async fn send(&self, message: &Message, _place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        // without the repeat mark, so that all attempts share the key
        let identity =
            Digest::of_parts([message.key.as_bytes(), message.facts.to_string().as_bytes()]).hex();
        let body = json!({
            "sent": Timestamp::now().to_string(),
            "idempotency_key": &identity[..32],
            "key": message.key,
            "headline": message.headline,
            "text": message.plain,
            "repeat": message.repeat,
            "facts": message.facts,
            "document": message.document.as_ref().map(|it| json!({"name": it.name, "text": String::from_utf8_lossy(&it.bytes)})),
        });
        let body = body.to_string();
        let signature: String = hmac::sign(&self.key, body.as_bytes())
            .as_ref()
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect();
        let sent = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-gaccong-signature", format!("sha256={signature}"))
            .header("idempotency-key", &identity[..32])
            .body(body)
            .send()
            .await;
        let answer = sent.map_err(|error| {
            let connecting = error.is_connect();
            let why = format!("the webhook cannot be reached: {}", error.without_url());
            if connecting {
                Refusal::Later(None, why)
            } else {
                Refusal::Unsure(why)
            }
        })?;
        match answer.status() {
            status if status.is_success() => Ok(None),
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) => {
                let after = answer
                    .headers()
                    .get("retry-after")
                    .and_then(|it| it.to_str().ok()?.parse().ok());
                Err(Refusal::Later(
                    after.map(Duration::from_secs),
                    format!("the webhook answered {status}"),
                ))
            }
            status if status.is_server_error() => Err(Refusal::Later(
                None,
                format!("the webhook answered {status}"),
            )),
            status => Err(Refusal::Never(format!("the webhook answered {status}"))),
        }
    }
}
