//! What waits in the spool, in order and within bounds. Pure: knows neither files nor S3.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Most objects that may wait: their names are kept in memory.
const FILES_MAX: usize = 100_000;

#[derive(Debug)]
pub(super) struct Queue {
    bytes_max: u64,
    waiting: BTreeMap<u64, Waiting>,
    numbers: HashMap<Arc<str>, u64>,
    /// Of what waits and of what is being written.
    bytes: u64,
    files: usize,
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    key: Arc<str>,
    bytes: u64,
    /// How often it was tried in vain to bring it on its way.
    tries: u32,
    /// It has let the others go first before.
    is_last: bool,
}

/// Room for one object, until it waits or is given up.
#[derive(Debug)]
pub(super) struct Place {
    pub number: u64,
    bytes: u64,
}

impl Queue {
    /// `found` in order: number, key and bytes.
    pub fn new(bytes_max: u64, found: impl IntoIterator<Item = (u64, String, u64)>) -> Self {
        let (waiting, numbers) = (BTreeMap::new(), HashMap::new());
        let mut queue = Self { bytes_max, waiting, numbers, bytes: 0, files: 0, next: 1 };
        for (number, key, bytes) in found {
            (queue.bytes, queue.files, queue.next) = (queue.bytes + bytes, queue.files + 1, number + 1);
            queue.add(Place { number, bytes }, &key);
        }
        queue
    }

    /// Room for `bytes`; `None` when there is none.
    pub fn reserve(&mut self, bytes: u64) -> Option<Place> {
        if self.files == FILES_MAX || self.bytes.saturating_add(bytes) > self.bytes_max {
            return None;
        }
        let number = self.next;
        (self.next, self.bytes, self.files) = (number + 1, self.bytes + bytes, self.files + 1);
        Some(Place { number, bytes })
    }

    /// The object is there.
    pub fn add(&mut self, place: Place, key: &str) {
        let key: Arc<str> = key.into();
        self.numbers.insert(Arc::clone(&key), place.number);
        self.waiting.insert(place.number, Waiting { key, bytes: place.bytes, tries: 0, is_last: false });
    }

    /// The object did not come.
    pub fn release(&mut self, place: &Place) {
        (self.bytes, self.files) = (self.bytes - place.bytes, self.files - 1);
    }

    pub fn number(&self, key: &str) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    pub fn bytes_of(&self, key: &str) -> Option<u64> {
        Some(self.waiting.get(&self.number(key)?)?.bytes)
    }

    /// What came first.
    pub fn first(&self) -> Option<(u64, Arc<str>)> {
        self.waiting.first_key_value().map(|(number, waiting)| (*number, Arc::clone(&waiting.key)))
    }

    /// One more try was in vain; how many were.
    pub fn count_try(&mut self, number: u64) -> u32 {
        self.waiting.get_mut(&number).map_or(0, |waiting| {
            waiting.tries = waiting.tries.saturating_add(1);
            waiting.tries
        })
    }

    /// The number of what comes after everything that waits.
    pub fn end(&self) -> u64 {
        self.next
    }

    /// Puts an object to the end, where it lets all others go first; whether that is new. `None` when it is gone.
    pub fn put_last(&mut self, number: u64) -> Option<bool> {
        let mut waiting = self.waiting.remove(&number)?;
        let (is_new, end) = (!waiting.is_last, self.next);
        waiting.is_last = true;
        self.numbers.insert(Arc::clone(&waiting.key), end);
        self.waiting.insert(end, waiting);
        self.next += 1;
        Some(is_new)
    }

    /// Forgets an object; whether it was there.
    pub fn remove(&mut self, number: u64) -> bool {
        let Some(Waiting { key, bytes, .. }) = self.waiting.remove(&number) else { return false };
        if self.number(&key) == Some(number) {
            self.numbers.remove(&key);
        }
        self.release(&Place { number, bytes });
        true
    }

    /// Objects and bytes that wait.
    pub fn waiting(&self) -> (usize, u64) {
        (self.files, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_go_lets_the_others_go_first_and_is_still_known() {
        let mut queue = Queue::new(100, [(1, "a".to_string(), 40), (2, "b".to_string(), 40)]);
        assert_eq!((queue.count_try(1), queue.count_try(1), queue.count_try(9)), (1, 2, 0));
        assert_eq!((queue.end(), queue.put_last(1), queue.put_last(1)), (3, Some(true), None));
        assert_eq!((queue.first(), queue.number("a"), queue.bytes_of("a")), (Some((2, "b".into())), Some(3), Some(40)));
        assert_eq!((queue.put_last(3), queue.number("a"), queue.count_try(4)), (Some(false), Some(4), 3));
        assert!(queue.remove(4) && queue.remove(2));
        assert_eq!(queue.waiting(), (0, 0));
    }

    #[test]
    fn what_came_first_goes_first_and_room_is_given_back() {
        let mut queue = Queue::new(100, [(7, "a".to_string(), 40)]);
        let place = queue.reserve(60).expect("there is room");
        assert!(queue.reserve(1).is_none(), "what is being written counts");
        queue.add(place, "b");
        assert_eq!(queue.first(), Some((7, "a".into())));
        assert!(queue.remove(7) && !queue.remove(7));
        assert_eq!(queue.first(), Some((8, "b".into())));
        assert_eq!((queue.number("a"), queue.bytes_of("b"), queue.waiting()), (None, Some(60), (1, 60)));
        let place = queue.reserve(40).expect("there is room again");
        queue.release(&place);
        assert!(queue.remove(8));
        assert_eq!((queue.waiting(), queue.first()), ((0, 0), None));
    }
}
