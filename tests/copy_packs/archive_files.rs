use std::fs;

use super::{STORE, copy, digest, push_versions};
use crate::support::{Sandbox, needs};

#[test]
fn one_that_fails_stops_no_other_and_an_archive_is_written_whole_or_not() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0", "2.0.0"]);
    sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().success();
    let words = ["permission-manager:1.0.0", "nothing:1", "golden-centos-aws:7.7.1908"];
    let to = |target: &str, more: &[&str]| copy(&sandbox, &[&words[..], &[target, "-r", STORE], more].concat());
    to("oci-layout:./x", &[]).fails(3).prints("2 copied, 1 failed, ").says("`nothing:1`");
    // Nor does a name without a version that is not there.
    let no_version = ["nothing", "golden-centos-aws", "permission-manager:9", "oci-layout:./y", "-r", STORE];
    let outcome = copy(&sandbox, &no_version).fails(3).prints("1 copied, 2 failed, ");
    let last: Vec<_> = outcome.stdout.lines().rev().skip(1).take(2).map(str::to_owned).collect();
    assert!(last.iter().all(|line| line.contains(" failed ")), "what failed comes last: {}", outcome.stdout);
    copy(&sandbox, &["Nothing", "golden-centos-aws", "oci-layout:./z", "-r", STORE]).fails(2);
    assert!(!sandbox.path("z").exists(), "what is written wrongly is told before anything is done");
    to("oci-archive:all.tar", &[])
        .fails(3)
        .prints("2 not written, 1 failed, 0 B sent")
        .says("`all.tar` was not written");
    assert!(!sandbox.path("all.tar").exists());
    let left: Vec<_> = fs::read_dir(sandbox.work()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with(".spectro")), "{left:?}");

    let all = ["permission-manager", "golden-centos-aws", "oci-archive:all.tar", "--all-versions", "-r", STORE];
    copy(&sandbox, &all).success().prints("3 copied, ");
    let first = sandbox.read("all.tar");
    copy(&sandbox, &all).fails(5).says("`all.tar` is there").says("--force");
    copy(&sandbox, &[&all[..], &["-f"]].concat()).success();
    assert!(sandbox.read("all.tar") == first, "the same packs make the same file");
    sandbox.spectro(["pack", "pull", "oci-archive:all.tar", "x"]).run().fails(2).says("name one: oci-archive:all.tar:");
    let listed = sandbox.spectro(["pack", "ls", "-r", "oci-archive:all.tar"]).run().success();
    assert_eq!(listed.stdout.lines().count(), 3, "{}", listed.stdout);
    let pushed = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", "oci-archive:all.tar", "-f"]).run();
    pushed.fails(2).says("is written as a whole");
}

#[test]
fn a_file_is_copied_whole_and_what_is_shown_of_it_can_be_typed() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0", "2.0.0"]);
    sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", STORE]).run().success();
    let all = ["permission-manager", "golden-centos-aws", "oci-archive:all.tar", "--all-versions", "-r", STORE];
    copy(&sandbox, &all).success();
    copy(&sandbox, &["oci-archive:all.tar", "oci-layout:./whole"]).success().prints("3 copied, ");
    copy(&sandbox, &["oci-archive:all.tar", "oci-layout:./some", "--versions", "<2"])
        .success()
        .prints("some/permission-manager:1.0.0\n");
    copy(&sandbox, &["oci-archive:all.tar", "oci-layout:./some", "--versions", ">9"])
        .fails(3)
        .says("no version in `>9`");
    // A file is listed without -r, and what is shown of a pack in it can be typed.
    let listed = sandbox.spectro(["pack", "ls", "oci-archive:all.tar", "-o", "json"]).run().success().json();
    let shown = listed["packs"][1]["reference"].as_str().unwrap();
    assert_eq!(shown, "oci-archive:all.tar:permission-manager:2.0.0");
    let inspected = sandbox.spectro(["pack", "inspect", shown]).run().success();
    let whole = inspected.stdout.lines().nth(2).unwrap();
    assert!(whole.starts_with(&format!("{shown}@sha256:")), "{whole}");
    sandbox.spectro(["pack", "inspect", whole]).run().success();
}

#[test]
fn archives_are_read_by_skopeo_and_those_of_skopeo_by_us() {
    needs!(Skopeo);
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0", "2.0.0"]);
    copy(&sandbox, &["permission-manager", "oci-archive:both.tar", "--all-versions", "-r", STORE]).success();
    for (source, folder) in
        [("oci-archive:both.tar:permission-manager:2.0.0", "theirs"), ("oci:packs/permission-manager:2.0.0", "same")]
    {
        let target = format!("oci-archive:{folder}.tar:2.0.0");
        sandbox
            .tool("skopeo", ["--insecure-policy", "copy", "-q", "--preserve-digests", source, &target])
            .run()
            .success();
    }
    let ours = digest(&sandbox, "oci-layout:./packs/permission-manager:2.0.0");
    for file in ["theirs.tar", "same.tar"] {
        assert_eq!(digest(&sandbox, &format!("oci-archive:{file}")), ours, "{file}");
        // The file keeps no name: pack.json has it.
        let target = format!("oci-layout:./from-{file}");
        copy(&sandbox, &[&format!("oci-archive:{file}"), &target]).success().prints("/permission-manager:2.0.0\n");
    }
}

#[test]
fn a_damaged_archive_is_told_with_its_name_and_place() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, STORE, &["1.0.0"]);
    copy(&sandbox, &["permission-manager", "oci-archive:good.tar", "-r", STORE]).success();
    let good = sandbox.read("good.tar");
    let read = |bytes: &[u8]| {
        sandbox.write("bad.tar", bytes);
        copy(&sandbox, &["oci-archive:bad.tar", "oci-layout:./x", "--retries", "0"])
    };
    for length in (0..good.len() - 1024).step_by(311) {
        let outcome = read(&good[..length]);
        assert_eq!(outcome.code, Some(6), "cut at {length}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains("`bad.tar`"), "cut at {length}: {}", outcome.stderr);
    }
    let place = good
        .windows(12)
        .rposition(|window| window == b"\"1.0.0\",\n   " || window.starts_with(b"\"version\""))
        .unwrap();
    let mut flipped = good.clone();
    flipped[place + 2] ^= 1;
    read(&flipped).fails(6).says("`bad.tar`");
    read(&[0x1f, 0x8b, 8, 0]).fails(6).says("gunzip it first");
    read(b"no tar").fails(6);
    copy(&sandbox, &["oci-archive:none.tar", "oci-layout:./x"]).fails(3).says("there is no file `none.tar`");
    copy(&sandbox, &["oci-archive:", "oci-layout:./x"]).fails(2);
    sandbox.spectro(["pack", "inspect", "permission-manager", "-r", "oci-layout:./x"]).run().fails(3);
}
