//! Many small records in few large pieces of memory.

use std::fmt;

use zeroize::Zeroizing;

/// Records, each found by the place it was put at. They are wiped when the store is dropped, and
/// never copied while it grows: a copy would leave secrets behind.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Store {
    chunks: Vec<Zeroizing<Vec<u8>>>,
}

impl Store {
    /// Keeps `record`; its place, unless it is longer than [`RECORD_BYTES`] or the store is full.
    pub(super) fn put(&mut self, record: &[u8]) -> Option<Place> {
        if record.len() > RECORD_BYTES {
            return None;
        }
        let has_room = |chunk: &Zeroizing<Vec<u8>>| chunk.len() + record.len() <= CHUNK_BYTES;
        if !self.chunks.last().is_some_and(has_room) {
            self.chunks.push(Vec::with_capacity(CHUNK_BYTES).into());
        }
        let index = self.chunks.len() - 1;
        let chunk = self.chunks.last_mut()?;
        let place = u32::try_from(index * CHUNK_BYTES + chunk.len()).ok()?;
        chunk.extend_from_slice(record);
        Some(Place(place))
    }

    /// The record at `place`, and whatever was put behind it.
    pub(super) fn get(&self, place: Place) -> &[u8] {
        let place = place.0 as usize;
        &self.chunks[place / CHUNK_BYTES][place % CHUNK_BYTES..]
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK_BYTES
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Secrets are in it.
        write!(formatter, "Store({} bytes)", self.bytes())
    }
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) u32);

/// The longest record.
pub(super) const RECORD_BYTES: usize = CHUNK_BYTES;
/// Small enough for a handful of consumers, large enough to waste little on a million: 32 bits
/// then address 4 GiB.
const CHUNK_BYTES: usize = 64 * 1024;
