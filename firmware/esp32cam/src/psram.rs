//! Bytes in external RAM. Only ever plain bytes: the ESP32's atomics do not work there.

use core::ptr::{copy_nonoverlapping, NonNull};

use esp_idf_svc::sys;

/// A frame in PSRAM.
pub struct Slot {
    base: NonNull<u8>,
    len: usize,
}

impl Slot {
    /// A copy; None without PSRAM or room in it.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let caps = sys::MALLOC_CAP_SPIRAM | sys::MALLOC_CAP_8BIT;
        // SAFETY: a plain call; null is looked for.
        let base: NonNull<u8> = NonNull::new(unsafe { sys::heap_caps_malloc(frame.len(), caps) }.cast())?;
        // SAFETY: both are of this length, and the one is new.
        unsafe { copy_nonoverlapping(frame.as_ptr(), base.as_ptr(), frame.len()) };
        Some(Self { base, len: frame.len() })
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: ours alone, of this length, and written when it was made.
        unsafe { core::slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: from heap_caps_malloc, freed once.
        unsafe { sys::heap_caps_free(self.base.as_ptr().cast()) }
    }
}

// SAFETY: a plain owner of bytes that never change.
unsafe impl Send for Slot {}
// SAFETY: as above.
unsafe impl Sync for Slot {}
