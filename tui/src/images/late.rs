//! Answers of a terminal that come when nobody waits for them any more: the reader of keys takes them for keys, which they are not. Pure.

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// So long after the questions an answer may still come, and so long one takes to arrive.
const LATE_FOR: Duration = Duration::from_secs(20);
const ANSWER_FOR: Duration = Duration::from_millis(300);

/// Tells late answers from keys.
#[derive(Debug, Default)]
pub struct Late {
    /// While answers are missing.
    until: Option<Instant>,
    /// Within an answer.
    answer_until: Option<Instant>,
}

impl Late {
    /// For when a terminal has not answered by `now`.
    pub fn expect(now: Instant) -> Self {
        Self { until: Some(now + LATE_FOR), answer_until: None }
    }

    /// Whether the key is part of an answer.
    pub fn takes(&mut self, key: &KeyEvent, now: Instant) -> bool {
        if self.until.is_none_or(|until| now > until) {
            return false;
        }
        let is_alt = key.modifiers.contains(KeyModifiers::ALT);
        match (self.answer_until, key.code) {
            // How an answer begins, and how it ends.
            (None, KeyCode::Char('P' | '_')) if is_alt => {
                self.answer_until = Some(now + ANSWER_FOR);
                true
            }
            (Some(_), KeyCode::Char('\\')) if is_alt => {
                self.answer_until = None;
                true
            }
            (Some(until), _) if now <= until => true,
            _ => {
                self.answer_until = None;
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Vec<KeyEvent> {
        let mut keys = Vec::new();
        let mut modifiers = KeyModifiers::NONE;
        for c in text.chars() {
            if c == '\x1b' {
                modifiers = KeyModifiers::ALT;
            } else {
                keys.push(KeyEvent::new(KeyCode::Char(c), modifiers));
                modifiers = KeyModifiers::NONE;
            }
        }
        keys
    }

    fn left(late: &mut Late, text: &str, now: Instant) -> String {
        let keys = typed(text).into_iter().filter(|key| !late.takes(key, now));
        keys.filter_map(|key| if let KeyCode::Char(c) = key.code { Some(c) } else { None }).collect()
    }

    #[test]
    fn a_late_answer_is_no_key_and_what_is_typed_around_it_is() {
        let now = Instant::now();
        let mut late = Late::expect(now);
        let text = "j\x1bP>|XTerm(379)\x1b\\k\x1b_Gi=31;OK\x1b\\q";
        assert_eq!(left(&mut late, text, now), "jkq");
        assert_eq!(left(&mut late, "\x1bPq", now + LATE_FOR * 2), "Pq", "it is not expected for ever");
        assert_eq!(left(&mut Late::default(), "\x1bPq", now), "Pq", "nor when all was answered");
    }

    #[test]
    fn an_answer_without_an_end_takes_no_keys_for_long() {
        let now = Instant::now();
        let mut late = Late::expect(now);
        assert_eq!(left(&mut late, "\x1bPabc", now), "");
        assert_eq!(left(&mut late, "abc", now + ANSWER_FOR * 2), "abc");
    }
}
