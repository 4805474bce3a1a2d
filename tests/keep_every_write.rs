//! Many processes on one local store: no acknowledged write is lost, and a tag has one winner.

use crate::support::{Running, Sandbox};

const PROCESSES: usize = 30;

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
        let name = format!("golden-centos-aws:1.0.{number}");
        let values = sandbox.spectro(["pack", "inspect", &name, "-r", "oci-layout:store", "--values"]).run().success();
        assert_eq!(values.stdout, format!("number: {number}\n"));
    }
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
    let running: Vec<_> = (0..PROCESSES).map(push).collect();
    let mut winner = None;
    for (number, process) in running.into_iter().enumerate() {
        let outcome = process.wait();
        match outcome.code {
            Some(0) => assert!(winner.replace(number).is_none(), "two pushes won"),
            _ => drop(outcome.fails(5).says("there: sha256:")),
        }
    }
    let winner = winner.expect("one push wins");
    let inspect = ["pack", "inspect", "golden-centos-aws:1.0.0", "-r", "oci-layout:store", "--values"];
    assert_eq!(sandbox.spectro(inspect).run().success().stdout, format!("number: {winner}\n"));
}
