//! Walks a PNG from its signature to IEND (W3C PNG, third edition) and unpacks its pixels through a small window to prove them
//! whole. Keeps no pixel; knows nothing of uploads.

use flate2::{Decompress, FlushDecompress, Status};

use super::{PNG, ProbeError, Probed, Reader, check_size};

/// The eight bytes every PNG begins with.
pub const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Bytes unpacked at a time; all that a picture of any size costs besides the unpacker's own 32 KiB window.
const WINDOW_BYTES: usize = 16 * 1024;
/// Longest chunk that the format allows.
const CHUNK_BYTES_MAX: u32 = i32::MAX as u32;
/// Longest palette: 256 colours of three bytes.
const PALETTE_BYTES_MAX: usize = 256 * 3;
/// The highest filter number that may begin a row.
const FILTER_MAX: u8 = 4;
/// Column and row at which each Adam7 pass begins, and its steps.
const ADAM7: [(u32, u32, u32, u32); 7] =
    [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

const COLOUR_GREY: u8 = 0;
const COLOUR_RGB: u8 = 2;
const COLOUR_PALETTE: u8 = 3;
const COLOUR_GREY_ALPHA: u8 = 4;
const COLOUR_RGBA: u8 = 6;

/// What IHDR says.
#[derive(Debug, Clone, Copy)]
struct Header {
    width: u32,
    height: u32,
    bit_depth: u8,
    colour: u8,
    is_interlaced: bool,
}

/// Finds the end of the PNG that `bytes` begin with, and its size.
pub fn walk(bytes: &[u8]) -> Result<Probed, ProbeError> {
    let truncated = |place| ProbeError::Truncated { format: "PNG", len: bytes.len(), place };
    let mut rest = Reader(&bytes[MAGIC.len()..]);
    let first = next_chunk(&mut rest).ok_or_else(|| truncated("inside its header"))??;
    let header = Header::read(first.0, first.1)?;
    let mut pixels = Pixels::new(&header);
    let mut has_palette = false;
    let mut previous = first.0;
    loop {
        let (kind, data) = next_chunk(&mut rest).ok_or_else(|| truncated("before its last chunk (IEND)"))??;
        match &kind {
            b"IDAT" if pixels.is_begun && previous != kind => {
                return Err(invalid("its IDAT chunks are not in one row"));
            }
            b"IDAT" if header.colour == COLOUR_PALETTE && !has_palette => {
                return Err(invalid("its palette (PLTE) is missing"));
            }
            b"IDAT" => pixels.unpack(data)?,
            b"PLTE" => {
                check_palette(&header, data, has_palette, pixels.is_begun)?;
                has_palette = true;
            }
            b"IEND" => {
                pixels.finish()?;
                let len = bytes.len() - rest.0.len();
                return Ok(Probed { content_type: PNG, width: header.width, height: header.height, len });
            }
            b"IHDR" => return Err(invalid("it has two headers (IHDR)")),
            // An upper-case first letter says that the picture cannot be shown without the chunk.
            other if other[0].is_ascii_uppercase() => {
                return Err(invalid(format!("it needs the unknown chunk {}", other.escape_ascii())));
            }
            _ => {}
        }
        previous = kind;
    }
}

/// The next chunk with its checksum proven; `None` when the bytes end inside it.
#[expect(clippy::type_complexity, reason = "a chunk is its four letters and its data")]
fn next_chunk<'a>(rest: &mut Reader<'a>) -> Option<Result<([u8; 4], &'a [u8]), ProbeError>> {
    let len = rest.u32()?;
    if len > CHUNK_BYTES_MAX {
        return Some(Err(invalid(format!("a chunk has the impossible length {len}"))));
    }
    let body = rest.0;
    let kind: [u8; 4] = rest.take(4)?.try_into().ok()?;
    if !kind.iter().all(u8::is_ascii_alphabetic) {
        return Some(Err(invalid(format!("a chunk has the impossible name {}", kind.escape_ascii()))));
    }
    let data = rest.take(len as usize)?;
    let stored = rest.u32()?;
    if crc32fast::hash(&body[..4 + data.len()]) != stored {
        return Some(Err(invalid(format!("the checksum of chunk {} is wrong", kind.escape_ascii()))));
    }
    Some(Ok((kind, data)))
}

fn check_palette(header: &Header, data: &[u8], has_palette: bool, is_begun: bool) -> Result<(), ProbeError> {
    if has_palette || is_begun {
        return Err(invalid("its palette (PLTE) stands in the wrong place"));
    }
    if matches!(header.colour, COLOUR_GREY | COLOUR_GREY_ALPHA) {
        return Err(invalid("a grey picture has a palette (PLTE)"));
    }
    if data.is_empty() || data.len() > PALETTE_BYTES_MAX || !data.len().is_multiple_of(3) {
        return Err(invalid(format!("its palette (PLTE) has {} bytes", data.len())));
    }
    Ok(())
}

impl Header {
    fn read(kind: [u8; 4], data: &[u8]) -> Result<Self, ProbeError> {
        if &kind != b"IHDR" {
            return Err(invalid(format!("its first chunk is {}, not IHDR", kind.escape_ascii())));
        }
        let mut fields = Reader(data);
        let (Some(width), Some(height), &[bit_depth, colour, compression, filter, interlace]) =
            (fields.u32(), fields.u32(), fields.0)
        else {
            return Err(invalid(format!("its header (IHDR) has {} bytes", data.len())));
        };
        if width == 0 || height == 0 {
            return Err(invalid(format!("its size is {width}x{height}")));
        }
        check_size(width, height)?;
        let is_combination = match colour {
            COLOUR_GREY => matches!(bit_depth, 1 | 2 | 4 | 8 | 16),
            COLOUR_PALETTE => matches!(bit_depth, 1 | 2 | 4 | 8),
            COLOUR_RGB | COLOUR_GREY_ALPHA | COLOUR_RGBA => matches!(bit_depth, 8 | 16),
            _ => false,
        };
        if !is_combination || compression != 0 || filter != 0 || interlace > 1 {
            return Err(invalid(format!(
                "its header has bit depth {bit_depth}, colour type {colour}, compression {compression}, filter {filter} \
                 and interlace {interlace}"
            )));
        }
        Ok(Self { width, height, bit_depth, colour, is_interlaced: interlace == 1 })
    }

    /// How many rows of how many bytes (with the filter byte) each pass has; one pass when not interlaced.
    fn passes(&self) -> Vec<(u64, u64)> {
        let samples: u64 = match self.colour {
            COLOUR_RGB => 3,
            COLOUR_GREY_ALPHA => 2,
            COLOUR_RGBA => 4,
            _ => 1,
        };
        let pixel_bits = samples * u64::from(self.bit_depth);
        let row_bytes = |width: u32| 1 + (u64::from(width) * pixel_bits).div_ceil(8);
        if !self.is_interlaced {
            return vec![(u64::from(self.height), row_bytes(self.width))];
        }
        let mut passes = Vec::with_capacity(ADAM7.len());
        for (x, y, step_x, step_y) in ADAM7 {
            let columns = self.width.saturating_sub(x).div_ceil(step_x);
            let rows = self.height.saturating_sub(y).div_ceil(step_y);
            if columns > 0 && rows > 0 {
                passes.push((u64::from(rows), row_bytes(columns)));
            }
        }
        passes
    }
}

/// The stream of all IDAT chunks, unpacked and counted but not kept.
struct Pixels {
    inflate: Decompress,
    window: Box<[u8]>,
    /// Passes still to come, the current one last.
    passes: Vec<(u64, u64)>,
    /// Rows of the current pass that have not begun.
    rows_left: u64,
    row_bytes: u64,
    /// Bytes of the current row still to come.
    row_left: u64,
    is_begun: bool,
    is_ended: bool,
}

impl Pixels {
    fn new(header: &Header) -> Self {
        let mut passes = header.passes();
        passes.reverse();
        Self {
            inflate: Decompress::new(true),
            window: vec![0; WINDOW_BYTES].into_boxed_slice(),
            passes,
            rows_left: 0,
            row_bytes: 0,
            row_left: 0,
            is_begun: false,
            is_ended: false,
        }
    }

    fn unpack(&mut self, mut data: &[u8]) -> Result<(), ProbeError> {
        self.is_begun = true;
        // Bytes after the end of the stream are never unpacked by any decoder.
        while !self.is_ended {
            let (read_before, written_before) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(data, &mut self.window, FlushDecompress::None)
                .map_err(|error| invalid(format!("its pixels cannot be unpacked: {error}")))?;
            let read = (self.inflate.total_in() - read_before) as usize;
            let written = (self.inflate.total_out() - written_before) as usize;
            self.count(written)?;
            data = &data[read..];
            self.is_ended = status == Status::StreamEnd;
            // A window that is not full means that all of the input has been turned into output.
            if read == 0 && written == 0 || data.is_empty() && written < self.window.len() {
                break;
            }
        }
        Ok(())
    }

    /// Counts `written` bytes at the front of the window against the rows that the header announces.
    fn count(&mut self, written: usize) -> Result<(), ProbeError> {
        let mut at = 0;
        while at < written {
            if self.row_left == 0 {
                self.begin_row()?;
                if self.window[at] > FILTER_MAX {
                    return Err(invalid(format!("a row has the unknown filter {}", self.window[at])));
                }
            }
            let step = self.row_left.min((written - at) as u64);
            self.row_left -= step;
            at += step as usize;
        }
        Ok(())
    }

    fn begin_row(&mut self) -> Result<(), ProbeError> {
        if self.rows_left == 0 {
            let next = self.passes.pop();
            (self.rows_left, self.row_bytes) =
                next.ok_or_else(|| invalid("it unpacks to more pixels than its header announces"))?;
        }
        self.rows_left -= 1;
        self.row_left = self.row_bytes;
        Ok(())
    }

    fn finish(&self) -> Result<(), ProbeError> {
        if !self.is_begun {
            return Err(invalid("it has no pixels (IDAT)"));
        }
        if self.row_left > 0 || self.rows_left > 0 || !self.passes.is_empty() {
            return Err(invalid(format!(
                "it unpacks to {} bytes, fewer than its header announces",
                self.inflate.total_out()
            )));
        }
        if !self.is_ended {
            return Err(invalid("its pixels have no end mark"));
        }
        Ok(())
    }
}

fn invalid(reason: impl Into<String>) -> ProbeError {
    ProbeError::Invalid { format: "PNG", reason: reason.into() }
}
