//! `slot why`: why a slot is in its state, by every camera that sees it.

use parking_api::SlotRef;
use parking_api::regions::{SlotView, Why};

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Format, Record, Show, Shown, Tint};
use crate::times::relative;

pub const EXAMPLES: &str = "\
Examples:
  parkctl slot why A-12
  parkctl slot why A-12 -o json";

pub async fn run(app: &mut App, slot: &SlotRef) -> Result<(), Error> {
    let why = app.client()?.slot_why(slot).await?;
    if app.out.format != Format::Table {
        return app.out.one(&why);
    }
    let pairs = head(app, &why);
    app.out.pairs(pairs)?;
    if why.views.is_empty() {
        return app.out.talk("no camera has a region for it: people say how it is");
    }
    for view in &why.views {
        let pairs = words(app, view);
        app.out.data(b"\n")?;
        app.out.pairs(pairs)?;
    }
    Ok(())
}

type Pairs = Vec<(String, Shown)>;

fn head(app: &App, why: &Why) -> Pairs {
    let look = &app.out.look;
    let when = |at| if look.is_tty { relative(at, look.now) } else { at.to_string() };
    let mut pairs = vec![
        ("slot".into(), Shown::plain(why.slot.to_string())),
        ("state".into(), super::state(why.state.as_str(), look)),
        ("changed".into(), Shown::plain(format!("{}, by {}", when(why.changed_at), why.source))),
    ];
    if let Some(until) = why.held_until {
        pairs.push(("held".into(), Shown::plain(format!("a person's word holds, until {}", when(until)))));
    }
    pairs
}

/// What one camera makes of it.
fn words(app: &App, view: &SlotView) -> Pairs {
    let look = &app.out.look;
    let when = |at| if look.is_tty { relative(at, look.now) } else { at.to_string() };
    let mut pairs = vec![("camera", Shown::plain(format!("{} (occupancy {})", view.camera, view.mode)))];
    if let Some(opinion) = view.opinion {
        pairs.push(("sees", super::state(opinion.as_str(), look)));
    }
    if let Some(score) = view.score {
        let reasons = view.parts.map(|parts| format!(": {}", parts.sentence())).unwrap_or_default();
        pairs.push(("vehicle", Shown::plain(format!("{:.0} %{reasons}", score * 100.0))));
    }
    pairs.push(("so", Shown::plain(view.outcome.clone())));
    let trust = view.trust.as_str().replace('_', " ");
    pairs.push(("trust", Shown::plain(format!("{trust}: {}", view.trust_reason))));
    let seen = match view.seen_at {
        Some(at) => Shown::plain(when(at)),
        None => Shown::tinted("not yet", Tint::Yellow),
    };
    pairs.push(("seen", seen));
    if let Some(url) = &view.capture_url {
        pairs.push(("picture", Shown::plain(url.clone())));
    }
    pairs.into_iter().map(|(name, shown)| (name.to_string(), shown)).collect()
}

impl Record for Why {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("slot_id", "/slot_id", Show::Text),
            Column::new("slot", "/slot", Show::Text).table("SLOT", 0),
            Column::new("state", "/state", Show::Word(super::state)).table("STATE", 0),
            Column::new("source", "/source", Show::Text).table("SOURCE", 1),
            Column::new("changed_at", "/changed_at", Show::Age).table("CHANGED", 1),
            Column::new("held_until", "/held_until", Show::Age).table("HELD", 2),
        ]
    }
}
