//! Hosts as operators write them in lists: normalised, or refused with the text to write instead.

use url::{Host, Url};

/// The host as in URLs: lower case, IDN in ASCII. `*.example.com` and `.example.com` become `example.com`, because a
/// host includes its subdomains.
///
/// # Errors
///
/// A sentence with the text to write instead.
pub fn allowed_host(text: &str) -> Result<String, String> {
    let said = text.trim();
    let wrong = |why: &str| {
        format!(
            "{text:?} {why}; write a host name alone, such as cdn.example.vn: it covers its sub-domains"
        )
    };
    if said.contains("://") {
        let host = Url::parse(said).ok();
        let host = host.and_then(|it| it.host_str().map(str::to_owned));
        return Err(match host {
            Some(host) => format!(
                "{text:?} is a URL; write the host alone: {host} (it covers its sub-domains, every path and port)"
            ),
            None => wrong("is a URL"),
        });
    }
    if said.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
        return Err(format!(
            "{text:?} is more than one host; write each as an item of the list: [a.example.vn, b.example.vn]"
        ));
    }
    if said.contains(['/', '?', '#', '@', '\\']) {
        return Err(wrong("holds more than a host"));
    }
    let wild = said.strip_prefix("*.").or_else(|| said.strip_prefix('.'));
    let name = wild.unwrap_or(said);
    let name = name.strip_suffix(['.', '。']).unwrap_or(name);
    if name.contains('*') {
        return Err(wrong("holds a * that is no whole first part"));
    }
    if wild.is_some() && !name.contains('.') {
        return Err(wrong("would allow a whole top-level domain"));
    }
    let found = match Host::parse(name) {
        Ok(found) => found,
        Err(_) => {
            return Err(match name.rsplit_once(':') {
                Some((host, port)) if port.parse::<u16>().is_ok() && !host.contains(':') => {
                    format!(
                        "{text:?} names a port; write the host alone: {host} (every port of it is allowed)"
                    )
                }
                _ => wrong("is no host name"),
            });
        }
    };
    match &found {
        Host::Domain(name) if name.split('.').any(|it| it.is_empty() || it.len() > 63) => {
            Err(wrong("is no host name"))
        }
        Host::Domain(name) if name.len() > 253 => Err(wrong("is no host name")),
        _ => Ok(found.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_one_form_or_refused_with_advice() {
        for (text, host) in [
            ("cdn.example.vn", "cdn.example.vn"),
            ("*.example.com", "example.com"),
            (".example.com", "example.com"),
            (" CDN.Example.VN ", "cdn.example.vn"),
            ("example.com.", "example.com"),
            ("so_y_te.example.vn", "so_y_te.example.vn"),
            ("intranet", "intranet"),
            ("10.0.0.1", "10.0.0.1"),
            ("[2001:DB8::1]", "[2001:db8::1]"),
        ] {
            assert_eq!(allowed_host(text).as_deref(), Ok(host), "{text}");
        }
        // composed and decomposed letters make one name
        let (composed, apart) = ("*.C\u{1ed5}ng.vn.", "c\u{f4}\u{309}ng.vn");
        let host = allowed_host(composed);
        assert_eq!(host, allowed_host(apart));
        assert!(host.unwrap().starts_with("xn--"));
        for (text, advice) in [
            ("https://example.com/x", "write the host alone: example.com"),
            ("example.com:8080", "write the host alone: example.com"),
            ("example.com/x", "holds more than a host"),
            ("//example.com", "holds more than a host"),
            ("user@example.com", "holds more than a host"),
            ("a.vn, b.vn", "each as an item"),
            ("a.vn b.vn", "each as an item"),
            ("a.vn;b.vn", "each as an item"),
            ("*", "holds a *"),
            ("*.vn", "top-level domain"),
            (".com", "top-level domain"),
            ("*.*.example.com", "holds a *"),
            ("cdn*.example.com", "holds a *"),
            ("example..com", "is no host name"),
            ("http://", "is a URL"),
            ("%", "is no host name"),
        ] {
            let why = allowed_host(text).unwrap_err();
            assert!(why.contains(advice), "{text}: {why}");
        }
    }
}
