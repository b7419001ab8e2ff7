//! One camera, large: its newest picture, or one of those before.

use parking_api::captures::Capture;
use parking_api::{CameraId, CaptureId, Time};

use super::Subject;
use crate::effect::Fetch;
use crate::model::Tab;

/// Pictures that are known by name at a time: two months of one a minute.
const LIST_MAX: usize = 100_000;
/// With fewer than so many before the one that is shown, the next page is asked for.
const AHEAD: usize = 20;

/// One camera, large.
#[derive(Debug, Clone, PartialEq)]
pub struct Viewer {
    pub camera: CameraId,
    /// None follows the newest, where there is no moment either.
    pub at: Option<CaptureId>,
    /// The last picture before it is to be seen; which one that is is not known yet.
    pub moment: Option<Time>,
    /// Newest first; empty until somebody goes back.
    pub list: Vec<CaptureId>,
    /// Where the next page of them begins.
    pub cursor: Option<String>,
    pub is_loading: bool,
    /// So many steps back are to be made when the list has come.
    pub owed: usize,
}

impl Viewer {
    pub fn new(camera: CameraId) -> Self {
        Self { camera, at: None, moment: None, list: Vec::new(), cursor: None, is_loading: false, owed: 0 }
    }

    /// Whether it follows the newest.
    pub fn is_live(&self) -> bool {
        self.at.is_none() && self.moment.is_none()
    }

    /// The newest picture of this camera.
    pub fn newest(&self, tab: &Tab) -> Option<CaptureId> {
        let camera = tab.lot.cameras.iter().find(|camera| camera.id == self.camera)?;
        camera.contact.as_ref()?.capture_id
    }

    /// The picture that is to be seen.
    pub fn shown(&self, tab: &Tab) -> Option<Subject> {
        let camera = self.camera.clone();
        match (self.at, self.moment) {
            (None, Some(at)) => Some(Subject::Before { camera, at }),
            (at, _) => Some(Subject::One { camera, capture: at.or_else(|| self.newest(tab))? }),
        }
    }

    /// Stays at a picture of the past; what is to be asked for those before and after it.
    pub fn found(&mut self, capture: CaptureId) -> Fetch {
        (self.at, self.moment, self.is_loading) = (Some(capture), None, true);
        Fetch::Captures { camera: self.camera.clone(), cursor: None }
    }

    /// How many there are before the one that is shown, as far as they are known.
    pub fn place(&self, shown: Option<CaptureId>) -> Option<usize> {
        self.list.iter().position(|capture| Some(*capture) == shown)
    }

    /// One picture back; whether another page of the list is needed, for this step or for those that may follow.
    pub fn older(&mut self, newest: Option<CaptureId>) -> bool {
        if self.place(self.at.or(newest)).is_none() {
            // The list says nothing of what is shown, or there is none yet.
            (self.list, self.cursor) = (Vec::new(), None);
            self.owed += 1;
            return true;
        }
        let is_made = self.back(newest);
        self.owed += usize::from(!is_made && self.cursor.is_some());
        let left = self.place(self.at.or(newest)).map_or(0, |at| self.list.len() - 1 - at);
        left < AHEAD && self.cursor.is_some()
    }

    /// Whether there was one to go back to.
    fn back(&mut self, newest: Option<CaptureId>) -> bool {
        let next = self.place(self.at.or(newest)).map_or(0, |at| at + 1);
        let found = self.list.get(next).copied();
        self.at = found.or(self.at);
        found.is_some()
    }

    /// Whether the oldest is shown.
    pub fn is_at_end(&self) -> bool {
        self.cursor.is_none() && self.owed == 0 && self.at.is_some() && self.list.last() == self.at.as_ref()
    }

    /// One picture forward; at the newest it follows.
    pub fn newer(&mut self) {
        let Some(at) = self.place(self.at) else {
            self.at = None;
            return;
        };
        self.at = at.checked_sub(1).filter(|at| *at > 0).map(|at| self.list[at]);
    }

    /// Goes to the newest, and with it.
    pub fn follow(&mut self) {
        (self.at, self.moment) = (None, None);
    }

    /// Takes in a page of the list: the first, or the next. Whether another is needed, for what is shown is older.
    pub fn fill(
        &mut self,
        page: Vec<Capture>,
        cursor: Option<String>,
        is_first: bool,
        newest: Option<CaptureId>,
    ) -> bool {
        if is_first {
            self.list.clear();
        }
        self.list.extend(page.into_iter().map(|capture| capture.id));
        self.list.truncate(LIST_MAX);
        self.cursor = cursor.filter(|_| self.list.len() < LIST_MAX);
        self.is_loading = self.at.is_some() && self.place(self.at).is_none() && self.cursor.is_some();
        if self.is_loading {
            return true;
        }
        for _ in 0..std::mem::take(&mut self.owed) {
            if !self.back(newest) {
                break;
            }
        }
        false
    }

    /// A picture that has just come is the first of the list, if there is one.
    pub fn added(&mut self, capture: &Capture) {
        if !self.list.is_empty() && capture.camera.as_ref() == Some(&self.camera) {
            self.list.insert(0, capture.id);
            self.list.truncate(LIST_MAX);
        }
    }
}
