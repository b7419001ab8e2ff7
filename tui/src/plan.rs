//! Where the slots lie: levels, their zones, and the rows of a zone, found from positions on the plan. Knows no cells.

use std::collections::BTreeMap;

use parking_api::slots::Slot;

/// Two slots whose middles are at most this far apart across a row stand in the same row, in metres.
const ROW_TOLERANCE_M: f64 = 1.6;
/// Rows further apart than this have a lane between them, in metres: a bay is about five metres deep.
const LANE_FROM_M: f64 = 8.0;
/// Width of a column where a zone has just one slot in each row, in metres.
const COLUMN_M: f64 = 2.5;
/// A gap in a row is drawn at most this wide, in columns.
const GAP_COLUMNS_MAX: u16 = 2;

/// All levels, from below to above.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    pub levels: Vec<Level>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    pub level: i16,
    /// By name; slots without a zone last.
    pub zones: Vec<Zone>,
    /// The zones as they lie: bands from the top, each from the left. Empty where positions are missing.
    pub bands: Vec<Vec<usize>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    pub name: Option<String>,
    /// Places in the list of slots.
    pub slots: Vec<usize>,
    /// As it lies; empty where a position is missing.
    pub rows: Vec<Row>,
    /// Columns of the widest row.
    pub columns: u16,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Column and place in the list of slots.
    pub cells: Vec<(u16, usize)>,
    pub has_lane_above: bool,
}

impl Plan {
    pub fn of(slots: &[Slot]) -> Self {
        let mut levels: BTreeMap<i16, BTreeMap<(bool, String), Vec<usize>>> = BTreeMap::new();
        for (at, slot) in slots.iter().enumerate() {
            let zone = (slot.zone.is_none(), slot.zone.clone().unwrap_or_default());
            levels.entry(slot.level).or_default().entry(zone).or_default().push(at);
        }
        let levels = levels.into_iter().map(|(level, zones)| {
            let zones: Vec<_> = zones
                .into_iter()
                .map(|((is_none, name), places)| zone((!is_none).then_some(name), places, slots))
                .collect();
            Level { level, bands: bands(&zones, slots), zones }
        });
        Self { levels: levels.collect() }
    }
}

fn zone(name: Option<String>, places: Vec<usize>, slots: &[Slot]) -> Zone {
    let rows = rows(&places, slots).unwrap_or_default();
    let columns = rows.iter().flat_map(|row| &row.cells).map(|(column, _)| column + 1).max().unwrap_or_default();
    Zone { name, slots: places, rows, columns }
}

fn rows(places: &[usize], slots: &[Slot]) -> Option<Vec<Row>> {
    let mut points: Vec<(f64, f64, usize)> = places
        .iter()
        .map(|&at| slots[at].position.filter(|p| p.x.is_finite() && p.y.is_finite()).map(|p| (p.x, p.y, at)))
        .collect::<Option<_>>()?;
    points.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut groups: Vec<Vec<(f64, f64, usize)>> = Vec::new();
    for point in points {
        match groups.last_mut() {
            Some(group) if point.1 - group[0].1 <= ROW_TOLERANCE_M => group.push(point),
            _ => groups.push(vec![point]),
        }
    }
    let left = groups.iter().flatten().map(|point| point.0).fold(f64::INFINITY, f64::min);
    let pitch = pitch(&mut groups);
    let mut above: Option<f64> = None;
    let rows = groups.iter().map(|group| {
        let has_lane_above = above.is_some_and(|y| group[0].1 - y > LANE_FROM_M);
        above = Some(group[0].1);
        Row { cells: columns(group, left, pitch), has_lane_above }
    });
    Some(rows.collect())
}

/// The usual distance from one slot to the next; sorts each row from the left on its way.
fn pitch(groups: &mut [Vec<(f64, f64, usize)>]) -> f64 {
    let mut gaps = Vec::new();
    for group in groups {
        group.sort_by(|a, b| a.0.total_cmp(&b.0));
        gaps.extend(group.windows(2).map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0.1));
    }
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(COLUMN_M)
}

fn columns(group: &[(f64, f64, usize)], left: f64, pitch: f64) -> Vec<(u16, usize)> {
    let mut next = 0_u16;
    let mut before: Option<f64> = None;
    let mut cells = Vec::with_capacity(group.len());
    for &(x, _, at) in group {
        // A wider bay is no gap, so steps are counted from the neighbour and not from the edge.
        let steps = ((x - before.unwrap_or(left)) / pitch).round().clamp(0.0, 1000.0) as u16;
        let gap = steps.saturating_sub(u16::from(before.is_some()));
        let column = next.saturating_add(if before.is_some() { gap.min(GAP_COLUMNS_MAX) } else { steps });
        cells.push((column, at));
        next = column.saturating_add(1);
        before = Some(x);
    }
    cells
}

/// Zones that lie beside each other share a band.
fn bands(zones: &[Zone], slots: &[Slot]) -> Vec<Vec<usize>> {
    let mut boxes = Vec::new();
    for (index, zone) in zones.iter().enumerate() {
        if zone.rows.is_empty() {
            return Vec::new();
        }
        let points = zone.slots.iter().filter_map(|&at| slots[at].position);
        let (mut top, mut bottom, mut left) = (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY);
        for point in points {
            (top, bottom, left) = (top.min(point.y), bottom.max(point.y), left.min(point.x));
        }
        boxes.push((top, bottom, left, index));
    }
    boxes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut bands: Vec<(f64, Vec<(f64, usize)>)> = Vec::new();
    for (top, bottom, left, index) in boxes {
        match bands.last_mut() {
            Some((low, band)) if (top + bottom) / 2.0 <= *low => {
                band.push((left, index));
                *low = low.max(bottom);
            }
            _ => bands.push((bottom, vec![(left, index)])),
        }
    }
    bands
        .into_iter()
        .map(|(_, mut band)| {
            band.sort_by(|a, b| a.0.total_cmp(&b.0));
            band.into_iter().map(|(_, index)| index).collect()
        })
        .collect()
}
