//! How tables look, at several widths.

use parking_api::Time;
use serde_json::json;

use super::*;
use crate::output::show::Show;

fn look(width: Option<u16>) -> Look {
    Look { has_color: false, is_utf8: true, is_tty: width.is_some(), width, now: Time::default() }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("id", "/id", Show::Text),
        Column::new("code", "/code", Show::Text).table("SLOT", 0),
        Column::new("zone", "/zone", Show::Text).table("ZONE", 1).flexible(),
        Column::new("rev", "/rev", Show::Number).table("REV", 2),
        Column::new("plate", "/plate", Show::Text).table("PLATE", 3),
    ]
}

fn records() -> Vec<Value> {
    vec![
        json!({"id": 1, "code": "A-1", "zone": "South wing, near the gate", "rev": 7, "plate": null}),
        json!({"id": 2, "code": "B-100", "zone": null, "rev": 4181, "plate": null}),
    ]
}

fn drawn(width: Option<u16>) -> String {
    list(&columns(), &records(), &look(width))
}

#[test]
fn columns_are_aligned_and_those_without_a_value_are_left_out() {
    let expected = "\
SLOT   ZONE                        REV
A-1    South wing, near the gate     7
B-100  –                          4181
";
    assert_eq!(drawn(None), expected);
    assert_eq!(drawn(Some(38)), expected);
}

#[test]
fn a_long_text_is_cut_before_a_column_is_left_out() {
    assert_eq!(
        drawn(Some(24)),
        "\
SLOT   ZONE          REV
A-1    South wing…     7
B-100  –            4181
"
    );
    assert_eq!(
        drawn(Some(18)),
        "\
SLOT   ZONE
A-1    South wing…
B-100  –
"
    );
    assert_eq!(drawn(Some(10)), "SLOT\nA-1\nB-100\n");
}

#[test]
fn no_line_is_wider_than_the_terminal_or_broken_in_two() {
    for width in 5..60 {
        let text = drawn(Some(width));
        assert_eq!(text.lines().count(), 3, "{width}");
        assert!(text.lines().all(|line| line.chars().count() <= width.into()), "{width}:\n{text}");
    }
}

#[test]
fn a_wide_character_counts_for_the_two_cells_that_it_takes() {
    let records = [json!({"code": "A-1", "zone": "駐車場", "rev": 1}), json!({"code": "A-2", "zone": "ab", "rev": 2})];
    assert_eq!(list(&columns(), &records, &look(None)), "SLOT  ZONE    REV\nA-1   駐車場    1\nA-2   ab        2\n");
}

#[test]
fn a_text_cannot_steer_the_terminal() {
    let records = [json!({"code": "A-1\u{1b}[2J", "zone": "a\nb\tc", "rev": 1})];
    let text = list(&columns(), &records, &look(Some(80)));
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("a b c"), "{text:?}");
}

#[test]
fn color_goes_around_the_text_and_not_around_the_gap() {
    let look = Look { has_color: true, ..look(None) };
    let free = |_: &str, _: &Look| Shown::tinted("free", Tint::Green);
    let columns =
        [Column::new("s", "/s", Show::Word(free)).table("STATE", 0), Column::new("r", "/r", Show::Text).table("R", 0)];
    let text = list(&columns, &[json!({"s": "free", "r": "x"})], &look);
    assert!(text.ends_with("\u{1b}[38;5;2mfree\u{1b}[39m   x\n"), "{text:?}");
}

#[test]
fn details_name_every_field_that_the_api_has() {
    let text = details(&columns(), &records()[0], &look(None));
    assert_eq!(text, "id     1\ncode   A-1\nzone   South wing, near the gate\nrev    7\nplate  –\n");
}
