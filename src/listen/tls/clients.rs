//! Which clients are let in: by the authority that signed their certificate, and by its names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use x509_parser::extensions::GeneralName;

/// A name that a client's certificate may have, as its subject alternative name (RFC 5280
/// 4.2.1.6). The subject itself is not looked at (RFC 9525 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientName {
    /// A DNS name, in lower case.
    Dns(String),
    /// A URI, as in SPIFFE, byte for byte.
    Uri(String),
}

/// Not the name of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not the name of a client: write a DNS name (gateway.internal) or a URI \
     (spiffe://example.org/gateway), without wildcards"
)]
pub struct ClientNameError;

impl FromStr for ClientName {
    type Err = ClientNameError;

    fn from_str(text: &str) -> Result<Self, ClientNameError> {
        if let Some((scheme, rest)) = text.split_once("://") {
            let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
            let is_good = !scheme.is_empty() && !rest.is_empty() && is_visible(text);
            return (is_good && !text.contains('*'))
                .then(|| Self::Uri(text.to_owned()))
                .ok_or(ClientNameError);
        }
        let is_label = |label: &str| {
            let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            !label.is_empty() && label.bytes().all(is_good)
        };
        text.split('.')
            .all(is_label)
            .then(|| Self::Dns(text.to_ascii_lowercase()))
            .ok_or(ClientNameError)
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) | Self::Uri(name) => formatter.write_str(name),
        }
    }
}

impl ClientName {
    fn is(&self, name: &GeneralName<'_>) -> bool {
        match (self, name) {
            (Self::Dns(expected), GeneralName::DNSName(found)) => {
                found.eq_ignore_ascii_case(expected)
            }
            (Self::Uri(expected), GeneralName::URI(found)) => found == expected,
            _ => false,
        }
    }
}

/// The usual checks, and then that the certificate has one of the names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) inner: Arc<dyn ClientCertVerifier>,
    pub(super) names: Vec<ClientName>,
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .inner
            .verify_client_cert(end_entity, intermediates, now)?;
        let bad = |_| Error::InvalidCertificate(CertificateError::BadEncoding);
        let (_, certificate) =
            x509_parser::parse_x509_certificate(end_entity).map_err(|error| bad(error.into()))?;
        let names = certificate.subject_alternative_name().map_err(bad)?;
        let mut found = names.iter().flat_map(|names| &names.value.general_names);
        if found.any(|name| self.names.iter().any(|expected| expected.is(name))) {
            Ok(verified)
        } else {
            let refused = CertificateError::ApplicationVerificationFailure;
            Err(Error::InvalidCertificate(refused))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::ClientName;

    #[test]
    fn a_client_has_a_dns_name_or_a_uri() {
        for (text, name) in [
            (
                "Gateway.Internal",
                ClientName::Dns("gateway.internal".to_owned()),
            ),
            ("envoy", ClientName::Dns("envoy".to_owned())),
            (
                "spiffe://example.org/ns/a/sa/B",
                ClientName::Uri("spiffe://example.org/ns/a/sa/B".to_owned()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(name), "{text}");
        }
        for text in [
            "",
            ".",
            "a..b",
            "*.internal",
            "a b",
            "CN=envoy",
            "spiffe://",
            "://x",
            "spiffe://example.org/*",
            "spiffe://example.org/a b",
        ] {
            assert!(text.parse::<ClientName>().is_err(), "{text}");
        }
    }
}
