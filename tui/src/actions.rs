//! Everything that a person can do, once: its name, its keys, what it is for. Keys, mouse, palette, help and command line all end here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which part of the help an action stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Move,
    Work,
    Look,
    Places,
    Program,
}

impl Section {
    pub const ALL: [Self; 5] = [Self::Move, Self::Work, Self::Look, Self::Places, Self::Program];

    pub fn title(self) -> &'static str {
        match self {
            Self::Move => "Moving",
            Self::Work => "Working",
            Self::Look => "Looking",
            Self::Places => "Places",
            Self::Program => "Program",
        }
    }
}

macro_rules! actions {
    ($($variant:ident $name:literal $section:ident [$($key:literal),*] $about:literal,)+) => {
        /// Something that a person can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Action { $($variant),+ }

        impl Action {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in `keys.toml` and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it does, as a command to the console.
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }

            pub fn section(self) -> Section {
                match self { $(Self::$variant => Section::$section),+ }
            }

            /// Its keys unless `keys.toml` names others.
            pub fn default_keys(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($key),*]),+ }
            }
        }
    };
}

actions! {
    Up "up" Move ["up", "k"] "Go up",
    Down "down" Move ["down", "j"] "Go down",
    Left "left" Move ["left", "h"] "Go left",
    Right "right" Move ["right", "l"] "Go right",
    PageUp "page-up" Move ["pageup", "ctrl-b"] "Go up by a page",
    PageDown "page-down" Move ["pagedown", "ctrl-f"] "Go down by a page",
    First "first" Move ["home", "g"] "Go to the first",
    Last "last" Move ["end", "G"] "Go to the last",
    NextZone "next-zone" Move ["}"] "Go to the next zone",
    PrevZone "prev-zone" Move ["{"] "Go to the zone before",
    Open "open" Move ["enter"] "Open what is selected",
    Back "back" Move ["esc", "backspace"] "Go back one step",
    Toggle "toggle" Work ["t"] "Toggle between free and occupied",
    SetFree "free" Work ["f"] "Set free",
    SetOccupied "occupied" Work ["o"] "Set occupied",
    Reserve "reserve" Work ["r"] "Reserve, with a note",
    Close "close" Work ["c"] "Close, with a note",
    SetUnknown "unknown" Work ["U"] "Set unknown",
    Note "note" Work ["n"] "Write a note",
    Undo "undo" Work ["u"] "Take back my last change",
    Mark "mark" Work ["space"] "Mark or unmark, to change many at once",
    MarkAll "mark-all" Work ["a"] "Mark all that are shown",
    MarkNone "mark-none" Work ["A"] "Unmark all",
    Layout "layout" Look ["v"] "Change between map, compact and list",
    Filter "filter" Look ["/"] "Show only some, such as state:free zone:A",
    Preview "preview" Look ["p"] "Show or hide the details beside the slots",
    LevelUp "level-up" Look ["+"] "Show the level above",
    LevelDown "level-down" Look ["-"] "Show the level below",
    Picture "picture" Look ["i"] "Show the picture large, or small again",
    Older "older" Look ["["] "Go back to the picture or the change before",
    Newer "newer" Look ["]"] "Go forward to the next picture or change",
    Save "save" Look ["s"] "Save the picture to a file",
    Images "images" Look ["I"] "Draw pictures in the next way there is",
    Why "why" Look ["y"] "Say why the slot is in its state",
    Away "away" Look ["w"] "List what changed while you were away",
    Follow "follow" Look ["F"] "Follow the newest, or stay",
    Theme "theme" Look ["T"] "Change to the next theme",
    Slots "slots" Places ["1"] "The slots",
    Detail "slot" Places ["2"] "The selected slot: its stay and its history",
    Sessions "sessions" Places ["3"] "The stays",
    Cameras "cameras" Places ["4"] "The cameras",
    Events "events" Places ["5"] "The events",
    NextPane "next-pane" Places ["tab"] "The next place",
    PrevPane "prev-pane" Places ["backtab"] "The place before",
    NextLot "next-lot" Places [">"] "The next lot",
    PrevLot "prev-lot" Places ["<"] "The lot before",
    Command "command" Program [":"] "Type a command",
    Palette "palette" Program ["ctrl-p"] "Find an action by its name",
    Help "help" Program ["?", "f1"] "Search the help; enter runs a line",
    Resync "resync" Program ["R", "f5"] "Connect anew, now",
    Hud "hud" Program ["f12"] "Show how fast this console is",
    Redraw "redraw" Program ["ctrl-l"] "Draw the screen anew",
    Suspend "suspend" Program ["ctrl-z"] "Suspend; `fg` comes back",
    Quit "quit" Program ["q", "ctrl-c"] "Quit",
}

impl Action {
    /// Whether it changes the lot, which not everybody may.
    pub fn is_write(self) -> bool {
        use Action::*;
        matches!(self, Toggle | SetFree | SetOccupied | Reserve | Close | SetUnknown | Note | Undo)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|action| action.name() == name);
        found.ok_or_else(|| format!("there is no action {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_of_one_action_alone() {
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(*action));
        }
    }
}
