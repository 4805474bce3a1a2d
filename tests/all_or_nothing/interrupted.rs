//! Ctrl-C and SIGTERM: exit 130, the old state or the new, and nothing half-done to be seen, not even hidden.

use std::{fs::File, thread, time::Duration};

use rustix::process::Signal;

use super::Story;
use crate::support::{
    Invocation, Outcome,
    layout::{assert_swept, names},
};

/// How many times each story is interrupted by each signal.
const TIMES: u32 = 25;

/// Starts a command and interrupts it after a part of the time that it takes.
fn interrupt_within(command: Invocation, whole: Duration, part: u32, signal: Signal) -> Outcome {
    let mut running = command.spawn();
    thread::sleep(whole * part / TIMES);
    if running.is_running() {
        running.signal(signal);
    }
    let outcome = running.wait();
    // A signal that came before the program was ready for one ends it as the system does.
    assert!(matches!(outcome.code, Some(0 | 130) | None), "{outcome}");
    if outcome.code == Some(130) { outcome.says("interrupted") } else { outcome }
}

#[test]
fn an_interrupted_push_leaves_the_old_content_or_the_new_and_no_file() {
    let story = Story::new();
    story.number(0);
    let whole = story.push().run().success().elapsed;
    let (mut before, mut interrupted) = (0, 0);
    for signal in [Signal::INT, Signal::TERM] {
        for part in 0..TIMES {
            let new = before + 1;
            story.number(new);
            let outcome = interrupt_within(story.push(), whole, part, signal);
            interrupted += usize::from(outcome.code == Some(130));
            let there = story.stored().expect("a tag that was there stays");
            assert!([before, new].contains(&there));
            assert!(outcome.code != Some(0) || there == new);
            assert_swept(&story.repository());
            before = there.max(new);
            story.push().run().success();
        }
    }
    assert!(interrupted > 5, "only {interrupted} were interrupted");
}

#[test]
fn an_interrupted_pull_leaves_the_old_pack_or_the_new_and_no_folder() {
    let story = Story::new();
    let trees = story.two_contents();
    let whole = story.pull().run().success().elapsed;
    let mut interrupted = 0;
    for signal in [Signal::INT, Signal::TERM] {
        for part in 0..TIMES {
            let is_over = part % 2 == 0;
            if is_over {
                story.number(0);
                story.push().run().success();
                story.pull().run().success();
                story.number(1);
                story.push().run().success();
            } else {
                story.without_target();
            }
            let outcome = interrupt_within(story.pull(), whole, part, signal);
            interrupted += usize::from(outcome.code == Some(130));
            let there = story.pulled(&trees);
            let expected = if is_over { [Some(0), Some(1)] } else { [None, Some(1)] };
            assert!(expected.contains(&there), "{there:?}");
            assert!(names(&story.sandbox.work()).iter().all(|name| !name.starts_with('.')), "a stage is left{outcome}");
        }
    }
    assert!(interrupted > 5, "only {interrupted} were interrupted");
}

/// Another program holds the lock and does not let go.
#[test]
fn a_wait_for_a_lock_is_told_and_can_be_interrupted() {
    let story = Story::new();
    story.number(0);
    story.push().run().success();
    for (lock, signal) in [("store.lock", Signal::INT), ("index.lock", Signal::TERM)] {
        let held = File::options().write(true).open(story.repository().join(".spectro").join(lock)).unwrap();
        held.lock().unwrap();
        story.number(1);
        let running = story.push().limit(Duration::from_mins(1)).spawn();
        // Said after two seconds.
        thread::sleep(Duration::from_millis(2500));
        running.signal(signal);
        running.wait().fails(130).says("waiting for another program that holds").says(lock);
        assert_eq!(story.stored(), Some(0));
        assert_swept(&story.repository());
        drop(held);
    }
    story.push().run().success();
    assert_eq!(story.stored(), Some(1));
}
