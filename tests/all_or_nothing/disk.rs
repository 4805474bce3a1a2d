//! A disk that is full, and one that may only be read.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{NAME, Story, VERSION};
use crate::support::{layout::names, skip};

/// A small file system of its own, unmounted when dropped.
struct Small(PathBuf);

impl Small {
    /// Mounts one; nothing where there is no right to.
    fn mount(at: &Path, test: &str) -> Option<Self> {
        fs::create_dir(at).expect("the folder is new");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(at).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(at.to_owned()));
        }
        skip(test, "no right to mount a small file system");
        None
    }

    fn read_only(&self) {
        let mounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(mounted.is_ok_and(|mounted| mounted.success()), "what was mounted can be mounted again");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // A mount that stays does no harm to other tests; the machine's end takes it away.
        Command::new("umount").arg("--lazy").arg(&self.0).status().ok();
    }
}

#[test]
fn a_full_disk_keeps_the_old_content_and_is_named() {
    let story = Story::new();
    let Some(_small) = Small::mount(&story.store(), "all_or_nothing::disk::a_full_disk") else { return };
    story.number(0);
    story.push().run().success();
    // Larger and larger, so that the disk is full at one place and at another: in a blob, a manifest, the index.
    let mut refused = 0;
    for kilobytes in (1..=40).map(|step| step * 16) {
        let filler = story.sandbox.path("store/filler");
        fs::write(&filler, vec![7; kilobytes << 10]).ok();
        let before = story.stored();
        let new = before.expect("a tag that was there stays") + 1;
        story.number(new);
        let outcome = story.push().run();
        if outcome.code == Some(0) {
            assert_eq!(story.stored(), Some(new));
        } else {
            outcome.fails(9).says("store");
            assert_eq!(story.stored(), before);
            crate::support::layout::assert_swept(&story.repository());
            refused += 1;
        }
        fs::remove_file(filler).unwrap();
    }
    assert!(refused > 0, "the disk was never full");
    // With room again, the next push works.
    story.number(999);
    story.push().run().success();
    assert_eq!(story.stored(), Some(999));
}

#[test]
fn a_pull_onto_a_full_disk_leaves_nothing() {
    let story = Story::new();
    story.sandbox.write(format!("{NAME}/more.bin"), vec![9; 2 << 20]);
    story.number(0);
    story.push().run().success();
    let small = story.sandbox.path("small");
    let Some(_small) = Small::mount(&small, "all_or_nothing::disk::a_pull_onto_a_full_disk") else { return };
    let pull = |target: &str| {
        let name = format!("{NAME}:{VERSION}");
        story.sandbox.spectro(["pack", "pull", &name, target, "-r", super::STORE]).run()
    };
    pull("small/target").fails(9).says("small/");
    assert!(names(&small).is_empty(), "{:?}", names(&small));
    // Into the mount itself, which can't be renamed to.
    pull("small").fails(9);
    assert!(names(&small).is_empty(), "{:?}", names(&small));
}

#[test]
fn a_store_that_may_only_be_read_is_read_and_refuses_a_push() {
    let story = Story::new();
    let Some(small) = Small::mount(&story.store(), "all_or_nothing::disk::a_store_that_may_only_be_read") else {
        return;
    };
    let trees = [{
        story.number(0);
        story.push().run().success();
        crate::support::as_stored(crate::support::tree(story.sandbox.path(NAME)))
    }];
    small.read_only();
    story.number(1);
    story
        .push()
        .run()
        .fails(9)
        .says("cannot lock `store/golden-centos-aws/.spectro/store.lock`")
        .says("Read-only file system");
    assert_eq!(story.stored(), Some(0));
    story.pull().run().success();
    assert_eq!(story.pulled(&trees), Some(0));
    let into = story.sandbox.spectro(["pack", "pull", &format!("{NAME}:{VERSION}"), "store/here", "-r", super::STORE]);
    into.run().fails(9).says("store");
}
