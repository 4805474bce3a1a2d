//! Many processes on one local store: no acknowledged write is lost, and a tag has one winner.

use std::{thread, time::Duration};

use crate::support::{
    Running, Sandbox,
    layout::{assert_sound, assert_swept, delete, stored, tags},
};

const PROCESSES: usize = 50;
const CONTENTS: usize = 20;

const NAME: &str = "golden-centos-aws";

/// Makes a pack that differs from all others in its version or in its content.
fn pack(sandbox: &Sandbox, folder: &str, version: &str, values: &str) {
    let from = sandbox.path("golden-centos-aws");
    sandbox.copy_folder(&from, folder);
    let path = format!("{folder}/pack.json");
    sandbox.write(&path, sandbox.read_text(&path).replace("7.7.1908", version));
    sandbox.write(format!("{folder}/values.yaml"), values);
}

#[test]
fn every_version_that_was_acknowledged_is_there() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = |number: usize| -> Running {
        let folder = format!("pack-{number}");
        pack(&sandbox, &folder, &format!("1.0.{number}"), &format!("number: {number}\n"));
        sandbox.spectro(["pack", "push", &folder, "-r", "oci-layout:store"]).spawn()
    };
    let running: Vec<_> = (0..PROCESSES).map(push).collect();
    for process in running {
        process.wait().success().prints("pushed");
    }
    for number in 0..PROCESSES {
        assert_eq!(values(&sandbox, &format!("1.0.{number}")), format!("number: {number}\n"));
    }
    assert_eq!(tags(&sandbox.path("store"), NAME).len(), PROCESSES);
    assert_sound(&sandbox.path("store/golden-centos-aws"));
    assert_swept(&sandbox.path("store/golden-centos-aws"));
}

/// Returns the values of a version, every blob of which was verified.
fn values(sandbox: &Sandbox, version: &str) -> String {
    let stored = stored(&sandbox.path("store"), NAME, version);
    stored.unwrap_or_else(|| panic!("{version} is lost")).text("values.yaml").to_owned()
}

#[test]
fn deletes_sweeps_and_killed_pushes_take_nothing_from_living_ones() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack(NAME);
    let store = sandbox.path("store");
    let push = |version: &str, text: &str| {
        let folder = format!("pack-{version}");
        pack(&sandbox, &folder, version, text);
        sandbox.spectro(["pack", "push", &folder, "-r", "oci-layout:store"])
    };
    // What is deleted shares its role and its logo with all, and its values with one each.
    for number in 0..10 {
        push(&format!("0.0.{number}"), &format!("number: {number}\n")).run().success();
    }
    let commands: Vec<_> =
        (0..40).map(|number| push(&format!("1.0.{number}"), &format!("number: {}\n", number % 20))).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..10 {
                delete(&store, NAME, &format!("0.0.{number}"));
                thread::sleep(Duration::from_millis(10));
            }
        });
        for batch in commands.chunks(10).enumerate() {
            let running: Vec<_> = batch.1.iter().map(|command| command.clone().spawn()).collect();
            for (place, process) in running.into_iter().enumerate() {
                let number = batch.0 * 10 + place;
                if number % 4 == 3 {
                    thread::sleep(Duration::from_millis(number as u64 / 4));
                    process.kill();
                } else {
                    process.wait().success();
                }
            }
        }
    });
    let there = tags(&store, NAME);
    assert!(there.iter().all(|tag| tag.starts_with("1.0.")), "{there:?}");
    for number in (0..40).filter(|number| number % 4 != 3) {
        assert_eq!(values(&sandbox, &format!("1.0.{number}")), format!("number: {}\n", number % 20));
    }
    assert_sound(&store.join(NAME));
    push("2.0.0", "last: 1\n").run().success();
    assert_swept(&store.join(NAME));
}

#[test]
fn of_many_contents_for_one_version_one_wins_and_all_others_are_told() {
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = |number: usize| -> Running {
        let folder = format!("pack-{number}");
        pack(&sandbox, &folder, "1.0.0", &format!("number: {number}\n"));
        sandbox.spectro(["pack", "push", &folder, "-r", "oci-layout:store"]).spawn()
    };
    let running: Vec<_> = (0..CONTENTS).map(push).collect();
    let mut winner = None;
    for (number, process) in running.into_iter().enumerate() {
        let outcome = process.wait();
        match outcome.code {
            Some(0) => assert!(winner.replace(number).is_none(), "two pushes won"),
            _ => drop(outcome.fails(5).says("there: sha256:")),
        }
    }
    let winner = winner.expect("one push wins");
    assert_eq!(values(&sandbox, "1.0.0"), format!("number: {winner}\n"));
    assert_sound(&sandbox.path("store/golden-centos-aws"));
}
