//! Fills a lot through the daemon's own door.

use parking_api::paths;

use crate::Result;
use crate::http::Connection;
use crate::process::Parkd;

/// Slots per zone.
const ZONE_SLOTS: usize = 500;
/// Slots side by side on the plan, and the size of one, in metres.
const ROW_SLOTS: usize = 50;
const SLOT_SIZE: (f64, f64) = (2.5, 5.0);

/// The code of the slot `index`.
pub fn code(index: usize) -> String {
    format!("{}-{:04}", zone(index), index + 1)
}

fn zone(index: usize) -> char {
    char::from(b'A' + (index / ZONE_SLOTS % 26) as u8)
}

/// Creates `count` slots, or writes another note on each when they are there; that many events in one request.
pub async fn import(parkd: &Parkd, count: usize, note: &str) -> Result<()> {
    let rows: Vec<_> = (0..count)
        .map(|index| {
            let (x, y) = ((index % ROW_SLOTS) as f64 * SLOT_SIZE.0, (index / ROW_SLOTS) as f64 * SLOT_SIZE.1);
            serde_json::json!({
                "code": code(index), "zone": format!("Zone {}", zone(index)), "level": index / 5_000,
                "kind": if index % 20 == 0 { "ev" } else { "standard" }, "position": {"x": x, "y": y}, "note": note,
            })
        })
        .collect();
    let body = serde_json::Value::Array(rows).to_string();
    let request = parkd.request("POST", paths::SLOTS_IMPORT, "content-type: application/json\r\n", &body);
    let (head, _, answer) = Connection::open(parkd.address()).await?.fetch(&request).await?;
    if head.status != 200 {
        return Err(format!("the import was refused: {}", String::from_utf8_lossy(&answer)).into());
    }
    Ok(())
}

/// A request that sets a slot's state.
pub fn put(parkd: &Parkd, index: usize, state: &str) -> Vec<u8> {
    let path = paths::fill(paths::SLOT, code(index));
    parkd.request("PUT", &path, "content-type: application/json\r\n", &format!("{{\"state\":\"{state}\"}}"))
}
