//! Ownership of host names, as far as the names show it. Only this file uses `psl`.

/// The registrable domain of a host: `mic.hanoi.gov.vn` → `hanoi.gov.vn`. An IP address, or a name that is itself a
/// public suffix, is returned as it is.
pub fn registrable(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[') {
        return host;
    }
    psl::domain_str(&host).map(str::to_owned).unwrap_or(host)
}

/// Whether different owners register names below `host`: true for `gov.vn`, `com`, and every name without a dot. `host`
/// must be in lower case.
pub fn is_public_suffix(host: &str) -> bool {
    psl::suffix_str(host) == Some(host)
}
