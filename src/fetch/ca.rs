//! Certificate files for `extra_ca` in the forms that operators have: PEM, also with text around it, DER as Windows and
//! macOS export it, and files that are no certificate (keys, requests, PKCS#7, PKCS#12), which are refused with advice.

use encoding_rs::Encoding;
use rustls::{RootCertStore, pki_types::CertificateDer};
use x509_parser::{
    certification_request::X509CertificationRequest, parse_x509_certificate, pem::Pem,
    prelude::FromDer, revocation_list::CertificateRevocationList,
};

/// Most bytes of a file of authorities; a bundle of all public ones takes a fiftieth of it.
pub const LARGEST: u64 = 16 << 20;
/// Most authorities in one file; a bundle of all public authorities holds some 150.
const MOST: usize = 2000;
/// Object identifiers: `signedData` of PKCS#7, and the start of `data` and `encryptedData`, which PKCS#12 wraps.
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const PKCS7_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";

/// The certificates of a file, each usable as an authority. The error says what is wrong and what to do.
pub fn parse(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = plain(bytes);
    let found = if has_armour(&bytes) {
        armoured(&bytes)?
    } else {
        binary(&bytes)?
    };
    for (at, der) in found.iter().enumerate() {
        if let Err(error) = RootCertStore::empty().add(der.clone()) {
            let at = at + 1;
            return Err(format!(
                "certificate {at} of {} cannot be an authority: {error}; take it out of the file",
                found.len()
            ));
        }
    }
    Ok(found)
}

/// The bytes without a byte order mark, decoded from UTF-16: an editor may have added either, and base64 has neither.
fn plain(bytes: &[u8]) -> Vec<u8> {
    match Encoding::for_bom(bytes) {
        Some((encoding, mark)) => {
            let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
            text.into_owned().into_bytes()
        }
        None => bytes.to_vec(),
    }
}

fn has_armour(bytes: &[u8]) -> bool {
    bytes.windows(11).any(|it| it == b"-----BEGIN ")
}

fn armoured(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    // quoted text and text in a mail is indented
    let text = String::from_utf8_lossy(bytes);
    let lines = text
        .split(['\n', '\r'])
        .map(|it| it.trim_start_matches(['>', ' ', '\t']));
    let lines: String = lines.flat_map(|it| [it.trim_end(), "\n"]).collect();
    let mut out = Vec::new();
    let mut strange = None;
    for (at, found) in Pem::iter_from_buffer(lines.as_bytes()).enumerate() {
        let at = at + 1;
        let block = found.map_err(|error| {
            format!("block {at} between -----BEGIN and -----END is damaged ({error}); copy it anew from where it came")
        })?;
        match block.label.as_str() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                let der = first(&block.contents).ok_or_else(|| {
                    format!(
                        "block {at} calls itself a certificate and is {}",
                        what(&block.contents)
                    )
                })?;
                out.push(CertificateDer::from(der.to_vec()));
            }
            label => {
                // `openssl` writes parameters and the like before a key: the key is the graver fault
                let graver = label.ends_with("PRIVATE KEY");
                if graver || strange.is_none() {
                    strange = Some(format!("it holds {}", labelled(label)));
                }
            }
        }
        if out.len() > MOST {
            return Err(format!(
                "more than {MOST} certificates in one file; name those that are needed"
            ));
        }
    }
    if let Some(why) = strange
        .as_ref()
        .filter(|it| out.is_empty() || it.contains("key"))
    {
        // a private key beside the certificates is a secret in the wrong place: the whole file is refused
        return Err(why.clone());
    }
    if out.is_empty() {
        return Err("it begins a block with -----BEGIN and holds no whole certificate; copy it anew from where it came".to_owned());
    }
    Ok(out)
}

fn binary(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    use base64::Engine;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(
            "it is empty; write the authority's certificate into it, or take it out of extra_ca"
                .to_owned(),
        );
    }
    // the base64 of a PEM file without its BEGIN and END lines
    let unbroken: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|it| !it.is_ascii_whitespace())
        .collect();
    let decoded = unbroken.starts_with(b"MII").then(|| {
        let engine = base64::engine::general_purpose::STANDARD;
        engine.decode(&unbroken).ok()
    });
    let der = decoded.flatten().unwrap_or_else(|| bytes.to_vec());
    let mut out = Vec::new();
    let mut rest: &[u8] = &der;
    while !rest.iter().all(u8::is_ascii_whitespace) {
        let found = first(rest).filter(|_| out.len() < MOST);
        let Some(found) = found else {
            return Err(format!("it is {}", what(rest)));
        };
        out.push(CertificateDer::from(found.to_vec()));
        rest = &rest[found.len()..];
    }
    Ok(out)
}

/// The DER certificate at the beginning of `der`, without the bytes after it.
fn first(der: &[u8]) -> Option<&[u8]> {
    let (rest, _) = parse_x509_certificate(der).ok()?;
    Some(&der[..der.len() - rest.len()])
}

/// What a PEM block with this label is, and what the operator should provide instead.
fn labelled(label: &str) -> String {
    match label {
        _ if label.ends_with("PRIVATE KEY") => KEY.to_owned(),
        _ if label.contains("CERTIFICATE REQUEST") => REQUEST.to_owned(),
        "PKCS7" | "CMS" => PKCS7.replace("DER", "PEM"),
        "X509 CRL" => REVOKED.to_owned(),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {
            "a public key and no certificate; the authority's certificate is wanted".to_owned()
        }
        _ => format!(
            "no certificate, but a block called {label:?}; the authority's certificate is wanted"
        ),
    }
}

const KEY: &str = "a private key: keep it secret and take it out of this file; the authority's certificate alone is wanted";
const REQUEST: &str = "a request for a certificate (CSR); what the authority made of it, or rather the authority's own certificate, is wanted";
const REVOKED: &str = "a list of revoked certificates (CRL); the authority's certificate is wanted";
const PKCS7: &str = "a PKCS#7 bundle (.p7b); convert it: openssl pkcs7 -inform DER -in FILE -print_certs -out FILE.pem";
const PKCS12: &str = "a PKCS#12 store (.p12, .pfx), which may hold keys; take the certificates out of it: openssl pkcs12 -in FILE -nokeys -out FILE.pem";

/// Names the content of DER bytes without a certificate, as far as their beginning tells.
fn what(der: &[u8]) -> String {
    let start = &der[..der.len().min(64)];
    let holds = |part: &[u8]| start.windows(part.len()).any(|it| it == part);
    let short = |part: &[u8]| {
        start
            .get(..24)
            .unwrap_or(start)
            .windows(part.len())
            .any(|it| it == part)
    };
    let known = if holds(SIGNED_DATA) && !short(b"\x02\x01\x03") {
        PKCS7
    } else if short(b"\x02\x01\x03\x30") && holds(PKCS7_DATA) {
        PKCS12
    } else if start.starts_with(b"\xfe\xed\xfe\xed") {
        "a Java key store; export the certificate: keytool -exportcert -rfc -keystore FILE -alias NAME -file FILE.pem"
    } else if X509CertificationRequest::from_der(der).is_ok() {
        REQUEST
    } else if CertificateRevocationList::from_der(der).is_ok() {
        REVOKED
    } else if start.starts_with(b"\x30")
        && (short(b"\x02\x01\x00\x30") || short(b"\x02\x01\x00\x02") || short(b"\x02\x01\x01\x04"))
    {
        KEY
    } else if start.starts_with(b"PK\x03\x04") {
        "a zip archive; unpack it and name the certificate inside"
    } else {
        "neither a PEM nor a DER certificate; look at it with: openssl x509 -in FILE -noout -text"
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn certificate(name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.self_signed(&key).unwrap(), key)
    }

    #[test]
    fn certificates_in_every_form_that_people_have_them_in() {
        // self-signed and without the CA flag: a portal's own certificate
        let (one, _) = certificate("a.example.vn");
        let (two, _) = certificate("b.example.vn");
        let (der, pem) = (one.der().to_vec(), one.pem());
        let both = [der.clone(), two.der().to_vec()];
        let all = |bytes: &[u8]| {
            let found = parse(bytes).unwrap();
            found.iter().map(|it| it.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(all(&der), both[..1]);
        assert_eq!(all(&both.concat()), both);
        let bundle = format!("subject=CN = Gốc\n\n{pem}issuer=x\n{}", two.pem());
        for text in [
            bundle.clone(),
            bundle.replace('\n', "\r\n"),
            bundle.replace('\n', "\r"),
            format!("\u{feff}{bundle}"),
            bundle.replace('\n', "\n    "),
            bundle.replace("BEGIN CERT", "BEGIN X509 CERT"),
        ] {
            assert_eq!(all(text.as_bytes()), both, "{text:.80}");
        }
        let wide: Vec<u8> = format!("\u{feff}{bundle}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(all(&wide), both);
        let lines: Vec<&str> = pem.lines().filter(|it| !it.starts_with('-')).collect();
        assert_eq!(all(lines.join("\n").as_bytes()), both[..1]);
        // openssl's TRUSTED CERTIFICATE form appends trust settings to the certificate
        let more = [&der[..], b"\x30\x03\x0c\x01x"].concat();
        let trusted = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, more);
        let trusted = format!(
            "-----BEGIN TRUSTED CERTIFICATE-----\n{trusted}\n-----END TRUSTED CERTIFICATE-----\n"
        );
        assert_eq!(all(trusted.as_bytes()), both[..1]);
    }

    #[test]
    fn what_is_no_certificate_is_named_with_advice() {
        let (one, key) = certificate("a.example.vn");
        let request = CertificateParams::new(vec!["a.example.vn".to_owned()])
            .unwrap()
            .serialize_request(&key)
            .unwrap();
        let p7b = [
            b"\x30\x82\x01\x00".as_slice(),
            SIGNED_DATA,
            b"\xa0\x82\x00\x80\x30",
        ]
        .concat();
        let p12 = [
            b"\x30\x82\x09\xd7\x02\x01\x03\x30\x82\x09\x8d".as_slice(),
            PKCS7_DATA,
            b"\x01\xa0\x82",
        ]
        .concat();
        let half = &one.pem()[..one.pem().len() / 2];
        for (bytes, advice) in [
            (Vec::new(), "is empty"),
            (b" \r\n".to_vec(), "is empty"),
            (p7b, "openssl pkcs7 -inform DER"),
            (
                b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n".to_vec(),
                "openssl pkcs7 -inform PEM",
            ),
            (p12, "openssl pkcs12 -in FILE -nokeys"),
            (key.serialize_pem().into_bytes(), "private key"),
            (
                (one.pem().replace("CERTIFICATE", "EC PARAMETERS") + &key.serialize_pem())
                    .into_bytes(),
                "private key",
            ),
            (key.serialize_der(), "private key"),
            (
                (one.pem() + &key.serialize_pem()).into_bytes(),
                "private key",
            ),
            (request.pem().unwrap().into_bytes(), "CSR"),
            (request.der().to_vec(), "CSR"),
            (half.as_bytes().to_vec(), "damaged"),
            (one.der()[..100].to_vec(), "openssl x509"),
            (b"<html>404</html>".to_vec(), "openssl x509"),
            (one.pem().replace("MII", "M!I").into_bytes(), "damaged"),
        ] {
            let why = parse(&bytes).unwrap_err();
            assert!(why.contains(advice), "{advice}: {why}");
        }
    }
}
