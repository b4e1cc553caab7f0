//! Who may ask for tokens: clients with a name and a secret, in HTTP Basic (RFC 7617).

use std::fmt;
use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use foldhash::quality::RandomState;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::hashing::{Busy, Hashing, SecretHash};
use super::limiter::Limiter;
use super::settings::Profile;
use crate::limits::{ADDRESS_RATE, CLIENT_CREDENTIAL_BYTES, CLIENT_RATE};
use crate::time::UnixMillis;

/// Somebody who may ask for tokens.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name in the configuration, and `client_id`.
    pub name: Box<str>,
    /// The hash of its secret.
    pub secret: Arc<SecretHash>,
    /// Of which profiles it may have tokens; the first unless it says. Never empty.
    pub profiles: Vec<Arc<Profile>>,
    /// Which scopes it may have.
    pub scopes: Box<[Box<str>]>,
    /// Whether it may have claims of its own choice signed: then it speaks for anybody.
    pub signs: bool,
}

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// There is no name and secret in the request, or not in HTTP Basic.
    Missing,
    /// There is no such client, or the secret is another: nobody is told which.
    Wrong,
    /// Too many requests came; the next may in so long.
    TooMany(Duration),
    /// Too many secrets wait to be checked.
    Busy,
}

/// The door for clients: checks secrets and counts attempts. Lives as long as the process.
pub(super) struct Door {
    of_clients: Limiter,
    of_addresses: Limiter,
    hashing: OnceLock<Hashing>,
    /// Chooses whose hash stands in for that of a client who does not exist.
    decoys: RandomState,
}

/// What was sent in HTTP Basic.
struct Basic {
    name: Zeroizing<Vec<u8>>,
    secret: Zeroizing<Vec<u8>>,
}

impl Door {
    pub(super) fn new() -> Self {
        Self {
            of_clients: Limiter::new(CLIENT_RATE),
            of_addresses: Limiter::new(ADDRESS_RATE),
            hashing: OnceLock::new(),
            decoys: RandomState::default(),
        }
    }

    /// The client of `clients` that `authorization` names. A client who does not exist costs as
    /// much work as one who does.
    pub(super) async fn recognise(
        &self,
        clients: &[Arc<Client>],
        authorization: Option<&[u8]>,
        address: Option<IpAddr>,
        now: UnixMillis,
    ) -> Result<Arc<Client>, ClientError> {
        let basic = authorization.and_then(Basic::parse);
        let basic = basic.ok_or(ClientError::Missing)?;
        let network = address.map(network);
        let admitted = self.of_addresses.admit(network, now);
        admitted.map_err(ClientError::TooMany)?;
        let admitted = self.of_clients.admit((&*basic.name, network), now);
        admitted.map_err(ClientError::TooMany)?;
        let mut known = clients.iter();
        let known = known.find(|client| basic.is_named(&client.name));
        let decoy = || {
            let place = self.decoys.hash_one(&*basic.name) % (clients.len().max(1) as u64);
            clients.get(usize::try_from(place).unwrap_or_default())
        };
        // Without clients there is nothing that an answer could give away.
        let checked = known.or_else(decoy).ok_or(ClientError::Wrong)?;
        let hashing = self.hashing.get_or_init(Hashing::start);
        let matches = hashing
            .check(Arc::clone(&checked.secret), basic.secrets(), network)
            .await
            .map_err(|Busy| ClientError::Busy)?;
        match known {
            Some(client) if matches => Ok(Arc::clone(client)),
            Some(_) | None => Err(ClientError::Wrong),
        }
    }
}

/// What counts as one address: of IPv6 the network, because whoever has one has 2^64 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

impl Basic {
    fn parse(authorization: &[u8]) -> Option<Self> {
        let (scheme, encoded) = authorization.split_at_checked(BASIC.len())?;
        let is_basic = scheme.eq_ignore_ascii_case(BASIC);
        let encoded = encoded.trim_ascii();
        if !is_basic || encoded.len() > CLIENT_CREDENTIAL_BYTES * 4 / 3 + 4 {
            return None;
        }
        let decoded = base64_simd::STANDARD.decode_to_vec(encoded).ok()?;
        let decoded = Zeroizing::new(decoded);
        let colon = decoded.iter().position(|byte| *byte == b':')?;
        Some(Self {
            name: Zeroizing::new(decoded[..colon].to_vec()),
            secret: Zeroizing::new(decoded[colon + 1..].to_vec()),
        })
    }

    /// Whether it is `name`, as it is or as a form writes it.
    fn is_named(&self, name: &str) -> bool {
        **self.name == *name.as_bytes() || **form_decoded(&self.name) == *name.as_bytes()
    }

    /// The ways to read the secret: RFC 6749 2.3.1 has it encoded as a form, RFC 7617 and most
    /// clients do not.
    fn secrets(&self) -> Vec<Zeroizing<Vec<u8>>> {
        let decoded = form_decoded(&self.secret);
        let mut secrets = vec![self.secret.clone()];
        if *decoded != *self.secret {
            secrets.push(decoded);
        }
        secrets
    }
}

fn form_decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let spaced = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte });
    let spaced = Zeroizing::new(spaced.collect::<Vec<u8>>());
    Zeroizing::new(percent_decode(&spaced).collect())
}

impl fmt::Debug for Door {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Door").finish_non_exhaustive()
    }
}

const BASIC: &[u8] = b"Basic ";

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Client, ClientError, Door};
    use crate::issue::hashing::SecretHash;
    use crate::time::UnixMillis;

    fn client(name: &str, secret: &str) -> Arc<Client> {
        let hash = bcrypt::hash(secret, 4).expect("made");
        Arc::new(Client {
            name: name.into(),
            secret: Arc::new(SecretHash::parse(&hash).expect("a hash")),
            profiles: Vec::new(),
            scopes: Box::default(),
            signs: true,
        })
    }

    fn basic(text: &str) -> String {
        let encoded = base64_simd::STANDARD.encode_to_string(text);
        format!("Basic {encoded}")
    }

    #[tokio::test]
    async fn a_client_is_known_by_its_secret_and_nobody_else_is() {
        let clients = [client("app", "a+b%41"), client("my app", "b")];
        let door = Door::new();
        let now = UnixMillis(0);
        let wrong = Err(ClientError::Wrong);
        let missing = Err(ClientError::Missing);
        for (sent, expected) in [
            (Some(basic("app:a+b%41")), Ok("app")),
            (Some(basic("app:a%2Bb%2541")), Ok("app")),
            (Some(basic("my+app:b")), Ok("my app")),
            (Some(basic("app:b")), wrong),
            (Some(basic("app:")), wrong),
            (Some(basic("nobody:b")), wrong),
            (Some(basic("nobody:a+b%41")), wrong),
            (Some(basic("no colon")), missing),
            (Some("Basic ???".to_owned()), missing),
            (Some("Bearer abc".to_owned()), missing),
            (None, missing),
        ] {
            let sent = sent.as_deref().map(str::as_bytes);
            let found = door.recognise(&clients, sent, None, now).await;
            let name = found.as_ref().map(|client| &*client.name);
            assert_eq!(name.map_err(|error| *error), expected);
        }
    }

    #[tokio::test]
    async fn whoever_tries_too_often_has_to_wait_and_others_do_not() {
        let clients = [client("app", "a")];
        let door = Door::new();
        let (mallory, alice) = ([127, 0, 0, 2].into(), [127, 0, 0, 1].into());
        let wrong = basic("app:b");
        let mut outcomes = Vec::new();
        for _ in 0..60 {
            let now = UnixMillis(0);
            let found = door.recognise(&clients, Some(wrong.as_bytes()), Some(mallory), now);
            outcomes.push(found.await.err());
        }
        let wrongs = outcomes
            .iter()
            .filter(|it| **it == Some(ClientError::Wrong));
        assert_eq!(wrongs.count(), 50);
        assert!(matches!(outcomes[59], Some(ClientError::TooMany(_))));
        let good = basic("app:a");
        let now = UnixMillis(0);
        let found = door.recognise(&clients, Some(good.as_bytes()), Some(alice), now);
        assert!(found.await.is_ok());
    }

    #[tokio::test]
    async fn a_client_who_does_not_exist_costs_a_hash_as_one_who_does() {
        let hash = bcrypt::hash("a", 8).expect("made");
        let clients: Arc<[Arc<Client>]> = [Arc::new(Client {
            secret: Arc::new(SecretHash::parse(&hash).expect("a hash")),
            ..(*client("app", "a")).clone()
        })]
        .into();
        for name in ["app", "nobody"] {
            // All at once, each from an address of its own: more than may wait to be hashed.
            let door = Arc::new(Door::new());
            let mut attempts = tokio::task::JoinSet::new();
            for last in 0..200 {
                let (door, clients) = (Arc::clone(&door), Arc::clone(&clients));
                let wrong = basic(&format!("{name}:b"));
                attempts.spawn(async move {
                    let address = Some([127, 0, 0, last].into());
                    let now = UnixMillis(0);
                    let found = door.recognise(&clients, Some(wrong.as_bytes()), address, now);
                    found.await.err()
                });
            }
            let outcomes = attempts.join_all().await;
            for outcome in [ClientError::Wrong, ClientError::Busy] {
                assert!(outcomes.contains(&Some(outcome)), "{name}: {outcome:?}");
            }
        }
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let network = |text: &str| super::network(text.parse().expect("an address"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_ne!(network("127.0.0.1"), network("127.0.0.2"));
    }
}
