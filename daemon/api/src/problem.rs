//! The one error body: RFC 9457 problem details with a stable `code`. Does not know which layer refused.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Media type of an error body.
pub const PROBLEM_JSON: &str = "application/problem+json";

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal $status:literal $title:literal),+ $(,)?) => {
        /// Why a request was refused; stable, for programs to compare.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        // Not a name for each: those given by a macro are lost in the OpenAPI document. A test compares them with the codes.
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)+
            /// A code of a newer daemon; never sent by this one.
            #[serde(other)]
            Unknown,
        }

        impl ProblemCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ Self::Unknown => "unknown" }
            }

            /// The HTTP status that it goes with.
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Unknown => 500 }
            }

            /// A short summary for people, the same every time.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ Self::Unknown => "Unknown problem" }
            }
        }
    };
}

codes! {
    BadRequest = "bad_request" 400 "The request cannot be read",
    InvalidField = "invalid_field" 422 "A field has a value that is not allowed",
    ImportRefused = "import_refused" 422 "Nothing was imported: some rows are not valid",
    IdempotencyMismatch = "idempotency_mismatch" 422 "This idempotency key was used with another body",
    Unauthenticated = "unauthenticated" 401 "A valid token is needed",
    Forbidden = "forbidden" 403 "This token may not do that",
    CsrfMismatch = "csrf_mismatch" 403 "The CSRF token is missing or wrong",
    OriginRefused = "origin_refused" 403 "This origin may not open a socket",
    NotFound = "not_found" 404 "There is no such address",
    LotNotFound = "lot_not_found" 404 "There is no such lot",
    SlotNotFound = "slot_not_found" 404 "There is no such slot",
    SessionNotFound = "session_not_found" 404 "There is no such session",
    TicketUnknown = "ticket_unknown" 404 "No open visit has this ticket or plate",
    CaptureNotFound = "capture_not_found" 404 "There is no such capture",
    ImageNotFound = "image_not_found" 404 "There is no such image",
    CameraNotFound = "camera_not_found" 404 "There is no such camera",
    FirmwareNotFound = "firmware_not_found" 404 "There is no such firmware",
    TokenNotFound = "token_not_found" 404 "There is no such token",
    MethodNotAllowed = "method_not_allowed" 405 "This address does not take that method",
    RequestTimeout = "request_timeout" 408 "The request did not arrive in time",
    ToggleRefused = "toggle_refused" 409 "A reserved or closed slot is not toggled",
    AlreadyExists = "already_exists" 409 "It exists already",
    AlreadyInside = "already_inside" 409 "A visit with this ticket or plate is open already",
    LotNotEmpty = "lot_not_empty" 409 "The lot still has slots or cameras",
    LotProtected = "lot_protected" 409 "The lot main cannot be deleted",
    LimitReached = "limit_reached" 409 "The lot holds as many as it can",
    LastAdmin = "last_admin" 409 "The last admin token cannot be revoked",
    CursorTooOld = "cursor_too_old" 410 "The events after this cursor are no longer kept",
    RevStale = "rev_stale" 412 "It has changed since you read it",
    BodyTooLarge = "body_too_large" 413 "The body is larger than is allowed",
    UnsupportedMediaType = "unsupported_media_type" 415 "This content type is not accepted",
    ImageEmpty = "image_empty" 422 "The upload holds no bytes",
    ImageMissing = "image_missing" 422 "The form holds no file",
    ImageNotRecognised = "image_not_recognised" 422 "The upload is neither JPEG nor PNG",
    ImageTypeMismatch = "image_type_mismatch" 422 "The content is not of the declared type",
    ImageTruncated = "image_truncated" 422 "The picture ends before it is complete",
    ImageInvalid = "image_invalid" 422 "The picture cannot be decoded",
    ImageTooLarge = "image_too_large" 422 "The picture has too many pixels",
    SignatureInvalid = "signature_invalid" 422 "The signature is not of this firmware, or of another key",
    RangeNotSatisfiable = "range_not_satisfiable" 416 "The range lies outside the object",
    RateLimited = "rate_limited" 429 "Too many requests",
    Internal = "internal" 500 "Something went wrong in the daemon",
    Unavailable = "unavailable" 503 "The daemon cannot do that right now",
    OutcomeUnknown = "outcome_unknown" 503 "It may have been done: repeat it with its idempotency key, or look",
    Overloaded = "overloaded" 503 "Too much is waiting already",
    SpoolFull = "spool_full" 503 "The object store is away, and no more pictures can wait for it",
    StorageFull = "storage_full" 507 "The disk is full",
}

/// An error body (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: `code` says more than a page would.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub code: ProblemCode,
    /// What was attempted, on what, and why it was refused.
    pub detail: String,
    /// The field of the body or the query that is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The request as the daemon's log names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When to try again, in milliseconds; also in `Retry-After`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// For `rev_stale`: the `rev` that is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
    /// For `import_refused`: each row that is not valid, the first 100 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowProblem>,
}

/// What is wrong with one row of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowProblem {
    /// 1 is the first row of data.
    pub row: usize,
    pub field: Option<String>,
    pub detail: String,
}

/// Most rows that one problem lists.
pub const ROW_PROBLEMS_MAX: usize = 100;

impl Problem {
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            title: code.title().into(),
            status: code.status(),
            code,
            detail: detail.into(),
            field: None,
            request_id: None,
            retry_after_ms: None,
            rev: None,
            rows: Vec::new(),
        }
    }

    /// Names the field that is to blame.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_newer_daemon_is_read_as_unknown() {
        let code: ProblemCode = serde_json::from_str("\"from_the_future\"").expect("any code is read");
        assert_eq!(code, ProblemCode::Unknown);
    }

    #[test]
    fn every_code_is_the_same_word_in_rust_and_on_the_wire() {
        for code in ProblemCode::ALL {
            assert_eq!(serde_json::to_value(code).expect("a code is a string"), code.as_str());
            assert!((400..=599).contains(&code.status()));
        }
    }
}
