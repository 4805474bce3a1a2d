//! Many packs and several servers in one command: one summary, one exit code, and nothing that could go is held up.

use crate::support::{Kind, RealRegistry, Sandbox, as_stored, assert_same_tree, needs, tree};

const STORE: &str = "oci-layout:./packs";

/// Makes `ROOT/permission-manager-VERSION` for each of these versions.
fn versions(sandbox: &Sandbox, root: &str, versions: &[&str]) {
    for version in versions {
        let folder = format!("{root}/permission-manager-{version}");
        sandbox.copy_folder(sandbox.copy_pack("permission-manager"), &folder);
        let metadata = sandbox.read_text(format!("{folder}/pack.json"));
        let other = metadata.replace("\"1.0.0\"", &format!("\"{version}\""));
        sandbox.write(format!("{folder}/pack.json"), other);
    }
    std::fs::remove_dir_all(sandbox.path("permission-manager")).expect("the copy can be removed");
}

/// Returns the first words of each line.
fn rows(text: &str, words: usize) -> Vec<String> {
    text.lines().map(|line| line.split_whitespace().take(words).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_tree_of_packs_goes_to_several_servers_and_one_that_fails_stops_no_other() {
    for registry in RealRegistry::every("many_at_once::a_tree_of_packs_goes_to_several_servers") {
        let sandbox = Sandbox::new();
        versions(&sandbox, "all/addons", &["1.0.0", "2.0.0"]);
        sandbox.copy_folder(sandbox.copy_pack("golden-centos-aws"), "all/os/centos");
        sandbox.write("all/broken/pack.json", "{\"name\": \"broken\"");
        sandbox.write("all/.git/pack.json", "{");
        sandbox.write("all/notes/README.md", "no pack");
        let push = |more: &[&str]| {
            sandbox
                .spectro(["pack", "push", "--recursive", "all", "-r", &registry.host(), "-r", STORE])
                .args(more)
                .run()
        };
        let planned = push(&["--dry-run"]).fails(1);
        assert!(!planned.stderr.contains("pushed"), "nothing was pushed: {}", planned.stderr);
        planned.says("  to push   permission-manager 2.0.0").prints("6 to push, 1 refused");
        assert!(!sandbox.path("packs").exists(), "a dry run writes nothing");
        let outcome = push(&[]).fails(1).says("error: all/broken is not valid");
        let pushed = rows(&outcome.stdout, 3);
        assert_eq!(
            pushed[..8],
            [
                "PACK VERSION RESULT",
                "permission-manager 1.0.0 pushed",
                "permission-manager 1.0.0 pushed",
                "permission-manager 2.0.0 pushed",
                "permission-manager 2.0.0 pushed",
                "golden-centos-aws 7.7.1908 pushed",
                "golden-centos-aws 7.7.1908 pushed",
                "broken - refused",
            ],
            "{}",
            outcome.stdout
        );
        outcome.prints("6 pushed, 1 refused, ").prints(&registry.host()).prints(STORE);
        let json = push(&["-o", "json"]).fails(1).json();
        let results: Vec<_> = json["packs"].as_array().unwrap().iter().map(|pack| &pack["result"]).collect();
        assert_eq!(results.iter().filter(|result| **result == "unchanged").count(), 6);
        assert_eq!(json["packs"][0]["server"], registry.host().as_str());
        for server in [registry.host().as_str(), STORE] {
            let pulled =
                sandbox.spectro(["pack", "pull", "permission-manager:2.0.0", "back", "-r", server, "-f"]).run();
            pulled.success();
            let source = as_stored(tree(sandbox.path("all/addons/permission-manager-2.0.0")));
            assert_same_tree(&source, &tree(sandbox.path("back")));
        }
    }
}

#[test]
fn a_server_that_is_down_holds_up_no_other() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0"]);
    let push = ["pack", "push", "all/permission-manager-1.0.0", "-r", "127.0.0.1:1", "-r", STORE, "--retries", "0"];
    let outcome = sandbox.spectro(push).run().fails(8).prints("1 pushed, 1 failed");
    outcome.says("cannot reach `127.0.0.1:1`");
    sandbox.spectro(["pack", "inspect", "permission-manager", "-r", STORE]).run().success();
}

#[test]
fn two_folders_of_one_version_are_refused_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "2.0.0"]);
    sandbox.copy_folder(sandbox.path("all/permission-manager-2.0.0"), "all/copy");
    let outcome = sandbox.spectro(["pack", "push", "--recursive", "all", "-r", STORE]).run().fails(2);
    outcome
        .says("`all/copy` and `all/permission-manager-2.0.0` are both `permission-manager:2.0.0`")
        .says("nothing was sent");
    assert!(!sandbox.path("packs").exists());
    sandbox.spectro(["pack", "push", "--recursive", "nowhere", "-r", STORE]).run().fails(3).says("no folder `nowhere`");
    sandbox.write("empty/README.md", "");
    sandbox.spectro(["pack", "push", "--recursive", "empty", "-r", STORE]).run().fails(3).says("no pack below `empty`");
}

#[test]
fn credentials_by_variable_are_for_one_server() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0"]);
    let push = |servers: [&str; 3], password: &str| {
        let push = sandbox.spectro(["pack", "push", "all/permission-manager-1.0.0", "--retries", "0"]);
        let push = push.args(servers.iter().flat_map(|server| ["-r", server])).env("SPECTRO_USERNAME", "ci");
        match password {
            "" => push.arg("--password-stdin").stdin("secret").run(),
            password => push.env("SPECTRO_PASSWORD", password).run(),
        }
    };
    for (servers, password) in
        [([STORE, "127.0.0.1:1", "127.0.0.1:2"], "secret"), ([STORE, "127.0.0.1:1/a", "127.0.0.1:1/b"], "")]
    {
        push(servers, password).fails(2).says("are for one server").says("spectro registry login");
        assert!(!sandbox.path("packs").exists());
    }
    // A local store is given none, and one host is one server.
    for (servers, password) in
        [([STORE, "127.0.0.1:1/a", "127.0.0.1:1/b"], "secret"), ([STORE, STORE, "127.0.0.1:1"], "")]
    {
        push(servers, password).fails(8).says("cannot reach `127.0.0.1:1`");
        assert!(sandbox.path("packs").exists());
    }
}

#[test]
fn a_folder_that_is_named_twice_is_pushed_once() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "2.0.0"]);
    let folder = "all/permission-manager-1.0.0";
    for words in [&[folder, "all/permission-manager-1.0.0/"][..], &["--recursive", "all", folder, "./all"]] {
        let pushed = sandbox.spectro(["pack", "push", "-r", STORE, "-o", "json"]).args(words).run().success().json();
        assert_eq!(pushed["packs"].as_array().unwrap().len(), if words.len() == 2 { 1 } else { 2 }, "{words:?}");
    }
}

#[test]
fn only_what_changed_since_a_commit_is_pushed() {
    needs!(Git);
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "2.0.0"]);
    let git = |arguments: &[&str]| {
        let base = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        sandbox.tool("git", base).args(arguments).run().success();
    };
    git(&["init", "-q"]);
    git(&["add", "all"]);
    git(&["commit", "-qm", "all"]);
    let push = || {
        let base = ["pack", "push", "--recursive", "all", "--changed-since", "HEAD", "-r", STORE];
        sandbox.spectro(base).run().success()
    };
    push().prints("nothing to push").says("2 of 2 packs not pushed: as in `HEAD`");
    let mut values = sandbox.read_text("all/permission-manager-2.0.0/values.yaml");
    values.push_str("\n# more\n");
    sandbox.write("all/permission-manager-2.0.0/values.yaml", values);
    push().prints("permission-manager:2.0.0").prints("pushed");
    sandbox.spectro(["pack", "inspect", "permission-manager:1.0.0", "-r", STORE]).run().fails(3);
}

#[test]
fn a_name_that_is_not_there_stops_no_other_pull() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "2.0.0"]);
    sandbox.spectro(["pack", "push", "--recursive", "all", "-r", STORE]).run().success();
    let pull = ["pack", "pull", "--all", "nothing", "permission-manager", "--output-dir", "back", "-r", STORE];
    let outcome = sandbox.spectro(pull).run().fails(3).prints("2 packs pulled, 1 failed");
    assert_eq!(rows(&outcome.stdout, 2)[3], format!("{STORE}/nothing failed"), "{}", outcome.stdout);
    assert!(sandbox.path("back/permission-manager-2.0.0/pack.json").is_file());
}

#[test]
fn the_versions_in_a_range_are_pulled() {
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "1.9.0", "2.0.0"]);
    sandbox.spectro(["pack", "push", "--recursive", "all", "-r", STORE]).run().success();
    let pull = |range: &str| {
        let words = ["pack", "pull", "--versions", range, "permission-manager", "--output-dir", "back", "-r", STORE];
        sandbox.spectro(words).run()
    };
    pull(">=1.5 <2").success().prints("1 pack pulled");
    assert_eq!(crate::support::layout::names(&sandbox.path("back")), ["permission-manager-1.9.0"]);
    pull(">9").fails(3).says("has no version in `>9`").says("spectro pack ls permission-manager -r");
    pull("bogus").fails(2);
    let one = ["pack", "pull", "--versions", "1.x", "permission-manager:1.0.0", "-r", STORE];
    sandbox.spectro(one).run().fails(2).says("names one version");
}

#[test]
fn many_are_pulled_each_into_a_folder_of_its_own() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    versions(&sandbox, "all", &["1.0.0", "2.0.0", "10.0.0-rc.1"]);
    sandbox.copy_pack("golden-centos-aws");
    let host = registry.host();
    sandbox.spectro(["pack", "push", "--recursive", "all", "golden-centos-aws", "-r", &host]).run().success();
    sandbox.spectro(["pack", "tag", "add", "permission-manager:1.0.0", "stable", "-r", &host]).run().success();

    let pull = |more: &[&str]| sandbox.spectro(["pack", "pull", "-r", &host]).args(more).run();
    let outcome =
        pull(&["permission-manager:1.0.0", "golden-centos-aws", "permission-manager:9", "--output-dir", "out/here"])
            .fails(3);
    assert_eq!(
        rows(&outcome.stdout, 2)[..4],
        [
            "FOLDER RESULT",
            "out/here/permission-manager-1.0.0 pulled",
            "out/here/golden-centos-aws-7.7.1908 pulled",
            &format!("{host}/permission-manager:9 failed"),
        ]
    );
    outcome.prints("2 packs pulled, 1 failed");
    let same =
        |one: &str, other: &str| assert_same_tree(&as_stored(tree(sandbox.path(one))), &tree(sandbox.path(other)));
    same("golden-centos-aws", "out/here/golden-centos-aws-7.7.1908");

    let outcome = pull(&["--all", "permission-manager", "--output-dir", "versions"]).success();
    outcome.prints("3 packs pulled").says("1 other tag of permission-manager passed over: stable");
    for version in ["1.0.0", "2.0.0", "10.0.0-rc.1"] {
        same(&format!("all/permission-manager-{version}"), &format!("versions/permission-manager-{version}"));
    }
    pull(&["--all", "permission-manager", "--output-dir", "versions"]).fails(5).prints("0 packs pulled, 3 failed");
    let json = pull(&["--all", "permission-manager", "--output-dir", "versions", "-f", "-o", "json"]).success().json();
    assert_eq!(json["packs"].as_array().unwrap().len(), 3);

    let both = ["permission-manager:1.0.0", "permission-manager:stable", "--output-dir", "twice"];
    pull(&both).fails(2).says("where another pack of this command goes");
    pull(&["--all", "permission-manager:1.0.0"]).fails(2).says("--all and --versions mean several");
    pull(&["--all", "nothing"]).fails(3).says("spectro pack ls -r");
    pull(&["a", "b", "c"]).fails(2).says("one word too many").says("--output-dir");
}
