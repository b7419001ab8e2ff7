//! Pictures in a terminal: which protocol it understands, and what is sent in it. Knows nothing of lots and panes.

pub mod blocks;
pub mod choice;
pub mod late;
pub mod paint;
pub mod place;
pub mod probe;
pub mod replies;
pub mod sixel;
pub mod studio;

use std::fmt;
use std::sync::Arc;

use parking_api::captures::Capture;
use serde::{Deserialize, Serialize};

use blocks::Block;

/// How pictures are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Kitty,
    Sixel,
    Iterm2,
    /// In cells, by their two colours: works wherever there are colours.
    #[default]
    Half,
    Off,
}

impl Protocol {
    pub const ALL: [Self; 5] = [Self::Kitty, Self::Sixel, Self::Iterm2, Self::Half, Self::Off];

    pub fn name(self) -> &'static str {
        match self {
            Self::Kitty => "kitty",
            Self::Sixel => "sixel",
            Self::Iterm2 => "iterm2",
            Self::Half => "half",
            Self::Off => "off",
        }
    }

    /// Whether it draws pixels, which lie over the cells and are not part of them.
    pub fn is_pixels(self) -> bool {
        matches!(self, Self::Kitty | Self::Sixel | Self::Iterm2)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a picture has to be made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Drawing {
    pub protocol: Protocol,
    /// Width and height of a cell, in pixels.
    pub cell: (u16, u16),
}

/// Width and height of a cell where the terminal does not say, in pixels.
pub const CELL_GUESS: (u16, u16) = (8, 16);

impl Default for Drawing {
    fn default() -> Self {
        Self { protocol: Protocol::default(), cell: CELL_GUESS }
    }
}

/// A picture and what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    pub capture: Capture,
    pub image: Rendered,
}

/// A picture made ready to be shown in so many cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rendered {
    /// Columns and rows.
    pub cells: (u16, u16),
    /// How each cell looks, row by row; see [`blocks`].
    #[serde(with = "packed")]
    pub blocks: Vec<u8>,
    /// The same in the pixels of the terminal. Not written down: it is large, and another terminal has no use for it.
    #[serde(skip)]
    pub pixels: Option<Pixels>,
}

/// A picture in the words of a protocol, but where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Pixels {
    pub protocol: Protocol,
    pub cells: (u16, u16),
    pub body: Arc<[u8]>,
}

impl Rendered {
    /// Bytes of memory that it takes.
    pub fn weight(&self) -> usize {
        self.blocks.len() + self.pixels.as_ref().map_or(0, |pixels| pixels.body.len())
    }

    pub fn block_at(&self, column: u16, row: u16) -> Option<Block> {
        let index = usize::from(row) * usize::from(self.cells.0) + usize::from(column);
        blocks::at(&self.blocks, index).filter(|_| column < self.cells.0)
    }
}

/// Bytes as a text that is not much longer.
mod packed {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
