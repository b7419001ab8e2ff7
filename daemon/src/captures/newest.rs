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

#[cfg(test)]
mod tests {
    use parking_api::Time;

    use super::*;

    #[tokio::test]
    async fn a_newer_picture_takes_the_place_of_the_one_that_waits() {
        let newest = Newest::default();
        let lot = LotId::default();
        let put = |camera: &str, ms: i64| {
            let capture: Capture = serde_json::from_str(include_str!("../../api/fixtures/capture.json")).expect("one");
            let capture = Capture { received_at: Time::from_ms(ms), ..capture };
            newest.put(&lot, &camera.parse().expect("an id"), capture);
        };
        for (camera, ms) in [("cam-1", 1), ("cam-2", 2), ("cam-1", 3), ("cam-1", 4)] {
            put(camera, ms);
        }
        for expected in [("cam-1", 4), ("cam-2", 2)] {
            let (_, camera, capture) = newest.take().await;
            assert_eq!((camera.as_str(), capture.received_at.ms()), expected);
        }
        for number in 0..WAITING_MAX + 9 {
            put(&format!("cam-{number}"), 5);
        }
        assert_eq!(newest.inner.waiting.lock().expect("it is whole").len(), WAITING_MAX);
        assert_eq!(newest.take().await.1.as_str(), "cam-9", "who waits longest is given up");
    }
}
