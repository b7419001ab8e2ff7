//! The order of slot codes: as people count, `A-2` before `A-10`. Pure.

use std::cmp::Ordering;

use parking_api::SlotCode;

/// A slot code that sorts as people count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeKey(SlotCode);

impl CodeKey {
    pub fn of(code: &SlotCode) -> Self {
        Self(code.clone())
    }
}

impl Ord for CodeKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.0.as_str().as_bytes(), other.0.as_str().as_bytes());
        loop {
            let ((a, rest_a), (b, rest_b)) = match (chunk(left), chunk(right)) {
                (Some(a), Some(b)) => (a, b),
                // `A-1` and `A-01` count the same; the text decides, so that both keep a place.
                (None, None) => return self.0.cmp(&other.0),
                (a, b) => return a.is_some().cmp(&b.is_some()),
            };
            let order = if a[0].is_ascii_digit() && b[0].is_ascii_digit() {
                let (a, b) = (significant(a), significant(b));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            } else {
                a.cmp(b)
            };
            if order != Ordering::Equal {
                return order;
            }
            (left, right) = (rest_a, rest_b);
        }
    }
}

impl PartialOrd for CodeKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The leading run of digits or of anything else, and the rest.
fn chunk(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = text.first()?.is_ascii_digit();
    let end = text.iter().position(|b| b.is_ascii_digit() != first).unwrap_or(text.len());
    Some(text.split_at(end))
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(code: &str) -> CodeKey {
        CodeKey(code.parse().expect("a valid code"))
    }

    #[test]
    fn codes_sort_as_people_count() {
        let mut codes = ["B-1", "A-10", "A-2", "A", "A-01", "A-1", "10", "9"].map(key);
        codes.sort();
        assert_eq!(codes, ["9", "10", "A", "A-01", "A-1", "A-2", "A-10", "B-1"].map(key));
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in "[A-C0-9][0-9.-]{0,5}", b in "[A-C0-9][0-9.-]{0,5}", c in "[A-C0-9][0-9.-]{0,5}") {
            let (a, b, c) = (key(&a), key(&b), key(&c));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a < b && b < c {
                prop_assert!(a < c);
            }
        }
    }
}
