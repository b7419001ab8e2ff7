//! Learns the numbers of a model from examples: logistic regression by Newton's method. The same examples give the same numbers, to the
//! last bit, for nothing here depends on chance or on order of execution.

/// What is looked at of one example, and whether there was a vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub features: Vec<f64>,
    pub is_occupied: bool,
    /// How much it counts.
    pub weight: f64,
}

/// What was learned: log-odds are `bias` plus, for each feature, its weight times how many `scale`s it is from `mean`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub bias: f64,
    pub weights: Vec<f64>,
    pub means: Vec<f64>,
    pub scales: Vec<f64>,
}

/// Most steps of Newton's method, which needs about eight.
const STEPS_MAX: usize = 50;
/// It has arrived when no number changes by more.
const STEP_MIN: f64 = 1e-9;

/// Fits all examples. `penalty` keeps weights small: their squares, times half of it, are added to what is made small.
///
/// # Errors
/// When there are not examples of both kinds, or they tell nothing.
pub fn fit(examples: &[Example], penalty: f64) -> Result<Fit, String> {
    let Some(width) = examples.first().map(|example| example.features.len()) else {
        return Err("there are no examples".into());
    };
    if examples.iter().all(|e| e.is_occupied) || !examples.iter().any(|e| e.is_occupied) {
        return Err("there must be examples of free and of occupied slots".into());
    }
    let (means, scales) = spread(examples, width);
    // The last place is that of the bias, whose feature is always 1.
    let rows: Vec<Vec<f64>> = examples
        .iter()
        .map(|e| (0..width).map(|at| (e.features[at] - means[at]) / scales[at]).chain([1.0]).collect())
        .collect();
    let mut weights = vec![0.0; width + 1];
    for _ in 0..STEPS_MAX {
        let step = newton(examples, &rows, &weights, penalty)?;
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += step);
        if step.iter().all(|step| step.abs() < STEP_MIN) {
            break;
        }
    }
    let bias = weights.pop().unwrap_or_default();
    Ok(Fit { bias, weights, means, scales })
}

fn spread(examples: &[Example], width: usize) -> (Vec<f64>, Vec<f64>) {
    let total: f64 = examples.iter().map(|e| e.weight).sum();
    let mean = |of: &dyn Fn(&Example) -> f64| examples.iter().map(|e| e.weight * of(e)).sum::<f64>() / total;
    let means: Vec<f64> = (0..width).map(|at| mean(&|e| e.features[at])).collect();
    let scale = |at: usize| mean(&|e| (e.features[at] - means[at]).powi(2)).sqrt().max(1e-6);
    let scales = (0..width).map(scale).collect();
    (means, scales)
}

/// The step from `weights` towards the best ones.
fn newton(examples: &[Example], rows: &[Vec<f64>], weights: &[f64], penalty: f64) -> Result<Vec<f64>, String> {
    let size = weights.len();
    let mut slope: Vec<f64> = weights.iter().map(|weight| -penalty * weight).collect();
    let mut curve = vec![vec![0.0; size]; size];
    // A bias is not held back; the little that it has keeps the system solvable.
    slope[size - 1] = 0.0;
    for (at, row) in curve.iter_mut().enumerate() {
        row[at] = if at + 1 == size { 1e-9 } else { penalty };
    }
    for (example, row) in examples.iter().zip(rows) {
        let odds: f64 = row.iter().zip(weights).map(|(value, weight)| value * weight).sum();
        let chance = 1.0 / (1.0 + (-odds).exp());
        let miss = example.weight * (f64::from(u8::from(example.is_occupied)) - chance);
        let bend = example.weight * chance * (1.0 - chance);
        for i in 0..size {
            slope[i] += miss * row[i];
            for j in 0..size {
                curve[i][j] += bend * row[i] * row[j];
            }
        }
    }
    solve(curve, slope).ok_or_else(|| "the examples tell nothing: no feature differs".into())
}

/// Solves a system of equations by elimination; `None` when it has no one solution.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let size = right.len();
    for at in 0..size {
        let pivot = (at..size).max_by(|a, b| matrix[*a][at].abs().total_cmp(&matrix[*b][at].abs()))?;
        matrix.swap(at, pivot);
        right.swap(at, pivot);
        if matrix[at][at].abs() < 1e-12 {
            return None;
        }
        for below in at + 1..size {
            let factor = matrix[below][at] / matrix[at][at];
            let (upper, lower) = matrix.split_at_mut(below);
            lower[0].iter_mut().zip(&upper[at]).for_each(|(value, above)| *value -= factor * above);
            right[below] -= factor * right[at];
        }
    }
    for at in (0..size).rev() {
        let known: f64 = (at + 1..size).map(|after| matrix[at][after] * right[after]).sum();
        right[at] = (right[at] - known) / matrix[at][at];
    }
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(features: &[f64], is_occupied: bool) -> Example {
        Example { features: features.to_vec(), is_occupied, weight: 1.0 }
    }

    #[test]
    fn it_finds_the_feature_that_tells_and_ignores_the_one_that_does_not() {
        let examples: Vec<_> =
            (0..200).map(|at| example(&[f64::from(at % 10), f64::from(at % 7)], at % 10 + (at / 10) % 3 > 5)).collect();
        let fit = fit(&examples, 1.0).expect("a fit");
        assert!(fit.weights[0] > 10.0 * fit.weights[1].abs(), "{fit:?}");
    }

    #[test]
    fn the_same_examples_give_the_same_numbers() {
        let examples: Vec<_> = (0..50).map(|at| example(&[f64::from(at) / 3.0], at % 3 > 0)).collect();
        assert_eq!(fit(&examples, 0.5), fit(&examples, 0.5));
    }

    #[test]
    fn examples_that_teach_nothing_are_refused() {
        assert!(fit(&[], 1.0).is_err());
        assert!(fit(&[example(&[1.0], true), example(&[2.0], true)], 1.0).is_err());
    }
}
