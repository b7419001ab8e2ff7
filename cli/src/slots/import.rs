//! `slot import`: many slots from a file. What `slot list` prints can be edited and read in again.

use std::path::{Path, PathBuf};

use parking_api::client::SlotQuery;
use parking_api::problem::RowProblem;
use parking_api::slots::{Imported, NewSlot};
use serde::Serialize;
use serde_json::Value;

use super::diff::{self, Difference};
use crate::app::App;
use crate::args::Trial;
use crate::error::Error;
use crate::files;
use crate::output::{Column, Format, Record, Show, clean, unguarded};

pub const EXAMPLES: &str = "\
Columns (only code is needed, in any order): code,zone,level,kind,state,x,y,note
JSON is an array of objects with the same fields, and position {x, y} in the place of x and y.
What `parkctl slot export` prints can be edited and imported; slots that exist are updated, their state excepted.
With --dry-run each field that would change is shown.

Examples:
  parkctl slot import slots.csv --dry-run
  parkctl slot import slots.csv
  parkctl slot export --lot north | parkctl slot import - --lot south";

/// Fields of a slot that the daemon decides; they are in every list and in no import.
const READ_ONLY: [&str; 8] = ["id", "source", "rev", "observed_at", "changed_at", "stale_since", "suggested", "seq"];

#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV or JSON, told by its content; - is standard input
    file: PathBuf,
    #[command(flatten)]
    trial: Trial,
}

/// What an import would do, to the last field.
#[derive(Debug, Serialize)]
struct Rehearsed {
    #[serde(flatten)]
    imported: Imported,
    changes: Vec<Difference>,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let plan = Plan::read(&args.file)?;
    let imported = match &plan {
        Plan::Json(slots) => client.slots_import_json(slots, args.trial.dry_run).await?,
        Plan::Csv(text) => client.slots_import_csv(text.clone(), args.trial.dry_run).await?,
    };
    let lot = client.lot().as_str();
    if !args.trial.dry_run {
        return match app.out.format {
            Format::Table => say(app, &imported.value, &[], lot),
            _ => app.out.one(&imported),
        };
    }
    let rows = match plan {
        Plan::Json(slots) => slots,
        Plan::Csv(text) => diff::rows_of_csv(&text),
    };
    let changes = diff::of(&rows, &client.slots(&SlotQuery::default()).await?);
    match app.out.format {
        Format::Table => say(app, &imported.value, &changes, lot),
        _ => {
            app.out.one(&Rehearsed { imported: imported.value, changes })?;
            app.done(&client, "")
        }
    }
}

/// What is in the file.
enum Plan {
    Json(Vec<NewSlot>),
    Csv(String),
}

impl Plan {
    fn read(file: &Path) -> Result<Self, Error> {
        let text = read(file)?;
        match text.trim_start().starts_with(['[', '{']) {
            true => from_json(&text, file).map(Self::Json),
            false => cleaned(&text, file).map(Self::Csv),
        }
    }
}

fn read(path: &Path) -> Result<String, Error> {
    let bytes = files::read(path)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::failed("file_invalid", format!("{} is not UTF-8 text", files::name(path))).hint("save it as UTF-8")
    })?;
    // Spreadsheets mark their UTF-8 files.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() {
        return Err(Error::failed("file_invalid", format!("{} is empty", files::name(path))));
    }
    Ok(text.to_string())
}

fn from_json(text: &str, file: &Path) -> Result<Vec<NewSlot>, Error> {
    let rows: Vec<Value> = serde_json::from_str(text).map_err(|error| {
        Error::failed("file_invalid", format!("{} is not a JSON array of slots: {error}", files::name(file)))
    })?;
    let mut slots = Vec::with_capacity(rows.len());
    let mut bad = Vec::new();
    for (i, mut row) in rows.into_iter().enumerate() {
        if let Some(fields) = row.as_object_mut() {
            READ_ONLY.iter().for_each(|name| drop(fields.remove(*name)));
        }
        match serde_json::from_value(row) {
            Ok(slot) => slots.push(slot),
            Err(error) => bad.push(RowProblem { row: i + 1, field: None, detail: error.to_string() }),
        }
    }
    if bad.is_empty() {
        return Ok(slots);
    }
    let what = format!("{} of the rows in {} cannot be read", bad.len(), files::name(file));
    Err(Error::failed("import_refused", what).hint("correct these rows and import the file again").rows(bad))
}

/// The same table without the columns that the daemon decides, and without what guards a spreadsheet from its cells. Whether the rest is
/// valid is for the daemon to say.
fn cleaned(text: &str, file: &Path) -> Result<String, Error> {
    let bad = |error: csv::Error| {
        Error::failed("file_invalid", format!("{} is neither JSON nor CSV: {error}", files::name(file)))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(bad)?.clone();
    let kept: Vec<usize> = (0..header.len()).filter(|&i| !READ_ONLY.contains(&header[i].trim())).collect();
    let is_guarded = |record: &csv::StringRecord| record.iter().any(|cell| unguarded(cell).len() < cell.len());
    let mut records = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let has_guards = records.records().map_while(Result::ok).any(|record| is_guarded(&record));
    if kept.len() == header.len() && !has_guards {
        return Ok(text.to_string());
    }
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(kept.iter().map(|&i| &header[i]))?;
    for record in reader.records() {
        let record = record.map_err(bad)?;
        writer.write_record(kept.iter().filter_map(|&i| record.get(i).map(unguarded)))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::from(error.into_error()))?;
    String::from_utf8(bytes).map_err(|_| Error::failed("file_invalid", format!("{} is not UTF-8", files::name(file))))
}

fn say(app: &mut App, imported: &Imported, changes: &[Difference], lot: &str) -> Result<(), Error> {
    let Imported { created, updated, unchanged, dry_run, .. } = *imported;
    let (arrow, nothing) = (app.out.look.glyph("→", "->"), app.out.look.nothing());
    for (verb, codes) in [("created", &imported.created_codes), ("updated", &imported.updated_codes)] {
        for code in codes {
            let of_slot = changes.iter().filter(|change| change.code == *code);
            let fields = of_slot.map(|Difference { field, before, after, .. }| {
                let shown = |value: &Option<String>| clean(value.as_deref().unwrap_or(nothing));
                format!("  {field} {} {arrow} {}", shown(before), shown(after))
            });
            let line = format!("{verb}  {code}{}\n", fields.collect::<Vec<_>>().join(";"));
            app.out.data(line.as_bytes())?;
        }
    }
    let tense = if dry_run { "would be " } else { "" };
    app.out.talk(&format!("lot {lot}: {created} {tense}created, {updated} {tense}updated, {unchanged} unchanged"))
}

impl Record for Rehearsed {
    fn columns() -> Vec<Column> {
        let mut columns = Imported::columns();
        columns.push(Column::new("changes", "/changes", Show::Text));
        columns
    }
}

impl Record for Imported {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("created", "/created", Show::Number).table("CREATED", 0),
            Column::new("updated", "/updated", Show::Number).table("UPDATED", 0),
            Column::new("unchanged", "/unchanged", Show::Number).table("UNCHANGED", 0),
            Column::new("dry_run", "/dry_run", Show::Text).table("DRY RUN", 0),
            Column::new("created_codes", "/created_codes", Show::Text),
            Column::new("updated_codes", "/updated_codes", Show::Text),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_prints_can_be_imported_again() {
        let csv = "id,code,zone,rev,note\n1,A-01,North,7,\"a, b\"\n2,A-02,,8,\n";
        let text = cleaned(csv, Path::new("slots.csv")).expect("a table");
        assert_eq!(text, "code,zone,note\nA-01,North,\"a, b\"\nA-02,,\n");

        let json = r#"[{"id":"x","code":"A-01","rev":7,"zone":"North","changed_at":"2026-11-23T05:17:55Z"}]"#;
        let slots = from_json(json, Path::new("slots.json")).expect("an array");
        assert_eq!((slots[0].code.as_str(), slots[0].zone.as_deref()), ("A-01", Some("North")));
    }

    #[test]
    fn a_table_without_such_columns_is_sent_as_it_is() {
        let odd = "code;zone\nA-01;North\n";
        assert_eq!(cleaned(odd, Path::new("-")).expect("unchanged"), odd);
    }

    #[test]
    fn every_bad_row_of_a_json_file_is_named() {
        let json = r#"[{"code":"A-01"},{"code":"A 02"},{"zone":"North"},{"code":"A-04","colour":"red"}]"#;
        let Err(Error::Here { rows, .. }) = from_json(json, Path::new("slots.json")) else { panic!("three are bad") };
        assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
