//! The bare loop: each page over a connection of its own, whole, hashed. No look can cost less with this client.

use std::{fs, net::Ipv4Addr, path::PathBuf, time::Instant};

use futures_util::{StreamExt, stream};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde::{Deserialize, Serialize};

use crate::{
    process::{self, Of},
    trouble::{Because, Result, Trouble},
};

#[derive(clap::Args)]
pub struct Args {
    /// Where the pages are: {} stands for the portal's number in five digits, {address} for its own address 127.1.x.y
    #[arg(long)]
    url: String,
    /// Pages of a pass
    #[arg(long, default_value_t = 1000)]
    n: u32,
    /// PEM file of the authority that the portals' certificate is from
    #[arg(long)]
    ca: Option<PathBuf>,
    #[arg(long, default_value_t = 1)]
    passes: u32,
    /// Requests under way at once
    #[arg(long, default_value_t = 64)]
    at_once: usize,
}

/// One pass over all pages.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pass {
    pub pages: u32,
    pub failed: u32,
    pub bytes: u64,
    pub cpu_ms_per_page: f64,
    pub pages_per_second: f64,
    pub peak_rss_mb: f64,
}

/// Prints one line of JSON a pass. True when every page came.
pub async fn run(args: Args) -> Result<bool> {
    let client = client(args.ca.as_ref())?;
    let mut whole = true;
    for _ in 0..args.passes {
        let pass = pass(&client, &args).await?;
        whole &= pass.failed == 0;
        let line = serde_json::to_string(&pass).because(|| "a pass is no JSON".to_owned())?;
        println!("{line}");
    }
    Ok(whole)
}

/// A portal's address where `template` says.
pub fn url(template: &str, id: u32) -> String {
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(127, 1, 0, 0)) + id);
    template
        .replace("{address}", &address.to_string())
        .replace("{}", &format!("{id:05}"))
}

fn client(ca: Option<&PathBuf>) -> Result<reqwest::Client> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        let pem = fs::read(path).because(|| format!("{} cannot be read", path.display()))?;
        for found in CertificateDer::pem_slice_iter(&pem) {
            let der =
                found.map_err(|error| Trouble::new(format!("{}: {error:?}", path.display())))?;
            roots
                .add(der)
                .because(|| format!("{} holds no authority", path.display()))?;
        }
    }
    let mut tls = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // gaccong verifies every certificate anew; a loop that resumes sessions would be compared with something else
    tls.resumption = Resumption::disabled();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .build()
        .because(|| "the client cannot be built".to_owned())
}

async fn pass(client: &reqwest::Client, args: &Args) -> Result<Pass> {
    let (begun, before) = (Instant::now(), process::cpu_seconds(Of::Myself)?);
    let (mut failed, mut bytes) = (0, 0);
    let mut first_fault = None;
    {
        let looks = stream::iter(0..args.n).map(|id| look(client, url(&args.url, id)));
        let mut looks = std::pin::pin!(looks.buffer_unordered(args.at_once.max(1)));
        while let Some(looked) = looks.next().await {
            match looked {
                Ok(length) => bytes += length,
                Err(trouble) => {
                    failed += 1;
                    first_fault.get_or_insert(trouble);
                }
            }
        }
    }
    if let Some(trouble) = first_fault {
        eprintln!(
            "gaccong-bench: {failed} of {} pages failed, the first: {trouble}",
            args.n
        );
    }
    let cpu = process::cpu_seconds(Of::Myself)? - before;
    Ok(Pass {
        pages: args.n,
        failed,
        bytes,
        cpu_ms_per_page: cpu * 1000.0 / f64::from(args.n.max(1)),
        pages_per_second: f64::from(args.n) / begun.elapsed().as_secs_f64(),
        peak_rss_mb: process::memory(Of::Myself)?.peak,
    })
}

/// Bytes of one page.
async fn look(client: &reqwest::Client, url: String) -> Result<u64> {
    let page = async {
        let answer = client.get(&url).send().await?.error_for_status()?;
        answer.bytes().await
    };
    let page = page.await.because(|| format!("no page from {url}"))?;
    std::hint::black_box(blake3::hash(&page));
    Ok(page.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_has_a_path_and_an_address() {
        assert_eq!(
            url("http://127.0.0.1:9/p/{}/", 42),
            "http://127.0.0.1:9/p/00042/"
        );
        assert_eq!(url("http://{address}:9/", 259), "http://127.1.1.3:9/");
    }
}
