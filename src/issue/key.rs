//! A key that signs, under its name, with the half of it that others may have.

use std::fmt;

use serde_json::Value;

use crate::signature::{Algorithm, Family, SigningError, SigningKey};

/// A private key and its public JWK.
pub struct NamedKey {
    id: Box<str>,
    key: SigningKey,
    public: Value,
}

impl NamedKey {
    /// A fresh key, called by its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// If the library fails, or a shared secret is asked for.
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningError> {
        Self::new(SigningKey::generate(algorithm)?, None)
    }

    /// `key` under the name `id`, or its thumbprint.
    ///
    /// # Errors
    /// [`SigningError::AlgorithmUnfit`] for a shared secret, which has no public half.
    pub fn new(key: SigningKey, id: Option<&str>) -> Result<Self, SigningError> {
        let secret = || SigningError::AlgorithmUnfit(key.algorithm().name().to_owned());
        let thumbprint = key.thumbprint()?.ok_or_else(secret)?;
        let id: Box<str> = id.unwrap_or(&thumbprint).into();
        let mut public = key.to_public_jwk(&id)?.ok_or_else(secret)?;
        public["alg"] = wire_name(key.algorithm()).into();
        Ok(Self { id, key, public })
    }

    /// The private key in `text`: PKCS#8 in PEM, which needs `algorithm` unless it is ES256's, or a
    /// private JWK, which may name itself and its algorithm.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(
        text: &[u8],
        id: Option<&str>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, SigningError> {
        let is_json = text.trim_ascii_start().starts_with(b"{");
        if !is_json {
            let text = std::str::from_utf8(text).map_err(|_| SigningError::NotPem)?;
            let key = SigningKey::from_pkcs8_pem(text, algorithm.unwrap_or(Algorithm::Es256))?;
            return Self::new(key, id);
        }
        let mut jwk: Value = serde_json::from_slice(text).map_err(|_| SigningError::NotJson)?;
        if let (Some(members), Some(algorithm)) = (jwk.as_object_mut(), algorithm) {
            let name = || algorithm.name().into();
            let named = members.entry("alg").or_insert_with(name);
            if named.as_str().and_then(Algorithm::from_name) != Some(algorithm) {
                return Err(SigningError::AlgorithmUnfit(algorithm.name().to_owned()));
            }
        }
        let own = jwk.get("kid").and_then(Value::as_str).map(str::to_owned);
        Self::new(SigningKey::from_jwk(&jwk)?, id.or(own.as_deref()))
    }

    /// `kid`
    #[must_use]
    pub const fn id(&self) -> &str {
        &self.id
    }

    /// `alg`, as others know it.
    #[must_use]
    pub const fn algorithm_name(&self) -> &'static str {
        wire_name(self.key.algorithm())
    }

    /// The key itself.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// What others may have of it: a public JWK (RFC 7517).
    #[must_use]
    pub const fn public(&self) -> &Value {
        &self.public
    }

    /// All of it, for the disk.
    pub(super) fn to_private_jwk(&self) -> Result<Value, SigningError> {
        self.key.to_private_jwk(&self.id)
    }
}

impl fmt::Debug for NamedKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NamedKey({}, {:?})", self.id, self.key)
    }
}

/// What tokens and published keys call the algorithm. `Ed25519` (RFC 9864) is better and younger:
/// many verifiers only know its older name (RFC 8037 3.1).
const fn wire_name(algorithm: Algorithm) -> &'static str {
    match algorithm.family() {
        Family::Ed => "EdDSA",
        Family::Ec | Family::Hmac | Family::Rsa => algorithm.name(),
    }
}

/// Whether keys of this algorithm have a half that can be published.
#[must_use]
pub const fn is_publishable(algorithm: Algorithm) -> bool {
    match algorithm.family() {
        Family::Ec | Family::Ed | Family::Rsa => true,
        Family::Hmac => false,
    }
}
