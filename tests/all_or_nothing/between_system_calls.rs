//! Killed before the n-th call of a kind, for every n there is; and the same with calls that fail.

use super::Story;
use crate::support::{
    Invocation, Outcome, Tool,
    layout::{assert_swept, names},
    needs,
};

/// What changes a disk, by the names that it has on one machine or another.
const CHANGES: [&str; 6] =
    ["?rename,?renameat,?renameat2", "fsync", "?mkdir,mkdirat", "write", "?unlink,unlinkat,?rmdir", "openat"];
/// A loop that goes on for longer than this does not end.
const MOST: usize = 400;

/// Runs a command whose calls of a kind are meddled with.
fn meddled(command: Invocation, calls: &str, what: &str) -> Outcome {
    let strace = Tool::Strace.find().expect("it was asked for");
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:{what}"));
    command.under(&strace, ["-f", "-qqq", "-o", "/dev/null", "-e", &trace, "-e", &inject]).run()
}

/// Kills a command before its first call of a kind, its second one, and so on until it comes to its end; `check` looks at what each
/// left. Returns how often it was killed.
fn kill_at_each(calls: &str, from: usize, command: impl Fn() -> Invocation, mut check: impl FnMut()) -> usize {
    for number in from..MOST {
        let outcome = meddled(command(), calls, &format!("signal=SIGKILL:when={number}"));
        check();
        if outcome.code.is_some() {
            outcome.success();
            return number - from;
        }
    }
    panic!("`{calls}` is called more than {MOST} times");
}

/// The loader of the program opens files, too, long before there is anything to lose.
fn first(calls: &str) -> usize {
    if calls == "openat" { 8 } else { 1 }
}

#[test]
fn a_push_killed_between_two_calls_leaves_the_old_content_or_the_new() {
    needs!(Strace);
    let story = Story::new();
    story.number(0);
    story.push().run().success();
    let mut killed = 0;
    let (before, new) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for calls in CHANGES {
        let push = || {
            new.set(before.get() + 1);
            story.number(new.get());
            story.push()
        };
        killed += kill_at_each(calls, first(calls), push, || {
            let there = story.stored().expect("a tag that was there stays");
            assert!([before.get(), new.get()].contains(&there), "{calls}: {there}");
            story.assert_others_agree();
            story.push().run().success();
            assert_eq!(story.stored(), Some(new.get()), "the next push works");
            assert_swept(&story.repository());
            before.set(new.get());
        });
    }
    assert!(killed >= 20, "only {killed} kills");
}

#[test]
fn a_first_push_killed_between_two_calls_leaves_nothing_or_all() {
    needs!(Strace);
    let story = Story::new();
    story.number(3);
    let mut killed = 0;
    for calls in &CHANGES[..4] {
        let push = || {
            std::fs::remove_dir_all(story.store()).ok();
            story.push()
        };
        killed += kill_at_each(calls, 1, push, || {
            assert!([None, Some(3)].contains(&story.stored()), "{calls}");
            story.assert_others_agree();
            story.push().run().success();
            assert_eq!(story.stored(), Some(3));
            assert_swept(&story.repository());
        });
    }
    assert!(killed >= 20, "only {killed} kills");
}

#[test]
fn a_pull_killed_between_two_calls_leaves_the_old_pack_or_the_new() {
    needs!(Strace);
    let story = Story::new();
    let trees = story.two_contents();
    let mut killed = 0;
    for calls in CHANGES {
        // Into nothing.
        let pull = || {
            story.without_target();
            story.pull()
        };
        killed += kill_at_each(calls, first(calls), pull, || assert!([None, Some(1)].contains(&story.pulled(&trees))));
        // Over the other one.
        let new = std::cell::Cell::new(1);
        let pull = || {
            new.set(1 - new.get());
            story.number(new.get());
            story.push().run().success();
            story.pull()
        };
        killed += kill_at_each(calls, first(calls), pull, || {
            story.pulled(&trees).expect("a folder that was there stays");
            story.pull().run().success();
            assert_eq!(story.pulled(&trees), Some(new.get()), "{calls}");
            story.assert_nothing_hidden();
        });
        story.number(1);
        story.push().run().success();
    }
    assert!(killed >= 40, "only {killed} kills");
}

/// Fails a command's calls of a kind one by one, as a full or a broken disk would.
fn fail_each(calls: &str, error: &str, command: impl Fn() -> Invocation, mut check: impl FnMut(&Outcome)) -> usize {
    for number in 1..MOST {
        let outcome = meddled(command(), calls, &format!("error={error}:when={number}"));
        check(&outcome);
        // Past the last call nothing fails. One that fails without harm (the folder was there, the old file is gone) is passed over.
        let again = meddled(command(), calls, &format!("error={error}:when={}+", number + 1));
        check(&again);
        if outcome.code == Some(0) && again.code == Some(0) {
            return number - 1;
        }
    }
    panic!("`{calls}` is called more than {MOST} times");
}

#[test]
fn a_push_whose_disk_fails_says_where_and_leaves_the_old_content() {
    needs!(Strace);
    let story = Story::new();
    story.number(0);
    story.push().run().success();
    let (before, new) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut failed = 0;
    for (calls, error) in [(CHANGES[0], "ENOSPC"), ("fsync", "EIO"), ("?mkdir,mkdirat", "EROFS")] {
        let push = || {
            new.set(new.get() + 1);
            story.number(new.get());
            story.push()
        };
        failed += fail_each(calls, error, push, |outcome| {
            let there = story.stored().expect("a tag that was there stays");
            if outcome.code == Some(0) {
                assert_eq!(there, new.get());
                before.set(there);
                return;
            }
            let outcome = outcome.clone().fails(9);
            let outcome = outcome.says("store/golden-centos-aws");
            assert!(outcome.stderr.contains("error: cannot "), "{outcome}");
            assert!([before.get(), new.get()].contains(&there), "{calls}: {there}");
            before.set(there);
            assert_swept(&story.repository());
        });
    }
    assert!(failed >= 4, "only {failed} failures");
}

#[test]
fn a_pull_whose_disk_fails_says_where_and_leaves_nothing_behind() {
    needs!(Strace);
    let story = Story::new();
    let trees = story.two_contents();
    let mut failed = 0;
    for (calls, error) in [("?rename,?renameat,?renameat2", "ENOSPC"), ("fsync", "EIO"), ("?mkdir,mkdirat", "EROFS")] {
        let pull = || {
            story.without_target();
            story.pull()
        };
        failed += fail_each(calls, error, pull, |outcome| {
            if outcome.code == Some(0) {
                assert_eq!(story.pulled(&trees), Some(1));
                return;
            }
            outcome.clone().fails(9).says("target");
            assert_eq!(names(&story.sandbox.work()), [super::NAME, "store"]);
        });
    }
    assert!(failed >= 2, "only {failed} failures");
}
