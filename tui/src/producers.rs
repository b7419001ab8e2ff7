//! Where messages come from besides the daemon: keys, mouse, size of the terminal, and signals of the system.

use std::time::Instant;

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::images::late::Late;
use crate::images::probe;
use crate::msg::Msg;

/// Keys, clicks and sizes, for as long as somebody takes them.
pub fn terminal(tasks: &mut JoinSet<()>, to: mpsc::Sender<Msg>, mut late: Late) {
    tasks.spawn(async move {
        let mut events = EventStream::new();
        while let Some(Ok(event)) = events.next().await {
            let msg = match event {
                Event::Key(key) if late.takes(&key, Instant::now()) => continue,
                Event::Key(key) => Msg::Key(key),
                Event::Mouse(mouse) => Msg::Mouse(mouse),
                Event::Paste(text) => Msg::Paste(text),
                Event::Resize(columns, rows) => {
                    // Another font has other cells, too.
                    if let Some((width, height)) = probe::cell_by_system()
                        && to.send(Msg::Cell(width, height)).await.is_err()
                    {
                        return;
                    }
                    Msg::Resize(columns, rows)
                }
                Event::FocusGained | Event::FocusLost => continue,
            };
            if to.send(msg).await.is_err() {
                return;
            }
        }
        // The terminal is gone.
        let _ = to.send(Msg::Stop).await;
    });
}

/// What asks a process to end.
///
/// # Errors
/// When the system takes no handler.
pub fn signals(tasks: &mut JoinSet<()>, to: &mpsc::Sender<Msg>) -> std::io::Result<()> {
    for kind in [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt(), SignalKind::quit()] {
        let mut signal = signal(kind)?;
        let to = to.clone();
        tasks.spawn(async move {
            while signal.recv().await.is_some() {
                if to.send(Msg::Stop).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(())
}
