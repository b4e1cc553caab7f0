//! A certificate authority for the occasion, and a server with certificates of it.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// TLS as `localhost`.
pub struct Tls {
    authority: String,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
}

/// Which certificate the server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    Good,
    Expired,
}

impl Tls {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is a valid name");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = params.self_signed(&key).expect("a key signs");
        let issuer = Issuer::new(params, key);
        Self {
            authority: certificate.pem(),
            good: server(&issuer, |_| ()),
            expired: server(&issuer, |params| {
                params.not_after = date_time_ymd(2020, 1, 1);
            }),
        }
    }

    /// Whom a client has to trust, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The server's side of a connection. The handshake comes with the first byte.
    pub fn accept(
        &self,
        stream: TcpStream,
        certificate: Certificate,
    ) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let config = match certificate {
            Certificate::Good => &self.good,
            Certificate::Expired => &self.expired,
        };
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

fn server(
    issuer: &Issuer<'_, KeyPair>,
    change: impl FnOnce(&mut CertificateParams),
) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a valid name");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    change(&mut params);
    let key = KeyPair::generate().expect("keys can be made");
    let certificate = params.signed_by(&key, issuer).expect("a key signs");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("PKCS#8");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key);
    Arc::new(config.expect("the key is the certificate's"))
}
