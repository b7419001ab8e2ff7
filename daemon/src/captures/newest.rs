//! The newest picture of each camera that nobody has looked at yet. A camera never has two: what is old by now is not worth a look.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use parking_api::captures::Capture;
use parking_api::{CameraId, LotId};
use tokio::sync::Notify;

/// Cameras whose picture waits, at most; the one that waits longest is given up.
const WAITING_MAX: usize = 256;

/// Pictures that wait to be looked at. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Newest {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<VecDeque<(LotId, CameraId, Capture)>>,
    arrived: Notify,
}

impl Newest {
    /// Takes the place of the camera's picture that waits, if one does.
    pub fn put(&self, lot: &LotId, camera: &CameraId, capture: Capture) {
        let mut waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match waiting.iter_mut().find(|(of, from, _)| (of, from) == (lot, camera)) {
            Some(place) => place.2 = capture,
            None => {
                waiting.push_back((lot.clone(), camera.clone(), capture));
                if waiting.len() > WAITING_MAX {
                    waiting.pop_front();
                }
            }
        }
        self.inner.arrived.notify_one();
    }

    /// The one that waits longest, as soon as there is one.
    pub async fn take(&self) -> (LotId, CameraId, Capture) {
        loop {
            if let Some(first) = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
                return first;
            }
            self.inner.arrived.notified().await;
        }
    }
}
