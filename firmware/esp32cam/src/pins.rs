//! Where everything is on a board. Another board is another table here, and nothing else.

/// The pins of a board; -1 where there is none.
pub struct Pins {
    /// Name of the board: firmware for another is refused.
    pub board: &'static str,
    pub pwdn: i32,
    pub reset: i32,
    pub xclk: i32,
    pub sccb_sda: i32,
    pub sccb_scl: i32,
    /// D7 first, D0 last.
    pub data: [i32; 8],
    pub vsync: i32,
    pub href: i32,
    pub pclk: i32,
    /// The red LED, and whether it is lit when the pin is low.
    pub led: i32,
    pub led_is_low: bool,
    /// The flash lamp, which has to be kept dark; -1 where there is none.
    pub lamp: i32,
}

/// ESP32-CAM of AI-Thinker and its many copies.
#[cfg(feature = "ai-thinker")]
pub const PINS: Pins = Pins {
    board: "aithinker",
    pwdn: 32,
    reset: -1,
    xclk: 0,
    sccb_sda: 26,
    sccb_scl: 27,
    data: [35, 34, 39, 36, 21, 19, 18, 5],
    vsync: 25,
    href: 23,
    pclk: 22,
    led: 33,
    led_is_low: true,
    lamp: 4,
};

/// ESP32-WROVER-CAM of Freenove. It has no power-down line, so its module is restarted by its own reset alone.
#[cfg(feature = "wrover")]
pub const PINS: Pins = Pins {
    board: "wrover",
    pwdn: -1,
    reset: -1,
    xclk: 21,
    sccb_sda: 26,
    sccb_scl: 27,
    data: [35, 34, 39, 36, 19, 18, 5, 4],
    vsync: 25,
    href: 23,
    pclk: 22,
    led: 2,
    led_is_low: false,
    lamp: -1,
};
