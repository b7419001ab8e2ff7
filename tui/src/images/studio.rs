//! Fetches pictures and makes them ready, beside the loop. For each place on the screen the newest request alone counts.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parking_api::captures::Capture;
use parking_api::{CaptureId, LotId};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};

use super::{Drawing, Picture, paint};
use crate::msg::Msg;
use crate::pictures::{Ask, Spot, Subject};
use crate::terminal::spared;

/// Pictures that are decoded at the same time: the loop keeps a core to itself.
const PAINTERS: usize = 1;
/// Memory for pictures that were shown before, in bytes.
const KEPT_BYTES_MAX: usize = 12 * 1024 * 1024;

/// What a prepared picture is known by.
type Key = (CaptureId, (u16, u16), Drawing);

/// Pictures that were shown, the one shown longest ago first.
#[derive(Debug, Default)]
struct Kept {
    pictures: VecDeque<(Key, Picture)>,
    bytes: usize,
}

impl Kept {
    fn take(&mut self, key: &Key) -> Option<Picture> {
        let at = self.pictures.iter().position(|(known, _)| known == key)?;
        let found = self.pictures.remove(at)?;
        let picture = found.1.clone();
        self.pictures.push_back(found);
        Some(picture)
    }

    fn put(&mut self, key: Key, picture: &Picture) {
        if self.take(&key).is_some() {
            return;
        }
        self.bytes += picture.image.weight();
        self.pictures.push_back((key, picture.clone()));
        while self.bytes > KEPT_BYTES_MAX {
            let Some((_, oldest)) = self.pictures.pop_front() else { return };
            self.bytes -= oldest.image.weight();
        }
    }
}

/// Where pictures are made ready.
#[derive(Debug)]
pub struct Studio {
    to: mpsc::Sender<Msg>,
    painters: Arc<Semaphore>,
    kept: Arc<Mutex<Kept>>,
    under_way: HashMap<(LotId, Spot), AbortHandle>,
    tasks: JoinSet<()>,
}

impl Studio {
    pub fn new(to: mpsc::Sender<Msg>) -> Self {
        let (painters, under_way) = (Arc::new(Semaphore::new(PAINTERS)), HashMap::new());
        Self { to, painters, kept: Arc::default(), under_way, tasks: JoinSet::new() }
    }

    /// Begins to make what `ask` wants; what was begun for the same place before is given up. `fetch` brings the picture.
    pub fn begin<F>(&mut self, lot: LotId, spot: Spot, ask: Ask, fetch: impl FnOnce() -> F + Send + 'static)
    where
        F: Future<Output = Result<(Capture, Bytes), String>> + Send,
    {
        while self.tasks.try_join_next().is_some() {}
        let seat = (lot.clone(), spot.clone());
        if let Some(before) = self.under_way.remove(&seat) {
            before.abort();
        }
        self.under_way.retain(|_, task| !task.is_finished());
        let (to, painters, kept) = (self.to.clone(), Arc::clone(&self.painters), Arc::clone(&self.kept));
        let task = self.tasks.spawn(async move {
            let result = made(&ask, &painters, &kept, fetch).await.map(Box::new);
            // Nobody looks any more when the console has ended.
            let _ = to.send(Msg::Image { lot, spot, ask, result }).await;
        });
        self.under_way.insert(seat, task);
    }
}

async fn made<F>(
    ask: &Ask,
    painters: &Arc<Semaphore>,
    kept: &Mutex<Kept>,
    fetch: impl FnOnce() -> F,
) -> Result<Picture, String>
where
    F: Future<Output = Result<(Capture, Bytes), String>>,
{
    // A picture is only ever put there whole, so a painter that panicked left nothing broken.
    let open = || kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Subject::One { capture, .. } = &ask.subject
        && let Some(picture) = open().take(&(*capture, ask.cells, ask.drawing))
    {
        return Ok(picture);
    }
    let (capture, bytes) = fetch().await?;
    let key = (capture.id, ask.cells, ask.drawing);
    let permit = Arc::clone(painters).acquire_owned().await.map_err(|error| error.to_string())?;
    let (cells, drawing) = (ask.cells, ask.drawing);
    let painting = tokio::task::spawn_blocking(move || {
        // Held until it is done, even if nobody waits for it any more.
        let _permit = permit;
        spared(|| paint::prepare(&bytes, &capture, cells, drawing))
    });
    let picture = painting.await.map_err(|_| "the picture cannot be shown: what draws it has failed".to_string())??;
    open().put(key, &picture);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scene;
    use crate::images::Rendered;

    fn key(n: u128) -> Key {
        (CaptureId(uuid::Uuid::from_u128(n)), (4, 2), Drawing::default())
    }

    #[test]
    fn what_was_shown_longest_ago_is_forgotten_first() {
        let capture = scene::capture(&parking_api::LotId::default(), 1, parking_api::Time::from_ms(0));
        let image = Rendered { cells: (4, 2), blocks: vec![0; KEPT_BYTES_MAX / 4 + 1], pixels: None };
        let picture = Picture { capture, image };
        let mut kept = Kept::default();
        for n in 0..3 {
            kept.put(key(n), &picture);
        }
        assert!(kept.take(&key(0)).is_some());
        kept.put(key(3), &picture);
        assert_eq!([0, 1, 2, 3].map(|n| kept.take(&key(n)).is_some()), [true, false, true, true]);
        assert_eq!(kept.bytes, 3 * picture.image.weight());
    }
}
