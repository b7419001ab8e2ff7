//! Why a slot is in its state: with pictures and without, and more than fits.

use super::*;
use crate::popups::Popup;
use crate::sights::Explained;

/// Asks about the slot that is selected, and answers.
fn ask(model: &mut Model, demo: &DemoLot) -> Explained {
    press(model, "y");
    let slot = model.tab().why.as_ref().expect("a question").slot;
    let found = crate::demo::why::explain(demo, slot).expect("a slot");
    fetched(model, Fetched::Why(Box::new(found.clone())));
    found
}

#[test]
fn why_a_slot_is_in_its_state() {
    snapshots("why", |model, demo| {
        press(model, "l");
        ask(model, demo);
    });
}

#[test]
fn where_pictures_are_off_there_are_none_beside_the_reasons() {
    let (mut model, demo) = live((120, 40));
    ask(&mut model, &demo);
    assert!(text(&model).contains("when empty"));
    let drawing = Drawing { protocol: Protocol::Off, cell: (8, 16) };
    send(&mut model, Msg::Terminal(Box::new(Chosen { drawing, ..Chosen::default() })));
    assert!(!text(&model).contains("when empty") && text(&model).contains("automatic"));
}

#[test]
fn the_reasons_of_a_second_camera_are_scrolled_to() {
    for size in SIZES {
        let (mut model, demo) = live(size);
        let mut found = ask(&mut model, &demo);
        let mut second = found.why.views[0].clone();
        (second.camera, second.outcome) = ("cam-2".parse().expect("an id"), "its word counts for less".into());
        found.why.views.push(second);
        found.looks.push(found.looks[0].clone());
        fetched(&mut model, Fetched::Why(Box::new(found)));
        let (top, is_all) = (text(&model), size.1 == 40);
        assert_eq!((top.contains("its word"), top.contains(" more ")), (is_all, !is_all), "{top}");
        press(&mut model, "G");
        let end = text(&model);
        assert!(end.contains("its word"), "{end}");
        assert_eq!(end.contains('↑'), !is_all, "{end}");
        press(&mut model, "pagedown j up");
        assert_ne!((text(&model) == end, is_all), (true, false), "the end is no further than it is seen to be");
        lots::wheel(&mut model, false);
        assert_eq!(text(&model), end, "by the mouse as well");
        press(&mut model, "g");
        assert_eq!(text(&model), top);
        assert_eq!(model.popup, Some(Popup::Why(0)), "none of that has left it");
    }
}
