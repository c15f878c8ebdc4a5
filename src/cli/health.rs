//! `gaccong health`: prints /healthz, for a container's health check. Exits with 0 if all is well, else with 1.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Failure, Global, Outcome, open, output::line};
use crate::{config::Pace, store::control};

/// Time for the service to answer; a later answer counts as not well.
const WITHIN: Duration = Duration::from_secs(4);
const LONGEST: u64 = 1 << 20;

pub(super) async fn run(global: &Global) -> Result<Outcome, Failure> {
    open::logs("error");
    let config = open::config(global, Pace::Fast, false)?;
    let asked = match config.service.listen {
        Some(address) => tokio::time::timeout(WITHIN, ask(reachable(address))).await,
        // a service without HTTP can only be asked whether its control socket answers
        None => {
            let folder = &config.service.data_dir;
            let there = control::Client::connect(folder).await.is_some();
            let none = || std::io::Error::other("no service answers at its socket");
            Ok(there
                .then(|| "HTTP/1.1 200 OK\r\n\r\n".to_owned())
                .ok_or_else(none))
        }
    };
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

/// The address to connect to from this machine: loopback for a service that listens on all addresses.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    Ok(answer)
}
