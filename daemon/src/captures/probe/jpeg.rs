//! Walks a JPEG from SOI to EOI (ITU-T T.81, annex B). Decodes no sample; knows nothing of uploads.

use super::{JPEG, ProbeError, Probed, Reader, check_size};

/// SOI and the first byte of the marker that must follow it.
pub const MAGIC: &[u8] = &[0xFF, 0xD8, 0xFF];

/// Most scans of one picture. Encoders write about ten; hundreds of empty ones make a small file very slow to decode.
const SCANS_MAX: usize = 64;
/// Most components of one picture (CMYK has four).
const COMPONENTS_MAX: usize = 4;

const SOF_BASELINE: u8 = 0xC0;
const SOF_EXTENDED: u8 = 0xC1;
const SOF_PROGRESSIVE: u8 = 0xC2;
const DHT: u8 = 0xC4;
const DAC: u8 = 0xCC;
const RST_FIRST: u8 = 0xD0;
const RST_LAST: u8 = 0xD7;
const SOI: u8 = 0xD8;
const EOI: u8 = 0xD9;
const SOS: u8 = 0xDA;
const DQT: u8 = 0xDB;
const DHP: u8 = 0xDE;
const TEM: u8 = 0x01;

/// What the frame header says.
#[derive(Debug)]
struct Frame {
    width: u16,
    height: u16,
    component_ids: Vec<u8>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Seen {
    frame: Option<Frame>,
    scans: usize,
    has_quantisation: bool,
}

/// Finds the end of the JPEG that `bytes` begin with, and its size.
pub fn walk(bytes: &[u8]) -> Result<Probed, ProbeError> {
    let truncated = |place| ProbeError::Truncated { format: "JPEG", len: bytes.len(), place };
    let mut rest = Reader(&bytes[2..]);
    let mut seen = Seen::default();
    loop {
        let marker = next_marker(&mut rest).ok_or_else(|| truncated("before its end marker"))??;
        match marker {
            EOI => return seen.finish(bytes.len() - rest.0.len()),
            SOI => return Err(invalid("a second picture begins inside the first")),
            // These stand alone; between segments they mean nothing and decoders skip them.
            RST_FIRST..=RST_LAST | TEM => continue,
            _ => {}
        }
        let len = rest.u16().ok_or_else(|| truncated("inside a segment header"))?;
        let Some(len) = usize::from(len).checked_sub(2) else {
            return Err(invalid(format!("segment {marker:#04x} has the impossible length {len}")));
        };
        let segment = rest.take(len).ok_or_else(|| truncated("inside a segment"))?;
        seen.read(marker, segment)?;
        if marker == SOS {
            skip_entropy_coded(&mut rest).ok_or_else(|| truncated("inside the coded picture"))??;
        }
    }
}

/// The next marker, after any fill bytes; `None` at the end of the bytes.
fn next_marker(rest: &mut Reader<'_>) -> Option<Result<u8, ProbeError>> {
    let first = rest.u8()?;
    if first != 0xFF {
        return Some(Err(invalid(format!("{first:#04x} stands where a marker should"))));
    }
    loop {
        match rest.u8()? {
            0xFF => {}
            0x00 => return Some(Err(invalid("a stuffed zero stands where a marker should"))),
            marker => return Some(Ok(marker)),
        }
    }
}

/// Moves to the marker that ends a scan; `None` when the bytes end first.
fn skip_entropy_coded(rest: &mut Reader<'_>) -> Option<Result<(), ProbeError>> {
    let bytes = rest.0;
    let mut at = 0;
    loop {
        at += memchr::memchr(0xFF, &bytes[at..])?;
        match *bytes.get(at + 1)? {
            0x00 | RST_FIRST..=RST_LAST => at += 2,
            // A fill byte; the next 0xFF may belong to a marker.
            0xFF => at += 1,
            _ if at == 0 => return Some(Err(invalid("a scan holds no data"))),
            _ => break,
        }
    }
    rest.0 = &bytes[at..];
    Some(Ok(()))
}

impl Seen {
    fn read(&mut self, marker: u8, segment: &[u8]) -> Result<(), ProbeError> {
        match marker {
            SOF_BASELINE | SOF_EXTENDED | SOF_PROGRESSIVE => self.read_frame(segment),
            SOS => self.read_scan(segment),
            DQT => {
                self.has_quantisation = true;
                Ok(())
            }
            DHT => Ok(()),
            DAC => Err(invalid("arithmetic coding is not supported")),
            DHP => Err(invalid("hierarchical coding is not supported")),
            0xC3..=0xCF => Err(invalid(format!(
                "frame type {marker:#04x} (lossless, hierarchical or arithmetic) is not supported"
            ))),
            0x02..=0xBF => Err(invalid(format!("marker {marker:#04x} is reserved"))),
            _ => Ok(()),
        }
    }

    fn read_frame(&mut self, segment: &[u8]) -> Result<(), ProbeError> {
        if self.frame.is_some() {
            return Err(invalid("it has two frame headers"));
        }
        let short = || invalid("its frame header is too short");
        let mut fields = Reader(segment);
        let precision = fields.u8().ok_or_else(short)?;
        let height = fields.u16().ok_or_else(short)?;
        let width = fields.u16().ok_or_else(short)?;
        let components = usize::from(fields.u8().ok_or_else(short)?);
        if precision != 8 {
            return Err(invalid(format!("it has {precision} bits a sample; only 8 are supported")));
        }
        if width == 0 || height == 0 {
            return Err(invalid(format!("its size is {width}x{height}")));
        }
        check_size(width.into(), height.into())?;
        if components == 0 || components > COMPONENTS_MAX || fields.0.len() != components * 3 {
            return Err(invalid(format!("its frame header of {} bytes names {components} components", segment.len())));
        }
        let mut component_ids = Vec::with_capacity(components);
        for component in fields.0.chunks_exact(3) {
            let (id, horizontal, vertical) = (component[0], component[1] >> 4, component[1] & 15);
            if !(1..=4).contains(&horizontal) || !(1..=4).contains(&vertical) || component[2] > 3 {
                return Err(invalid(format!("component {id} has an impossible sampling or table")));
            }
            if component_ids.contains(&id) {
                return Err(invalid(format!("component {id} is named twice")));
            }
            component_ids.push(id);
        }
        self.frame = Some(Frame { width, height, component_ids });
        Ok(())
    }

    fn read_scan(&mut self, segment: &[u8]) -> Result<(), ProbeError> {
        let Some(frame) = &self.frame else {
            return Err(invalid("a scan comes before the frame header"));
        };
        if !self.has_quantisation {
            return Err(invalid("a scan comes before any quantisation table"));
        }
        self.scans += 1;
        if self.scans > SCANS_MAX {
            return Err(invalid(format!("it has more than {SCANS_MAX} scans")));
        }
        let mut fields = Reader(segment);
        let components = usize::from(fields.u8().unwrap_or_default());
        // After the components come the spectral range (two bytes) and the approximation (one).
        if components == 0 || components > COMPONENTS_MAX || fields.0.len() != components * 2 + 3 {
            return Err(invalid(format!("a scan header of {} bytes names {components} components", segment.len())));
        }
        for selector in fields.0.chunks_exact(2).take(components) {
            if !frame.component_ids.contains(&selector[0]) {
                return Err(invalid(format!("a scan names component {}, which the frame does not have", selector[0])));
            }
        }
        Ok(())
    }

    fn finish(self, len: usize) -> Result<Probed, ProbeError> {
        let Some(frame) = self.frame else {
            return Err(invalid("it ends without a frame header"));
        };
        if self.scans == 0 {
            return Err(invalid("it ends without a scan"));
        }
        Ok(Probed { content_type: JPEG, width: frame.width.into(), height: frame.height.into(), len })
    }
}

fn invalid(reason: impl Into<String>) -> ProbeError {
    ProbeError::Invalid { format: "JPEG", reason: reason.into() }
}
