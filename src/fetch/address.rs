//! Which addresses, schemes and ports may be visited: a portal must not be able to send us into our own network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::LazyLock,
};

use ipnet::IpNet;
use url::{Host, Url};

use crate::model::{Class, Localized, excerpt};

/// Networks that are not public: the IANA special-purpose address registries (IPv4 and IPv6, read in 2026) and
/// everything else that is not a public unicast address.
const NOT_PUBLIC: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private use"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link local"),
    ("172.16.0.0/12", "private use"),
    ("192.0.0.0/24", "protocol assignments"),
    ("192.0.2.0/24", "documentation"),
    ("192.31.196.0/24", "AS112"),
    ("192.52.193.0/24", "AMT"),
    ("192.88.99.0/24", "6to4 relay"),
    ("192.168.0.0/16", "private use"),
    ("192.175.48.0/24", "AS112"),
    ("198.18.0.0/15", "benchmarking"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    // IANA allocates global unicast addresses from 2000::/3 only
    (
        "::/3",
        "outside global unicast: unspecified, loopback, IPv4-compatible and others",
    ),
    ("4000::/2", "outside global unicast"),
    (
        "8000::/1",
        "outside global unicast: unique local, link local, multicast and others",
    ),
    ("2001::/23", "protocol assignments, Teredo"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "6to4"),
    ("2620:4f:8000::/48", "AS112"),
    ("3fff::/20", "documentation"),
];

static TABLE: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
    NOT_PUBLIC
        .iter()
        .filter_map(|(net, why)| Some((net.parse().ok()?, *why)))
        .collect()
});

/// The operator's exceptions to the rule "public addresses, ports 80 and 443".
#[derive(Clone, Debug)]
pub struct Guard {
    pub networks: Vec<IpNet>,
    pub ports: Vec<u16>,
    /// This machine's own addresses as others see them: a service that listens there may trust this machine.
    pub own: Vec<IpAddr>,
}

impl Default for Guard {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            ports: vec![80, 443],
            own: Vec::new(),
        }
    }
}

/// Whether an address is on the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    special(unmapped(address)).is_none()
}

/// The addresses of this machine: those of all interfaces but loopback (public addresses on loopback are meant to be
/// visited), and the source address of its outgoing connections. The kernel picks that one when a UDP socket is
/// connected to a far address; no packet is sent.
pub fn own_addresses() -> Vec<IpAddr> {
    // addresses of root name servers: they are never inside this network
    let far: [(&str, SocketAddr); 2] = [
        ("0.0.0.0:0", SocketAddr::from(([198, 41, 0, 4], 53))),
        (
            "[::]:0",
            SocketAddr::from(([0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30], 53)),
        ),
    ];
    let ways_out = far.into_iter().filter_map(|(from, to)| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    });
    let mut own = of_interfaces();
    for address in ways_out {
        // a machine with addresses on loopback only uses one of these as source address
        if !own.contains(&address) && !on_loopback(address) {
            own.push(address);
        }
    }
    own
}

fn of_interfaces() -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let others = all.into_iter().filter(|it| it.name != LOOPBACK);
    others.map(|it| it.ip()).collect()
}

fn on_loopback(address: IpAddr) -> bool {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    all.iter()
        .any(|it| it.name == LOOPBACK && it.ip() == address)
}

const LOOPBACK: &str = "lo";

/// Why a URL or an address is not visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub class: Class,
    pub why: Localized,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class.as_str())
    }
}

impl std::error::Error for Refused {}

impl Guard {
    /// Whether `allow_networks` of the operator holds the address.
    pub(super) fn is_exempt(&self, address: IpAddr) -> bool {
        let meant = unmapped(address);
        let mut networks = self.networks.iter();
        networks.any(|it| it.contains(&address) || it.contains(&meant))
    }

    /// The guard for portals that strangers named: of the exceptions, only loopback holds, which tests use.
    pub(super) fn for_anybody(&self) -> Self {
        let mut guard = self.clone();
        guard
            .networks
            .retain(|it| it.network().is_loopback() && it.broadcast().is_loopback());
        guard
    }

    /// The guard without any exception.
    pub(super) fn outside(&self) -> Self {
        Self {
            networks: Vec::new(),
            ..self.clone()
        }
    }

    /// Whether an address may be dialled. Services at this machine's own addresses may trust it, so those are refused even
    /// inside `allow_networks`, which names a network for its other machines. Loopback in `allow_networks` names this machine
    /// on purpose.
    pub fn address(&self, address: IpAddr) -> Result<(), Refused> {
        let meant = unmapped(address);
        let is_own = self.own.contains(&meant) && !meant.is_loopback();
        if !is_own && self.is_exempt(address) {
            return Ok(());
        }
        let own = is_own.then_some("our own address");
        match own.or(special(meant)) {
            None => Ok(()),
            Some(why) => Err(Refused {
                class: Class::PrivateAddress,
                why: Localized::new("cause-private")
                    .with("address", address)
                    .with("block", why),
            }),
        }
    }

    /// Whether a URL may be requested: its scheme, its port, and the address if the host is an IP literal. Names are
    /// checked when they are resolved. `own_port` is the port of the registered URL.
    pub fn url(&self, url: &Url, own_port: Option<u16>) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            let why =
                Localized::new("cause-scheme").with("scheme", excerpt::excerpt(url.scheme(), 20));
            return Err(Refused {
                class: Class::Scheme,
                why,
            });
        }
        let port = url.port_or_known_default();
        if port.is_none_or(|it| !self.ports.contains(&it)) && port != own_port {
            let why = Localized::new("cause-port").with("port", port.unwrap_or_default());
            return Err(Refused {
                class: Class::Port,
                why,
            });
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.address(address.into()),
            Some(Host::Ipv6(address)) => self.address(address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Refused {
                class: Class::Scheme,
                why: Localized::new("cause-no-host"),
            }),
        }
    }
}

/// The IPv4 address inside an IPv6 address, if packets to it end up there.
fn unmapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    let segments = v6.segments();
    let low = Ipv4Addr::from((u32::from(segments[6]) << 16) | u32::from(segments[7]));
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return low.into();
    }
    Ipv6Addr::from(segments).into()
}

fn special(address: IpAddr) -> Option<&'static str> {
    TABLE
        .iter()
        .find(|(net, _)| net.contains(&address))
        .map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses next to a forbidden network, and IPv6 forms of public IPv4 addresses.
    const PUBLIC: &[&str] = &[
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "1.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.52.192.255",
        "192.52.194.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.175.47.255",
        "192.175.49.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "2000::",
        "2001:db7:ffff::",
        "2001:db9::",
        "2001:ffff::",
        "2620:4f:7fff::",
        "2620:4f:8001::",
        "3ffe:ffff::",
        "3fff:1000::",
        "2606:4700::1",
        "2001:200::",
        "2003::1",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
    ];

    /// Addresses inside forbidden networks, in every form that leads there.
    const NOT_TO_BE_VISITED: &[&str] = &[
        "::ffff:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "::1",
        "::127.0.0.1",
        "2002:7f00:1::",
        "2001:0:1::",
        "0.0.0.0",
        "255.255.255.255",
        "169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "::",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::169.254.169.254",
        "100::1",
        "1fff:ffff::1",
        "4000::1",
        "5f00::1",
        "fec0::1",
        "ff02::1",
        "2002:a00:1::1",
        "2001:db8::1",
        "3fff::1",
    ];

    #[test]
    fn every_block_and_its_neighbours() {
        let guard = Guard::default();
        assert_eq!(TABLE.len(), NOT_PUBLIC.len(), "every row parses");
        for (net, _) in TABLE.iter() {
            assert!(guard.address(net.network()).is_err(), "{net}");
            assert!(guard.address(net.broadcast()).is_err(), "{net}");
        }
        for outside in PUBLIC {
            assert_eq!(guard.address(outside.parse().unwrap()), Ok(()), "{outside}");
        }
        for inside in NOT_TO_BE_VISITED {
            assert!(guard.address(inside.parse().unwrap()).is_err(), "{inside}");
        }
    }

    #[test]
    fn exceptions_are_for_those_who_begin_there() {
        let nets = ["10.0.0.0/8", "127.0.0.2/32", "0.0.0.0/0", "::1/128"];
        let guard = Guard {
            networks: nets.map(|it| it.parse().unwrap()).to_vec(),
            ..Guard::default()
        };
        let left = guard.for_anybody().networks;
        assert_eq!(
            left,
            ["127.0.0.2/32", "::1/128"].map(|it| it.parse().unwrap())
        );
        assert!(guard.outside().networks.is_empty());
        assert!(guard.is_exempt("::ffff:10.1.2.3".parse().unwrap()));
    }

    #[test]
    fn own_addresses_are_refused_in_allowed_networks_too() {
        let guard = Guard {
            networks: vec![
                "10.0.0.0/8".parse().unwrap(),
                "127.0.0.0/8".parse().unwrap(),
            ],
            own: vec!["10.0.0.7".parse().unwrap(), "127.0.0.1".parse().unwrap()],
            ..Guard::default()
        };
        for own in ["10.0.0.7", "::ffff:10.0.0.7", "64:ff9b::10.0.0.7"] {
            let why = guard.address(own.parse().unwrap()).unwrap_err();
            assert_eq!(why.class, Class::PrivateAddress, "{own}");
        }
        for other in ["10.0.0.8", "127.0.0.1"] {
            assert_eq!(guard.address(other.parse().unwrap()), Ok(()), "{other}");
        }
    }

    #[test]
    fn literals_in_every_spelling() {
        let guard = Guard::default();
        for text in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(
                guard.url(&url, None).unwrap_err().class,
                Class::PrivateAddress,
                "{text}"
            );
        }
        let refused = |text: &str| {
            guard
                .url(&text.parse().unwrap(), Some(8443))
                .map_err(|it| it.class)
        };
        assert_eq!(refused("https://a.vn:8443/"), Ok(()));
        assert_eq!(refused("https://a.vn:22/"), Err(Class::Port));
        assert_eq!(refused("ftp://a.vn/"), Err(Class::Scheme));
        let open = Guard {
            networks: vec!["127.0.0.2/32".parse().unwrap()],
            ports: vec![80],
            own: vec!["203.0.112.7".parse().unwrap()],
        };
        assert!(open.address("203.0.112.7".parse().unwrap()).is_err());
        assert!(open.address("::ffff:203.0.112.7".parse().unwrap()).is_err());
        assert_eq!(open.address("203.0.112.8".parse().unwrap()), Ok(()));
        assert_eq!(open.address("127.0.0.2".parse().unwrap()), Ok(()));
        assert!(open.address("127.0.0.3".parse().unwrap()).is_err());
    }
}
