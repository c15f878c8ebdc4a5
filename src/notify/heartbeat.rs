//! Heartbeat: pings an outside service, which alerts people when the pings stop. No program can report its own
//! failure.

use std::time::Duration;

use url::Url;

/// Sends pings to one URL.
pub struct Heartbeat {
    url: Url,
    client: reqwest::Client,
}

impl Heartbeat {
    /// A sender for this URL.
    ///
    /// # Errors
    ///
    /// A sentence if the HTTP client cannot be built.
    pub fn new(url: Url) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(15))
            .build()
            .map_err(|error| format!("the HTTP client cannot be built: {error}"))?;
        Ok(Self { url, client })
    }

    /// Sends one ping.
    ///
    /// # Errors
    ///
    /// A sentence, without the URL, if the service cannot be reached or does not answer with success.
    pub async fn beat(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.clone()).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status())),
            // the URL may contain a secret
            Err(error) => Err(error.without_url().to_string()),
        }
    }
}
