//! Who may see what of an event. Pure; the one place where an event is turned into the bytes that every socket gets.

use std::sync::OnceLock;

use bytes::Bytes;
use parking_api::SlotId;
use parking_api::events::{Actor, Audit, Event, EventChange, LogEntry, WITHHELD};
use parking_api::slots::Slot;
use parking_api::tokens::Role;

/// Callers who see the same of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Anyone, where the operator made reading public: slots and the lot, without names, notes and stays.
    Public,
    /// Viewers and attendants: everything but tokens, and where others are.
    Staff,
    /// Everything.
    Admin,
}

impl Audience {
    pub const ALL: [Self; 3] = [Self::Public, Self::Staff, Self::Admin];

    /// The audience of a caller with this role; `None` where a camera asks, which may not read at all.
    pub fn of(role: Option<Role>) -> Option<Self> {
        match role {
            None => Some(Self::Public),
            Some(Role::Camera) => None,
            Some(Role::Viewer | Role::Attendant) => Some(Self::Staff),
            Some(Role::Admin) => Some(Self::Admin),
        }
    }

    /// The event as this audience may see it.
    pub fn view(self, event: &Event) -> LogEntry {
        match self {
            Self::Admin => LogEntry::Event(Box::new(event.clone())),
            Self::Staff if is_of_tokens(&event.change) => withheld(event.seq),
            Self::Staff => {
                let audit = event.audit.clone().map(|audit| Audit { address: None, ..audit });
                let audit = audit.filter(|audit| !audit.before.is_empty());
                LogEntry::Event(Box::new(Event { audit, ..event.clone() }))
            }
            Self::Public => match public(&event.change) {
                None => withheld(event.seq),
                Some(change) => {
                    let actor = Actor { kind: event.actor.kind, name: None };
                    LogEntry::Event(Box::new(Event { seq: event.seq, at: event.at, actor, change, audit: None }))
                }
            },
        }
    }

    /// A slot as this audience may see it.
    pub fn slot(self, slot: &Slot) -> Slot {
        match self {
            Self::Public => Slot { note: None, suggested: None, ..slot.clone() },
            Self::Staff | Self::Admin => slot.clone(),
        }
    }
}

fn withheld(seq: u64) -> LogEntry {
    LogEntry::Other { seq, kind: WITHHELD.into() }
}

fn is_of_tokens(change: &EventChange) -> bool {
    matches!(change, EventChange::TokenCreated { .. } | EventChange::TokenRevoked { .. })
}

fn public(change: &EventChange) -> Option<EventChange> {
    let seen = |slot: &Slot| Audience::Public.slot(slot);
    match change {
        EventChange::LotCreated { .. } | EventChange::LotChanged { .. } => Some(change.clone()),
        EventChange::SlotCreated { slot, .. } => Some(EventChange::SlotCreated { slot: seen(slot), session: None }),
        EventChange::SlotChanged { slot, .. } => Some(EventChange::SlotChanged { slot: seen(slot), session: None }),
        EventChange::SlotDeleted { slot, .. } => Some(EventChange::SlotDeleted { slot: seen(slot), session: None }),
        _ => None,
    }
}

/// One event as each audience gets it, encoded once.
#[derive(Debug)]
pub struct Encoded {
    event: Event,
    staff: Bytes,
    admin: Bytes,
    /// Few daemons are read by the public, so this waits until somebody asks.
    public: OnceLock<Bytes>,
}

impl Encoded {
    /// `body` is the event as it was encoded. What the log keeps besides does not go out live.
    pub fn new(mut event: Event, body: String) -> Self {
        let admin = if event.audit.take().is_some() { encode(&event) } else { Bytes::from(body) };
        let staff = if is_of_tokens(&event.change) { encode(&Audience::Staff.view(&event)) } else { admin.clone() };
        Self { event, staff, admin, public: OnceLock::new() }
    }

    pub fn seq(&self) -> u64 {
        self.event.seq
    }

    /// The slot that is no more.
    pub fn deleted(&self) -> Option<SlotId> {
        match &self.event.change {
            EventChange::SlotDeleted { slot, .. } => Some(slot.id),
            _ => None,
        }
    }

    pub fn bytes(&self, audience: Audience) -> &Bytes {
        match audience {
            Audience::Public => self.public.get_or_init(|| encode(&Audience::Public.view(&self.event))),
            Audience::Staff => &self.staff,
            Audience::Admin => &self.admin,
        }
    }
}

fn encode(entry: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(entry).expect("a log entry has only string keys and finite numbers").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_api::Time;
    use parking_api::lots::Lot;

    #[test]
    fn what_an_audience_may_not_see_keeps_its_place_in_the_chain() {
        let token = serde_json::json!({
            "id": "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", "name": "gate", "role": "admin", "camera": null, "lot": "main",
            "prefix": "park_abc", "created_at": "2026-11-23T05:00:00Z", "expires_at": null, "revoked_at": null,
        });
        let event = Event {
            seq: 7,
            at: Time::from_ms(0),
            actor: Actor::system("test"),
            change: EventChange::TokenCreated { token: serde_json::from_value(token).expect("a token") },
            audit: None,
        };
        let body = serde_json::to_string(&event).expect("an event");
        let encoded = Encoded::new(event, body.clone());
        assert_eq!(encoded.bytes(Audience::Admin), body.as_bytes());
        for audience in [Audience::Public, Audience::Staff] {
            assert_eq!(&encoded.bytes(audience)[..], br#"{"seq":7,"kind":"withheld"}"#);
        }
    }

    #[test]
    fn the_public_learns_what_changed_but_not_who_did_it() {
        let lot = Lot {
            id: "main".parse().expect("a lot id"),
            name: "Main".into(),
            time_zone: "UTC".into(),
            currency: "XXX".into(),
            created_at: Time::from_ms(0),
            rev: 1,
        };
        let change = EventChange::LotCreated { lot };
        let event =
            Event { seq: 1, at: Time::from_ms(0), actor: Actor::token("Siti"), change: change.clone(), audit: None };
        let LogEntry::Event(seen) = Audience::Public.view(&event) else { panic!("a lot is public") };
        assert_eq!((seen.change, seen.actor.name), (change, None));
    }
}
