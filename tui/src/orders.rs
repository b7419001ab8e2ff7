//! The command line: what a line means, and what could come next. Pure.

use parking_api::slots::SlotState;
use parking_api::{LotId, SlotCode};

use crate::actions::Action;
use crate::filter::{last_word, quoted};
use crate::model::Tab;
use crate::sheet::Mode;
use crate::theme::{THEMES, Theme};

/// What a line means.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    Do(Action),
    Set { codes: Vec<SlotCode>, state: SlotState, note: Option<String> },
    Toggle(Vec<SlotCode>),
    Goto(SlotCode),
    Filter(String),
    Lot(LotId),
    Layout(Mode),
    Level(i16),
    Theme(&'static Theme),
}

/// Orders that take words after them, and what these are.
const ORDERS: [(&str, &str); 8] = [
    ("set", "CODE… STATE [NOTE]"),
    ("toggle", "CODE…"),
    ("goto", "CODE"),
    ("filter", "[TERM…]"),
    ("lot", "LOT"),
    ("layout", "map|compact|list"),
    ("level", "NUMBER"),
    ("theme", "NAME"),
];

/// Reads a line.
///
/// # Errors
/// What cannot be read in it, and what could stand there.
pub fn parse(line: &str) -> Result<Order, String> {
    let mut words = line.split_whitespace();
    let Some(first) = words.next() else { return Err("type a command, or press tab for those that there are".into()) };
    let rest: Vec<&str> = words.collect();
    let one = || match rest.as_slice() {
        [word] => Ok(*word),
        _ => Err(format!("{first} takes one word: {first} {}", usage(first))),
    };
    match first {
        "set" => set(&rest),
        "toggle" if !rest.is_empty() => Ok(Order::Toggle(codes(&rest)?)),
        "goto" => Ok(Order::Goto(one()?.parse()?)),
        "filter" => Ok(Order::Filter(rest.join(" "))),
        "lot" => Ok(Order::Lot(one()?.parse()?)),
        "layout" if !rest.is_empty() => match one()? {
            "map" => Ok(Order::Layout(Mode::Map)),
            "compact" => Ok(Order::Layout(Mode::Compact)),
            "list" => Ok(Order::Layout(Mode::List)),
            other => Err(format!("{other:?} is not a layout: use map, compact or list")),
        },
        "level" => one()?.parse().map(Order::Level).map_err(|_| format!("{rest:?} is not a level such as 0 or -1")),
        "theme" if !rest.is_empty() => one()?.parse().map(Order::Theme),
        "q" | "q!" | "wq" => Ok(Order::Do(Action::Quit)),
        _ if rest.is_empty() => first
            .parse()
            .map(Order::Do)
            .map_err(|_| format!("there is no command {first:?}; tab shows those that there are")),
        _ => Err(format!("there is no command {first:?} that takes words")),
    }
}

fn usage(order: &str) -> &'static str {
    ORDERS.iter().find(|(name, _)| *name == order).map_or("", |(_, usage)| usage)
}

fn codes(words: &[&str]) -> Result<Vec<SlotCode>, String> {
    words.iter().map(|word| word.parse()).collect()
}

fn set(words: &[&str]) -> Result<Order, String> {
    let state_of = |word: &&str| word.parse::<SlotState>();
    let Some(at) = words.iter().position(|word| state_of(word).is_ok()).filter(|at| *at > 0) else {
        let states: Vec<_> = SlotState::ALL.iter().map(|state| state.as_str()).collect();
        return Err(format!("set {}: the state is one of {}", usage("set"), states.join(", ")));
    };
    let note = words[at + 1..].join(" ");
    let (codes, state) = (codes(&words[..at])?, state_of(&words[at])?);
    Ok(Order::Set { codes, state, note: Some(note).filter(|note| !note.is_empty()) })
}

/// What the word at the end of `line` could become; whole words.
pub fn offers(line: &str, tab: &Tab, lots: &[LotId]) -> Vec<String> {
    let (before, word) = line.split_at(last_word(line));
    let mut all: Vec<String> = match before.split_whitespace().next() {
        None => {
            let orders = ORDERS.iter().map(|(name, _)| (*name).to_string());
            let actions = Action::ALL.iter().map(|action| action.name().to_string());
            orders.chain(actions.filter(|name| !ORDERS.iter().any(|(order, _)| order == name))).collect()
        }
        Some("set") if before.split_whitespace().count() > 1 => {
            let states = SlotState::ALL.iter().map(ToString::to_string);
            states.chain(tab.lot.slots.iter().map(|slot| slot.code.to_string())).collect()
        }
        Some("set" | "toggle" | "goto") => tab.lot.slots.iter().map(|slot| slot.code.to_string()).collect(),
        Some("filter") => return filter_offers(line, tab),
        Some("lot") => lots.iter().map(ToString::to_string).collect(),
        Some("layout") => ["map", "compact", "list"].map(String::from).to_vec(),
        Some("level") => tab.lot.plan.levels.iter().map(|level| level.level.to_string()).collect(),
        Some("theme") => THEMES.iter().map(|theme| theme.name.to_string()).collect(),
        Some(_) => Vec::new(),
    };
    all.retain(|offer| offer.to_lowercase().starts_with(&word.to_lowercase()));
    all
}

/// The same for the filter.
pub fn filter_offers(line: &str, tab: &Tab) -> Vec<String> {
    let word = line[last_word(line)..].to_lowercase();
    let (sign, word) = word.strip_prefix('!').map_or(("", word.as_str()), |word| ("!", word));
    let plain = |text: &str| text.to_lowercase().replace('"', "");
    let mut all: Vec<String> = tab.about().fields().iter().flat_map(|field| terms(tab, field, word)).collect();
    all.retain(|offer| plain(offer).starts_with(&plain(word)));
    all.dedup();
    all.into_iter().map(|offer| format!("{sign}{offer}")).collect()
}

/// A field with each of its words: of states and zones at once, of the rest when it has been typed.
fn terms(tab: &Tab, field: &str, word: &str) -> Vec<String> {
    let words = tab.about().words(field);
    if field == "zone:" {
        let zones = tab.lot.plan.levels.iter().flat_map(|level| &level.zones).filter_map(|zone| zone.name.as_ref());
        return zones.map(|zone| format!("zone:{}", quoted(zone))).collect();
    }
    if words.is_empty() || (field != "state:" && !word.starts_with(field)) {
        return vec![field.into()];
    }
    words.iter().map(|word| format!("{field}{word}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_to_do_with_which_slots() {
        let code = |text: &str| text.parse::<SlotCode>().expect("a code");
        assert_eq!(
            parse("set A-1 A-2 reserved for the plumber"),
            Ok(Order::Set {
                codes: vec![code("A-1"), code("A-2")],
                state: SlotState::Reserved,
                note: Some("for the plumber".into()),
            })
        );
        assert_eq!(parse("toggle A-1"), Ok(Order::Toggle(vec![code("A-1")])));
        assert_eq!(parse("toggle"), Ok(Order::Do(Action::Toggle)));
        assert_eq!(parse(" q "), Ok(Order::Do(Action::Quit)));
        assert_eq!(parse("level -1"), Ok(Order::Level(-1)));
    }

    #[test]
    fn a_line_that_means_nothing_says_what_could_stand_there() {
        for (line, part) in [
            ("", "tab"),
            ("set free", "CODE"),
            ("set A-1 full", "occupied"),
            ("fly", "no command"),
            ("theme pink", "deuteranopia"),
            ("layout round", "compact"),
        ] {
            let fault = parse(line).expect_err(line);
            assert!(fault.contains(part), "{line}: {fault}");
        }
    }
}
