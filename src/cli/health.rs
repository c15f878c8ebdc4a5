//! `gaccong health`: prints /healthz, for a container's health check. Exits with 0 if the service is healthy,
//! otherwise with 1.
//!
//! It asks the running service and does not check targets.yaml: with a faulty file the service keeps its old
//! configuration, and a restart would end the watch.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Failure, Global, Outcome, configuration, open, output::line};
use crate::store::{address, control};

/// Timeout for the service's answer; a later answer counts as unhealthy.
const WITHIN: Duration = Duration::from_secs(4);
const LONGEST: u64 = 1 << 20;

pub(super) async fn run(global: &Global) -> Result<Outcome, Failure> {
    open::logs("error");
    let folder = configuration::data_dir(global);
    let asked = tokio::time::timeout(WITHIN, ask(&folder)).await;
    let answer = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            return Err(Failure::system(format!(
                "the service does not answer: {error}"
            )));
        }
        Err(_) => return Err(Failure::system("the service does not answer in time")),
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if !body.is_empty() {
        line(body.trim_end())?;
    }
    let good = head.split(' ').nth(1) == Some("200");
    Ok(if good { Outcome::Fine } else { Outcome::Found })
}

/// The address to connect to from this machine: loopback if the service listens on all addresses.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Asks the service that holds the store in a data directory, at the address in its address file.
async fn ask(data_dir: &Path) -> io::Result<String> {
    let listens = address::left(data_dir).map_err(|error| {
        let why =
            "the service leaves its address there; is it running, and with the same --data-dir?";
        io::Error::new(error.kind(), format!("{error}; {why}"))
    })?;
    // the address alone proves nothing: a killed service leaves its file, and another program may listen there now
    if control::Client::connect(data_dir).await.is_none() {
        let shown = data_dir.display();
        return Err(io::Error::other(format!("its socket in {shown} is dead")));
    }
    match listens {
        Some(address) => get(reachable(address)).await,
        None => Ok("HTTP/1.1 200 OK\r\n\r\n".to_owned()),
    }
}

async fn get(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}
