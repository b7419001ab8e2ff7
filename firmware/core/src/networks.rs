//! What a scan found, as a person wants to see it.

use core::cmp::Reverse;

/// Each name once, by its strongest sender, the strongest first. Hidden networks have no name, and are left out.
pub fn strongest<T>(
    found: &mut [T],
    name: impl Fn(&T) -> &str,
    rssi_dbm: impl Fn(&T) -> i16,
) -> impl Iterator<Item = &T> {
    found.sort_unstable_by_key(|network| Reverse(rssi_dbm(network)));
    let found = &*found;
    let is_first = move |(at, network): &(usize, &T)| {
        let own = name(network);
        !own.is_empty() && found[..*at].iter().all(|stronger| name(stronger) != own)
    };
    found.iter().enumerate().filter(is_first).map(|(_, network)| network)
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::vec::Vec;

    #[test]
    fn networks_are_listed_once_each_and_the_strongest_first() {
        let mut found = [("b", -80), ("a", -70), ("", -30), ("b", -60), ("a", -90)];
        let listed: Vec<_> = strongest(&mut found, |network| network.0, |network| network.1).copied().collect();
        assert_eq!(listed, [("b", -60), ("a", -70)]);
    }
}
