//! A console on a lot that stands still, for tests: the demo lot at ten o'clock, live, in the hands of an attendant.

use parking_api::client::{LinkState, LiveMessage};
use parking_api::events::{EventPage, LogEntry};
use parking_api::tokens::{Identity, Role};
use parking_api::{SlotId, Time};

use crate::demo::lot::{self, DemoLot};
use crate::effect::Effect;
use crate::images::{Picture, Pixels, Rendered, paint};
use crate::keymap::{Chord, Keymap};
use crate::model::{Model, Setup, Who};
use crate::msg::{Fetched, Msg, Stamped};
use crate::pictures::Ask;
use crate::theme::Look;
use crate::update::{start, update};

pub const SEED: u64 = 7;

pub fn now() -> Time {
    "2026-11-23T10:00:00Z".parse().expect("a time")
}

/// Before anything is known.
pub fn blank(size: (u16, u16)) -> Model {
    let (look, keymap) = (Look::default(), Keymap::default());
    Model::new(Setup {
        now: now(),
        size,
        look,
        keymap,
        server: "http://127.0.0.1:1".into(),
        lot: lot::id(),
        is_read_only: false,
        history: Vec::new(),
    })
}

/// Live, with the demo lot behind it.
pub fn live(size: (u16, u16)) -> (Model, DemoLot) {
    let demo = DemoLot::new(now(), SEED);
    let mut model = blank(size);
    start(&mut model);
    let identity = Identity { name: "ayu".into(), role: Role::Attendant, expires_at: None, csrf_token: None };
    send(&mut model, Msg::Who(Ok(identity)));
    told(&mut model, LiveMessage::State(LinkState::CatchingUp));
    told(&mut model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
    told(&mut model, LiveMessage::State(LinkState::Live));
    let events = demo.events().map(|event| LogEntry::Event(Box::new(event.clone()))).collect();
    let page = EventPage { epoch: "demo".into(), head: demo.seq(), floor: 1, events };
    fetched(&mut model, Fetched::Log(page));
    fetched(&mut model, Fetched::Trend(demo.quarters()));
    (model, demo)
}

pub fn as_viewer(model: &mut Model) {
    if let Who::Known(identity) = &mut model.who {
        identity.role = Role::Viewer;
    }
}

pub fn send(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let at = model.here();
    update(model, Stamped { at, msg })
}

pub fn told(model: &mut Model, message: LiveMessage) -> Vec<Effect> {
    send(model, Msg::Live { lot: lot::id(), message })
}

pub fn fetched(model: &mut Model, what: Fetched) -> Vec<Effect> {
    send(model, Msg::Fetched { lot: lot::id(), result: Ok(what) })
}

/// Lets `ms` milliseconds pass.
pub fn wait(model: &mut Model, ms: i64) -> Vec<Effect> {
    let at = model.here().plus_ms(ms);
    update(model, Stamped { at, msg: Msg::Tick })
}

/// Presses keys, by their names.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    let chords = keys.split_whitespace().map(|key| key.parse::<Chord>().expect(key));
    chords.flat_map(|chord| send(model, Msg::Key(chord.event()))).collect()
}

/// Types a text, blanks and all.
pub fn type_in(model: &mut Model, text: &str) -> Vec<Effect> {
    let keys = text.chars().map(|c| if c == ' ' { "space".to_string() } else { c.to_string() });
    keys.flat_map(|key| press(model, &key)).collect()
}

pub fn id(model: &Model, code: &str) -> SlotId {
    model.tab().lot.by_code(&code.parse().expect(code)).expect(code).id
}

pub fn selected(model: &Model) -> &str {
    model.tab().selected().map_or("", |slot| slot.code.as_str())
}

/// The picture that is asked for, grey all over; as pixels, too, where they are wanted.
pub fn picture(demo: &DemoLot, ask: &Ask) -> Result<Box<Picture>, String> {
    let (capture, _) = demo.picture(&ask.subject).ok_or("no such picture")?;
    let cells = paint::fit((capture.width, capture.height), ask.cells, ask.drawing.cell);
    let blocks = [3, 127, 127, 127, 127, 127, 127].repeat(usize::from(cells.0) * usize::from(cells.1));
    let protocol = ask.drawing.protocol;
    let pixels = protocol.is_pixels().then(|| Pixels { protocol, cells, body: vec![b'A'; 8].into() });
    Ok(Box::new(Picture { capture, image: Rendered { cells, blocks, pixels } }))
}

/// Answers every write as the demo lot does: the event first, or the answer first. Brings every picture.
pub fn answer(model: &mut Model, demo: &mut DemoLot, effects: Vec<Effect>, is_event_first: bool) {
    for effect in effects {
        if let Effect::LoadImage { lot, spot, ask } = effect {
            let result = picture(demo, &ask);
            send(model, Msg::Image { lot, spot, ask, result });
            continue;
        }
        let Effect::Write { op, slot, write, if_match, .. } = effect else { continue };
        let now = model.now;
        let (result, event) = demo.write(slot, &write, if_match, now);
        let event = event.map(LiveMessage::Event);
        if is_event_first && let Some(event) = event.clone() {
            told(model, event);
        }
        send(model, Msg::Written { op, slot, result });
        if !is_event_first && let Some(event) = event {
            told(model, event);
        }
    }
}
