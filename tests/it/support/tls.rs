//! A certificate authority for the occasion, and servers and clients with certificates of it.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use jotgate::listen::Address;
use rcgen::{
    BasicConstraints, Certificate as Signed, CertificateParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

use super::http::{Connection, PATIENCE, Request, Response};

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Signed,
}

/// A certificate with its key.
pub struct Pair {
    name: String,
    certificate: Signed,
    key: KeyPair,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("keys can be made");
        let mut params = nameless();
        // OpenSSL takes a certificate whose issuer has the name of its subject for self-signed.
        let name = format!("authority {:x?}", key.public_key_raw().last_chunk::<8>());
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a key signs");
        let issuer = Issuer::new(params, key);
        Self {
            issuer,
            certificate,
        }
    }

    /// Its own certificate.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A pair for servers and clients of that name: a URI, or a DNS name.
    pub fn certify(&self, name: &str) -> Pair {
        self.certify_with(name, |_| ())
    }

    /// The same, expired.
    pub fn certify_expired(&self, name: &str) -> Pair {
        self.certify_with(name, |params| params.not_after = date_time_ymd(2020, 1, 1))
    }

    fn certify_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let mut params = nameless();
        let text = name.try_into().expect("a name is ASCII");
        params.subject_alt_names = vec![if name.contains("://") {
            SanType::URI(text)
        } else {
            SanType::DnsName(text)
        }];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().expect("keys can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("a key signs");
        Pair {
            name: name.to_owned(),
            certificate,
            key,
        }
    }
}

impl Pair {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts it into `NAME.crt` and `NAME.key`.
    pub fn write(&self, directory: &Path, name: &str) {
        for (extension, text) in [
            ("crt", self.certificate.pem()),
            ("key", self.key.serialize_pem()),
        ] {
            let file = directory.join(name).with_extension(extension);
            fs::write(file, text).expect("the directory can be written to");
        }
    }

    fn private(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("PKCS#8")
    }

    fn server(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], self.private());
        Arc::new(config.expect("the key is the certificate's"))
    }
}

/// A client that shows who it is.
pub struct Client(Arc<ClientConfig>);

impl Client {
    /// Trusts `servers`.
    pub fn new(servers: &[&Authority], pair: &Pair) -> Self {
        let mut roots = RootCertStore::empty();
        for authority in servers {
            let certificate = authority.certificate.der().clone();
            roots.add(certificate).expect("an authority");
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has them")
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![pair.certificate.der().clone()], pair.private());
        Self(Arc::new(config.expect("the key is the certificate's")))
    }

    /// A connection to `localhost` there. The handshake comes with the first exchange.
    pub fn connect(&self, to: &Address) -> io::Result<Connection> {
        let Address::Tcp(address) = to else {
            panic!("listens on a port: {to}");
        };
        let name = "localhost".try_into().expect("a name");
        let session = ClientConnection::new(Arc::clone(&self.0), name).map_err(io::Error::other)?;
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection::over(StreamOwned::new(session, stream)))
    }

    /// One exchange over a connection of its own.
    pub fn exchange(&self, to: &Address, request: &Request) -> io::Result<Response> {
        self.connect(to)?.exchange(request)
    }
}

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
        let authority = Authority::new();
        Self {
            authority: authority.pem(),
            good: authority.certify("localhost").server(),
            expired: authority.certify_expired("localhost").server(),
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

fn nameless() -> CertificateParams {
    CertificateParams::new(Vec::new()).expect("no name is a valid name")
}
