//! Why a slot is in its state: what each camera makes of it, with what it sees and what it remembers of the empty slot, small.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use image::imageops::crop_imm;
use parking_api::client::{Client, Error};
use parking_api::regions::{SlotView, Why};
use parking_api::{SlotId, SlotRef};
use serde::{Deserialize, Serialize};

use crate::images::{Drawing, Rendered, paint};
use crate::terminal::spared;

/// Columns and rows of each of the two pictures.
pub const CELLS: (u16, u16) = (20, 10);
/// Cameras whose pictures are looked at: those that see the slot best come first.
const VIEWS_MAX: usize = 2;
/// Width of the picture that a slot is cut out of, in pixels.
const WIDTH: u32 = 1600;
/// What a reference is sent as.
const DATA: &str = "data:image/png;base64,";

/// Why a slot is in its state, and what can be shown of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    pub why: Why,
    /// Of the first cameras, in their order.
    pub looks: Vec<Looks>,
}

/// A slot as a camera sees it, and as it remembers it empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    pub now: Option<Rendered>,
    pub empty: Option<Rendered>,
}

/// What is known of a slot that somebody asks about.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub slot: SlotId,
    /// None while it is looked up.
    pub answer: Option<Box<Explained>>,
    /// Why there is no answer.
    pub failed: Option<String>,
}

/// Asks the daemon, and cuts the slot out of the pictures that it names.
///
/// # Errors
/// When the daemon does not say why. That there is no picture is no failure.
pub async fn explain(client: &Client, slot: SlotId) -> Result<Explained, Error> {
    let why = client.slot_why(&SlotRef::Id(slot)).await?;
    let mut looks = Vec::new();
    for view in why.views.iter().take(VIEWS_MAX) {
        let key = view.capture_url.as_deref().and_then(|url| url.strip_prefix("/images/"));
        let bytes = match key {
            Some(key) => client.image(key, Some(WIDTH)).await.ok(),
            None => None,
        };
        let view = view.clone();
        let look = tokio::task::spawn_blocking(move || spared(|| look(&view, bytes.as_deref())));
        looks.push(look.await.unwrap_or_default());
    }
    Ok(Explained { why, looks })
}

/// Takes milliseconds: never on the loop.
fn look(view: &SlotView, bytes: Option<&[u8]>) -> Looks {
    let now = || cut(&paint::decode(bytes?).ok()?, view.crop?);
    let empty = || {
        let png = STANDARD.decode(view.reference.as_ref()?.strip_prefix(DATA)?).ok()?;
        small(&paint::decode(&png).ok()?)
    };
    Looks { now: now(), empty: empty() }
}

/// `crop` is left, top, width and height, as fractions of the picture.
pub fn cut(image: &RgbImage, crop: [f32; 4]) -> Option<Rendered> {
    let sides = [image.width(), image.height(), image.width(), image.height()];
    let [x, y, width, height] = [0, 1, 2, 3].map(|at| (crop[at].clamp(0.0, 1.0) * sides[at] as f32) as u32);
    let (x, y) = (x.min(image.width().saturating_sub(1)), y.min(image.height().saturating_sub(1)));
    small(&crop_imm(image, x, y, width.max(1), height.max(1)).to_image())
}

fn small(image: &RgbImage) -> Option<Rendered> {
    paint::render(image, CELLS, Drawing::default()).ok()
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn what_is_cut_out_is_what_the_camera_looked_at() {
        let image = RgbImage::from_fn(200, 100, |x, _| Rgb(if x < 100 { [200, 0, 0] } else { [0, 0, 200] }));
        let right = cut(&image, [0.5, 0.0, 0.5, 1.0]).expect("a picture");
        assert_eq!(right.block_at(0, 0).map(|block| block.bg), Some((0, 0, 200)));
        assert_eq!(right.cells, (20, 10), "as large as there is room for");
        assert!(cut(&image, [0.99, 0.99, 2.0, f32::NAN]).is_some(), "a crop that makes no sense is no end");
    }
}
