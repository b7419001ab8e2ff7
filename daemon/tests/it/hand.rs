//! One of several clients that command a lot at random, and remember what they were told.

use std::hash::{BuildHasher, Hasher, RandomState};

use parking_api::cameras::{CameraPatch, NewCamera};
use parking_api::client::{CaptureMeta, CaptureQuery, Client, Error, Mutation};
use parking_api::events::Event;
use parking_api::sessions::GateEntry;
use parking_api::slots::{NewSlot, SetSlot, SlotKind, SlotPatch, SlotState, Source};
use parking_api::{Committed, ProblemCode, SlotCode, SlotRef};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde::Serialize;
use serde_json::Value;

use crate::pictures::JPEGS;

/// Of everything random in these tests; printed, so that a failure can be tried again with `PARKING_SEED`.
#[expect(clippy::print_stdout, reason = "the test runner keeps it, and shows it when the test fails")]
pub fn seed() -> u64 {
    let given = std::env::var("PARKING_SEED").ok().map(|text| text.parse().expect("PARKING_SEED is a number"));
    let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("PARKING_SEED={seed}");
    seed
}

/// A slot on level 0 with this code and zone.
pub fn new_slot(code: &str, zone: Option<String>) -> NewSlot {
    let code = code.parse().expect("a code");
    NewSlot { code, zone, level: 0, kind: SlotKind::Standard, state: None, position: None, note: None }
}

/// What a client was told: this resource, made so by the command that ended with this event.
pub struct Ack {
    actor: String,
    seq: u64,
    resource: Value,
}

impl Ack {
    /// Panics unless the log says the same.
    pub fn is_in(&self, log: &[Event]) {
        let index = (self.seq - 1) as usize;
        assert_eq!(log[index].seq, self.seq);
        // A command about a camera ends with an event about its token, one about a capture may end with one about its camera.
        let near = &log[index.saturating_sub(1)..=index];
        let is_there = near.iter().any(|event| {
            let data = serde_json::to_value(event).expect("an event is JSON");
            let resources = data["data"].as_object().expect("data is an object");
            event.actor.name.as_deref() == Some(&*self.actor) && resources.values().any(|r| *r == self.resource)
        });
        assert!(is_there, "{} was told {} at {}, but the log says {near:?}", self.actor, self.resource, self.seq);
    }
}

/// One client.
pub struct Hand {
    name: String,
    client: Client,
    rng: SmallRng,
    acknowledged: Vec<Ack>,
}

type Done = Result<(), Error>;

impl Hand {
    pub fn new(name: &str, client: Client, seed: u64) -> Self {
        Self { name: name.into(), client, rng: SmallRng::seed_from_u64(seed), acknowledged: Vec::new() }
    }

    /// Sends so many commands, and returns what was acknowledged.
    pub async fn work(mut self, commands: usize) -> Vec<Ack> {
        for _ in 0..commands {
            if let Err(error) = self.act().await {
                assert!(is_by_the_rules(&error), "{}: {error:?}", self.name);
            }
        }
        self.acknowledged
    }

    async fn act(&mut self) -> Done {
        match self.rng.random_range(0..100) {
            0..20 => self.set().await,
            20..42 => self.toggle().await,
            42..52 => self.patch().await,
            52..60 => self.create().await,
            60..65 => self.delete().await,
            65..69 => self.import().await,
            69..79 => self.enter().await,
            79..87 => self.exit().await,
            87..93 => self.camera().await,
            93..98 => self.capture().await,
            98 => self.capture_pin().await,
            _ => self.capture_delete().await,
        }
    }

    fn told<T: Serialize>(&mut self, committed: &Committed<T>) {
        let resource = serde_json::to_value(&committed.value).expect("a resource is JSON");
        self.acknowledged.push(Ack { actor: self.name.clone(), seq: committed.seq, resource });
    }

    fn code(&mut self) -> SlotCode {
        format!("A-{}", self.rng.random_range(1..=12)).parse().expect("a code")
    }

    fn word(&mut self) -> Option<String> {
        self.rng.random_bool(0.8).then(|| format!("word {}", self.rng.random_range(0..5)))
    }

    fn state(&mut self) -> SlotState {
        *SlotState::ALL.choose(&mut self.rng).expect("there are states")
    }

    /// Sometimes only if nobody was faster.
    async fn guard(&mut self, slot: &SlotRef) -> Result<Mutation, Error> {
        let if_match = if self.rng.random_bool(0.3) { Some(self.client.slot(slot).await?.rev) } else { None };
        Ok(Mutation { if_match, idempotency_key: None })
    }

    async fn set(&mut self) -> Done {
        let slot = SlotRef::Code(self.code());
        let guard = self.guard(&slot).await?;
        let note = self.rng.random_bool(0.5).then(|| self.word());
        let source = Source::ALL.choose(&mut self.rng).copied();
        let set = SetSlot { state: self.state(), note, source };
        let done = self.client.slot_set(&slot, &set, &guard).await?;
        self.told(&done);
        Ok(())
    }

    async fn toggle(&mut self) -> Done {
        let slot = SlotRef::Code(self.code());
        let guard = self.guard(&slot).await?;
        let done = self.client.slot_toggle(&slot, &guard).await?;
        self.told(&done);
        Ok(())
    }

    async fn patch(&mut self) -> Done {
        let slot = SlotRef::Code(self.code());
        let guard = self.guard(&slot).await?;
        let patch = SlotPatch {
            code: self.rng.random_bool(0.6).then(|| self.code()),
            zone: self.rng.random_bool(0.5).then(|| self.word()),
            level: self.rng.random_bool(0.3).then(|| self.rng.random_range(-2..4)),
            note: self.rng.random_bool(0.3).then(|| self.word()),
            ..SlotPatch::default()
        };
        let done = self.client.slot_patch(&slot, &patch, &guard).await?;
        self.told(&done);
        Ok(())
    }

    async fn create(&mut self) -> Done {
        let slot = NewSlot { state: Some(self.state()), zone: self.word(), ..new_slot(self.code().as_str(), None) };
        let done = self.client.slot_create(&slot).await?;
        self.told(&done);
        Ok(())
    }

    async fn delete(&mut self) -> Done {
        let slot = SlotRef::Code(self.code());
        let guard = self.guard(&slot).await?;
        let done = self.client.slot_delete(&slot, &guard).await?;
        self.told(&done);
        Ok(())
    }

    /// Redescribes and creates several slots at once.
    async fn import(&mut self) -> Done {
        let first = self.rng.random_range(1..=10);
        let rows: Vec<NewSlot> = (first..first + 4).map(|n| new_slot(&format!("A-{n}"), self.word())).collect();
        let is_trial = self.rng.random_bool(0.2);
        let done = self.client.slots_import_json(&rows, is_trial).await?;
        assert_eq!(done.value.created + done.value.updated + done.value.unchanged, rows.len());
        Ok(())
    }

    fn entry(&mut self) -> GateEntry {
        let number = self.rng.random_range(1..=8);
        let plate = self.rng.random_bool(0.5).then(|| format!("B {number} XY"));
        GateEntry { ticket: Some(format!("T{number}")), plate }
    }

    async fn enter(&mut self) -> Done {
        let entry = self.entry();
        let done = self.client.gate_entry(&entry, &Mutation::default()).await?;
        self.told(&done);
        Ok(())
    }

    async fn exit(&mut self) -> Done {
        let entry = self.entry();
        let done = self.client.gate_exit(&entry, &Mutation::default()).await?;
        self.told(&done);
        Ok(())
    }

    async fn camera(&mut self) -> Done {
        let id = format!("cam-{}", self.rng.random_range(1..=3)).parse().expect("a camera id");
        match self.rng.random_range(0..3) {
            0 => {
                let new = NewCamera { id, name: self.word(), zone: None, interval_s: Some(1) };
                let Committed { value, seq } = self.client.camera_create(&new).await?;
                self.told(&Committed { value: value.camera, seq });
            }
            1 => {
                let patch = CameraPatch { zone: Some(self.word()), ..CameraPatch::default() };
                let done = self.client.camera_patch(&id, &patch).await?;
                self.told(&done);
            }
            _ => {
                let done = self.client.camera_delete(&id).await?;
                self.told(&done);
            }
        }
        Ok(())
    }

    async fn capture(&mut self) -> Done {
        let camera = self.rng.random_bool(0.6).then(|| format!("cam-{}", self.rng.random_range(1..=3)));
        let camera = camera.map(|id| id.parse().expect("a camera id"));
        let picture = JPEGS.choose(&mut self.rng).expect("there are pictures").clone();
        let meta = CaptureMeta { camera, ..CaptureMeta::default() };
        let done = self.client.capture_upload(picture.clone(), "image/jpeg", &meta).await?;
        self.told(&done);
        match self.client.image(&done.value.key, None).await {
            Ok(stored) => assert_eq!(stored, picture),
            // Another client may have deleted it by now.
            Err(error) => assert!(is_by_the_rules(&error), "{error:?}"),
        }
        Ok(())
    }

    async fn capture_pin(&mut self) -> Done {
        let page = self.client.captures(&CaptureQuery { limit: Some(5), ..CaptureQuery::default() }).await?;
        let Some(capture) = page.items.choose(&mut self.rng) else { return Ok(()) };
        // Pinned or not, somebody else may have done it in between: then there is no event of it.
        self.client.capture_pin(capture.id, !capture.pinned).await.map(drop)
    }

    async fn capture_delete(&mut self) -> Done {
        let page = self.client.captures(&CaptureQuery { limit: Some(5), ..CaptureQuery::default() }).await?;
        let Some(capture) = page.items.choose(&mut self.rng) else { return Ok(()) };
        let done = self.client.capture_delete(capture.id).await?;
        self.told(&done);
        Ok(())
    }
}

/// Refusals that other clients can bring about at any moment.
fn is_by_the_rules(error: &Error) -> bool {
    use ProblemCode::{
        AlreadyExists, AlreadyInside, CameraNotFound, CaptureNotFound, ImageNotFound, RevStale, SlotNotFound,
        TicketUnknown, ToggleRefused,
    };
    let Error::Refused(problem) = error else { return false };
    [
        AlreadyExists,
        AlreadyInside,
        CameraNotFound,
        CaptureNotFound,
        ImageNotFound,
        RevStale,
        SlotNotFound,
        TicketUnknown,
        ToggleRefused,
    ]
    .contains(&problem.code)
}
