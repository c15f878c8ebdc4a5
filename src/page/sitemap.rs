//! The addresses in a sitemap or in robots.txt: a bounded scan of the text between tags.

use url::Url;

use super::links::LONGEST;

/// Most addresses taken from one file; the sitemap protocol allows 50,000.
const MOST: usize = 50_000;

/// Content of every `<loc>` of a sitemap or sitemap index, with entities decoded.
pub fn locations(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = Vec::new();
    let mut rest: &str = &text;
    while out.len() < MOST
        && let Some(start) = rest.find("<loc>")
    {
        rest = &rest[start + 5..];
        let end = rest.find('<').unwrap_or(rest.len());
        let location = rest[..end].trim();
        if !location.is_empty() && location.len() <= LONGEST {
            out.push(location.replace("&amp;", "&"));
        }
        rest = &rest[end..];
    }
    out
}

/// Addresses in the `Sitemap:` lines of a robots.txt.
pub fn sitemaps(robots: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(robots)
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            let value = value.trim();
            (name.trim().eq_ignore_ascii_case("sitemap") && value.len() <= LONGEST)
                .then(|| value.to_owned())
        })
        .take(100)
        .collect()
}

/// The path of an address as words: percent signs decoded, separators as blanks.
pub fn words_of(url: &str) -> String {
    let path = Url::parse(url).map_or_else(|_| url.to_owned(), |it| it.path().to_owned());
    let bytes = path.as_bytes();
    let mut plain: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|it| std::str::from_utf8(it).ok())
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        match byte {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).replace(['/', '-', '_', '.', '+'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_whatever_stands_around_them() {
        let map = b"<?xml version='1.0'?><urlset><url><loc> https://a.example/x?a=1&amp;b=2 </loc></url><loc></loc><loc>https://a.example/y";
        assert_eq!(
            locations(map),
            ["https://a.example/x?a=1&b=2", "https://a.example/y"]
        );
        assert_eq!(
            sitemaps(b"User-agent: *\nSITEMAP: https://a.example/s.xml\nDisallow: /x"),
            ["https://a.example/s.xml"]
        );
        assert_eq!(
            words_of("https://a.example/tin-tuc/%E5%8D%9A%E5%BD%A9_1.html").trim(),
            "tin tuc 博彩 1 html"
        );
    }
}
