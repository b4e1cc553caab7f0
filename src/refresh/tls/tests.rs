//! Against a real TLS server, with certificates made for the occasion.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    PublicKeyData, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::refresh::fetch::{Fetcher, Headers};
use crate::refresh::testing::ok;

/// A certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate with its key, and the rest of what is sent along.
struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("valid");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("generated");
        let certificate = params.self_signed(&key).expect("signed");
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    fn certify(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("valid");
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().expect("generated");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        Identity {
            pem: certificate.pem(),
            chain: vec![certificate.der().clone()],
            key,
        }
    }
}

fn pin(identity: &Identity) -> [u8; 32] {
    sha256(&identity.key.subject_public_key_info())
}

/// Answers every request with an empty object, and asks for a certificate of `clients` if given.
async fn serve(identity: &Identity, clients: Option<&Authority>) -> url::Url {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("supported");
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.clone()).expect("a CA");
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().expect("has roots"))
        }
    };
    let key = PrivateKeyDer::try_from(identity.key.serialize_der()).expect("PKCS#8");
    let config = builder.with_single_cert(identity.chain.clone(), key);
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("fits")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    return;
                };
                let mut head = [0; 4096];
                if stream.read(&mut head).await.is_ok() {
                    // Whether the client still listens is its affair.
                    let _ = stream.write_all(&ok(b"{}")).await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    format!("https://localhost:{port}/").parse().expect("a URL")
}

/// The authority's certificate in a file, and settings that trust it.
fn trusting(directory: &TempDir, authority: &Authority) -> HttpSettings {
    HttpSettings {
        ca_file: Some(write(directory, "ca.pem", &authority.pem)),
        ..HttpSettings::default()
    }
}

fn write(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).expect("writable");
    path
}

async fn fetch(url: &url::Url, settings: HttpSettings) -> Result<(), String> {
    let fetcher = Fetcher::new(settings, Duration::from_secs(10));
    let result = fetcher.get(url, Headers::Configured, None).await;
    result.map(|_| ()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn only_a_certificate_of_the_given_authority_for_that_name_and_time_is_good() {
    let directory = TempDir::new().expect("temporary directory");
    let (authority, stranger) = (Authority::new(), Authority::new());
    let settings = trusting(&directory, &authority);
    for (identity, refused) in [
        (authority.certify("localhost", |_| ()), None),
        (
            authority.certify("idp.example.com", |_| ()),
            Some("not valid for"),
        ),
        (
            stranger.certify("localhost", |_| ()),
            Some("invalid peer certificate"),
        ),
        (
            authority.certify("localhost", |params| {
                params.not_after = date_time_ymd(2020, 1, 1)
            }),
            Some("expired"),
        ),
    ] {
        let url = serve(&identity, None).await;
        let result = fetch(&url, settings.clone()).await;
        match (&result, refused) {
            (Ok(()), None) => {}
            (Err(error), Some(refused)) => assert!(error.contains(refused), "{error}"),
            (Ok(()), Some(_)) | (Err(_), None) => panic!("{result:?}, expected {refused:?}"),
        }
    }
    let good = authority.certify("localhost", |_| ());
    let url = serve(&good, None).await;
    let system = fetch(&url, HttpSettings::default()).await;
    assert!(system.is_err(), "the system does not know this authority");
}

#[tokio::test]
async fn a_pin_is_of_the_servers_own_key_and_nothing_sent_along_helps() {
    let directory = TempDir::new().expect("temporary directory");
    let authority = Authority::new();
    let (pinned, other) = (
        authority.certify("localhost", |_| ()),
        authority.certify("localhost", |_| ()),
    );
    let settings = HttpSettings {
        spki_sha256: vec![[0; 32], pin(&pinned)],
        ..trusting(&directory, &authority)
    };
    let url = serve(&pinned, None).await;
    assert_eq!(fetch(&url, settings.clone()).await, Ok(()));
    let mut impostor = other;
    impostor.chain.extend(pinned.chain);
    let url = serve(&impostor, None).await;
    let error = fetch(&url, settings).await.expect_err("another key");
    assert!(error.contains("none of spki_sha256"), "{error}");
}

#[tokio::test]
async fn a_pin_does_not_replace_trust() {
    let directory = TempDir::new().expect("temporary directory");
    let (authority, stranger) = (Authority::new(), Authority::new());
    let identity = stranger.certify("localhost", |_| ());
    let settings = HttpSettings {
        spki_sha256: vec![pin(&identity)],
        ..trusting(&directory, &authority)
    };
    let url = serve(&identity, None).await;
    assert!(fetch(&url, settings).await.is_err());
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_the_operator_named_the_url() {
    let directory = TempDir::new().expect("temporary directory");
    let authority = Authority::new();
    let server = authority.certify("localhost", |_| ());
    let client = authority.certify("jotgate", |_| ());
    let url = serve(&server, Some(&authority)).await;
    let without = trusting(&directory, &authority);
    assert!(fetch(&url, without.clone()).await.is_err());
    let certificate = write(&directory, "client.pem", &client.pem);
    let key = write(&directory, "client.key", &client.key.serialize_pem());
    let with = HttpSettings {
        client_certificate: Some((certificate, key)),
        ..without
    };
    assert_eq!(fetch(&url, with.clone()).await, Ok(()));
    let fetcher = Fetcher::new(with, Duration::from_secs(10));
    assert!(fetcher.get(&url, Headers::Plain, None).await.is_err());
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let directory = TempDir::new().expect("temporary directory");
    let empty = write(&directory, "empty.pem", "nothing\n");
    for ca_file in [empty, directory.path().join("missing.pem")] {
        let settings = HttpSettings {
            ca_file: Some(ca_file.clone()),
            ..HttpSettings::default()
        };
        let error = client_config(&settings).expect_err("no CA").to_string();
        assert!(error.contains(&*ca_file.to_string_lossy()), "{error}");
    }
}
