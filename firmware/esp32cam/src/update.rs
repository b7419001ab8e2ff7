//! The firmware that does not run: written piece by piece, started on trial by the boot loader.

use esp_idf_svc::sys::{self, esp, EspError};

/// A partition that is being written.
pub struct Writing {
    partition: *const sys::esp_partition_t,
    handle: sys::esp_ota_handle_t,
}

impl Writing {
    pub fn begin() -> Result<Self, EspError> {
        // SAFETY: plain calls; the partition table lives as long as the program.
        unsafe {
            let partition = sys::esp_ota_get_next_update_partition(core::ptr::null());
            let mut handle = 0;
            // Erased while it is written, so that no watchdog barks.
            esp!(sys::esp_ota_begin(partition, sys::OTA_WITH_SEQUENTIAL_WRITES as usize, &mut handle))?;
            Ok(Self { partition, handle })
        }
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), EspError> {
        // SAFETY: the bytes are read before the call returns.
        esp!(unsafe { sys::esp_ota_write(self.handle, bytes.as_ptr().cast(), bytes.len()) })
    }

    /// Makes it the one that is started next.
    pub fn finish(self) -> Result<(), EspError> {
        // SAFETY: the handle is not used afterwards: it is forgotten.
        let (ended, partition) = (esp!(unsafe { sys::esp_ota_end(self.handle) }), self.partition);
        core::mem::forget(self);
        // SAFETY: as above, of the partition.
        ended.and_then(|()| esp!(unsafe { sys::esp_ota_set_boot_partition(partition) }))
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // SAFETY: the handle is not used afterwards. That it cannot be aborted only costs memory until the next start.
        let _ = unsafe { sys::esp_ota_abort(self.handle) };
    }
}

/// Room for an image, in bytes.
pub fn room() -> u32 {
    // SAFETY: null or a partition that lives as long as the program.
    unsafe { sys::esp_ota_get_next_update_partition(core::ptr::null()).as_ref() }.map_or(0, |partition| partition.size)
}

/// Whether this firmware has not proved itself yet.
pub fn is_trial() -> bool {
    let mut state = 0;
    // SAFETY: plain getters; the state is written before the call returns.
    let found = esp!(unsafe { sys::esp_ota_get_state_partition(sys::esp_ota_get_running_partition(), &mut state) });
    found.is_ok() && state == sys::esp_ota_img_states_t_ESP_OTA_IMG_PENDING_VERIFY
}

pub fn mark_valid() -> Result<(), EspError> {
    // SAFETY: a plain call.
    esp!(unsafe { sys::esp_ota_mark_app_valid_cancel_rollback() })
}

/// Starts the firmware from before; comes back only when there is none.
pub fn go_back() -> Result<(), EspError> {
    // SAFETY: a plain call.
    esp!(unsafe { sys::esp_ota_mark_app_invalid_rollback_and_reboot() })
}
