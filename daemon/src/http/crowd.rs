//! How many connections come from where: no one address may take the places of all others. Knows nothing of requests.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Connections that one address may have open; one of IPv6 counts with all others of its network, which one machine may have.
pub const PER_ADDRESS_MAX: usize = 1_024;
/// The part of an IPv6 address that names a network.
const NETWORK: u128 = !0 << 64;
/// Between two lines of the log that say the same.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// Everybody who is connected, except from this machine and through trusted proxies, which speak for many. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Crowd {
    exempt: Arc<[IpAddr]>,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A place in the crowd, until it is dropped.
#[derive(Debug)]
pub struct Seat(Option<(Crowd, IpAddr)>);

impl Crowd {
    pub fn new(trusted_proxies: &[IpAddr]) -> Self {
        Self { exempt: trusted_proxies.into(), open: Arc::default() }
    }

    /// A place for one more connection from `address`, unless it has too many.
    pub fn enter(&self, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        if address.is_loopback() || self.exempt.contains(&address) {
            return Some(Seat(None));
        }
        let from = match address {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into(),
            v4 @ IpAddr::V4(_) => v4,
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(from).or_default();
        if *count >= PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Seat(Some((self.clone(), from))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((crowd, from)) = &self.0 else { return };
        let mut open = crowd.open.lock().unwrap_or_else(PoisonError::into_inner);
        match open.get_mut(from) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = open.remove(from),
        }
    }
}

/// Something that is said once, and again only after a while.
#[derive(Debug, Default)]
pub struct Seldom(Option<Instant>);

impl Seldom {
    pub fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|said| said.elapsed() >= SAY_AGAIN);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_its_share_and_not_more_and_this_machine_and_its_proxies_have_all() {
        let proxy: IpAddr = [10, 0, 0, 1].into();
        let crowd = Crowd::new(&[proxy]);
        let stranger: IpAddr = [192, 0, 2, 7].into();
        let mut seats: Vec<_> = (0..PER_ADDRESS_MAX).map(|_| crowd.enter(stranger).expect("a place")).collect();
        assert!(crowd.enter(stranger).is_none());
        for other in [[192, 0, 2, 8].into(), proxy, IpAddr::from([127, 0, 0, 1])] {
            let more: Vec<_> = (0..=PER_ADDRESS_MAX).map_while(|_| crowd.enter(other)).collect();
            assert_eq!(more.len() > PER_ADDRESS_MAX, other != IpAddr::from([192, 0, 2, 8]), "{other}");
        }
        seats.pop();
        seats.push(crowd.enter(stranger).expect("the place that became free"));
        assert!(crowd.enter(stranger).is_none());
        drop(seats);
        assert!(crowd.open.lock().expect("nobody else").is_empty(), "who is gone is forgotten");
        let in_one_network = |n: u16| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n]);
        let seats: Vec<_> = (0..2_000).map_while(|n| crowd.enter(in_one_network(n))).collect();
        assert_eq!(seats.len(), PER_ADDRESS_MAX, "a network is one");
        assert!(crowd.enter([0x2001, 0xdb8, 0, 1, 0, 0, 0, 1].into()).is_some());
    }
}
