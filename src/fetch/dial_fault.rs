//! Why no connection is tried: the resolver's fault, or the guard's refusal.

use super::address::Refused;

/// Why no address of a name can be dialled.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialFault {
    #[error("{0}")]
    Dns(String),
    /// The name servers answer that the name does not exist.
    #[error("{0} does not exist")]
    NoName(String),
    /// The name exists and has no address.
    #[error("{0} has no address")]
    NoAddress(String),
    #[error("{0}")]
    Refused(Refused),
    /// The name has only IPv6 addresses, and this machine has no route to them.
    #[error("no way to IPv6")]
    NoIpv6,
}
