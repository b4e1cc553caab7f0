//! What the files may hold. Handshakes with real clients: `tests/it/tls`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd,
};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection,
};

use super::*;

/// A certificate authority, and a pair that it certified.
struct Pair {
    authority: String,
    certificate: String,
    key: String,
}

impl Pair {
    fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let (issuer, authority) = authority(|_| ());
        let mut params = CertificateParams::new(vec!["jotgate".to_owned()]).expect("valid");
        change(&mut params);
        let key = KeyPair::generate().expect("generated");
        let certificate = params.signed_by(&key, &issuer).expect("signed");
        Self {
            authority: authority.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    fn parts(&self) -> TlsParts<'_> {
        TlsParts {
            certificates: self.certificate.as_bytes(),
            key: self.key.as_bytes(),
            client_authorities: Some(self.authority.as_bytes()),
            client_names: &[],
            min_version: TlsVersion::V1_2,
            now: SystemTime::now(),
        }
    }
}

fn authority(
    change: impl FnOnce(&mut CertificateParams),
) -> (Issuer<'static, KeyPair>, Certificate) {
    let mut params = CertificateParams::new(Vec::new()).expect("valid");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    let key = KeyPair::generate().expect("generated");
    let certificate = params.self_signed(&key).expect("signed");
    (Issuer::new(params, key), certificate)
}

#[test]
fn parts_that_do_not_fit_are_named_with_the_remedy() {
    let (pair, other) = (Pair::new(|_| ()), Pair::new(|_| ()));
    let expired = Pair::new(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = Pair::new(|params| params.not_before = date_time_ymd(2999, 1, 1));
    let (_, old) = authority(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let authorities = pair.authority.clone() + &old.pem();
    let backwards = pair.authority.clone() + &pair.certificate;
    use TlsPart::{Certificates, ClientAuthorities, Key};
    for (parts, part, problem) in [
        (expired.parts(), Certificates, "1 of 1: expired at Jan  1"),
        (early.parts(), Certificates, "not valid before"),
        (
            TlsParts {
                certificates: b"",
                ..pair.parts()
            },
            Certificates,
            "BEGIN CERTIFICATE",
        ),
        (
            TlsParts {
                certificates: b"-----BEGIN CERTIFICATE-----\n",
                ..pair.parts()
            },
            Certificates,
            "is no PEM",
        ),
        (
            TlsParts {
                certificates: backwards.as_bytes(),
                ..pair.parts()
            },
            Key,
            "own certificate first",
        ),
        (
            TlsParts {
                key: other.key.as_bytes(),
                ..pair.parts()
            },
            Key,
            "from one pair",
        ),
        (
            TlsParts {
                key: pair.certificate.as_bytes(),
                ..pair.parts()
            },
            Key,
            "BEGIN PRIVATE KEY",
        ),
        (
            TlsParts {
                client_authorities: Some(b"# none\n"),
                ..pair.parts()
            },
            ClientAuthorities,
            "BEGIN CERTIFICATE",
        ),
        (
            TlsParts {
                client_authorities: Some(authorities.as_bytes()),
                ..pair.parts()
            },
            ClientAuthorities,
            "2 of 2: expired",
        ),
    ] {
        let errors = TlsSettings::new(&parts).expect_err(problem);
        let [error] = &errors[..] else {
            panic!("{errors:?}");
        };
        assert_eq!(error.part, part, "{error}");
        assert!(error.problem.contains(problem), "{error}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let pair = Pair::new(|_| ());
    let parts = TlsParts {
        key: b"",
        client_authorities: Some(b""),
        ..pair.parts()
    };
    assert_eq!(TlsSettings::new(&parts).expect_err("both").len(), 2);
}

#[test]
fn settings_are_told_apart_by_what_they_say_and_show_no_key() {
    let pair = Pair::new(|_| ());
    let settings = |change: fn(&mut TlsParts<'_>)| {
        let mut parts = pair.parts();
        change(&mut parts);
        TlsSettings::new(&parts).expect("good")
    };
    let before = settings(|_| ());
    assert_eq!(
        before,
        settings(|parts| parts.now += Duration::from_secs(60))
    );
    assert_ne!(before, settings(|parts| parts.client_authorities = None));
    assert_ne!(
        before,
        settings(|parts| parts.min_version = TlsVersion::V1_3)
    );
    assert_eq!(format!("{before:?}"), "TlsSettings");
}

/// One handshake of `client` with `server`.
fn shake_hands(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> HandshakeKind {
    let name = "jotgate".try_into().expect("a name");
    let mut client = ClientConnection::new(Arc::clone(client), name).expect("good");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("good");
    for _ in 0..4 {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("memory");
        server.read_tls(&mut &bytes[..]).expect("memory");
        server.process_new_packets().expect("the client is good");
        bytes.clear();
        server.write_tls(&mut bytes).expect("memory");
        client.read_tls(&mut &bytes[..]).expect("memory");
        client.process_new_packets().expect("the server is good");
    }
    client.handshake_kind().expect("it is over")
}

#[test]
fn a_client_shows_its_certificate_each_time_and_nobody_else_needs_a_whole_handshake() {
    let pair = Pair::new(|_| ());
    let authority = CertificateDer::from_pem_slice(pair.authority.as_bytes()).expect("PEM");
    let mut roots = RootCertStore::empty();
    roots.add(authority).expect("an authority");
    let own = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("PEM");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("PEM");
    for version in [&TLS12, &TLS13] {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("known")
            .with_root_certificates(roots.clone())
            .with_client_auth_cert(vec![own.clone()], key.clone_key())
            .expect("a pair");
        for (client_authorities, again) in [
            (None, HandshakeKind::Resumed),
            (Some(pair.authority.as_bytes()), HandshakeKind::Full),
        ] {
            let parts = TlsParts {
                client_authorities,
                ..pair.parts()
            };
            let server = TlsSettings::new(&parts).expect("good").config;
            let client = Arc::new(client.clone());
            assert_eq!(shake_hands(&client, &server), HandshakeKind::Full);
            let kind = shake_hands(&client, &server);
            assert_eq!(kind, again, "{version:?}");
        }
    }
}

#[cfg(feature = "fips")]
#[test]
fn with_the_feature_fips_connections_are_what_the_validated_module_allows() {
    let pair = Pair::new(|_| ());
    let settings = TlsSettings::new(&pair.parts()).expect("good");
    assert!(settings.config.fips());
}
