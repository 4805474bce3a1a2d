//! The ways in which packs are published elsewhere, command by command, and the one line of `spectro` that stands for each.

use std::fs;

use crate::support::{
    Authority, Corpus, Kind, PASSWORD, RealRegistry, Sandbox, Tool, USER, as_stored, assert_same_tree, have, needs,
    testdata, tree,
};

const STORE: &str = "oci-layout:./packs";

/// Returns a server of each kind: the local store, and every real registry here.
fn servers(test: &str) -> Vec<(String, Option<RealRegistry>)> {
    let registries = RealRegistry::every(test).into_iter().map(|registry| (registry.host(), Some(registry)));
    registries.chain([(STORE.to_owned(), None)]).collect()
}

#[test]
fn the_documented_steps_for_an_os_a_chart_and_a_manifest_pack() {
    for (server, _registry) in servers("publish_as_others_do::the_documented_steps") {
        let sandbox = Sandbox::new();
        // Steps 1 to 4: the folder, its metadata, its content, its logo; here as they stand in the examples of the documentation.
        for (pack, content) in [
            ("golden-centos-aws", "harden_os/files/sec_harden.sh"),
            ("prometheus-grafana", "charts/prometheus-grafana.tgz"),
            ("permission-manager", "manifests/permission-manager.yaml"),
        ] {
            for file in ["pack.json", "values.yaml", "logo.png"] {
                let bytes = fs::read(testdata(format!("packs/{pack}/{file}"))).expect("an example is there");
                sandbox.write(format!("{pack}/{file}"), bytes);
            }
            let folder = content.split('/').next().expect("a path has a first part");
            sandbox.copy_folder(testdata(format!("packs/{pack}/{folder}")), format!("{pack}/{folder}"));
            // Step 5: push. Step 6: overwrite what was pushed before.
            sandbox.spectro(["pack", "push", pack, "--registry-server", &server]).run().success().prints("pushed");
            sandbox.spectro(["pack", "push", pack, "--registry-server", &server]).run().success().prints("unchanged");
            let changed = sandbox.read_text(format!("{pack}/values.yaml")) + "# changed\n";
            sandbox.write(format!("{pack}/values.yaml"), changed);
            let refused = sandbox.spectro(["pack", "push", pack, "--registry-server", &server]).run().fails(5);
            refused.says("already exists").says("overwrite it with --force");
            let forced = sandbox.spectro(["pack", "push", pack, "-f", "--registry-server", &server]).run().success();
            forced.prints("overwrote sha256:");
            let back = format!("back/{pack}");
            sandbox.spectro(["pack", "pull", pack, &back, "-r", &server]).run().success();
            assert_same_tree(&as_stored(tree(sandbox.path(pack))), &tree(sandbox.path(&back)));
        }
        let listed = sandbox.spectro(["pack", "ls", "-r", &server]).run().success();
        listed.prints("golden-centos-aws").prints("permission-manager").prints("prometheus-grafana");
    }
}

#[test]
fn tar_and_oras_push_are_one_line() {
    const PACK: &str = "prometheus-grafana";
    const REPOSITORY: &str = "spectro-packs/archive/prometheus-grafana";
    needs!(Oras, Tar);
    for registry in RealRegistry::every("publish_as_others_do::tar_and_oras_push_are_one_line") {
        let sandbox = Sandbox::new();
        sandbox.copy_pack(PACK);
        let host = registry.host();
        // As documented.
        sandbox.run_tool("tar", ["-czvf", "prometheus-grafana-9.7.2.tar.gz", PACK]).success();
        let reference = format!("{host}/{REPOSITORY}:9.7.2");
        let push = ["push", "--plain-http", "--image-spec", "v1.0", &reference, "prometheus-grafana-9.7.2.tar.gz"];
        sandbox.run_tool("oras", push).success();
        // What was published so is listed, looked into, pulled and compared.
        sandbox.spectro(["pack", "ls", "-r", &host]).run().success().prints(PACK).prints("9.7.2");
        let inspect = ["pack", "inspect", PACK, "--format", "archive", "-r", &host];
        sandbox.spectro(inspect).run().success().prints("9.7.2").prints("addon");
        let pull = ["pack", "pull", PACK, "theirs", "--format", "archive", "-r", &host];
        sandbox.spectro(pull).run().success();
        assert_same_tree(&as_stored(tree(sandbox.path(PACK))), &tree(sandbox.path("theirs")));
        let diff = ["pack", "diff", PACK, "./prometheus-grafana", "--format", "archive", "-r", &host];
        sandbox.spectro(diff).run().success();
        // The one line. The bytes of a tar depend on who made it; the files are the same, so what is there stays.
        let push = ["pack", "push", PACK, "--format", "archive", "-r", &host];
        let before = registry.tags(REPOSITORY);
        for more in [&[][..], &["--dry-run"]] {
            let same = sandbox.spectro(push).args(more).run().success();
            same.prints("unchanged\nnote: the same files, packed by another tool");
        }
        let json = sandbox.spectro(push).args(["-o", "json"]).run().success().json();
        assert_eq!(
            (json["packs"][0]["result"].as_str(), json["packs"][0]["bytesSent"].as_u64()),
            (Some("unchanged"), Some(0))
        );
        assert_eq!(registry.tags(REPOSITORY), before);
        // It overwrites nothing unasked.
        let values = sandbox.read_text("prometheus-grafana/values.yaml");
        sandbox.write("prometheus-grafana/values.yaml", format!("# changed\n{values}"));
        sandbox.spectro(push).run().fails(5).says("already exists").says("--force");
        sandbox.spectro(push).arg("--dry-run").run().fails(5).prints("would be refused");
        sandbox.write("prometheus-grafana/values.yaml", values);
        sandbox.spectro(push).arg("-f").run().success().prints("overwrote sha256:").prints(&reference);
        sandbox.spectro(push).run().success().prints("unchanged");
        // What others did with the result, they do with this one.
        fs::remove_file(sandbox.path("prometheus-grafana-9.7.2.tar.gz")).expect("it can be removed");
        sandbox.run_tool("oras", ["pull", "--plain-http", &reference]).success();
        sandbox.run_tool("tar", ["-xzf", "prometheus-grafana-9.7.2.tar.gz"]).success();
        assert_same_tree(&as_stored(tree(sandbox.path(PACK))), &tree(sandbox.path("prometheus-grafana-9.7.2")));
    }
}

/// Breaks three copies of a pack, each in another way, and returns their folders and what is said of each.
fn three_broken(sandbox: &Sandbox) -> [(&'static str, &'static str); 3] {
    let copy = |folder: &str| {
        sandbox.copy_folder(testdata("packs/prometheus-grafana"), folder);
        let metadata = sandbox.read_text(format!("{folder}/pack.json"));
        let name = folder.split('/').next_back().expect("a path has a last part");
        let metadata = metadata.replacen("\"name\": \"prometheus-grafana\"", &format!("\"name\": \"{name}\""), 1);
        assert!(metadata.contains(name), "the copy has a name of its own");
        sandbox.write(format!("{folder}/pack.json"), &metadata);
        metadata
    };
    let metadata = copy("broken/trailing-comma");
    let end = metadata.rfind('}').expect("it is an object");
    sandbox.write("broken/trailing-comma/pack.json", format!("{},\n}}\n", metadata[..end].trim_end()));
    copy("broken/with-tabs");
    sandbox.write("broken/with-tabs/values.yaml", "pack:\n\tnamespace: monitoring\n");
    copy("broken/no-chart");
    fs::remove_dir_all(sandbox.path("broken/no-chart/charts")).expect("it can be removed");
    [
        ("broken/trailing-comma", "metadata-syntax"),
        ("broken/with-tabs", "values-syntax"),
        ("broken/no-chart", "reference-missing"),
    ]
}

#[test]
fn a_loop_over_a_repository_of_packs_is_one_line_with_one_summary() {
    for (server, _registry) in servers("publish_as_others_do::a_loop_over_a_repository_of_packs") {
        let sandbox = Sandbox::new();
        let here = have("publish_as_others_do::a_loop_over_a_repository_of_packs", &[Tool::Corpus]);
        let mut packs: Vec<_> = if here { Corpus::packs().expect("the corpus is here") } else { testdata_packs() };
        packs.sort();
        let words: Vec<_> = packs.iter().map(|path| path.to_str().expect("its path is UTF-8")).collect();
        // The packs of others that have an error of their own.
        let validated = sandbox.spectro(["pack", "validate", "-o", "json"]).args(&words).run().json();
        let has_errors = |pack: &&serde_json::Value| {
            let findings = pack["findings"].as_array().expect("there is a list of findings");
            findings.iter().any(|finding| finding["severity"] == "error")
        };
        let faulty = validated["packs"].as_array().expect("there is a list of packs").iter().filter(has_errors).count();
        let broken = three_broken(&sandbox);

        let push =
            || sandbox.spectro(["pack", "push", "-r", &server]).args(&words).args(broken.map(|(folder, _)| folder));
        let outcome = push().run().fails(1);
        let summary = format!("{} pushed, {} refused", packs.len() - faulty, 3 + faulty);
        let mut outcome = outcome.prints(&summary);
        for (folder, code) in broken {
            outcome = outcome.says(&format!("error: {folder} is not valid")).says(&format!("error[{code}]"));
        }
        let again = push().args(["-o", "json"]).run().fails(1).json();
        let results = again["packs"].as_array().expect("there is a list of packs");
        let count = |word: &str| results.iter().filter(|pack| pack["result"] == word).count();
        assert_eq!([count("unchanged"), count("refused")], [packs.len() - faulty, 3 + faulty]);
        for pack in results.iter().filter(|pack| pack["result"] == "refused") {
            let findings = pack["findings"].as_array().expect("there is a list of findings");
            assert!(findings.iter().any(|finding| finding["severity"] == "error"), "{pack}");
        }
    }
}

fn testdata_packs() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(testdata("packs")).expect("the packs are there");
    entries.map(|entry| entry.expect("the folder can be read").path()).collect()
}

#[test]
fn the_commands_of_the_old_cli_work_with_its_flags_and_words() {
    for kind in [Kind::Distribution, Kind::Zot] {
        if !have("publish_as_others_do::the_commands_of_the_old_cli_work", &[kind.tool()]) {
            continue;
        }
        let authority = Authority::new();
        let registry = RealRegistry::with(kind).password().deletion().tls(&authority).start();
        let host = registry.host();
        let sandbox = Sandbox::new();
        let run = |words: &[&str]| sandbox.spectro(["-s", "home"]).args(words).run();
        run(&["registry", "login", &host, "-i", "-d", "--username", USER, "--password", PASSWORD])
            .success()
            .prints("Login Succeeded");
        let config: serde_json::Value = serde_json::from_slice(&sandbox.read("home/config.json")).expect("it is JSON");
        assert_eq!(config["defaultRegistry"], host.as_str());
        assert_eq!(config["auths"][&host]["insecure"], true);
        assert!(config["auths"][&host]["auth"].is_string());

        sandbox.copy_pack("permission-manager");
        run(&["pack", "push", "permission-manager", "-r", &host, "-m", "the first"]).success().prints("pushed");
        run(&["pack", "push", "permission-manager", "-r", &host, "-m", "the first", "--skip-digest-check"]).success();
        run(&["pack", "push", "permission-manager", "-f", "-m", "with other words"]).success().prints("overwrote");
        run(&["pack", "ls"]).success().prints("permission-manager");
        run(&["pack", "ls", "-n", "permission-manager", "-r", &host]).success().prints("1.0.0");
        run(&["pack", "ls", "--name", "permission-manager", "--registry-server", &host]).success();
        let digest = run(&["pack", "inspect", "permission-manager", "-r", &host, "-o", "json"]).success().json();
        let digest = digest["packs"][0]["digest"].as_str().expect("a pack has a digest").to_owned();
        for (word, target) in [("permission-manager", "newest"), ("permission-manager:1.0.0", "tag")] {
            run(&["pack", "pull", word, target, "-r", &host]).success();
        }
        run(&["pack", "pull", &format!("permission-manager@{digest}"), "digest"]).success();
        assert_eq!(tree(sandbox.path("tag")), tree(sandbox.path("digest")));

        let add = ["pack", "tag", "add", "permission-manager:1.0.0", "stable"];
        run(&add).success().prints("permission-manager:stable");
        run(&[&add[..], &["-g", "team", "-r", &host]].concat()).success().prints("permission-manager:team__stable");
        run(&[&add[..], &["--group", "other"]].concat()).success();
        let delete = ["pack", "tag", "delete", "permission-manager:team__stable", "-r", &host];
        // It never deleted unasked; where nobody can be asked, that is said.
        run(&delete).fails(2).says("--yes");
        if registry.deletes_tags() {
            run(&[&delete[..], &["--yes"]].concat()).success();
            assert_eq!(registry_tags(&run(&["pack", "ls", "-n", "permission-manager"]).stdout, "team__stable"), 0);
        } else {
            // There only whole digests can be deleted, with all their tags.
            run(&[&delete[..], &["--yes"]].concat()).fails(4).says("--all-tags").says("stable");
        }
        run(&["pack", "pull", "permission-manager:other__stable", "labelled"]).success();
        run(&["version"]).success().prints(env!("CARGO_PKG_VERSION"));
        run(&["pack", "build", "nothing", "out", "-p", "-r", &host]).fails(3).says("nothing");
    }
}

/// Returns how often a tag stands in a list.
fn registry_tags(listed: &str, tag: &str) -> usize {
    listed.split_whitespace().filter(|word| *word == tag).count()
}
