//! Finds values in a JSON text without an allocator. Believes what a daemon wrote, but never reads past its end.

/// Deepest nesting that is looked into.
const DEPTH_MAX: usize = 16;

/// The member `name` of the object that `text` is, as text.
pub fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text.trim_start().strip_prefix('{')?;
    loop {
        let (key, after) = value(rest.trim_start())?;
        let after = after.trim_start().strip_prefix(':')?.trim_start();
        let (found, after) = value(after)?;
        if plain(key) == Some(name) {
            return Some(found);
        }
        rest = after.trim_start().strip_prefix(',')?;
    }
}

/// What a text says, when it is one without escapes.
pub fn plain(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

/// The value that `text` begins with, and what follows it.
fn value(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0;
    let mut is_text = false;
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if is_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => {
                    is_text = false;
                    if depth == 0 {
                        return Some(text.split_at(at + 1));
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => is_text = true,
            b'{' | b'[' if depth == DEPTH_MAX => return None,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return Some(text.split_at(at + 1)),
            // The end of a number or a word, and of what holds it.
            b',' | b'}' | b']' if depth == 0 => return (at > 0).then(|| (text[..at].trim_end(), &text[at..])),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_are_found_wherever_they_stand() {
        let text = r#" {"a": "x\"}", "b" : {"c":[1,{"d":2}],"e":"f"},"n":-12 ,"t":true,"last":7}"#;
        assert_eq!(member(text, "a"), Some(r#""x\"}""#));
        assert_eq!(member(text, "b").and_then(|b| member(b, "e")).and_then(plain), Some("f"));
        assert_eq!(member(text, "n"), Some("-12"));
        assert_eq!(member(text, "last"), Some("7"));
        assert_eq!(member(text, "c"), None, "it is deeper");
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for text in ["", "{", "{}", "[1]", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\" 1}", "nonsense", "{,}"] {
            assert_eq!(member(text, "a"), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_fail(text in ".*", name in "[a-z]{0,3}") {
            let _ = member(&text, &name);
        }
    }
}
