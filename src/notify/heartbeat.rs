//! A sign of life to a service outside, which tells people when it stays away: what nobody can tell of himself.

use std::time::Duration;

use url::Url;

pub struct Heartbeat {
    url: Url,
    client: reqwest::Client,
}

impl Heartbeat {
    /// Fails where no HTTP client can be built.
    pub fn new(url: Url) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(15))
            .build()
            .map_err(|error| format!("the HTTP client cannot be built: {error}"))?;
        Ok(Self { url, client })
    }

    pub async fn beat(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.clone()).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status())),
            // the URL may hold a secret
            Err(error) => Err(error.without_url().to_string()),
        }
    }
}
