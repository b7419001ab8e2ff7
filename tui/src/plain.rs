//! `--plain`: each change as a sentence on a line of its own, for screen readers and logs. The same model, no screen.

use std::io::{self, Write};

use parking_api::Time;
use parking_api::client::LiveMessage;
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
        let before = model.tab().lot.link.clone();
        let effects = update(&mut model, Stamped { at: now, msg });
        let link = link_sentence(&before, &model.tab().lot, now);
        for line in event.into_iter().chain(link) {
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

fn sentence(model: &Model, msg: &Msg, now: Time) -> Option<String> {
    let Msg::Live { message: LiveMessage::Event(event), .. } = msg else { return None };
    let at = spans::second(event.at, now, &model.tab().lot.zone);
    Some(format!("{at} {}, by {}.", talk::sentence(event), talk::who(&event.actor)))
}

fn link_sentence(before: &Link, lot: &LotView, now: Time) -> Option<String> {
    let at = spans::second(now, now, &lot.zone);
    if *before == lot.link {
        return None;
    }
    match (&lot.link, before) {
        (Link::Live, _) => {
            let counts = &lot.counts;
            Some(format!(
                "{at} Live: {} has {} slots, {} free, {} occupied, {} reserved, {} closed, {} unknown.",
                lot.name(),
                counts.total,
                counts.free,
                counts.occupied,
                counts.reserved,
                counts.closed,
                counts.unknown
            ))
        }
        // Each try that fails is the same outage.
        (Link::Offline { .. }, Link::Offline { .. } | Link::Connecting) if lot.is_known() => None,
        (Link::Offline { reason, .. }, _) => Some(format!("{at} Offline: {reason}.")),
        _ => None,
    }
}
