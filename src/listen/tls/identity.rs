//! From what the files hold to what a handshake needs, with everything checked that can be.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error, InconsistentKeys, RootCertStore, ServerConfig};
use x509_parser::time::ASN1Time;

use super::clients::Named;
use super::{ClientName, TlsSettings, TlsVersion};
use crate::signature::Sha256;

/// What [`TlsSettings`] are made of; files are what they hold, in PEM.
pub struct TlsParts<'p> {
    /// `cert_file`: ours first, then those between it and an authority that clients know.
    pub certificates: &'p [u8],
    /// `key_file`: the private key of the first.
    pub key: &'p [u8],
    /// `client_ca_file`: who signs the certificates of clients. Without it none is asked for.
    pub client_authorities: Option<&'p [u8]>,
    /// `client_names`: one of these has to be in the client's certificate; any, if empty.
    pub client_names: &'p [ClientName],
    /// `min_version`
    pub min_version: TlsVersion,
    /// What time it is.
    pub now: SystemTime,
}

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsPart {
    /// `cert_file`
    Certificates,
    /// `key_file`
    Key,
    /// `client_ca_file`
    ClientAuthorities,
}

/// Why there is no TLS with these parts, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct TlsError {
    /// What it is about.
    pub part: TlsPart,
    /// The problem and its remedy.
    pub problem: String,
}

impl TlsSettings {
    /// Reads and checks the parts.
    ///
    /// # Errors
    /// Everything that is wrong with them: a certificate whose time is over or has not come, a key
    /// that is another's, an authority that is none.
    pub fn new(parts: &TlsParts<'_>) -> Result<Self, Vec<TlsError>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified = certified(parts, &provider);
        let clients = parts
            .client_authorities
            .map(|pem| verifier(pem, parts, &provider))
            .transpose();
        let (certified, clients) = match (certified, clients) {
            (Ok(certified), Ok(clients)) => (certified, clients),
            (certified, clients) => {
                return Err([certified.err(), clients.err()]
                    .into_iter()
                    .flatten()
                    .collect());
            }
        };
        let versions: &[_] = match parts.min_version {
            TlsVersion::V1_2 => &[&TLS13, &TLS12],
            TlsVersion::V1_3 => &[&TLS13],
        };
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("the provider knows both versions");
        let asks_clients = clients.is_some();
        let builder = match clients {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        if asks_clients {
            // Nobody looks at a certificate again when a session is resumed, and it may be over.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            digest: digest(parts),
        })
    }
}

/// Our certificate with its key.
fn certified(parts: &TlsParts<'_>, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let certificates = certificates(parts.certificates, TlsPart::Certificates, parts.now)?;
    let key = PrivateKeyDer::from_pem_slice(parts.key).map_err(|error| {
        let problem = if matches!(error, pem::Error::NoItemsFound) {
            "holds no private key: give it PEM, with BEGIN PRIVATE KEY".to_owned()
        } else {
            format!("is no PEM: {error}; make the file anew")
        };
        TlsPart::Key.error(problem)
    })?;
    CertifiedKey::from_der(certificates, key, provider).map_err(|error| {
        let problem = if error == Error::InconsistentKeys(InconsistentKeys::KeyMismatch) {
            "is not the key of the first certificate in cert_file: give both from one pair, the \
             server's own certificate first"
                .to_owned()
        } else {
            format!("cannot be used: {error}; give it an unencrypted RSA or EC key")
        };
        TlsPart::Key.error(problem)
    })
}

/// Who tells good clients from others.
fn verifier(
    pem: &[u8],
    parts: &TlsParts<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let part = TlsPart::ClientAuthorities;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, part, parts.now)? {
        let refused = |error: Error| part.error(format!("holds no authority: {error}"));
        roots.add(certificate).map_err(refused)?;
    }
    let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .expect("there is an authority");
    if parts.client_names.is_empty() {
        return Ok(inner);
    }
    Ok(Arc::new(Named {
        inner,
        names: parts.client_names.to_vec(),
    }))
}

/// The certificates in `pem`, at least one; the first has to be valid `now`. Of authorities all
/// have to be.
fn certificates(
    pem: &[u8],
    part: TlsPart,
    now: SystemTime,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let broken = |error| part.error(format!("is no PEM: {error}; make the file anew"));
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(broken)?;
    if found.is_empty() {
        let problem = "holds no certificate: give it PEM, with BEGIN CERTIFICATE";
        return Err(part.error(problem.to_owned()));
    }
    let looked_at = match part {
        TlsPart::ClientAuthorities => found.len(),
        TlsPart::Certificates | TlsPart::Key => 1,
    };
    for (index, certificate) in found.iter().take(looked_at).enumerate() {
        let number = index + 1;
        check(certificate, now).map_err(|problem| {
            part.error(format!(
                "certificate {number} of {}: {problem}",
                found.len()
            ))
        })?;
    }
    Ok(found)
}

fn check(certificate: &CertificateDer<'_>, now: SystemTime) -> Result<(), String> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|error| format!("cannot be read: {error}; make it anew"))?;
    let validity = parsed.validity();
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = ASN1Time::from_timestamp(seconds.try_into().unwrap_or(i64::MAX))
        .map_err(|error| format!("this machine's clock is beyond reason: {error}"))?;
    if now > validity.not_after {
        return Err(format!("expired at {}: renew it", validity.not_after));
    }
    if now < validity.not_before {
        let problem = "is not valid before";
        let remedy = "wait, or set this machine's clock";
        return Err(format!("{problem} {}: {remedy}", validity.not_before));
    }
    Ok(())
}

/// Tells one set of parts from another.
fn digest(parts: &TlsParts<'_>) -> [u8; 32] {
    let mut digest = Sha256::new();
    let names: Vec<String> = parts.client_names.iter().map(ToString::to_string).collect();
    for part in [
        parts.certificates,
        parts.key,
        parts.client_authorities.unwrap_or_default(),
        names.join("\n").as_bytes(),
        format!("{:?}", parts.min_version).as_bytes(),
    ] {
        digest.update(&part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finish()
}

impl TlsPart {
    const fn error(self, problem: String) -> TlsError {
        TlsError {
            part: self,
            problem,
        }
    }
}
