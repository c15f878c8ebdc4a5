//! A scripted name server on 127.0.0.1 for IPv4 and IPv6 addresses.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex},
};

pub const A: u16 = 1;
pub const AAAA: u16 = 28;

type Table = Arc<Mutex<Vec<(String, Vec<IpAddr>)>>>;

pub struct Names {
    pub server: SocketAddr,
    table: Table,
    asked: Arc<Mutex<Vec<u16>>>,
}

impl Names {
    /// Each row is a name with its addresses of both families; no other names exist.
    pub fn start(rows: &[(&str, &[&str])]) -> Self {
        Self::deaf_to(None, rows)
    }

    /// Like [`Self::start`], but the server does not answer questions of type `kind`.
    pub fn deaf_to(kind: Option<u16>, rows: &[(&str, &[&str])]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let it = Self {
            server: socket.local_addr().unwrap(),
            table: Arc::default(),
            asked: Arc::default(),
        };
        for (name, addresses) in rows {
            it.set(name, addresses);
        }
        let (table, asked) = (it.table.clone(), it.asked.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let ask = &buffer[..length];
                let (name, end) = name(ask);
                let wanted = u16::from_be_bytes([ask[end], ask[end + 1]]);
                asked.lock().unwrap().push(wanted);
                if kind == Some(wanted) {
                    continue;
                }
                let out = answer(ask, end + 4, wanted, of(&table, &name).as_deref());
                let _ = socket.send_to(&out, from);
            }
        });
        it
    }

    pub fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
        let mut table = self.table.lock().unwrap();
        table.retain(|it| it.0 != name);
        table.push((name.to_owned(), addresses));
    }

    /// The number of questions of a type.
    pub fn asked(&self, kind: u16) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|it| **it == kind).count()
    }
}

fn of(table: &Table, name: &str) -> Option<Vec<IpAddr>> {
    let table = table.lock().unwrap();
    let found = table.iter().find(|it| it.0.eq_ignore_ascii_case(name));
    found.map(|it| it.1.clone())
}

/// The name in a DNS question, and the offset of its end.
fn name(ask: &[u8]) -> (String, usize) {
    let mut at = 12;
    let mut labels = Vec::new();
    while ask[at] != 0 {
        let end = at + 1 + usize::from(ask[at]);
        labels.push(String::from_utf8_lossy(&ask[at + 1..end]).into_owned());
        at = end;
    }
    (labels.join("."), at + 1)
}

fn answer(ask: &[u8], end: usize, kind: u16, found: Option<&[IpAddr]>) -> Vec<u8> {
    let data = found
        .into_iter()
        .flatten()
        .filter_map(|it| match (kind, it) {
            (A, IpAddr::V4(it)) => Some(it.octets().to_vec()),
            (AAAA, IpAddr::V6(it)) => Some(it.octets().to_vec()),
            _ => None,
        });
    let data: Vec<Vec<u8>> = data.collect();
    let code = if found.is_some() { 0x80 } else { 0x83 };
    let mut out = ask[..2].to_vec();
    out.extend([0x85, code, 0, 1, 0, data.len() as u8, 0, 0, 0, 0]);
    out.extend(&ask[12..end]);
    for it in data {
        out.extend([0xc0, 12, 0, kind as u8, 0, 1, 0, 0, 0, 0, 0, it.len() as u8]);
        out.extend(it);
    }
    out
}
