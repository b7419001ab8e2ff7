//! What fits where, for a lot whose slots have positions and for one whose slots have none.

use super::*;
use crate::demo::lot::DemoLot;
use crate::lot::LotView;
use parking_api::Time;

fn lot(has_positions: bool) -> LotView {
    let demo = DemoLot::new(Time::from_ms(1_800_000_000_000), 1);
    let mut snapshot = demo.snapshot();
    if !has_positions {
        snapshot.slots.iter_mut().for_each(|slot| slot.position = None);
    }
    let mut lot = LotView::new(demo.id());
    lot.remember(snapshot, Time::from_ms(0));
    lot
}

fn sheet(lot: &LotView, width: u16, height: u16, mode: Mode) -> Sheet {
    Sheet::new(lot, Paper { width, height, mode, level: 0 }, &|_| true)
}

#[test]
fn zones_lie_beside_each_other_where_there_is_room_and_below_where_there_is_none() {
    let lot = lot(true);
    let places = |width, height| {
        let frames = sheet(&lot, width, height, Mode::Map).frames;
        frames.iter().map(|frame| (frame.at.x, frame.at.y)).collect::<Vec<_>>()
    };
    let wide = places(210, 60);
    assert!(wide.iter().all(|(_, y)| *y == 0) && wide.is_sorted(), "{wide:?}");
    let narrow = places(80, 19);
    assert!(narrow.iter().all(|(x, _)| *x == 0) && narrow.is_sorted(), "{narrow:?}");
}

#[test]
fn no_two_tiles_share_a_cell_and_none_leaves_the_paper() {
    for has_positions in [true, false] {
        let lot = lot(has_positions);
        for mode in [Mode::Map, Mode::Compact, Mode::List] {
            for width in [12, 40, 80, 120, 200] {
                let sheet = sheet(&lot, width, 20, mode);
                assert_eq!(sheet.tiles.len(), lot.slots.len());
                let mut cells = std::collections::HashSet::new();
                for Tile { at, .. } in &sheet.tiles {
                    assert!(
                        at.x + at.width <= width && at.y + u32::from(at.height) <= sheet.height,
                        "{mode:?} {width}"
                    );
                    let inside =
                        (at.y..at.y + u32::from(at.height)).flat_map(|y| (at.x..at.x + at.width).map(move |x| (x, y)));
                    assert!(inside.into_iter().all(|cell| cells.insert(cell)), "{mode:?} {width}");
                }
            }
        }
    }
}

#[test]
fn every_slot_can_be_reached_with_the_arrows() {
    for (has_positions, mode) in [(true, Mode::Map), (false, Mode::Map), (true, Mode::Compact), (true, Mode::List)] {
        let lot = lot(has_positions);
        for width in [40, 80, 200] {
            let sheet = sheet(&lot, width, 20, mode);
            let mut seen = std::collections::BTreeSet::from([sheet.first().expect("slots")]);
            let mut queue: Vec<usize> = seen.iter().copied().collect();
            while let Some(slot) = queue.pop() {
                for way in [Way::Up, Way::Down, Way::Left, Way::Right] {
                    queue.extend(sheet.neighbour(slot, way).filter(|next| seen.insert(*next)));
                }
            }
            assert_eq!(seen.len(), lot.slots.len(), "{mode:?} {width}");
        }
    }
}
