//! The themes: one table of colours each. States differ in lightness as well as in hue, so that they part without colour, too.

use super::{Paint, Rgb};

/// Colours by meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct Theme {
    pub name: &'static str,
    pub about: &'static str,
    pub ground: Rgb,
    /// Ground of bars and boxes.
    pub panel: Rgb,
    pub line: Rgb,
    pub text: Rgb,
    pub dim: Rgb,
    pub strong: Rgb,
    pub accent: Rgb,
    pub good: Rgb,
    pub warn: Rgb,
    pub alarm: Paint,
    pub cursor: Paint,
    /// Free, occupied, reserved, closed, unknown.
    pub states: [Paint; 5],
}

const fn paint(fg: Rgb, bg: Rgb) -> Paint {
    Paint { fg, bg }
}

/// Every theme; the first is the default.
pub static THEMES: [Theme; 5] = [
    Theme {
        name: "dark",
        about: "calm colours on a dark ground",
        ground: (13, 17, 23),
        panel: (22, 27, 34),
        line: (56, 64, 75),
        text: (201, 209, 217),
        dim: (125, 135, 147),
        strong: (240, 246, 252),
        accent: (88, 166, 255),
        good: (86, 211, 124),
        warn: (227, 179, 65),
        alarm: paint((255, 235, 230), (160, 40, 38)),
        cursor: paint((8, 12, 18), (121, 192, 255)),
        states: [
            paint((94, 220, 134), (15, 45, 28)),
            paint((240, 146, 128), (52, 27, 27)),
            paint((150, 180, 255), (26, 33, 62)),
            paint((132, 141, 152), (28, 32, 38)),
            paint((232, 193, 92), (52, 42, 14)),
        ],
    },
    Theme {
        name: "light",
        about: "the same on a light ground",
        ground: (255, 255, 255),
        panel: (240, 243, 246),
        line: (186, 195, 205),
        text: (36, 41, 47),
        dim: (96, 106, 117),
        strong: (9, 12, 16),
        accent: (9, 94, 208),
        good: (20, 116, 52),
        warn: (140, 88, 0),
        alarm: paint((255, 255, 255), (190, 30, 40)),
        cursor: paint((255, 255, 255), (9, 94, 208)),
        states: [
            paint((14, 104, 46), (214, 243, 222)),
            paint((158, 40, 28), (255, 226, 220)),
            paint((38, 72, 178), (222, 231, 255)),
            paint((92, 101, 112), (228, 232, 237)),
            paint((122, 82, 0), (255, 240, 196)),
        ],
    },
    Theme {
        name: "contrast",
        about: "as much contrast as there is",
        ground: (0, 0, 0),
        panel: (0, 0, 0),
        line: (255, 255, 255),
        text: (255, 255, 255),
        dim: (215, 215, 215),
        strong: (255, 255, 255),
        accent: (0, 255, 255),
        good: (0, 255, 0),
        warn: (255, 255, 0),
        alarm: paint((255, 255, 255), (200, 0, 0)),
        cursor: paint((0, 0, 0), (255, 255, 255)),
        states: [
            paint((0, 255, 0), (0, 40, 0)),
            paint((255, 255, 255), (140, 0, 0)),
            paint((120, 220, 255), (0, 0, 120)),
            paint((215, 215, 215), (0, 0, 0)),
            paint((255, 255, 0), (60, 50, 0)),
        ],
    },
    Theme {
        name: "deuteranopia",
        about: "blue and orange, for those who see red and green alike",
        ground: (13, 17, 23),
        panel: (22, 27, 34),
        line: (56, 64, 75),
        text: (201, 209, 217),
        dim: (125, 135, 147),
        strong: (240, 246, 252),
        accent: (240, 228, 66),
        good: (86, 180, 233),
        warn: (240, 190, 60),
        alarm: paint((20, 12, 0), (230, 140, 30)),
        cursor: paint((8, 12, 18), (250, 240, 160)),
        states: [
            paint((110, 200, 255), (10, 40, 64)),
            paint((240, 160, 60), (58, 34, 6)),
            paint((222, 170, 230), (48, 28, 54)),
            paint((140, 146, 154), (28, 32, 38)),
            paint((240, 232, 120), (50, 47, 16)),
        ],
    },
    Theme {
        name: "tritanopia",
        about: "teal and red, for those who see blue and yellow alike",
        ground: (13, 17, 23),
        panel: (22, 27, 34),
        line: (56, 64, 75),
        text: (201, 209, 217),
        dim: (125, 135, 147),
        strong: (240, 246, 252),
        accent: (64, 214, 206),
        good: (64, 214, 206),
        warn: (255, 150, 160),
        alarm: paint((255, 240, 240), (178, 24, 43)),
        cursor: paint((8, 12, 18), (150, 236, 230)),
        states: [
            paint((72, 220, 212), (6, 48, 48)),
            paint((255, 120, 120), (62, 20, 24)),
            paint((238, 238, 244), (58, 60, 68)),
            paint((128, 136, 146), (28, 32, 38)),
            paint((255, 178, 196), (60, 36, 44)),
        ],
    },
];

/// The theme of this name.
pub fn find(name: &str) -> Option<&'static Theme> {
    THEMES.iter().find(|theme| theme.name == name)
}

impl Theme {
    /// The one after this, around.
    pub fn next(&self) -> &'static Self {
        let at = THEMES.iter().position(|theme| theme.name == self.name).unwrap_or_default();
        &THEMES[(at + 1) % THEMES.len()]
    }
}

impl std::str::FromStr for &'static Theme {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = || THEMES.iter().map(|theme| theme.name).collect::<Vec<_>>().join(", ");
        find(name).ok_or_else(|| format!("there is no theme {name:?}; there are {}", names()))
    }
}

/// A theme in a recording: its name.
pub(super) mod by_name {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{THEMES, Theme, find};

    pub fn serialize<S: Serializer>(theme: &&'static Theme, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(theme.name)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static Theme, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(find(&name).unwrap_or(&THEMES[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast by WCAG 2.2.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let channel = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |(r, g, b): Rgb| 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_can_be_read_on_its_ground() {
        for theme in &THEMES {
            let grounds = [theme.ground, theme.panel];
            for ink in [theme.text, theme.strong, theme.accent, theme.good, theme.warn, theme.dim] {
                for ground in grounds {
                    assert!(contrast(ink, ground) >= 4.5, "{}: {ink:?} on {ground:?}", theme.name);
                }
            }
            for paint in theme.states.iter().chain([&theme.alarm, &theme.cursor]) {
                assert!(contrast(paint.fg, paint.bg) >= 4.5, "{}: {paint:?}", theme.name);
            }
        }
    }

    #[test]
    fn a_theme_is_found_by_its_name_and_the_next_one_goes_around() {
        let mut theme = &THEMES[0];
        for _ in 0..THEMES.len() {
            assert_eq!(find(theme.name), Some(theme));
            theme = theme.next();
        }
        assert_eq!(theme, &THEMES[0]);
    }
}
