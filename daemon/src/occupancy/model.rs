//! From what was compared to how probable a vehicle is. The model is a handful of numbers in a file that says where they come from.

use serde::{Deserialize, Serialize};

use super::reference::Parts;
use super::train::Fit;

/// The model that this program has when it is given no other.
const SHIPPED: &str = include_str!("model.json");
/// The layout of the file that this program reads.
const FORMAT: u32 = 1;
/// Largest model file, in bytes.
pub const MODEL_BYTES_MAX: u64 = 64 * 1024;

/// A model, as its file holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    format: u32,
    pub provenance: Provenance,
    bias: f64,
    features: Vec<Feature>,
}

/// Where the numbers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Names of the sets that it was trained on.
    pub sets: Vec<String>,
    /// What was done to their pictures besides, so that it also knows cameras that it was not trained on.
    pub disturbances: Vec<String>,
    pub examples: usize,
    pub occupied: usize,
    /// Pictures of the empty slot that each example was compared with.
    pub references: usize,
    pub seed: u64,
    pub penalty: f64,
    /// The version of the program that made it.
    pub made_by: String,
}

/// What one part of a comparison adds to the log-odds: `weight` times how many `scale`s it is from `mean`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    name: String,
    weight: f64,
    mean: f64,
    scale: f64,
}

impl Model {
    /// # Panics
    /// Never: a test reads the same file.
    pub fn shipped() -> Self {
        Self::parse(SHIPPED).expect("the model of this program is one")
    }

    /// # Errors
    /// When the text is no model, or one for another program.
    pub fn parse(text: &str) -> Result<Self, String> {
        let model: Self = serde_json::from_str(text).map_err(|e| format!("this is no model: {e}"))?;
        if model.format != FORMAT || !model.features.iter().map(|feature| feature.name.as_str()).eq(Parts::NAMES) {
            return Err(format!("this model is of another version: train it again with this parkd (format {FORMAT})"));
        }
        let numbers = model.features.iter().flat_map(|feature| [feature.weight, feature.mean, 1.0 / feature.scale]);
        if !numbers.chain([model.bias]).all(f64::is_finite) {
            return Err("this model holds numbers that cannot be calculated with".into());
        }
        Ok(model)
    }

    pub fn new(fit: Fit, provenance: Provenance) -> Self {
        let rounded = |value: f64| (value * 1e6).round() / 1e6;
        let numbers = fit.weights.iter().zip(&fit.means).zip(&fit.scales);
        let features = Parts::NAMES.iter().zip(numbers).map(|(name, ((weight, mean), scale))| Feature {
            name: (*name).into(),
            weight: rounded(*weight),
            mean: rounded(*mean),
            scale: rounded(*scale),
        });
        Self { format: FORMAT, provenance, bias: rounded(fit.bias), features: features.collect() }
    }

    /// The file.
    ///
    /// # Errors
    /// When a number cannot be written.
    pub fn to_text(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|e| format!("cannot write a model: {e}"))
    }

    /// Log-odds of a vehicle: above 0 when one is more probable than none.
    pub fn odds(&self, parts: &Parts) -> f64 {
        let adds = self.features.iter().zip(parts.values());
        self.bias + adds.map(|(feature, value)| feature.weight * (value - feature.mean) / feature.scale).sum::<f64>()
    }
}

/// The probability that log-odds stand for.
pub fn probability(odds: f64) -> f32 {
    (1.0 / (1.0 + (-odds).exp())) as f32
}

/// How far the log-odds of one slot may be moved by what people said of it; standard deviation before anything was said.
const OFFSET_SPREAD: f64 = 1.5;
/// Steps of Newton's method in one dimension.
const OFFSET_STEPS: usize = 20;

/// What must be added to the log-odds of one slot, so that they fit what people said of it: `(log-odds, whether it was occupied)`.
/// Needs both kinds, for with one alone it would only grow.
pub fn offset(said: &[(f64, bool)]) -> f64 {
    if said.iter().all(|(_, is_occupied)| *is_occupied) || !said.iter().any(|(_, is_occupied)| *is_occupied) {
        return 0.0;
    }
    let mut offset = 0.0;
    for _ in 0..OFFSET_STEPS {
        let held = 1.0 / (OFFSET_SPREAD * OFFSET_SPREAD);
        let (mut slope, mut bend) = (-offset * held, held);
        for (odds, is_occupied) in said {
            let chance = f64::from(probability(odds + offset));
            slope += f64::from(u8::from(*is_occupied)) - chance;
            bend += chance * (1.0 - chance);
        }
        offset += slope / bend;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_says_where_it_comes_from_and_tells_a_vehicle_from_bare_ground() {
        let model = Model::shipped();
        assert!(!model.provenance.sets.is_empty() && model.provenance.examples > 1_000);
        let empty = Parts { edges: 0.05, edges_over_empty: 0.0, structure: 0.05, brightness: 0.1 };
        let full = Parts { edges: 0.25, edges_over_empty: 0.2, structure: 0.6, brightness: 0.7 };
        assert!(probability(model.odds(&empty)) < 0.1 && probability(model.odds(&full)) > 0.9);
        assert_eq!(Model::parse(&model.to_text().expect("a text")), Ok(model));
    }

    #[test]
    fn a_file_that_is_no_model_is_refused() {
        assert!(Model::parse("{}").is_err());
        assert!(Model::parse(&SHIPPED.replace("\"structure\"", "\"colour\"")).is_err());
    }

    #[test]
    fn what_people_say_moves_the_odds_of_a_slot_but_not_without_end() {
        assert_eq!(offset(&[(5.0, false), (4.0, false)]), 0.0, "nobody has seen it occupied");
        let moved = offset(&[(2.0, false), (1.5, false), (6.0, true), (7.0, true)]);
        assert!((-4.0..-0.5).contains(&moved), "{moved}");
        assert!(offset(&[(-1.0, false), (1.0, true)]).abs() < 0.01);
    }
}
