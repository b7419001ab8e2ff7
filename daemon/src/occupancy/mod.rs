//! Free or occupied, seen from above: what a picture says of each slot that its camera sees, and how far that may be believed.
//!
//! Reading order: [`picture`] (what can be judged at all), [`shift`] (how far the camera moved), [`crop`] and [`features`] (what one slot
//! looks like), [`reference`] (how that differs from the empty slot), [`model`] (how probable a vehicle is), [`settle`] (when to believe it),
//! [`mode`] (how far a slot may be trusted to the camera); [`train`], [`disturb`] and [`eval`] are for those who measure. Pure: no clock, no files, no
//! network, and nothing of the ledger.

pub mod crop;
pub mod disturb;
pub mod eval;
pub mod features;
pub mod mode;
pub mod model;
pub mod picture;
pub mod reference;
pub mod settle;
pub mod shift;
#[cfg(test)]
mod tests;
pub mod train;
