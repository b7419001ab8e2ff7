//! One line of text that a person types. Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Longest line, in characters.
const LINE_MAX: usize = 500;

/// One line of text and the place in it, in characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: Vec<char>,
    at: usize,
}

impl Input {
    pub fn new(text: &str) -> Self {
        let text: Vec<char> = text.chars().filter(|c| !c.is_control()).take(LINE_MAX).collect();
        Self { at: text.len(), text }
    }

    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// What stands before the cursor.
    pub fn before(&self) -> String {
        self.text[..self.at].iter().collect()
    }

    /// Puts `text` in the place of what stands before the cursor from `start` on, in bytes.
    pub fn complete(&mut self, start: usize, text: &str) {
        let start = self.before()[..start].chars().count();
        self.text.drain(start..self.at);
        self.at = start;
        self.insert(text);
    }

    pub fn insert(&mut self, text: &str) {
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.text.len() < LINE_MAX {
                self.text.insert(self.at, c);
                self.at += 1;
            }
        }
    }

    /// Whether the key was one of editing.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let is_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if is_ctrl => self.at = 0,
            KeyCode::Char('e') if is_ctrl => self.at = self.text.len(),
            KeyCode::Char('u') if is_ctrl => drop(self.text.drain(..std::mem::take(&mut self.at))),
            KeyCode::Char('k') if is_ctrl => self.text.truncate(self.at),
            KeyCode::Char('w') if is_ctrl => self.delete_word(),
            KeyCode::Char(c) if !is_ctrl && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace if self.at > 0 => {
                self.at -= 1;
                self.text.remove(self.at);
            }
            KeyCode::Backspace => {}
            KeyCode::Delete if self.at < self.text.len() => drop(self.text.remove(self.at)),
            KeyCode::Delete => {}
            KeyCode::Left => self.at = self.at.saturating_sub(1),
            KeyCode::Right => self.at = (self.at + 1).min(self.text.len()),
            KeyCode::Home => self.at = 0,
            KeyCode::End => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    fn delete_word(&mut self) {
        let mut start = self.at;
        while start > 0 && self.text[start - 1] == ' ' {
            start -= 1;
        }
        while start > 0 && self.text[start - 1] != ' ' {
            start -= 1;
        }
        self.text.drain(start..self.at);
        self.at = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::Chord;

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        let mut input = Input::new("set A-12 fre");
        for key in ["left", "ctrl-w", "right", "backspace", "space", "o", "n", "ctrl-a", "delete", "S", "end", "!"] {
            assert!(input.key(key.parse::<Chord>().expect(key).event()), "{key}");
        }
        assert_eq!(input.text(), "Set A-12  on!");
        assert!(!input.key("enter".parse::<Chord>().expect("a key").event()));
    }

    #[test]
    fn what_is_pasted_has_no_control_characters_and_an_end() {
        let mut input = Input::default();
        input.insert(&"a\x1b[31m\n".repeat(1_000));
        assert_eq!(input.text().chars().count(), LINE_MAX);
        assert!(!input.text().contains(['\x1b', '\n']));
    }
}
