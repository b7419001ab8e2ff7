//! Bytes as hexadecimal digits: hashes, keys and signatures.

/// Exactly `N` bytes in hexadecimal.
pub fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if digits.len() != 2 * N || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Bytes in hexadecimal.
pub fn digits_of(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_bytes_are_made_of_each_other() {
        assert_eq!(bytes_of::<3>("00ffA1"), Some([0, 255, 0xa1]));
        assert_eq!(digits_of(&[0, 255, 0xa1]), "00ffa1");
        for bad in ["", "00", "00ffa1 ", "+0ffa1", "00ffäa"] {
            assert_eq!(bytes_of::<3>(bad), None, "{bad}");
        }
    }
}
