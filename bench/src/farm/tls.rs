//! An authority of the moment and a certificate for loopback.

use std::{fs, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig, crypto::ring::Ticketer, pki_types::PrivateKeyDer, server::NoServerSessionStorage,
};
use tokio_rustls::TlsAcceptor;

use crate::trouble::{Because, Result, Trouble};

/// Writes the authority's certificate to `ca`. Offers HTTP/1.1 only. Unless sessions may be resumed, each visit is a
/// whole handshake.
pub fn acceptor(ca: &Path, resume: bool) -> Result<TlsAcceptor> {
    let (issuer, leaf, key) = certificates().because(|| "no certificate can be made".to_owned())?;
    fs::write(ca, issuer.pem()).because(|| format!("{} cannot be written", ca.display()))?;
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|error| Trouble::new(format!("a key just made is refused: {error}")))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone(), issuer.der().clone()], key)
        .because(|| "a certificate just made is refused".to_owned())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    if resume {
        // tickets hold the session themselves, so that no number of portals is too many
        config.ticketer = Ticketer::new().because(|| "no key for tickets".to_owned())?;
    } else {
        config.send_tls13_tickets = 0;
    }
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

type Made = (
    CertifiedIssuer<'static, KeyPair>,
    rcgen::Certificate,
    KeyPair,
);

fn certificates() -> std::result::Result<Made, rcgen::Error> {
    let mut ca = CertificateParams::new(Vec::new())?;
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.distinguished_name
        .push(DnType::CommonName, "gaccong bench authority");
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;
    let leaf = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key = KeyPair::generate()?;
    let leaf = leaf.signed_by(&key, &issuer)?;
    Ok((issuer, leaf, key))
}
