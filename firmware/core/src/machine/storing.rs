//! Settings on their way to the flash, and what waits until they are there.

use super::{Core, Out, Output};
use crate::settings::{Settings, Vault};

/// What waits until settings are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storing {
    Nothing,
    /// What a client on the cable set has worked, and becomes what is set.
    Commit,
    /// A new firmware is started.
    Start,
}

pub(super) fn write(vault: &mut Vault, settings: &Settings, out: Out<'_>) {
    let (place, record) = vault.write(settings);
    out(Output::Store { place, record: record.as_bytes() });
}

impl Core {
    pub(super) fn store(&mut self, out: Out<'_>) {
        write(&mut self.vault, &self.settings, out);
    }

    /// Goes on with what waited for it; whether that is news for a client on the cable.
    pub(super) fn stored(&mut self, now_ms: u64, out: Out<'_>) -> bool {
        self.is_forgetful = false;
        let storing = core::mem::replace(&mut self.storing, Storing::Nothing);
        match storing {
            Storing::Nothing => {}
            Storing::Commit => self.committed(now_ms, out),
            Storing::Start => out(Output::StartUpdate),
        }
        storing == Storing::Commit
    }

    /// The same of settings that are gone with the power.
    pub(super) fn store_failed(&mut self, now_ms: u64, out: Out<'_>) -> bool {
        self.errors += 1;
        self.is_forgetful = true;
        self.vault.failed();
        if self.storing == Storing::Start {
            self.storing = Storing::Nothing;
            self.not_started(now_ms, out);
        }
        // The cable says that it is given up.
        self.storing == Storing::Commit
    }
}
