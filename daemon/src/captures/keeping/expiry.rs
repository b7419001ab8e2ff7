//! Lets captures go that the rules have no more room for: first from the ledger, many in one event, then their bytes.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use parking_api::captures::ExpiryReason;
use parking_api::events::Actor;
use parking_api::{CaptureId, LotId};

use super::super::retention::{Group, Picture, Rules, Tally, Walk};
use super::super::{Error, discard};
use super::{Keeper, Stock};
use crate::ledger::{Command, LotHandle, LotState, Reply};
use crate::store::AgedCapture;

/// Captures that are looked at in one go, and that one event lets go: one with 100 ids has 4 KB, and 100 events would have 65.
const PAGE: usize = 500;
const EVENT_CAPTURES_MAX: usize = 100;
/// Objects that are being removed at once.
const REMOVALS_MAX: usize = 8;
/// Work that is not urgent rests this many times as long as each page took.
const REST: u32 = 3;

/// How to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Only looks.
    Dry,
    Gentle,
    Urgent,
}

/// Captures and bytes that went, by the rule that let them go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gone(BTreeMap<ExpiryReason, (u64, u64)>);

impl Gone {
    fn add(&mut self, reason: ExpiryReason, bytes: u64) {
        let sum = self.0.entry(reason).or_default();
        *sum = (sum.0 + 1, sum.1 + bytes);
    }

    pub fn by_reason(&self) -> impl Iterator<Item = (ExpiryReason, u64, u64)> {
        self.0.iter().map(|(reason, (captures, bytes))| (*reason, *captures, *bytes))
    }

    pub fn captures(&self) -> u64 {
        self.0.values().map(|(captures, _)| captures).sum()
    }

    pub fn bytes(&self) -> u64 {
        self.0.values().map(|(_, bytes)| bytes).sum()
    }
}

impl Keeper {
    /// Walks through the captures, oldest first, and removes what `rules` let go.
    pub(super) async fn expire(&self, rules: Rules, pace: Pace) -> Result<Gone, Error> {
        let stock = self.count().await?;
        let mut walk = Walk::new(rules.clone(), self.clock.now(), self.tallies(&stock, &rules));
        let (mut gone, mut last) = (Gone::default(), None);
        loop {
            let since = Instant::now();
            let page: Vec<AgedCapture> = self.ledger.store().captures_by_age(last.as_ref(), PAGE).await?;
            let mut chosen: BTreeMap<(LotId, ExpiryReason), Vec<CaptureId>> = BTreeMap::new();
            let mut is_over = page.is_empty();
            for capture in &page {
                is_over = walk.is_over(capture.at);
                if is_over {
                    break;
                }
                let group = (capture.lot.clone(), capture.camera.clone());
                let picture = Picture { group: &group, at: capture.at, bytes: capture.bytes, pinned: capture.pinned };
                match walk.judge(picture) {
                    Some(reason) if pace == Pace::Dry => gone.add(reason, capture.bytes),
                    Some(reason) => chosen.entry((capture.lot.clone(), reason)).or_default().push(capture.id),
                    None => {}
                }
            }
            for ((lot, reason), captures) in chosen {
                let Some(lot) = self.ledger.lot(&lot) else { continue };
                for captures in captures.chunks(EVENT_CAPTURES_MAX) {
                    self.remove(&lot, reason, captures, &mut gone).await?;
                }
            }
            if is_over {
                return Ok(gone);
            }
            last = page.into_iter().next_back();
            if pace == Pace::Gentle {
                tokio::time::sleep(since.elapsed() * REST).await;
            }
        }
    }

    fn tallies(&self, stock: &Stock, rules: &Rules) -> Vec<(Group, Tally)> {
        let tally = |(group, (captures, bytes)): (&Group, &(u64, u64))| {
            let keep = match self.ledger.lot(&group.0) {
                // Its rows go with the lot.
                None => u64::MAX,
                Some(lot) if is_needed(&lot, group) => rules.keep_last,
                Some(_) => 0,
            };
            (group.clone(), Tally { captures: *captures, bytes: *bytes, keep })
        };
        stock.groups.iter().map(tally).collect()
    }

    async fn remove(
        &self,
        lot: &LotHandle,
        reason: ExpiryReason,
        captures: &[CaptureId],
        gone: &mut Gone,
    ) -> Result<(), Error> {
        let duty = if reason == ExpiryReason::Disk { "purge" } else { "retention" };
        let command = Command::ExpireCaptures { reason, captures: captures.to_vec() };
        let Reply::Expired(expired) = lot.submit(command, Actor::system(duty), None).await?.reply else {
            return Ok(());
        };
        expired.captures.iter().for_each(|capture| gone.add(reason, capture.bytes));
        if let Some(thumbnails) = &self.thumbnails {
            for capture in &expired.captures {
                thumbnails.forget(capture.id).await;
            }
        }
        for captures in expired.captures.chunks(REMOVALS_MAX) {
            join_all(captures.iter().map(|capture| discard(&self.objects, &capture.key))).await;
        }
        Ok(())
    }
}

/// Whether somebody may still ask for the last pictures of a group: those of a camera that is there, or of people.
fn is_needed(lot: &LotHandle, (_, camera): &Group) -> bool {
    let has = |id| lot.read(|state: &LotState| state.camera(id).is_some());
    camera.as_ref().is_none_or(has)
}
