//! The list of all slots as bytes, plain and compressed, kept ready. Knows nothing of HTTP.
//!
//! The list is cut into chunks. A change makes one chunk stale; only that one is written and compressed again. The compressed chunks
//! end on byte boundaries (deflate's full flush), so that joining them gives one gzip stream: its checksum is combined from theirs.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Mutex;
use std::sync::PoisonError;

use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression, FlushCompress};
use parking_api::events::{Event, EventChange};
use parking_api::{SlotId, SlotRef};

use super::audience::Audience;
use super::state::LotState;

/// Slots per chunk: large enough to compress well, small enough to be written again at every change.
const CHUNK_SLOTS: usize = 128;

/// The list at one moment.
#[derive(Debug, Clone)]
pub struct SlotList {
    /// `seq` of the last event that changed a slot.
    pub rev: u64,
    /// A JSON array.
    pub plain: Bytes,
    /// The same as a gzip stream.
    pub gzip: Bytes,
}

/// Keeps the list for one audience.
#[derive(Debug)]
pub struct Listing {
    audience: Audience,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rev: u64,
    /// Empty when the slots themselves (not only their values) changed.
    chunks: Vec<Chunk>,
    place: HashMap<SlotId, u32>,
    ready: Option<SlotList>,
}

#[derive(Debug, Default)]
struct Chunk {
    slots: Vec<SlotId>,
    piece: Option<Piece>,
}

/// Bytes, and the same bytes compressed.
#[derive(Debug)]
struct Piece {
    plain: Vec<u8>,
    deflated: Vec<u8>,
    crc: crc32fast::Hasher,
}

impl Listing {
    pub fn new(audience: Audience) -> Self {
        Self { audience, inner: Mutex::default() }
    }

    /// Notes what an event made stale.
    pub fn apply(&self, event: &Event) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match &event.change {
            EventChange::SlotChanged { slot, .. } => {
                let chunk = inner.place.get(&slot.id).map(|place| *place as usize);
                if let Some(chunk) = chunk.and_then(|chunk| inner.chunks.get_mut(chunk)) {
                    chunk.piece = None;
                }
            }
            EventChange::SlotCreated { .. } | EventChange::SlotDeleted { .. } => inner.chunks.clear(),
            _ => return,
        }
        inner.rev = event.seq;
        inner.ready = None;
    }

    /// Forgets everything, when the state itself was replaced or a code changed its place.
    pub fn reset(&self, rev: u64) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Inner { rev, ..Inner::default() };
    }

    /// The list of `state`, from what is ready as far as it can be.
    pub fn get(&self, state: &LotState) -> SlotList {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &inner.ready {
            return ready.clone();
        }
        if inner.chunks.is_empty() {
            inner.cut(state);
        }
        let list = inner.join(state, self.audience);
        inner.ready = Some(list.clone());
        list
    }
}

impl Inner {
    fn cut(&mut self, state: &LotState) {
        self.place.clear();
        let ids: Vec<SlotId> = state.slots().map(|slot| slot.id).collect();
        for (index, slots) in ids.chunks(CHUNK_SLOTS).enumerate() {
            self.place.extend(slots.iter().map(|id| (*id, index as u32)));
            self.chunks.push(Chunk { slots: slots.to_vec(), piece: None });
        }
    }

    fn join(&mut self, state: &LotState, audience: Audience) -> SlotList {
        let mut plain = BytesMut::new();
        // Gzip's header (RFC 1952): magic, deflate, no flags, no time, no extra flags, unknown system.
        let mut gzip = BytesMut::from(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff][..]);
        let mut crc = crc32fast::Hasher::new();
        let end = Piece::new(if self.chunks.is_empty() { b"[]".to_vec() } else { b"]".to_vec() });
        let pieces = self.chunks.iter_mut().enumerate().map(|(index, chunk)| {
            let slots = &chunk.slots;
            &*chunk.piece.get_or_insert_with(|| Piece::new(encode(slots, index == 0, state, audience)))
        });
        for piece in pieces.chain([&end]) {
            plain.extend_from_slice(&piece.plain);
            gzip.extend_from_slice(&piece.deflated);
            crc.combine(&piece.crc);
        }
        // An empty final block ends the stream (RFC 1951), then checksum and length.
        gzip.extend_from_slice(&[0x03, 0x00]);
        gzip.extend_from_slice(&crc.finalize().to_le_bytes());
        gzip.extend_from_slice(&(plain.len() as u32).to_le_bytes());
        SlotList { rev: self.rev, plain: plain.freeze(), gzip: gzip.freeze() }
    }
}

fn encode(slots: &[SlotId], is_first: bool, state: &LotState, audience: Audience) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(slots.len() * 300);
    for (index, id) in slots.iter().enumerate() {
        bytes.push(if is_first && index == 0 { b'[' } else { b',' });
        if let Some(slot) = state.slot(&SlotRef::Id(*id)) {
            let written = match audience {
                Audience::Public => serde_json::to_writer(bytes.by_ref(), &audience.slot(slot)),
                Audience::Staff | Audience::Admin => serde_json::to_writer(bytes.by_ref(), &**slot),
            };
            written.expect("a slot has only string keys, and memory takes every write");
        }
    }
    bytes
}

impl Piece {
    fn new(plain: Vec<u8>) -> Self {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&plain);
        Self { deflated: deflate(&plain), plain, crc }
    }
}

/// Raw deflate blocks that end on a byte boundary and refer to nothing before them.
fn deflate(plain: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(6), false);
    // Room for incompressible input (RFC 1951: 5 bytes per stored block) and the flush marker.
    let mut out = Vec::with_capacity(plain.len() + plain.len() / 1000 + 64);
    compress.compress_vec(plain, &mut out, FlushCompress::Full).expect("memory is compressed without error");
    debug_assert_eq!(compress.total_in() as usize, plain.len(), "the room was enough");
    out
}
