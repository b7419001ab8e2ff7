//! The machine against an honest server and a line that loses, repeats and cuts as it likes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

type Slots = BTreeMap<SlotId, Slot>;

/// A server's log of one lot, and the frames that an honest server sends of it.
struct Log {
    epoch: u32,
    entries: Vec<LogEntry>,
}

impl Log {
    fn epoch(&self) -> String {
        format!("epoch-{}", self.epoch)
    }

    fn head(&self) -> u64 {
        self.entries.len() as u64
    }

    fn write(&mut self, number: u8) {
        let seq = self.head() + 1;
        let state = SlotState::ALL[usize::from(number) % SlotState::ALL.len()];
        self.entries.push(if number == 0 { withheld(seq) } else { changed(seq, number % 7, state) });
    }

    fn after(&self, seq: u64) -> &[LogEntry] {
        &self.entries[usize::try_from(seq).expect("a small number")..]
    }

    /// The lot at `seq`.
    fn fold(&self, seq: u64) -> Slots {
        newest(&self.entries[..usize::try_from(seq).expect("a small number")])
    }

    fn greet(&self, cursor: Option<&Cursor>, floor: u64, chunk: usize) -> Vec<Frame> {
        let reason = match cursor {
            None => Some(SnapshotReason::NoCursor),
            Some(cursor) if cursor.epoch != self.epoch() => Some(SnapshotReason::EpochChanged),
            Some(cursor) if cursor.seq + 1 < floor => Some(SnapshotReason::TooOld),
            Some(_) => None,
        };
        let mut frames = vec![hello(&self.epoch(), self.head())];
        match (reason, cursor) {
            (None, Some(cursor)) => {
                frames.push(resumed(cursor.seq, self.head()));
                frames.extend(self.after(cursor.seq).chunks(chunk).map(|chunk| events(chunk.to_vec())));
            }
            (reason, _) => {
                let slots = self.fold(self.head()).into_values().collect();
                frames.push(snapshot(self.head(), reason.unwrap_or(SnapshotReason::NoCursor), slots));
            }
        }
        frames
    }
}

fn newest(entries: &[LogEntry]) -> Slots {
    let mut slots = Slots::new();
    for event in entries.iter().filter_map(LogEntry::event) {
        if let EventChange::SlotChanged { slot, .. } = &event.change {
            slots.insert(slot.id, slot.clone());
        }
    }
    slots
}

/// What a user of the client has put together from its messages.
#[derive(Default)]
struct Screen {
    slots: Slots,
    place: Option<(String, u64)>,
}

impl Screen {
    fn take(&mut self, delivery: Delivery, hello_head: u64) {
        let Some(place) = delivery.place else { return };
        let (epoch, seq) = (place.epoch.to_string(), place.seq);
        let before = self.place.replace((epoch.clone(), seq)).filter(|before| before.0 == epoch).map(|before| before.1);
        assert!(before.is_none_or(|before| before <= seq), "the cursor went back from {before:?} to {seq}");
        match delivery.message {
            LiveMessage::Snapshot(snapshot) => {
                self.slots = snapshot.slots.into_iter().map(|slot| (slot.id, slot)).collect();
            }
            LiveMessage::Event(event) => {
                assert_eq!((before, event.seq), (Some(seq - 1), seq));
                self.slots.append(&mut newest(&[LogEntry::Event(event)]));
            }
            LiveMessage::Skipped { seq: skipped, .. } => assert_eq!((before, skipped), (Some(seq - 1), seq)),
            LiveMessage::Lagged(lagged) => {
                assert_eq!((before, lagged.to), (Some(lagged.from), seq));
                self.slots.extend(lagged.slots.into_iter().map(|slot| (slot.id, slot)));
            }
            LiveMessage::State(LinkState::Live) => assert!(seq >= hello_head, "live at {seq} of {hello_head}"),
            _ => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Fate {
    Delivered,
    Twice,
    Lost,
    Cut,
}

#[derive(Debug, Clone)]
enum Act {
    /// Changes while nobody is connected.
    Write(Vec<u8>),
    /// A backup is restored: another log from here on.
    Restore(usize),
    Connect {
        floor_back: u64,
        chunk: usize,
        during: Vec<(u8, bool)>,
        fates: Vec<Fate>,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let fate = prop_oneof![
        12 => Just(Fate::Delivered), 2 => Just(Fate::Twice), 2 => Just(Fate::Lost), 1 => Just(Fate::Cut)
    ];
    let during = prop::collection::vec((any::<u8>(), prop::bool::weighted(0.2)), 0..12);
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 1..12).prop_map(Act::Write),
        1 => (0_usize..20).prop_map(Act::Restore),
        8 => (0_u64..30, 1_usize..6, during, prop::collection::vec(fate, 1..40))
            .prop_map(|(floor_back, chunk, during, fates)| Act::Connect { floor_back, chunk, during, fates }),
    ]
}

/// One connection to `log`; frames meet their `fates`, and after those are used up they all arrive.
fn connect(machine: &mut Machine, screen: &mut Screen, log: &mut Log, act: &Act) {
    let Act::Connect { floor_back, chunk, during, fates } = act else { return };
    let cursor = machine.open();
    let hello_head = log.head();
    let mut frames = log.greet(cursor.as_ref(), log.head().saturating_sub(*floor_back), *chunk);
    let mut sent = hello_head;
    for (number, is_lagging) in during {
        log.write(*number);
        if *is_lagging {
            log.write(number.wrapping_mul(3));
            let slots = newest(log.after(sent)).into_values().collect();
            frames.push(lagged(sent, log.head(), slots));
        } else {
            frames.push(events(log.after(sent).to_vec()));
        }
        sent = log.head();
        frames.push(heartbeat(sent));
    }
    let mut fates = fates.iter();
    for frame in frames {
        let times = match fates.next() {
            None | Some(Fate::Delivered) => 1,
            Some(Fate::Twice) => 2,
            Some(Fate::Lost) => 0,
            Some(Fate::Cut) => return,
        };
        for _ in 0..times {
            let mut out = Vec::new();
            let stepped = machine.step(frame.clone(), &mut out);
            for delivery in out {
                screen.take(delivery, hello_head);
            }
            if let Some((epoch, seq)) = &screen.place
                && *epoch == log.epoch()
            {
                assert_eq!(screen.slots, log.fold(*seq), "at {seq}");
            }
            match stepped {
                Ok(()) => {}
                Err(Interrupted::Retry { .. }) => return,
                Err(Interrupted::End(error)) => panic!("an honest server never ends it: {error}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_lost_or_repeated_the_client_ends_where_the_server_is(acts in prop::collection::vec(act(), 1..24)) {
        let mut log = Log { epoch: 0, entries: Vec::new() };
        let mut machine = Machine::new(LotId::default(), None);
        let mut screen = Screen::default();
        for act in &acts {
            match act {
                Act::Write(numbers) => numbers.iter().for_each(|number| log.write(*number)),
                Act::Restore(kept) => {
                    log.epoch += 1;
                    log.entries.truncate(*kept);
                }
                Act::Connect { .. } => connect(&mut machine, &mut screen, &mut log, act),
            }
        }
        let whole = Act::Connect { floor_back: 10, chunk: 4, during: vec![(5, false), (6, true)], fates: Vec::new() };
        connect(&mut machine, &mut screen, &mut log, &whole);
        prop_assert!(machine.is_live());
        prop_assert_eq!(machine.open(), at(&log.epoch(), log.head()));
        prop_assert_eq!(screen.slots, log.fold(log.head()));
    }
}
