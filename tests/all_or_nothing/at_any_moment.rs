//! SIGKILL, hundreds of times, each time a little later.

use std::{thread, time::Duration};

use super::Story;
use crate::support::layout::assert_swept;

/// How many times each story is killed.
const KILLS: u32 = 80;

/// Starts a command, kills it after a part of the time that it takes, and returns whether it was still running.
fn kill_within(command: crate::support::Invocation, whole: Duration, part: u32) -> bool {
    let running = command.spawn();
    thread::sleep(whole * part / KILLS);
    running.kill().code.is_none()
}

#[test]
fn a_killed_push_leaves_the_old_content_or_the_new() {
    let story = Story::new();
    story.number(0);
    let whole = story.push().run().success().elapsed;
    let (mut before, mut killed) = (0, 0);
    for part in 0..KILLS {
        let new = before + 1;
        story.number(new);
        killed += usize::from(kill_within(story.push(), whole, part));
        let there = story.stored().expect("a tag that was there stays");
        assert!([before, new].contains(&there), "{there} is neither {before} nor {new}");
        if part % 10 == 0 {
            story.assert_others_agree();
        }
        if part % 20 == 10 {
            story.assert_zot_agrees();
        }
        story.push().run().success();
        assert_eq!(story.stored(), Some(new), "the next push works");
        assert_swept(&story.repository());
        before = new;
    }
    assert!(killed > 20, "only {killed} pushes were killed");
}

#[test]
fn a_killed_first_push_leaves_nothing_or_all() {
    let story = Story::new();
    story.number(7);
    let whole = story.push().run().success().elapsed;
    let (mut killed, mut seen_by_zot) = (0, 0);
    for part in 0..KILLS {
        std::fs::remove_dir_all(story.store()).ok();
        killed += usize::from(kill_within(story.push(), whole, part));
        let there = story.stored();
        assert!([None, Some(7)].contains(&there));
        story.assert_others_agree();
        if there.is_some() && seen_by_zot < 2 {
            seen_by_zot += 1;
            story.assert_zot_agrees();
        }
        story.push().run().success();
        assert_eq!(story.stored(), Some(7));
        assert_swept(&story.repository());
    }
    assert!(killed > 20, "only {killed} pushes were killed");
}

#[test]
fn a_killed_pull_leaves_nothing_or_all_and_the_next_one_sweeps() {
    let story = Story::new();
    let trees = story.two_contents();
    let whole = story.pull().run().success().elapsed;
    let (mut killed, mut left) = (0, 0);
    for part in 0..KILLS {
        story.without_target();
        killed += usize::from(kill_within(story.pull(), whole, part));
        let there = story.pulled(&trees);
        assert!([None, Some(1)].contains(&there));
        left +=
            usize::from(crate::support::layout::names(&story.sandbox.work()).iter().any(|name| name.starts_with('.')));
        story.pull().run().success();
        assert_eq!(story.pulled(&trees), Some(1));
        story.assert_nothing_hidden();
    }
    assert!(killed > 20 && left > 0, "{killed} were killed, {left} left a stage");
}

#[test]
fn a_killed_pull_over_a_folder_leaves_the_old_pack_or_the_new() {
    let story = Story::new();
    let trees = story.two_contents();
    let whole = story.pull().run().success().elapsed;
    let (mut before, mut killed) = (1, 0);
    for part in 0..KILLS {
        let new = 1 - before;
        story.number(new);
        story.push().run().success();
        killed += usize::from(kill_within(story.pull(), whole, part));
        let there = story.pulled(&trees).expect("a folder that was there stays");
        assert!([before, new].contains(&there));
        story.pull().run().success();
        assert_eq!(story.pulled(&trees), Some(new));
        story.assert_nothing_hidden();
        before = new;
    }
    assert!(killed > 20, "only {killed} pulls were killed");
}

/// The working folder can't be renamed to: it is filled, `pack.json` last, and what a killed pull left before is swept.
#[test]
fn a_killed_pull_into_the_working_folder_is_no_pack_before_it_is_whole() {
    let story = Story::new();
    let trees = story.two_contents();
    let whole = story.pull().run().success().elapsed;
    let (mut killed, mut again) = (0, 0);
    for part in 0..KILLS / 2 {
        story.without_target();
        let target = story.sandbox.path("target");
        std::fs::create_dir(&target).unwrap();
        let name = format!("{}:{}", super::NAME, super::VERSION);
        let pull = || story.sandbox.spectro(["pack", "pull", &name, ".", "-r", "oci-layout:../store"]).cwd("target");
        killed += usize::from(kill_within(pull(), whole, part * 2));
        let visible: Vec<_> =
            crate::support::layout::names(&target).into_iter().filter(|name| !name.starts_with(".spectro-")).collect();
        if visible.contains(&"pack.json".to_owned()) {
            story.pulled_beside_stages(&trees[1]);
        } else if visible.is_empty() {
            again += 1;
            pull().run().success();
            assert_eq!(story.pulled(&trees), Some(1));
        }
    }
    assert!(killed > 10 && again > 5, "{killed} were killed, {again} had to be repeated");
}
