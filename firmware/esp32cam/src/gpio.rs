//! Pins by their number, as a table names them.

use esp_idf_svc::sys::{self, esp, EspError};

/// Makes a pin an output of this level, if there is one. It keeps its level from then on; nobody else uses those of the table.
pub fn output(pin: i32, is_high: bool) -> Result<(), EspError> {
    if pin < 0 {
        return Ok(());
    }
    // SAFETY: plain calls of the driver, which checks the number. The level is set first, so that the pin never has another.
    unsafe {
        esp!(sys::gpio_set_level(pin, u32::from(is_high)))?;
        esp!(sys::gpio_set_direction(pin, sys::gpio_mode_t_GPIO_MODE_OUTPUT))
    }
}
