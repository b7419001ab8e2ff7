//! `--replay`: the messages of a recording through the same update, at the pace at which they came, and in the size of the terminal where they
//! came. Asks nothing of the world.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::actions::Action;
use crate::app::QUEUE;
use crate::images::late::Late;
use crate::model::Model;
use crate::msg::{Msg, Stamped};
use crate::terminal::{Screen, Surface};
use crate::update::update;
use crate::{producers, view};

/// Longest wait between two messages: nobody came to watch nothing happen.
const GAP_MAX: Duration = Duration::from_secs(1);

/// Shows a recording, and its end until somebody quits.
pub async fn run(mut model: Model, messages: Vec<Stamped>, mut screen: Screen) -> io::Result<()> {
    let (to, mut inbox) = mpsc::channel(QUEUE);
    let mut tasks = JoinSet::new();
    producers::signals(&mut tasks, &to)?;
    producers::terminal(&mut tasks, to, Late::default());
    let mut messages = messages.into_iter().peekable();
    loop {
        screen.draw(false, |buf| view::draw(&model, buf).into())?;
        let gap = messages.peek().map(|next| next.at.ms_since(model.here()).max(0) as u64);
        let gap = gap.map_or(Duration::MAX, |ms| Duration::from_millis(ms).min(GAP_MAX));
        match tokio::time::timeout(gap, inbox.recv()).await {
            Ok(None | Some(Msg::Stop)) => return Ok(()),
            Ok(Some(Msg::Key(key))) if model.keymap.action(key) == Some(Action::Quit) => return Ok(()),
            Ok(Some(_)) => {}
            Err(_) => {
                if let Some(stamped) = messages.next() {
                    update(&mut model, stamped);
                }
            }
        }
    }
}
