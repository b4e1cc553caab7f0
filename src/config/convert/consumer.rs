//! `consumers`, `consumer_key_claim` and `anonymous_consumer`

use std::collections::HashSet;

use zeroize::Zeroizing;

use crate::config::IssuerSettings;
use crate::config::nearest::nearest;
use crate::config::problems::{At, quoted};
use crate::config::raw::{self, AudienceList};
use crate::consumers::{Added, Consumer, Consumers, ConsumersBuilder, Material, Refused};
use crate::issuers::Audiences;
use crate::keys::{PemError, read_pem};
use crate::signature::{Algorithm, Family, KeyDefect};

use super::{Context, consumers_file};

/// Converts every consumer, of the configuration and of the file that it names.
pub(super) fn consumers(
    raw: &raw::Config,
    issuers: &[IssuerSettings],
    context: &mut Context<'_>,
) -> Consumers {
    let root = At::ROOT;
    let mut table = Table::new(&raw.consumer_key_claim.0.0, issuers);
    let at = root.key("consumers");
    let map = raw.consumers.as_ref();
    for (name, consumer) in map.into_iter().flat_map(|map| &map.0) {
        table.add(&name.0.0, consumer, &at.key(&name.0.0), context);
    }
    if let Some(file) = &raw.consumers_file {
        consumers_file::read(file, &mut table, &root.key("consumers_file"), context);
    }
    let anonymous = raw.anonymous_consumer.as_ref().and_then(|name| {
        let name = &*name.0.0;
        let consumer = table.builder.consumer(name);
        if consumer.is_none() {
            let known = map.into_iter().flat_map(|map| &map.0);
            let meant = nearest(name, known.map(|(name, _)| &*name.0.0))
                .map(|meant| format!("did you mean {}?", quoted(meant)))
                .unwrap_or_else(|| "write a name from `consumers`".to_owned());
            let problem = format!("there is no consumer called {}: {meant}", quoted(name));
            context
                .problems
                .push(&root.key("anonymous_consumer"), problem);
        }
        consumer
    });
    table.builder.finish(anonymous)
}

/// The table that is being filled.
pub(super) struct Table<'i> {
    builder: ConsumersBuilder,
    key_claim: &'i str,
    /// Keys that no token could name a credential by, because they are an issuer's.
    issuers: HashSet<&'i str>,
}

impl<'i> Table<'i> {
    fn new(key_claim: &'i str, issuers: &'i [IssuerSettings]) -> Self {
        let names = issuers.iter().map(|issuer| &*issuer.policy.issuer);
        Self {
            builder: ConsumersBuilder::new(key_claim),
            key_claim,
            issuers: names.filter(|_| key_claim == "iss").collect(),
        }
    }

    /// Adds the consumer called `name`, which stands at `at`.
    pub(super) fn add(
        &mut self,
        name: &str,
        raw: &raw::Consumer,
        at: &At<'_>,
        context: &mut Context<'_>,
    ) {
        let text = |line: &raw::Written<raw::Line>| line.0.0.clone();
        let consumer = Consumer {
            name: name.into(),
            id: raw.id.as_ref().map(text),
            custom_id: raw.custom_id.as_ref().map(text),
            groups: raw.groups.iter().map(text).collect(),
            audiences: audiences(raw, at, context),
        };
        let added = match self.builder.add(&consumer) {
            Ok(added) => added,
            Err(refused) => {
                let problem = match refused {
                    Refused::Taken(_) => "is the name of another consumer too: choose another",
                    Refused::TooLarge | Refused::Defect(_) => TOO_LARGE,
                };
                context.problems.push(at, problem);
                return;
            }
        };
        let at = at.key("credentials");
        for (place, raw) in raw.credentials.iter().enumerate() {
            self.add_credential(added, raw, &at.index(place), context);
        }
    }

    fn add_credential(
        &mut self,
        consumer: Added,
        raw: &raw::ConsumerCredential,
        at: &At<'_>,
        context: &mut Context<'_>,
    ) {
        let key = raw.key.as_ref().map(|key| &*key.0.0);
        if key.is_none() {
            let claim = self.key_claim;
            let remedy = format!("write what tokens name the credential by, in their `{claim}`");
            context.problems.missing(at, "key", &remedy);
        }
        let algorithm = raw.algorithm.map(|algorithm| algorithm.0);
        if algorithm.is_none() {
            let remedy = "write the one that its tokens are signed with, as HS256 or RS256";
            context.problems.missing(at, "algorithm", remedy);
        }
        let material = material(raw, algorithm, at, context);
        let (Some(key), Some(algorithm), Some((material, place))) = (key, algorithm, material)
        else {
            return;
        };
        if self.issuers.contains(key) {
            let problem = "is the `iss` of an issuer too, whose tokens are never a consumer's: \
                           choose another";
            context.problems.push(&at.key("key"), problem);
        }
        let added = self
            .builder
            .add_credential(consumer, key, algorithm, &material);
        let (place, problem) = match added {
            Ok(()) => return,
            Err(Refused::Taken(other)) => (
                "key",
                format!(
                    "{} is the key of a credential of {} already: choose another",
                    quoted(key),
                    quoted(&other)
                ),
            ),
            Err(Refused::Defect(defect)) => (place, unfit(defect, algorithm, &material)),
            Err(Refused::TooLarge) => ("key", TOO_LARGE.to_owned()),
        };
        context.problems.push(&at.key(place), problem);
    }
}

fn audiences(raw: &raw::Consumer, at: &At<'_>, context: &mut Context<'_>) -> Option<Audiences> {
    Some(match raw.audiences.as_ref()? {
        AudienceList::Any => Audiences::Any,
        AudienceList::List(list) => {
            if list.is_empty() {
                let problem = "is empty, so no token could be valid: list some, or remove the \
                               key not to ask for `aud`";
                context.problems.push(&at.key("audiences"), problem);
            }
            Audiences::OneOf(list.iter().map(|audience| audience.0.0.clone()).collect())
        }
    })
}

/// The secret or public key, and which key of the configuration it stands in.
fn material(
    raw: &raw::ConsumerCredential,
    algorithm: Option<Algorithm>,
    at: &At<'_>,
    context: &mut Context<'_>,
) -> Option<(Material, &'static str)> {
    match (&raw.secret, &raw.public_key) {
        (Some(secret), None) => {
            let at = at.key(SECRET);
            let (_, text) = context.secret(&at, secret)?;
            let secret = if raw.secret_is_base64 {
                let decoded = decode_base64(&text);
                if decoded.is_none() {
                    let problem = "is not base64, as `secret_is_base64` says: correct one of the \
                                   two";
                    context.problems.push(&at, problem);
                }
                decoded?
            } else {
                text
            };
            Some((Material::Secret(secret), SECRET))
        }
        (None, Some(public_key)) => {
            if raw.secret_is_base64 {
                let problem = "has no effect on a `public_key`: remove it";
                context.problems.push(&at.key("secret_is_base64"), problem);
            }
            let at = at.key(PUBLIC_KEY);
            let (_, text) = context.secret(&at, public_key)?;
            match read_pem(&text) {
                Ok(public) => Some((Material::Public(public), PUBLIC_KEY)),
                Err(error) => {
                    context.problems.push(&at, error.to_string());
                    None
                }
            }
        }
        (None, None) => {
            let key = match algorithm.map(Algorithm::family) {
                Some(Family::Hmac) => SECRET,
                Some(Family::Ec | Family::Ed | Family::Rsa) => PUBLIC_KEY,
                None => return None,
            };
            let remedy = "write one of {file: …}, {env: …}, {value: …}";
            context.problems.missing(at, key, remedy);
            None
        }
        (Some(_), Some(_)) => {
            let problem = "has a `secret` and a `public_key`: keep the first for HS256, HS384 and \
                           HS512, the second for all other algorithms";
            context.problems.push(at, problem);
            None
        }
    }
}

/// Why material is no key of its algorithm.
fn unfit(defect: KeyDefect, algorithm: Algorithm, material: &Material) -> String {
    let name = algorithm.name();
    match (material, algorithm.family()) {
        (Material::Secret(secret), Family::Hmac) => format!(
            "has {} bytes, {name} needs at least {} (RFC 7518 3.2): make a longer one, with \
             `openssl rand`",
            secret.len(),
            algorithm.hash_bytes(),
        ),
        (Material::Secret(_), Family::Ec | Family::Ed | Family::Rsa) => {
            format!("{name} needs a `public_key`: a secret is for HS256, HS384 or HS512")
        }
        (Material::Public(_), Family::Hmac) => {
            format!("{name} needs a `secret`: a public key is none")
        }
        (Material::Public(public), _) if !public.fits(algorithm) => {
            format!("is no key for {name}: correct one of the two")
        }
        (Material::Public(_), Family::Ec | Family::Ed | Family::Rsa) => {
            PemError::Defect(defect).to_string()
        }
    }
}

/// Base64 of either alphabet, with padding or without, as Kong reads it.
fn decode_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let end = text.iter().rposition(|byte| *byte != b'=');
    let text = &text[..end.map_or(0, |last| last + 1)];
    let standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(text.iter().map(standard).collect());
    let decoded = base64_simd::STANDARD_NO_PAD.decode_to_vec(&**text);
    decoded.ok().map(Zeroizing::new)
}

const SECRET: &str = "secret";
const PUBLIC_KEY: &str = "public_key";
const TOO_LARGE: &str = "is too long, or there are too many consumers: shorten it";
