//! The frozen table from a credential's key to its consumer.

use std::fmt;
use std::sync::Arc;

use super::Consumer;
use super::index::Index;
use super::material::{Material, unpack};
use super::packed::{Packer, Unpacker};
use super::store::{Place, Store};
use crate::issuers::{Audiences, TokenTypes};
use crate::signature::{Algorithm, KeyDefect, VerifyingKey};

/// Every consumer, found by the keys of its credentials.
#[derive(Debug, Default)]
pub struct Consumers {
    key_claim: Box<str>,
    types: TokenTypes,
    anonymous: Option<Arc<Consumer>>,
    /// Records of consumers and of credentials.
    store: Store,
    by_key: Index,
}

impl Consumers {
    /// The credential that tokens name by `key`.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<Credential<'_>> {
        let place = self.by_key.find(key.as_bytes(), |place| self.key_at(place));
        Some(Credential {
            consumers: self,
            record: CredentialRecord::read(self.store.get(place?)),
        })
    }

    /// The claim or header parameter that names a credential.
    #[must_use]
    pub const fn key_claim(&self) -> &str {
        &self.key_claim
    }

    /// What `typ` of their tokens may be.
    #[must_use]
    pub const fn types(&self) -> &TokenTypes {
        &self.types
    }

    /// Who it is that calls without a token, where that is fine.
    #[must_use]
    pub const fn anonymous(&self) -> Option<&Arc<Consumer>> {
        self.anonymous.as_ref()
    }

    /// Every credential, in the order in which they were added.
    pub fn credentials(&self) -> impl Iterator<Item = Credential<'_>> {
        let mut places: Vec<Place> = self.by_key.places().collect();
        places.sort_unstable();
        places.into_iter().map(|place| Credential {
            consumers: self,
            record: CredentialRecord::read(self.store.get(place)),
        })
    }

    /// The same consumers, where the credentials that `material` has something for are checked
    /// with that instead of their own.
    ///
    /// # Errors
    /// As [`ConsumersBuilder::add_credential`].
    pub fn rekeyed(
        &self,
        material: impl Fn(&Credential<'_>) -> Option<Material>,
    ) -> Result<Self, Refused> {
        let mut builder = ConsumersBuilder::new(&self.key_claim);
        // The credentials of a consumer were added one after the other.
        let mut last: Option<(Place, Added)> = None;
        for credential in self.credentials() {
            let record = credential.record;
            let consumer = match last {
                Some((place, added)) if place == record.consumer => added,
                Some(_) | None => builder.add(&credential.consumer())?,
            };
            last = Some((record.consumer, consumer));
            let packed = match material(&credential) {
                Some(material) => material.pack(record.algorithm).map_err(Refused::Defect)?,
                None => record.material.to_vec().into(),
            };
            builder.put_credential(&CredentialRecord {
                consumer: consumer.0,
                material: &packed,
                ..record
            })?;
        }
        Ok(builder.finish(self.anonymous.as_deref().cloned()))
    }

    /// How many credentials there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether no token can be a consumer's.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that all of them take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.store.bytes() + self.by_key.bytes()
    }

    fn key_at(&self, place: Place) -> &[u8] {
        CredentialRecord::read(self.store.get(place)).key
    }

    fn consumer_at(&self, place: Place) -> Consumer {
        let mut record = Unpacker(self.store.get(place));
        Consumer {
            name: record.text().into(),
            id: record.option().map(Box::from),
            custom_id: record.option().map(Box::from),
            groups: record.list().unwrap_or_default(),
            audiences: record.list().map(|list| match list.is_empty() {
                true => Audiences::Any,
                false => Audiences::OneOf(list),
            }),
        }
    }

    fn name_at(&self, place: Place) -> &[u8] {
        Unpacker(self.store.get(place)).some()
    }
}

/// By what they say: the same consumers in the same order are the same.
impl PartialEq for Consumers {
    fn eq(&self, other: &Self) -> bool {
        self.key_claim == other.key_claim
            && self.anonymous == other.anonymous
            && self.store == other.store
    }
}

/// A credential of the table.
#[derive(Clone, Copy)]
pub struct Credential<'c> {
    consumers: &'c Consumers,
    record: CredentialRecord<'c>,
}

impl<'c> Credential<'c> {
    /// What tokens name it by.
    #[must_use]
    pub fn key(&self) -> &'c str {
        std::str::from_utf8(self.record.key).expect("written from a text")
    }

    /// The one algorithm that its tokens are signed with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.record.algorithm
    }

    /// Makes the key that its tokens are checked with: microseconds.
    ///
    /// # Errors
    /// None: it was made once before, when the credential was added.
    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyDefect> {
        unpack(self.record.algorithm, self.record.material)
    }

    /// Whose it is.
    #[must_use]
    pub fn consumer(&self) -> Consumer {
        self.consumers.consumer_at(self.record.consumer)
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the material: it may be a secret.
        write!(formatter, "Credential({})", self.algorithm().name())
    }
}

#[derive(Clone, Copy)]
struct CredentialRecord<'s> {
    consumer: Place,
    algorithm: Algorithm,
    key: &'s [u8],
    material: &'s [u8],
}

impl<'s> CredentialRecord<'s> {
    fn read(bytes: &'s [u8]) -> Self {
        let mut record = Unpacker(bytes);
        Self {
            consumer: Place(record.number()),
            algorithm: Algorithm::ALL[record.number() as usize],
            key: record.some(),
            material: record.some(),
        }
    }

    fn write(&self) -> Packer {
        let mut record = Packer::default();
        record.number(self.consumer.0);
        record.number(self.algorithm as u32);
        record.some(self.key);
        record.some(self.material);
        record
    }
}

/// A table that is being filled.
#[derive(Debug, Default)]
pub struct ConsumersBuilder {
    table: Consumers,
    by_name: Index,
}

/// A consumer that was added to a table that is being filled.
#[derive(Clone, Copy, Debug)]
pub struct Added(Place);

/// Why something cannot be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The material is no key of the algorithm.
    Defect(KeyDefect),
    /// Its name or key is taken: by the consumer of this name.
    Taken(Box<str>),
    /// It is too long, or there is no room for more.
    TooLarge,
}

impl ConsumersBuilder {
    /// An empty table, in which tokens name credentials by `key_claim`.
    #[must_use]
    pub fn new(key_claim: &str) -> Self {
        let table = Consumers {
            key_claim: key_claim.into(),
            ..Consumers::default()
        };
        let by_name = Index::default();
        Self { table, by_name }
    }

    /// Adds a consumer, without credentials.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn add(&mut self, consumer: &Consumer) -> Result<Added, Refused> {
        let Self { table, by_name } = self;
        let name = consumer.name.as_bytes();
        if by_name.find(name, |place| table.name_at(place)).is_some() {
            return Err(Refused::Taken(consumer.name.clone()));
        }
        let mut record = Packer::default();
        record.some(name);
        record.option(consumer.id.as_deref());
        record.option(consumer.custom_id.as_deref());
        record.list(Some(&consumer.groups));
        record.list(
            consumer
                .audiences
                .as_ref()
                .map(|audiences| match audiences {
                    Audiences::Any => &[][..],
                    Audiences::OneOf(list) => list,
                }),
        );
        let place = put(&mut table.store, &record)?;
        by_name.insert(place, |place| table.name_at(place));
        Ok(Added(place))
    }

    /// Adds a credential of `consumer`, which tokens name by `key`.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn add_credential(
        &mut self,
        consumer: Added,
        key: &str,
        algorithm: Algorithm,
        material: &Material,
    ) -> Result<(), Refused> {
        if let Some(credential) = self.table.find(key) {
            return Err(Refused::Taken(credential.consumer().name));
        }
        let material = material.pack(algorithm).map_err(Refused::Defect)?;
        self.put_credential(&CredentialRecord {
            consumer: consumer.0,
            algorithm,
            key: key.as_bytes(),
            material: &material,
        })
    }

    /// Adds a credential with a key that none has yet.
    fn put_credential(&mut self, record: &CredentialRecord<'_>) -> Result<(), Refused> {
        let Consumers { by_key, store, .. } = &mut self.table;
        let place = put(store, &record.write())?;
        by_key.insert(place, |place| CredentialRecord::read(store.get(place)).key);
        Ok(())
    }

    /// The consumer of this name.
    #[must_use]
    pub fn consumer(&self, name: &str) -> Option<Consumer> {
        let table = &self.table;
        let place = self
            .by_name
            .find(name.as_bytes(), |place| table.name_at(place));
        place.map(|place| table.consumer_at(place))
    }

    /// How many consumers there are, with credentials or without.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table, complete. `anonymous` is who calls without a token.
    #[must_use]
    pub fn finish(self, anonymous: Option<Consumer>) -> Consumers {
        Consumers {
            anonymous: anonymous.map(Arc::new),
            ..self.table
        }
    }
}

fn put(store: &mut Store, record: &Packer) -> Result<Place, Refused> {
    if record.is_too_long {
        return Err(Refused::TooLarge);
    }
    store.put(&record.bytes).ok_or(Refused::TooLarge)
}
