//! Aligned columns for people: nothing wraps, and nothing is wider than the terminal.
//!
//! Where the terminal is too narrow, long texts are cut first, then the columns that matter least are left out.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, Row, Table, Width, presets,
};
use serde_json::Value;

use super::show::{Column, Look, Shown, Tint};

/// Cells between two columns.
const GAP: u16 = 2;
/// A text is not cut shorter than this; rather a column is left out.
const FLEXIBLE_MIN: u16 = 10;

/// A header and one line a record.
pub fn list(columns: &[Column], records: &[Value], look: &Look) -> String {
    let mut columns = in_table(columns);
    // A column without a single value says nothing.
    columns.retain(|column| column.rank == Some(0) || records.iter().any(|record| column.has_value(record)));
    let rows: Vec<Vec<Shown>> =
        records.iter().map(|record| columns.iter().map(|column| column.shown(record, look)).collect()).collect();
    let mut table = empty(look);
    table.set_header(header(&columns));
    for row in &rows {
        table.add_row(cells(row));
    }
    let natural = table.column_max_content_widths();
    let widths = fit(&columns, &natural, look.width);
    finish(table, &columns, &widths)
}

/// The head line of a stream.
pub fn header_line(columns: &[Column], natural: &[u16], look: &Look) -> String {
    let mut table = empty(look);
    table.add_row(header(columns));
    finish(table, columns, &fit(columns, natural, look.width))
}

pub fn line(columns: &[Column], row: &[Shown], natural: &[u16], look: &Look) -> String {
    let mut table = empty(look);
    table.add_row(cells(row));
    finish(table, columns, &fit(columns, natural, look.width))
}

/// The widths that `row` needs.
pub fn measure(row: &[Shown]) -> Vec<u16> {
    let mut table = Table::new();
    table.add_row(row.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>());
    table.column_max_content_widths()
}

/// One field a line; what the daemon leaves out is left out here too.
pub fn details(columns: &[Column], record: &Value, look: &Look) -> String {
    let fields = columns.iter().filter(|column| !column.is_derived && record.pointer(column.path).is_some());
    pairs(fields.map(|column| (column.name.to_string(), column.shown_fully(record, look))).collect(), look)
}

/// Names and values, one pair a line.
pub fn pairs(pairs: Vec<(String, Shown)>, look: &Look) -> String {
    let mut table = empty(look);
    for (name, value) in pairs {
        table.add_row(vec![Cell::new(name).add_attribute(Attribute::Dim), cell(&value)]);
    }
    set_gap(&mut table);
    text(&table)
}

/// The columns that tables show.
pub fn in_table(columns: &[Column]) -> Vec<Column> {
    columns.iter().filter(|column| column.rank.is_some()).copied().collect()
}

/// The width of each column so that all fit into `width`; 0 leaves a column out.
fn fit(columns: &[Column], natural: &[u16], width: Option<u16>) -> Vec<u16> {
    let mut widths = natural.to_vec();
    let Some(available) = width else { return widths };
    loop {
        let over = total(&widths).saturating_sub(available);
        if over == 0 {
            return widths;
        }
        if cut(columns, &mut widths, over) {
            continue;
        }
        let least = (0..widths.len()).filter(|&i| widths[i] > 0).max_by_key(|&i| (columns[i].rank, i));
        match least.filter(|&i| columns[i].rank > Some(0)) {
            Some(i) => {
                widths[i] = 0;
                // What is left may be as wide as it likes again.
                for j in 0..widths.len() {
                    widths[j] = if widths[j] > 0 { natural[j] } else { 0 };
                }
            }
            None => return widths,
        }
    }
}

/// Takes `over` from the widest flexible columns; whether there was enough to take.
fn cut(columns: &[Column], widths: &mut [u16], over: u16) -> bool {
    let spare = |i: usize, widths: &[u16]| widths[i].saturating_sub(FLEXIBLE_MIN);
    let flexible: Vec<usize> = (0..widths.len()).filter(|&i| columns[i].is_flexible).collect();
    if flexible.iter().map(|&i| spare(i, widths)).sum::<u16>() < over {
        return false;
    }
    for _ in 0..over {
        if let Some(&widest) = flexible.iter().max_by_key(|&&i| widths[i]) {
            widths[widest] -= 1;
        }
    }
    true
}

fn total(widths: &[u16]) -> u16 {
    let shown = widths.iter().filter(|&&width| width > 0);
    shown.map(|width| width + GAP).sum::<u16>().saturating_sub(GAP)
}

fn empty(look: &Look) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_truncation_indicator(look.ellipsis());
    // No text has this character, so that a text is cut where it no longer fits and not at the word before.
    table.set_delimiter('\0');
    table.force_no_tty();
    if look.has_color {
        table.enforce_styling();
        table.style_text_only();
    }
    table
}

fn header(columns: &[Column]) -> Row {
    let cells = columns.iter().map(|column| Cell::new(column.title).add_attribute(Attribute::Bold));
    one_line(cells.collect())
}

fn cells(row: &[Shown]) -> Row {
    one_line(row.iter().map(cell).collect())
}

fn one_line(cells: Vec<Cell>) -> Row {
    let mut row = Row::from(cells);
    row.max_height(1);
    row
}

fn cell(shown: &Shown) -> Cell {
    let cell = Cell::new(&shown.text);
    match shown.tint {
        Tint::Plain => cell,
        Tint::Green => cell.fg(Color::DarkGreen),
        Tint::Red => cell.fg(Color::DarkRed),
        Tint::Yellow => cell.fg(Color::DarkYellow),
        Tint::Magenta => cell.fg(Color::DarkMagenta),
        Tint::Dim => cell.add_attribute(Attribute::Dim),
    }
}

fn finish(mut table: Table, columns: &[Column], widths: &[u16]) -> String {
    set_gap(&mut table);
    for (i, (column, &width)) in columns.iter().zip(widths).enumerate() {
        let Some(drawn) = table.column_mut(i) else { continue };
        drawn.set_constraint(match width {
            0 => ColumnConstraint::Hidden,
            _ => ColumnConstraint::Absolute(Width::Fixed(width + GAP)),
        });
        if column.is_right_aligned() {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
    }
    text(&table)
}

fn set_gap(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, GAP));
    }
}

fn text(table: &Table) -> String {
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests;
