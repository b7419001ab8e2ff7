//! Which key does what: the defaults of `actions`, changed by `keys.toml`. Two actions never share a key.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actions::{Action, Section};

/// One key with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    is_ctrl: bool,
    is_alt: bool,
}

const NAMES: [(&str, KeyCode); 16] = [
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("space", KeyCode::Char(' ')),
];

impl From<KeyEvent> for Chord {
    fn from(key: KeyEvent) -> Self {
        Self {
            code: key.code,
            is_ctrl: key.modifiers.contains(KeyModifiers::CONTROL),
            is_alt: key.modifiers.contains(KeyModifiers::ALT),
        }
    }
}

impl Chord {
    /// The same as a key press.
    pub fn event(self) -> KeyEvent {
        let mut modifiers = KeyModifiers::NONE;
        modifiers.set(KeyModifiers::CONTROL, self.is_ctrl);
        modifiers.set(KeyModifiers::ALT, self.is_alt);
        KeyEvent::new(self.code, modifiers)
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let (mut is_ctrl, mut is_alt) = (false, false);
        while rest.chars().count() > 1 {
            if let Some(tail) = rest.strip_prefix("ctrl-") {
                (is_ctrl, rest) = (true, tail);
            } else if let Some(tail) = rest.strip_prefix("alt-") {
                (is_alt, rest) = (true, tail);
            } else {
                break;
            }
        }
        let named = NAMES.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let function = || rest.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F);
        let mut chars = rest.chars();
        let single = || Some(KeyCode::Char(chars.next()?)).filter(|_| chars.next().is_none());
        let code = named.or_else(function).or_else(single);
        let code = code.ok_or_else(|| format!("{text:?} is not a key, such as t, G, ctrl-p, f5, space or pageup"))?;
        Ok(Self { code, is_ctrl, is_alt })
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = format!("{}{}", if self.is_ctrl { "ctrl-" } else { "" }, if self.is_alt { "alt-" } else { "" });
        let named = NAMES.iter().find(|(_, code)| *code == self.code).map(|(name, _)| *name);
        match (named, self.code) {
            (Some(name), _) => f.pad(&format!("{held}{name}")),
            (None, KeyCode::F(n)) => f.pad(&format!("{held}f{n}")),
            (None, KeyCode::Char(c)) => f.pad(&format!("{held}{c}")),
            (None, code) => f.pad(&format!("{held}{code}")),
        }
    }
}

impl Serialize for Chord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Chord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keymap {
    actions: HashMap<Chord, Action>,
}

/// `keys.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let pairs = Action::ALL
            .iter()
            .flat_map(|&action| action.default_keys().iter().filter_map(move |key| Some((key.parse().ok()?, action))));
        Self { actions: pairs.collect() }
    }
}

impl Keymap {
    /// The defaults with the actions that `text` names moved to other keys. An empty list takes an action its keys.
    ///
    /// # Errors
    /// Every mistake at once, a line each: unknown actions, keys that are none, two actions on one key.
    pub fn parse(text: &str) -> Result<Self, Vec<String>> {
        let file: File = toml::from_str(text).map_err(|error| vec![error.message().to_string()])?;
        let mut faults = Vec::new();
        let mut changed: HashMap<Action, Vec<Chord>> = HashMap::new();
        for (name, keys) in file.keys {
            let chords = keys.iter().map(|key| key.parse::<Chord>()).collect::<Result<Vec<_>, _>>();
            match (name.parse::<Action>(), chords) {
                (Ok(action), Ok(chords)) => drop(changed.insert(action, chords)),
                (Err(fault), _) => faults.push(fault),
                (_, Err(fault)) => faults.push(format!("{name}: {fault}")),
            }
        }
        let mut map = Self { actions: HashMap::new() };
        for &action in Action::ALL {
            let chords = changed.remove(&action).unwrap_or_else(|| Self::default().keys(action));
            for chord in chords {
                if let Some(other) = map.actions.insert(chord, action) {
                    faults
                        .push(format!("the key {chord} would be both {other} and {action}: give one of them another"));
                }
            }
        }
        if faults.is_empty() { Ok(map) } else { Err(faults) }
    }

    pub fn action(&self, key: KeyEvent) -> Option<Action> {
        self.actions.get(&Chord::from(key)).copied()
    }

    /// The keys of an action, its own order first.
    pub fn keys(&self, action: Action) -> Vec<Chord> {
        let rank = |chord: &Chord| {
            let name = chord.to_string();
            (action.default_keys().iter().position(|key| *key == name).unwrap_or(usize::MAX), name)
        };
        let mut keys: Vec<_> =
            self.actions.iter().filter(|(_, found)| **found == action).map(|(chord, _)| *chord).collect();
        keys.sort_by_key(rank);
        keys
    }

    /// The first key of an action as it is shown in a hint.
    pub fn hint(&self, action: Action) -> Option<String> {
        self.keys(action).first().map(ToString::to_string)
    }

    /// All keys as a page of Markdown.
    pub fn page(&self) -> String {
        let mut page = String::from(
            "# Keys of `parktui`\n\nThis page is made from the keymap by `parktui --keys`. Put other keys into `keys.toml` \
             (`~/.config/parktui/keys.toml`, or `$XDG_CONFIG_HOME`):\n\n```toml\n[keys]\ntoggle = [\"t\", \"f2\"]\nsuspend = []\n```\n\n\
             Keys that would do two things are refused at the start, by name.\n",
        );
        for section in Section::ALL {
            page += &format!("\n## {}\n\n| key | action | |\n|---|---|---|\n", section.title());
            for &action in Action::ALL.iter().filter(|action| action.section() == section) {
                let keys: Vec<_> = self.keys(action).iter().map(|key| format!("`{key}`")).collect();
                page += &format!("| {} | `{action}` | {} |\n", keys.join(" "), action.about());
            }
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_key_is_one_and_does_one_thing() {
        Keymap::parse("").expect("the defaults do not contradict each other");
        let count: usize = Action::ALL.iter().map(|action| action.default_keys().len()).sum();
        assert_eq!(Keymap::default().actions.len(), count);
        for key in Action::ALL.iter().flat_map(|action| action.default_keys()) {
            assert_eq!(key.parse::<Chord>().expect(key).to_string(), *key);
        }
    }

    #[test]
    fn keys_are_moved_by_name_and_the_old_ones_are_free_again() {
        let map = Keymap::parse("[keys]\ntoggle = ['f2', 'ctrl-t']\nsuspend = []\n").expect("a good file");
        let key = |text: &str| map.action(text.parse::<Chord>().expect(text).event());
        assert_eq!((key("f2"), key("ctrl-t"), key("t")), (Some(Action::Toggle), Some(Action::Toggle), None));
        assert_eq!(map.hint(Action::Suspend), None);
    }

    #[test]
    fn a_conflict_and_a_misspelling_are_both_named() {
        let faults =
            Keymap::parse("[keys]\ntoggle = ['q']\nfly = ['x']\nmark = ['hyper-x']\n").expect_err("three mistakes");
        let text = faults.join("\n");
        for part in ["the key q would be both toggle and quit", "no action \"fly\"", "mark: \"hyper-x\" is not a key"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(Keymap::parse("[keys\n").is_err());
    }

    #[test]
    fn the_page_of_keys_is_up_to_date() {
        let kept = include_str!("../docs/keys.md");
        assert_eq!(kept, Keymap::default().page(), "write it anew: cargo run -p parktui -- --keys > tui/docs/keys.md");
    }
}
