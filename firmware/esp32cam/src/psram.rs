//! Bytes in external RAM. Only ever plain bytes: the ESP32's atomics do not work there.

use core::ptr::NonNull;

use esp_idf_svc::sys;

/// A fixed buffer in PSRAM that holds one frame, or none.
pub struct Slot {
    base: NonNull<u8>,
    capacity: usize,
    used: usize,
}

impl Slot {
    /// None without PSRAM or room in it.
    pub fn new(capacity: usize) -> Option<Self> {
        let caps = sys::MALLOC_CAP_SPIRAM | sys::MALLOC_CAP_8BIT;
        // SAFETY: zeroed, so every byte is initialised from here on.
        let base = unsafe { sys::heap_caps_calloc(1, capacity, caps) };
        Some(Self { base: NonNull::new(base.cast())?, capacity, used: 0 })
    }

    /// Keeps a copy; false, and empty, when it does not fit.
    pub fn store(&mut self, frame: &[u8]) -> bool {
        self.used = 0;
        // SAFETY: ours alone, `capacity` long and initialised.
        let all = unsafe { core::slice::from_raw_parts_mut(self.base.as_ptr(), self.capacity) };
        let Some(head) = all.get_mut(..frame.len()) else {
            return false;
        };
        head.copy_from_slice(frame);
        self.used = frame.len();
        true
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: as above, and `used` never exceeds `capacity`.
        unsafe { core::slice::from_raw_parts(self.base.as_ptr(), self.used) }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // SAFETY: from heap_caps_calloc, freed once.
        unsafe { sys::heap_caps_free(self.base.as_ptr().cast()) }
    }
}

// SAFETY: a plain owner of bytes.
unsafe impl Send for Slot {}
