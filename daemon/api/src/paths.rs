//! Every path, once, for the router and for every client; and the names of headers.

pub const LOTS: &str = "/api/lots";
pub const LOT: &str = "/api/lots/{lot}";
pub const SLOTS: &str = "/api/slots";
pub const SLOT: &str = "/api/slots/{slot}";
pub const SLOT_TOGGLE: &str = "/api/slots/{slot}/toggle";
pub const SLOTS_IMPORT: &str = "/api/slots/import";
pub const SLOTS_STATS: &str = "/api/slots/stats";
pub const SLOTS_HISTORY: &str = "/api/slots/history";
pub const CAPTURE: &str = "/api/capture";
pub const CAPTURE_LATEST: &str = "/api/capture/latest";
pub const CAPTURES: &str = "/api/captures";
pub const CAPTURE_ID: &str = "/api/captures/{capture}";
pub const IMAGES: &str = "/images/{*key}";
pub const SESSIONS: &str = "/api/sessions";
pub const SESSION: &str = "/api/sessions/{session}";
pub const SESSIONS_STATS: &str = "/api/sessions/stats";
pub const SESSIONS_ENTRY: &str = "/api/sessions/entry";
pub const SESSIONS_EXIT: &str = "/api/sessions/exit";
pub const CAMERAS: &str = "/api/cameras";
pub const CAMERA: &str = "/api/cameras/{camera}";
pub const CAMERA_HEALTH: &str = "/api/cameras/{camera}/health";
pub const CAMERA_CAPTURE: &str = "/api/cameras/{camera}/capture";
pub const CAMERA_TOKEN: &str = "/api/cameras/{camera}/token";
pub const CAMERA_REGIONS: &str = "/api/cameras/{camera}/regions";
pub const CAMERA_CALIBRATE: &str = "/api/cameras/{camera}/calibrate";
pub const CAMERA_VIEWS: &str = "/api/cameras/{camera}/views";
pub const SLOT_WHY: &str = "/api/slots/{slot}/why";
pub const FIRMWARES: &str = "/api/firmware";
pub const FIRMWARE: &str = "/api/firmware/{firmware}";
pub const FIRMWARE_IMAGE: &str = "/api/firmware/{firmware}/image";
pub const FIRMWARE_ROLL_OUT: &str = "/api/firmware/{firmware}/roll-out";
pub const FIRMWARE_KEY: &str = "/api/firmware/key";
pub const EVENTS: &str = "/api/events";
pub const WS: &str = "/ws";
pub const TOKENS: &str = "/api/tokens";
pub const TOKEN: &str = "/api/tokens/{token}";
pub const LOGIN: &str = "/api/login";
pub const LOGOUT: &str = "/api/logout";
pub const STORAGE: &str = "/api/storage";
pub const VERSION: &str = "/api/version";
pub const OPENAPI: &str = "/api/openapi.json";
pub const DOCS: &str = "/api/docs";
pub const LIVE: &str = "/health/live";
pub const READY: &str = "/health/ready";

/// `seq` of a mutation, in its answer.
pub const SEQ_HEADER: &str = "seq";
/// Cursor of the next page of a list, in its answer; absent on the last page.
pub const NEXT_CURSOR_HEADER: &str = "next-cursor";
pub const IDEMPOTENCY_HEADER: &str = "idempotency-key";
/// Present and `true` in an answer that is a repetition of an earlier one.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
pub const CAPTURED_AT_HEADER: &str = "x-captured-at";
/// Milliseconds since the picture was taken, from a camera that has no clock.
pub const CAPTURED_AGE_HEADER: &str = "x-captured-age";
pub const CSRF_HEADER: &str = "x-csrf-token";
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_MAX: usize = 128;
/// Rows of a page when the caller does not say, and at most.
pub const PAGE_DEFAULT: usize = 100;
pub const PAGE_MAX: usize = 1_000;

/// Buckets of one answer at most: a month by hour, three years by day.
pub const HISTORY_BUCKETS_MAX: usize = 1_100;

/// `template` with its one `{name}` replaced. The values are ids of [`crate::ids`], which need no escaping.
pub fn fill(template: &str, value: impl std::fmt::Display) -> String {
    match (template.find('{'), template.find('}')) {
        (Some(start), Some(end)) => format!("{}{value}{}", &template[..start], &template[end + 1..]),
        _ => template.to_string(),
    }
}

/// The path of the object `key`.
pub fn image(key: &str) -> String {
    format!("/images/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_in_place() {
        assert_eq!(fill(SLOT_TOGGLE, "A-12"), "/api/slots/A-12/toggle");
        assert_eq!(fill(LOTS, "x"), LOTS);
    }
}
