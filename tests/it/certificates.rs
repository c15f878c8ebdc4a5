use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use gaccong::{
    fetch::{Fetcher, Settings},
    model::{Class, Fetched, Profile},
};
use openssl::ssl::SslVersion;
use tokio::sync::Notify;

use crate::{
    fetch::{settings, visit_as},
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, yaml},
    tls_portal::{Identity, Issuer, Leaf, TlsPortal, authority, expired_authority, old_portal},
};

fn leaf(name: &str) -> Leaf<'_> {
    Leaf {
        name,
        ..Leaf::default()
    }
}

fn eye(authorities: &[String]) -> Fetcher {
    let extra_ca = authorities.iter().map(|it| it.clone().into_bytes());
    Fetcher::new(Settings {
        extra_ca: extra_ca.collect(),
        ..settings()
    })
    .unwrap()
}

async fn visit(eye: &Fetcher, url: &str) -> Fetched {
    visit_as(eye, url, Profile::Desktop, None).await
}

/// The key of the certificate's fault, or "good". Asserts that the page was read.
fn verdict(seen: &Fetched) -> String {
    assert!(seen.body.is_some(), "{:?}", seen.observation);
    let certificate = seen.observation.certificate.as_ref().unwrap();
    assert!(certificate.not_after > certificate.not_before);
    match &certificate.fault {
        Some(fault) => fault.key.clone(),
        None => "good".to_owned(),
    }
}

#[tokio::test]
async fn each_fault_is_told_and_the_page_behind_it_is_read() {
    let ca = authority("Goc", None);
    let expired = Leaf {
        expired: true,
        ..leaf("localhost")
    };
    for (identity, trusted, expected) in [
        (leaf("localhost").signed(Some(&ca)), true, "good"),
        (expired.signed(Some(&ca)), true, "cause-tls-expired"),
        (
            leaf("localhost").signed(Some(&ca)),
            false,
            "cause-tls-issuer",
        ),
        (
            leaf("other.example").signed(Some(&ca)),
            true,
            "cause-tls-name",
        ),
        (leaf("localhost").signed(None), true, "cause-tls-self"),
    ] {
        let portal = TlsPortal::with(identity, &honest(1)).await;
        let eye = eye(&trusted.then(|| ca.pem()).into_iter().collect::<Vec<_>>());
        let seen = visit(&eye, &portal.url()).await;
        assert_eq!(verdict(&seen), expected);
    }
}

#[tokio::test]
async fn a_verdict_belongs_to_the_connection_that_carried_the_answer() {
    let ca = authority("Goc", None);
    let good = leaf("localhost").signed(Some(&ca));
    let forged = leaf("localhost").signed(None);
    let release = Arc::new(Notify::new());
    // the first connection reaches an attacker, and gets the page only after the honest server was visited
    let portal = TlsPortal::start(
        vec![(forged, Some(release.clone())), (good, None)],
        &honest(1),
    )
    .await;
    let eye = eye(&[ca.pem()]);
    let url = portal.url();
    let attacked = tokio::spawn({
        let (eye, url) = (eye.clone(), url.clone());
        async move { visit(&eye, &url).await }
    });
    portal.handshake.notified().await;
    let honest = visit(&eye, &url).await;
    assert_eq!(verdict(&honest), "good");
    release.notify_one();
    assert_eq!(verdict(&attacked.await.unwrap()), "cause-tls-self");
    // an attacker's session, if it was stored, must not be resumed with the honest server
    for _ in 0..3 {
        assert_eq!(verdict(&visit(&eye, &url).await), "good");
    }
    assert_eq!(portal.shaken.load(Ordering::SeqCst), 5);
    assert_eq!(portal.resumed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_bad_certificate_of_one_port_accuses_no_other() {
    let ca = authority("Goc", None);
    let good = TlsPortal::with(leaf("localhost").signed(Some(&ca)), &honest(1)).await;
    let bad = TlsPortal::with(leaf("localhost").signed(None), &honest(1)).await;
    let eye = eye(&[ca.pem()]);
    for _ in 0..3 {
        let (good_url, bad_url) = (good.url(), bad.url());
        let (a, b) = tokio::join!(visit(&eye, &good_url), visit(&eye, &bad_url));
        assert_eq!(
            (verdict(&a).as_str(), verdict(&b).as_str()),
            ("good", "cause-tls-self")
        );
    }
}

#[tokio::test]
async fn a_certificate_that_was_listed_is_trusted_for_its_name_alone() {
    let own = leaf("localhost").signed(None);
    let pem = |it: &Identity| {
        let cert = openssl::x509::X509::from_der(&it.chain[0]).unwrap();
        String::from_utf8(cert.to_pem().unwrap()).unwrap()
    };
    let portal = TlsPortal::with(own.clone(), &honest(1)).await;
    assert_eq!(
        verdict(&visit(&eye(&[pem(&own)]), &portal.url()).await),
        "good"
    );
    let other = leaf("other.example").signed(None);
    let portal = TlsPortal::with(other.clone(), &honest(1)).await;
    let seen = visit(&eye(&[pem(&other)]), &portal.url()).await;
    assert_eq!(verdict(&seen), "cause-tls-name");
    let late = Leaf {
        expired: true,
        ..leaf("localhost")
    }
    .signed(None);
    let portal = TlsPortal::with(late.clone(), &honest(1)).await;
    let seen = visit(&eye(&[pem(&late)]), &portal.url()).await;
    assert_eq!(verdict(&seen), "cause-tls-expired");
}

#[tokio::test]
async fn a_chain_is_completed_as_browsers_do_it() {
    let root = authority("Goc", None);
    let middle = authority("Trung gian", Some(&root));
    let der = middle.der().to_vec();
    let pem = middle.pem().into_bytes();
    let stranger = authority("Trung gian", None).der().to_vec();
    let x509 = openssl::x509::X509::from_der(&der).unwrap();
    let mut pack = openssl::stack::Stack::new().unwrap();
    pack.push(x509).unwrap();
    let signer = leaf("signer.example").signed(None);
    let key = openssl::pkey::PKey::private_key_from_der(&signer.key).unwrap();
    let packed = openssl::pkcs7::Pkcs7::sign(
        &openssl::x509::X509::from_der(&signer.chain[0]).unwrap(),
        &key,
        &pack,
        b"",
        openssl::pkcs7::Pkcs7Flags::empty(),
    );
    let packed = packed.unwrap().to_der().unwrap();
    for (what, body, expected) in [
        ("DER", der.clone(), "good"),
        ("PEM", pem, "good"),
        ("PKCS#7", packed, "good"),
        (
            "another authority of the same name",
            stranger,
            "cause-tls-issuer",
        ),
        (
            "no certificate",
            b"<html>404</html>".to_vec(),
            "cause-tls-issuer",
        ),
        ("nothing to read", vec![0x30; 200 << 10], "cause-tls-issuer"),
    ] {
        let shop = Portal::start(move |_| Reply::Full {
            status: 200,
            headers: vec![("content-type", "application/pkix-cert".into())],
            body: body.clone(),
        })
        .await;
        let identity = Leaf {
            issuer_at: Some(format!("http://{}/ca.cer", shop.address)),
            ..leaf("localhost")
        }
        .signed(Some(&middle));
        let portal = TlsPortal::with(identity, &honest(1)).await;
        let eye = eye(&[root.pem()]);
        for look in 0..2 {
            let seen = visit(&eye, &portal.url()).await;
            assert_eq!(verdict(&seen), expected, "{what}, look {look}");
            let remark = seen.observation.certificate.unwrap().remark;
            let told = remark.map(|it| it.key);
            let is_told = told.as_deref() == Some("cause-tls-chain");
            assert_eq!(is_told, expected == "good", "{what}");
        }
        assert_eq!(shop.seen().len(), 1, "{what}: asked once, then remembered");
    }
}

#[tokio::test]
async fn an_intermediate_that_another_portal_showed_completes_a_chain() {
    let root = authority("Goc", None);
    let middle = authority("Trung gian", Some(&root));
    let mut whole = leaf("localhost").signed(Some(&middle));
    whole.chain.push(middle.der().to_vec());
    let whole = TlsPortal::with(whole, &honest(1)).await;
    let lacking = TlsPortal::with(leaf("localhost").signed(Some(&middle)), &honest(1)).await;
    let eye = eye(&[root.pem()]);
    assert_eq!(
        verdict(&visit(&eye, &lacking.url()).await),
        "cause-tls-issuer"
    );
    assert_eq!(verdict(&visit(&eye, &whole.url()).await), "good");
    assert_eq!(verdict(&visit(&eye, &lacking.url()).await), "good");
}

#[tokio::test]
async fn what_a_server_sends_beside_its_path_spoils_no_other_chain() {
    let root = authority("Goc", None);
    let middle = authority("Trung gian", Some(&root));
    // a server of another authority: a good chain, and worthless certificates in the name of this authority
    let other = authority("Khac", Some(&root));
    let mut hostile = leaf("localhost").signed(Some(&other));
    hostile.chain.push(other.der().to_vec());
    for it in 0..4 {
        let under = authority("Ke xau", None);
        let stale = match it % 2 {
            0 => expired_authority("Trung gian", Some(&under)),
            _ => authority("Trung gian", Some(&under)),
        };
        hostile.chain.push(stale.der().to_vec());
    }
    let hostile = TlsPortal::with(hostile, &honest(1)).await;
    let shop = issuer_shop(&middle).await;
    let lacking = lacking(&middle, &shop).await;
    let eye = eye(&[root.pem()]);
    assert_eq!(verdict(&visit(&eye, &hostile.url()).await), "good");
    assert_eq!(verdict(&visit(&eye, &lacking.url()).await), "good");
    // the certificate for the hostile server's own path is known
    let bare = TlsPortal::with(leaf("localhost").signed(Some(&other)), &honest(1)).await;
    assert_eq!(verdict(&visit(&eye, &bare.url()).await), "good");
}

#[tokio::test]
async fn an_authority_renews_its_intermediate() {
    let root = authority("Goc", None);
    let eye = eye(&[root.pem()]);
    // certificates of one name, each with its own key
    for _ in 0..4 {
        let old = authority("Trung gian", Some(&root));
        let mut whole = leaf("localhost").signed(Some(&old));
        whole.chain.push(old.der().to_vec());
        let whole = TlsPortal::with(whole, &honest(1)).await;
        assert_eq!(verdict(&visit(&eye, &whole.url()).await), "good");
    }
    let new = authority("Trung gian", Some(&root));
    let shop = issuer_shop(&new).await;
    let named = lacking(&new, &shop).await;
    assert_eq!(verdict(&visit(&eye, &named.url()).await), "good");
    assert_eq!(shop.seen().len(), 1);
    // the new certificate now completes other chains, even if their certificates do not name its address
    let bare = TlsPortal::with(leaf("localhost").signed(Some(&new)), &honest(1)).await;
    assert_eq!(verdict(&visit(&eye, &bare.url()).await), "good");
}

/// A server on which an authority publishes its certificate.
async fn issuer_shop(of: &Issuer) -> Portal {
    let body = of.der().to_vec();
    Portal::start(move |_| Reply::Full {
        status: 200,
        headers: vec![("content-type", "application/pkix-cert".into())],
        body: body.clone(),
    })
    .await
}

/// A server that omits its intermediate certificate, which `shop` publishes.
async fn lacking(middle: &Issuer, shop: &Portal) -> TlsPortal {
    let identity = Leaf {
        issuer_at: Some(format!("http://{}/ca.cer", shop.address)),
        ..leaf("localhost")
    };
    TlsPortal::with(identity.signed(Some(middle)), &honest(1)).await
}

#[tokio::test]
async fn a_certificate_that_asks_for_a_password_is_not_followed() {
    let root = authority("Goc", None);
    let middle = authority("Trung gian", Some(&root));
    let shop = issuer_shop(&middle).await;
    let identity = Leaf {
        issuer_at: Some(format!("http://a:b@{}/ca.cer", shop.address)),
        ..leaf("localhost")
    };
    let portal = TlsPortal::with(identity.signed(Some(&middle)), &honest(1)).await;
    let seen = visit(&eye(&[root.pem()]), &portal.url()).await;
    assert_eq!(verdict(&seen), "cause-tls-issuer");
    assert!(shop.seen().is_empty());
}

#[tokio::test]
async fn a_certificate_sends_us_to_no_address_that_is_not_public() {
    let root = authority("Goc", None);
    let middle = authority("Trung gian", Some(&root));
    let shop = Portal::on("127.0.0.9:0", |_| Reply::Close).await;
    let identity = Leaf {
        issuer_at: Some(format!("http://{}/ca.cer", shop.address)),
        ..leaf("localhost")
    }
    .signed(Some(&middle));
    let portal = TlsPortal::with(identity, &honest(1)).await;
    // the guard allows only 127.0.0.1 of the loopback network, so the issuer is not fetched from the shop
    let seen = visit(&eye(&[root.pem()]), &portal.url()).await;
    assert_eq!(verdict(&seen), "cause-tls-issuer");
    assert!(shop.seen().is_empty());
}

#[tokio::test]
async fn servers_that_rustls_cannot_speak_with_are_read_by_the_second_stack() {
    let ca = authority("Goc", None);
    let rsa = Leaf {
        rsa: true,
        ..leaf("localhost")
    };
    let good = rsa.clone().signed(Some(&ca));
    let forged = rsa.signed(None);
    let new = SslVersion::TLS1_2;
    for (identity, suites, version, expected) in [
        (
            &good,
            "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA",
            new,
            "good",
        ),
        (&good, "AES256-GCM-SHA384:AES128-GCM-SHA256", new, "good"),
        (&good, "AES128-SHA", new, "good"),
        (&forged, "AES128-SHA", new, "cause-tls-self"),
        (
            &good,
            "AES128-SHA:@SECLEVEL=0",
            SslVersion::TLS1,
            "cause-tls-old",
        ),
        (
            &good,
            "AES128-SHA:@SECLEVEL=0",
            SslVersion::TLS1_1,
            "cause-tls-old",
        ),
    ] {
        let port = old_portal(identity, suites, version, &honest(1)).await;
        let eye = eye(&[ca.pem()]);
        let url = format!("https://localhost:{port}/trang-chu?x=1");
        for look in 0..2 {
            let seen = visit(&eye, &url).await;
            assert_eq!(verdict(&seen), expected, "{suites}, look {look}");
            let answer = seen.observation.answer().unwrap();
            assert_eq!(answer.address, Some("127.0.0.1".parse().unwrap()));
        }
    }
}

#[tokio::test]
async fn the_second_stack_dials_no_address_that_is_not_public() {
    let seen = visit(&eye(&[]), "https://127.0.0.7:9/").await;
    let class = seen.observation.silence().unwrap().class;
    assert_eq!(class, Class::PrivateAddress);
}

#[tokio::test]
async fn no_tls_at_all_is_a_tls_failure() {
    let portal = Portal::page("plain").await;
    let eye = eye(&[]);
    let url = format!("https://127.0.0.1:{}/", portal.address.port());
    let seen = visit(&eye, &url).await;
    let silence = seen.observation.silence().unwrap();
    assert_eq!(silence.class, Class::Tls, "{silence:?}");
}

/// A world with a portal of this identity, so that complete checks see its certificate.
async fn scene(identity: Identity, page: &str) -> (Scene, TlsPortal) {
    let portal = TlsPortal::with(identity, page).await;
    let text = yaml("", &[("p", &portal.url())]);
    (Scene::new(&text), portal)
}

#[tokio::test]
async fn a_portal_behind_a_bad_certificate_is_down_and_teaches_nothing() {
    let (scene, _portal) = scene(leaf("localhost").signed(None), &honest(1)).await;
    for _ in 0..3 {
        assert_eq!(scene.check(0).await.class, Some(Class::Tls));
    }
    let target_state = scene.target_state(0).await;
    assert!(target_state.baseline.is_none());
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.class, Class::Tls);
    assert!(!scene.heard.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_defacement_behind_a_bad_certificate_is_told_as_one() {
    let (scene, _portal) = scene(leaf("localhost").signed(None), &defaced()).await;
    let checked = tokio::time::timeout(Duration::from_secs(20), scene.check(0)).await;
    assert_eq!(checked.unwrap().class, Some(Class::Defaced));
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.class, Class::Defaced);
    let signals: Vec<_> = incident.signals.iter().map(|it| it.name.as_str()).collect();
    assert!(signals.contains(&"certificate"), "{signals:?}");
}
