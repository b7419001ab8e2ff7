//! `--plain`: each change as a sentence on a line of its own, for screen readers and logs. The same model, no screen.

use std::io::{self, Write};

use parking_api::Time;
use parking_api::client::LiveMessage;
use parking_api::events::EventChange;
use parking_api::slots::Counts;
use tokio::sync::mpsc;

use crate::app::Daemon;
use crate::clock;
use crate::effect::Effect;
use crate::lot::{Link, LotView};
use crate::model::Model;
use crate::msg::{Msg, Stamped};
use crate::update::{start, update};
use crate::{spans, talk};

/// Follows the lot until the process is ended or nobody reads any more.
pub async fn run(mut model: Model, mut daemon: Daemon, mut inbox: mpsc::Receiver<Msg>) -> io::Result<()> {
    let mut out = io::stdout();
    for effect in start(&mut model) {
        daemon.perform(effect);
    }
    while let Some(msg) = inbox.recv().await {
        let now = clock::now();
        let event = sentence(&model, &msg, now);
        let (seq, missed) = (model.tab().lot.seq, is_summary(&model, &msg));
        let before = model.tab().lot.link.clone();
        let effects = update(&mut model, Stamped { at: now, msg });
        let link = link_sentence(&before, &model.tab().lot, now);
        let missed = missed.then(|| missed_sentence(&model.tab().lot, seq, now)).flatten();
        for line in event.into_iter().chain(missed).chain(link) {
            match writeln!(out, "{line}").and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                written => written?,
            }
        }
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(()),
                other => daemon.perform(other),
            }
        }
        if let Link::Ended { reason } = &model.tab().lot.link {
            return Err(io::Error::other(reason.clone()));
        }
    }
    Ok(())
}

/// Pictures come by the minute and say nothing that can be read out.
fn sentence(model: &Model, msg: &Msg, now: Time) -> Option<String> {
    let Msg::Live { lot, message: LiveMessage::Event(event) } = msg else { return None };
    if *lot != model.tab().lot.id || matches!(event.change, EventChange::CaptureAdded { .. }) {
        return None;
    }
    let at = spans::second(event.at, now, &model.tab().lot.zone);
    Some(format!("{at} {}, by {}.", talk::sentence(event), talk::who(&event.actor)))
}

/// Whether a message stands for changes that do not come one by one.
fn is_summary(model: &Model, msg: &Msg) -> bool {
    let Msg::Live { message, .. } = msg else { return false };
    matches!(message, LiveMessage::Lagged(_) | LiveMessage::Snapshot(_)) && model.tab().lot.is_known()
}

fn missed_sentence(lot: &LotView, seq: u64, now: Time) -> Option<String> {
    let missed = lot.seq.checked_sub(seq).filter(|missed| *missed > 0)?;
    let changes = if missed == 1 { "1 change was".into() } else { format!("{missed} changes were") };
    Some(format!("{} {changes} missed: {}.", spans::second(now, now, &lot.zone), has(lot)))
}

/// What there is of each state.
fn has(lot: &LotView) -> String {
    let Counts { total, free, occupied, reserved, closed, unknown, .. } = lot.counts;
    let name = lot.name();
    format!(
        "{name} has {total} slots, {free} free, {occupied} occupied, {reserved} reserved, {closed} closed, {unknown} unknown"
    )
}

fn link_sentence(before: &Link, lot: &LotView, now: Time) -> Option<String> {
    let at = spans::second(now, now, &lot.zone);
    if *before == lot.link {
        return None;
    }
    match (&lot.link, before) {
        (Link::Live, _) => Some(format!("{at} Live: {}.", has(lot))),
        // Each try that fails is the same outage.
        (Link::Offline { .. }, Link::Offline { .. }) => None,
        (Link::Offline { reason, .. }, _) => Some(format!("{at} Offline: {reason}.")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use parking_api::client::LiveMessage;
    use parking_api::events::EventChange;
    use parking_api::slots::SlotState;

    use super::*;
    use crate::fixture::{live, now, told};

    fn said(model: &Model, message: LiveMessage) -> Option<String> {
        let lot = model.tab().lot.id.clone();
        sentence(model, &Msg::Live { lot, message }, model.now)
    }

    #[test]
    fn what_is_read_out_is_what_changed_and_no_picture() {
        let (model, mut demo) = live((80, 24));
        assert_eq!(said(&model, LiveMessage::Event(demo.shoot(now()))), None);
        let mut event = (0..1_000).find_map(|ms| demo.step(now().plus_ms(ms))).expect("something happens");
        let EventChange::SlotChanged { slot, .. } = &mut event.change else { panic!("a slot changed") };
        let (code, state) = (slot.code.clone(), slot.state);
        slot.changed_at = event.at.plus_ms(-60_000);
        slot.suggested = Some(SlotState::Unknown);
        let suggested = said(&model, LiveMessage::Event(event.clone())).expect("a sentence");
        assert!(suggested.contains(&format!("a camera sees {code} unknown; it is still {state}")), "{suggested}");
        let EventChange::SlotChanged { slot, .. } = &mut event.change else { panic!("a slot changed") };
        slot.stale_since = Some(event.at);
        let stale = said(&model, LiveMessage::Event(event)).expect("a sentence");
        assert!(stale.contains(&format!("no camera confirms any more that {code} is {state}")), "{stale}");
    }

    #[test]
    fn changes_that_come_all_at_once_are_counted() {
        let (mut model, mut demo) = live((80, 24));
        let before = model.tab().lot.seq;
        (0..1_000).find_map(|ms| demo.step(now().plus_ms(ms))).expect("something happens");
        let message = LiveMessage::Snapshot(Box::new(demo.snapshot()));
        assert!(is_summary(&model, &Msg::Live { lot: demo.id(), message: message.clone() }));
        told(&mut model, message);
        let said = missed_sentence(&model.tab().lot, before, model.now).expect("a sentence");
        assert!(said.contains("1 change was missed: Demo car park has 48 slots, "), "{said}");
    }
}
