//! The camera module, through Espressif's C driver `esp32-camera`.
//!
//! The C side is declared by hand in [`ffi`]: its names stay out of `esp_idf_svc::sys`. The price is that the version of the component in
//! `Cargo.toml` is pinned exactly; look at `ffi` whenever it changes.

use std::ptr::NonNull;
use std::thread::sleep;
use std::time::Duration;

use camera_core::machine::QUALITIES;
use esp_idf_svc::sys::{self, esp, EspError, ESP_ERR_TIMEOUT};

use crate::gpio;
use crate::pins::PINS;

/// JPEG quality of the driver (lower is better) for each step of the core.
const JPEG_QUALITIES: [i32; QUALITIES] = [12, 16, 22, 30];
/// Pictures that are thrown away after a start, until exposure has settled.
const WARM_UP: usize = 3;
/// How long the module is without power when it is restarted, and how long it needs afterwards.
const OFF: Duration = Duration::from_millis(200);
const ON: Duration = Duration::from_millis(50);

#[allow(non_camel_case_types)]
mod ffi {
    use core::ffi::c_int;
    use esp_idf_svc::sys::{esp_err_t, ledc_channel_t, ledc_timer_t, timeval};

    pub const PIXFORMAT_JPEG: u32 = 4;
    pub const FRAMESIZE_SVGA: u32 = 11;
    pub const FB_IN_PSRAM: u32 = 0;
    pub const GRAB_LATEST: u32 = 1;

    #[repr(C)]
    pub struct camera_config_t {
        pub pin_pwdn: c_int,
        pub pin_reset: c_int,
        pub pin_xclk: c_int,
        pub pin_sccb_sda: c_int,
        pub pin_sccb_scl: c_int,
        /// D7 first, D0 last.
        pub pin_d7_to_d0: [c_int; 8],
        pub pin_vsync: c_int,
        pub pin_href: c_int,
        pub pin_pclk: c_int,
        pub xclk_freq_hz: c_int,
        pub ledc_timer: ledc_timer_t,
        pub ledc_channel: ledc_channel_t,
        pub pixel_format: u32,
        pub frame_size: u32,
        pub jpeg_quality: c_int,
        pub fb_count: usize,
        pub fb_location: u32,
        pub grab_mode: u32,
        pub sccb_i2c_port: c_int,
    }

    #[repr(C)]
    pub struct camera_fb_t {
        pub buf: *mut u8,
        pub len: usize,
        pub width: usize,
        pub height: usize,
        pub format: u32,
        pub timestamp: timeval,
    }

    const _: () = assert!(size_of::<camera_config_t>() == 104);
    const _: () = assert!(size_of::<camera_fb_t>() == 40);

    extern "C" {
        pub fn esp_camera_init(config: *const camera_config_t) -> esp_err_t;
        pub fn esp_camera_deinit() -> esp_err_t;
        pub fn esp_camera_fb_get() -> *mut camera_fb_t;
        pub fn esp_camera_fb_return(fb: *mut camera_fb_t);
    }
}

/// The running driver; there is one.
pub struct Camera;

impl Camera {
    /// Cycles the power of the module, then starts the driver.
    ///
    /// The cycle is done here and not left to `pin_pwdn`: a sensor that hung keeps hanging through the short pulse of the driver.
    pub fn start(quality: u8) -> Result<Self, EspError> {
        gpio::output(PINS.pwdn, true)?;
        sleep(OFF);
        gpio::output(PINS.pwdn, false)?;
        sleep(ON);
        let config = ffi::camera_config_t {
            pin_pwdn: -1,
            pin_reset: PINS.reset,
            pin_xclk: PINS.xclk,
            pin_sccb_sda: PINS.sccb_sda,
            pin_sccb_scl: PINS.sccb_scl,
            pin_d7_to_d0: PINS.data,
            pin_vsync: PINS.vsync,
            pin_href: PINS.href,
            pin_pclk: PINS.pclk,
            xclk_freq_hz: 20_000_000,
            ledc_timer: 0,
            ledc_channel: 0,
            pixel_format: ffi::PIXFORMAT_JPEG,
            frame_size: ffi::FRAMESIZE_SVGA,
            jpeg_quality: JPEG_QUALITIES[usize::from(quality)],
            fb_count: 2,
            fb_location: ffi::FB_IN_PSRAM,
            grab_mode: ffi::GRAB_LATEST,
            sccb_i2c_port: 1,
        };
        // SAFETY: the driver copies the configuration; nothing else in this program runs it.
        esp!(unsafe { ffi::esp_camera_init(&config) })?;
        for _ in 0..WARM_UP {
            drop(Self.shoot());
        }
        Ok(Self)
    }

    /// Waits for the next picture, within the driver's own limit.
    pub fn shoot(&self) -> Result<Frame, EspError> {
        // SAFETY: a plain call; null means that no picture came in time.
        NonNull::new(unsafe { ffi::esp_camera_fb_get() })
            .map(Frame)
            .ok_or_else(EspError::from_infallible::<ESP_ERR_TIMEOUT>)
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        // SAFETY: frames are used within one turn of the main loop, so none is out.
        if let Err(error) = esp!(unsafe { ffi::esp_camera_deinit() }) {
            log::warn!("the camera driver did not stop: {error}");
        }
    }
}

/// One JPEG, lent by the driver and given back on drop.
pub struct Frame(NonNull<ffi::camera_fb_t>);

impl Frame {
    pub fn jpeg(&self) -> &[u8] {
        // SAFETY: the driver leaves buffer and length alone until the frame is given back.
        unsafe {
            let frame = self.0.as_ref();
            core::slice::from_raw_parts(frame.buf, frame.len)
        }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: taken from esp_camera_fb_get and given back once.
        unsafe { ffi::esp_camera_fb_return(self.0.as_ptr()) }
    }
}

/// Free bytes inside the chip.
pub fn free_heap() -> u32 {
    // SAFETY: a plain getter.
    unsafe { sys::heap_caps_get_free_size(sys::MALLOC_CAP_INTERNAL) as u32 }
}
