//! Judges an upload by its bytes: JPEG or PNG, whole, of a bearable size. Pure; knows neither names, clocks nor where bytes go.

mod jpeg;
mod png;
mod thumbnail;

use parking_api::ProblemCode;
use parking_api::captures::{CAPTURE_PIXELS_MAX, CAPTURE_SIDE_MAX};

pub use thumbnail::thumbnail;

/// Media type of a JPEG.
pub const JPEG: &str = "image/jpeg";
/// Media type of a PNG.
pub const PNG: &str = "image/png";

/// Most characters of a declared type that a message repeats.
const DECLARED_SHOWN_MAX: usize = 40;

/// What an accepted upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probed {
    /// [`JPEG`] or [`PNG`].
    pub content_type: &'static str,
    /// In pixels, as stored; an orientation in the metadata is not applied.
    pub width: u32,
    pub height: u32,
    /// Bytes to keep, from the first; what follows the end marker is padding.
    pub len: usize,
}

/// Why an upload was refused. Each message says what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeError {
    #[error("the upload holds no bytes")]
    Empty,
    #[error("the upload begins with {found}, which is neither a JPEG (ff d8 ff) nor a PNG (89 50 4e 47 0d 0a 1a 0a)")]
    NotRecognised { found: String },
    #[error("the upload is declared as {declared:?} but its content is {found}")]
    TypeMismatch { declared: String, found: &'static str },
    #[error("the {format} of {len} bytes ends {place}")]
    Truncated { format: &'static str, len: usize, place: &'static str },
    #[error("the {format} is not valid: {reason}")]
    Invalid { format: &'static str, reason: String },
    #[error(
        "the picture has {width}x{height} pixels; at most {CAPTURE_SIDE_MAX} a side and {CAPTURE_PIXELS_MAX} in all are accepted"
    )]
    TooLarge { width: u32, height: u32 },
}

impl ProbeError {
    /// The code that a caller of the API sees.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Empty => ProblemCode::ImageEmpty,
            Self::NotRecognised { .. } => ProblemCode::ImageNotRecognised,
            Self::TypeMismatch { .. } => ProblemCode::ImageTypeMismatch,
            Self::Truncated { .. } => ProblemCode::ImageTruncated,
            Self::Invalid { .. } => ProblemCode::ImageInvalid,
            Self::TooLarge { .. } => ProblemCode::ImageTooLarge,
        }
    }
}

/// Whether `bytes` claim to be a JPEG.
pub fn is_jpeg(bytes: &[u8]) -> bool {
    bytes.starts_with(jpeg::MAGIC)
}

/// Judges `bytes`, and that they are what a `declared` media type says, if it names an image.
///
/// Size is judged from the header, before anything is unpacked. A PNG is unpacked to prove it whole, through a window of a few
/// KiB; a JPEG is walked marker by marker to its end but not decoded, because that costs a tenth of a second at 12 MP.
///
/// # Errors
/// A [`ProbeError`] says which rule the upload breaks.
pub fn probe(bytes: &[u8], declared: Option<&str>) -> Result<Probed, ProbeError> {
    if bytes.is_empty() {
        return Err(ProbeError::Empty);
    }
    let found = if is_jpeg(bytes) {
        JPEG
    } else if bytes.starts_with(png::MAGIC) {
        PNG
    } else {
        return Err(ProbeError::NotRecognised { found: first_bytes(bytes) });
    };
    if let Some(declared) = declared
        && !agrees(declared, found)
    {
        let declared = declared.chars().take(DECLARED_SHOWN_MAX).collect();
        return Err(ProbeError::TypeMismatch { declared, found });
    }
    if found == JPEG { jpeg::walk(bytes) } else { png::walk(bytes) }
}

/// Whether a declared media type may go with content of type `found`. A type outside `image/` declares nothing.
fn agrees(declared: &str, found: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "image/jpg" | "image/pjpeg" => found == JPEG,
        "image/x-png" => found == PNG,
        "image/*" => true,
        other => !other.starts_with("image/") || other == found,
    }
}

fn check_size(width: u32, height: u32) -> Result<(), ProbeError> {
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > CAPTURE_SIDE_MAX || pixels > CAPTURE_PIXELS_MAX {
        return Err(ProbeError::TooLarge { width, height });
    }
    Ok(())
}

fn first_bytes(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes.iter().take(png::MAGIC.len()).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ")
}

/// Reads big-endian fields off the front of a slice; `None` when it is used up.
#[derive(Debug, Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }
}

#[cfg(test)]
mod tests;
