//! Figures with their yardsticks and targets, as a table and as JSON. Measures nothing.

use std::fmt;

use serde_json::{Value, json};

use crate::machine::{self, Facts};

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    pub value: f64,
    pub unit: &'static str,
}

impl Figure {
    pub fn new(value: f64, unit: &'static str) -> Self {
        Self { value, unit }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self.value {
            v if v >= 1_000.0 => grouped(v.round() as u64),
            v if v >= 100.0 || v.fract() == 0.0 => format!("{v:.0}"),
            v if v >= 10.0 => format!("{v:.1}"),
            v => format!("{v:.2}"),
        };
        write!(f, "{number} {}", self.unit)
    }
}

/// `12345` as `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a figure must come to, in the figure's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bound) => value >= bound,
            Self::AtMost(bound) => value <= bound,
        }
    }

    fn text(self, unit: &'static str) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {}", Figure::new(bound, unit)),
            Self::AtMost(bound) => format!("≤ {}", Figure::new(bound, unit)),
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Row {
    measurement: String,
    figure: Figure,
    detail: String,
    yardstick: Option<(String, Figure)>,
    target: Option<Target>,
}

impl Row {
    pub fn new(measurement: impl Into<String>, value: f64, unit: &'static str) -> Self {
        let figure = Figure::new(value, unit);
        Self { measurement: measurement.into(), figure, detail: String::new(), yardstick: None, target: None }
    }

    /// What else is worth knowing, such as percentiles.
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = detail.to_string();
        self
    }

    /// What the figure is compared with, measured in the same run.
    pub fn yardstick(mut self, what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        self.yardstick = Some((what.into(), Figure::new(value, unit)));
        self
    }

    pub fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    fn is_met(&self) -> Option<bool> {
        self.target.map(|target| target.is_met(self.figure.value))
    }
}

/// Everything that one run found out.
#[derive(Debug)]
pub struct Report {
    facts: Facts,
    is_judged: bool,
    rows: Vec<Row>,
}

impl Report {
    /// Without `is_judged`, targets are shown and nothing is said about them.
    pub fn new(facts: Facts, is_judged: bool) -> Self {
        Self { facts, is_judged, rows: Vec::new() }
    }

    pub fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    /// Whether no target was missed.
    pub fn is_met(&self) -> bool {
        !self.is_judged || self.rows.iter().all(|row| row.is_met() != Some(false))
    }

    pub fn heading(&self) -> String {
        self.facts.to_string()
    }

    pub fn table(&self) -> String {
        let head = ["measurement", "figure", "", "yardstick", "target", "met"].map(String::from);
        let mut lines = vec![head];
        lines.extend(self.rows.iter().map(|row| self.cells(row)));
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            let cells = line.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
                1 => format!("{cell:>width$}"),
                _ => format!("{cell:<width$}"),
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
            if index == 0 {
                text.push_str(&"─".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
                text.push('\n');
            }
        }
        text.push_str(&format!("load average at the end {}\n", machine::load_average()));
        text
    }

    fn cells(&self, row: &Row) -> [String; 6] {
        let met = match row.is_met().filter(|_| self.is_judged) {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        [
            row.measurement.clone(),
            row.figure.to_string(),
            row.detail.clone(),
            row.yardstick.as_ref().map(|(what, figure)| format!("{what}: {figure}")).unwrap_or_default(),
            row.target.map(|target| target.text(row.figure.unit)).unwrap_or_default(),
            met.into(),
        ]
    }

    pub fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "measurement": row.measurement,
                "figure": row.figure.value,
                "unit": row.figure.unit,
                "detail": row.detail,
                "yardstick": row.yardstick.as_ref().map(|(what, figure)| {
                    json!({"what": what, "figure": figure.value, "unit": figure.unit})
                }),
                "target": row.target.map(|target| target.text(row.figure.unit)),
                "met": row.is_met().filter(|_| self.is_judged),
            })
        });
        let rows: Vec<_> = rows.collect();
        json!({"machine": self.facts.json(), "met": self.is_judged.then(|| self.is_met()), "rows": rows})
    }
}
