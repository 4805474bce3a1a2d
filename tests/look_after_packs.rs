//! What is there is listed, tagged and deleted, in a local store, in distribution and in zot.

use crate::support::{FaultProxy, Kind, Outcome, RealRegistry, Reply, Sandbox, have, needs, tree};

/// Places where packs can be deleted: a local store, and each registry that is installed.
fn stores(test: &str) -> Vec<(String, Option<RealRegistry>)> {
    let kinds = Kind::ALL.into_iter().filter(|kind| have(test, &[kind.tool()]));
    let registries = kinds.map(|kind| RealRegistry::with(kind).deletion().start());
    let registries = registries.map(|registry| (registry.host(), Some(registry)));
    std::iter::once(("oci-layout:./packs".to_owned(), None)).chain(registries).collect()
}

/// Pushes `permission-manager` in these versions.
fn push_versions(sandbox: &Sandbox, server: &str, versions: &[&str]) {
    sandbox.copy_pack("permission-manager");
    let metadata = sandbox.read_text("permission-manager/pack.json");
    for version in versions {
        let other = metadata.replace("\"1.0.0\"", &format!("\"{version}\""));
        sandbox.write("permission-manager/pack.json", other);
        sandbox.spectro(["pack", "push", "permission-manager", "-r", server]).run().success();
    }
}

/// Returns the words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_packs_of_a_server_are_listed_with_their_newest_version() {
    for (server, _registry) in stores("look_after_packs::the_packs_of_a_server_are_listed") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.9.0", "1.10.0", "2.0.0-rc.1"]);
        sandbox.copy_pack("golden-centos-aws");
        sandbox.spectro(["pack", "push", "golden-centos-aws", "--format", "archive", "-r", &server]).run().success();
        let listed = sandbox.spectro(["pack", "ls", "-r", &server]).run().success();
        let lines = words(&listed.stdout);
        assert_eq!(lines[0], ["NAME", "VERSION", "VERSIONS", "LAYER", "CLOUDS", "SIZE", "DIGEST"], "{server}");
        assert_eq!(lines[1][..5], ["permission-manager", "1.10.0", "3", "addon", "all"], "{server}");
        assert_eq!(
            lines[2][..5],
            ["spectro-packs/archive/golden-centos-aws", "7.7.1908", "1", "os", "aws"],
            "{server}"
        );
        assert_eq!(lines.len(), 3, "{server}");
        listed.says(&format!("2 packs in {server}"));
        let json = sandbox.spectro(["pack", "ls", "-r", &server, "--format", "archive", "-o", "json"]).run().json();
        assert_eq!(json["packs"].as_array().unwrap().len(), 1, "{server}");
        assert_eq!(json["packs"][0]["format"], "archive", "{server}");
        assert_eq!(json["packs"][0]["cloudTypes"][0], "aws", "{server}");
        let limited = sandbox.spectro(["pack", "ls", "-r", &server, "--limit", "1"]).run().success();
        assert_eq!(words(&limited.stdout)[1][0], "permission-manager", "{server}");
        limited.says("1 repository more (--limit)");
        let largest = sandbox.spectro(["pack", "ls", "-r", &server, "--sort", "size", "--limit", "1"]).run().success();
        assert_eq!(words(&largest.stdout)[1][0], "permission-manager", "{server}");
    }
}

#[test]
fn the_versions_of_a_pack_come_newest_first_and_other_tags_last() {
    for (server, registry) in stores("look_after_packs::the_versions_of_a_pack_come_newest_first") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.9.0", "1.10.0", "01.2.3.4"]);
        sandbox.spectro(["pack", "tag", "add", "permission-manager:1.9.0", "stable", "-r", &server]).run().success();
        let listed = sandbox.spectro(["pack", "ls", "permission-manager", "-r", &server]).run().success();
        let firsts: Vec<_> = words(&listed.stdout).into_iter().map(|words| words[0].to_owned()).collect();
        assert_eq!(firsts, ["VERSION", "1.10.0", "1.9.0", "01.2.3.4", "stable"], "{server}");
        let digest = |line: usize| words(&listed.stdout)[line].last().copied().unwrap().to_owned();
        assert_eq!(digest(2), digest(4), "{server}: `stable` names 1.9.0");
        let same_as = |line: usize| words(&listed.stdout)[line][5].to_owned();
        assert_eq!([0, 1, 2, 4].map(same_as), ["AS", "-", "-", "1.9.0"], "{server}");
        listed.clone().says("3 versions of").says("1 other tag");
        sandbox.spectro(["pack", "ls", "-n", "permission-manager", "-r", &server]).run().success().prints("01.2.3.4");

        let Some(registry) = registry else { continue };
        let proxy = FaultProxy::before(&registry);
        let json = sandbox
            .spectro(["pack", "ls", "permission-manager", "--limit", "2", "-r", &proxy.host(), "-o", "json"])
            .run()
            .success()
            .json();
        assert_eq!(json["numberOfVersions"], 3);
        assert_eq!(json["versions"][0]["tag"], "1.10.0");
        assert_eq!(json["versions"].as_array().unwrap().len(), 2);
        let counts = ["/tags/", "/manifests/", "/blobs/"].map(|path| proxy.count("GET", path));
        assert_eq!(counts, [1, 2, 2], "only what is shown is read: {}", proxy.summary());
    }
}

#[test]
fn what_is_no_pack_is_named_and_what_fails_stops_no_other() {
    needs!(Distribution, Oras);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    push_versions(&sandbox, &registry.host(), &["1.0.0"]);
    sandbox.write("notes.txt", "hello");
    let other = format!("{}/other/notes:1", registry.host());
    sandbox
        .tool("oras", ["push", "--plain-http", &other, "--artifact-type", "text/notes", "notes.txt:text/plain"])
        .run()
        .success();
    let listed = sandbox.spectro(["pack", "ls", "-r", &registry.host()]).run().success();
    assert_eq!(words(&listed.stdout).len(), 2, "{}", listed.stdout);
    listed.says("1 pack in").says("no packs: other/notes (an artifact of the type `text/notes`)");
    let below = sandbox.spectro(["pack", "ls", "-r", &format!("{}/other", registry.host())]).run().success();
    below.says("0 packs in").says("no packs: notes");

    let proxy = FaultProxy::before(&registry);
    proxy.on("GET", "/v2/permission-manager/manifests/").answer(Reply::error(403, "DENIED", "not yours"));
    let broken = sandbox.spectro(["pack", "ls", "-r", &proxy.host()]).run().fails(4);
    broken.says("403 DENIED: not yours").prints("permission-manager").prints("(failed)");
}

#[test]
fn a_server_without_a_catalog_says_how_to_name_a_pack() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let ls = |reply: Reply| {
        let proxy = FaultProxy::before(&registry);
        proxy.on("GET", "/v2/_catalog").answer(reply);
        let hint = format!("spectro pack ls NAME -r {}", proxy.host());
        sandbox.spectro(["pack", "ls", "-r", &proxy.host(), "--retries", "0"]).run().says(&hint)
    };
    // As ghcr, Docker Hub and Harbor answer.
    ls(Reply::new(404)).fails(3).says("lists no repositories");
    ls(Reply::new(405)).fails(3).says("lists no repositories");
    ls(Reply::error(403, "DENIED", "requested access to the resource is denied")).fails(4);
    sandbox.spectro(["pack", "ls", "nothing", "-r", &registry.host()]).run().fails(3).says("spectro pack ls -r");
    sandbox.spectro(["pack", "ls", "nothing:1.0", "-r", &registry.host()]).run().fails(2).says("names one version");
    sandbox.spectro(["pack", "ls", "-r", "oci-layout:./none"]).run().fails(3).says("there is no folder `./none`");

    let page = Reply::new(200).header("Content-Type", "text/html").body("<html>hello</html>");
    let web_server = FaultProxy::before(&registry);
    web_server.on("GET", "/v2/").answer(page);
    let listed = sandbox.spectro(["pack", "ls", "-r", &web_server.host()]).run().fails(8);
    listed.says("is not a registry: it answered text/html").says("this is a web server");
}

#[test]
fn a_catalog_without_an_end_is_refused_and_leads_to_no_other_host() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    let ls = |link: &str| {
        let proxy = FaultProxy::before(&registry);
        let page = Reply::new(200).header("Content-Type", "application/json").header("Link", link);
        proxy.on("GET", "/v2/_catalog").answer(page.body("{\"repositories\":[\"a\"]}"));
        sandbox.spectro(["pack", "ls", "-r", &proxy.host()]).run()
    };
    ls("</v2/_catalog?last=a>; rel=\"next\"").fails(7).says("the list of repositories has no end: a page comes again");
    ls("<http://127.0.0.1:1/v2/_catalog?last=a>; rel=\"next\"").fails(8).says("on another host, which is refused");
}

/// Returns the command that a hint begins with, as the words of a shell.
fn command_of(outcome: &Outcome, end: &str) -> Vec<String> {
    let hint = outcome.stderr.lines().find_map(|line| line.trim().strip_prefix("hint: ")).expect("there is a hint");
    let start = hint.find("spectro ").expect("it names a command");
    let command = hint[start..].split(end).next().unwrap();
    command.split_whitespace().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_command_that_a_hint_names_works_when_it_is_copied() {
    for (server, _registry) in stores("look_after_packs::the_command_that_a_hint_names_works") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.0.0"]);
        sandbox.spectro(["pack", "tag", "add", "permission-manager:1.0.0", "stable", "-r", &server]).run().success();
        let name = |rest: &str| format!("permission-manager{rest}");
        for (words, end) in [
            (vec!["pack", "inspect", &name(":9")], " shows"),
            (vec!["pack", "pull", "nothing"], " shows"),
            (vec!["pack", "ls", "nothing"], " shows"),
            (vec!["pack", "ls", &name(":1.0.0")], " shows"),
            (vec!["pack", "tag", "add", &name(":9"), "x"], " shows"),
            (vec!["pack", "tag", "delete", &name(":9"), "--yes"], " shows"),
            (vec!["pack", "delete", &name(":9"), "--yes"], " shows"),
            (vec!["pack", "delete", &name(""), "--yes"], " shows"),
            (vec!["pack", "copy", "nothing", "oci-layout:./x"], " shows"),
            (vec!["pack", "diff", &name(":9"), &name("")], " shows"),
        ] {
            let refused = sandbox.spectro(&words).args(["-r", &server]).run();
            assert!(matches!(refused.code, Some(2 | 3)), "{words:?}: {}", refused.stderr);
            sandbox.spectro(command_of(&refused, end)).run().success().prints("1.0.0");
        }
    }
}

#[test]
fn a_server_where_a_pack_is_named_is_told_how_it_is_listed() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, "oci-layout:./packs", &["1.0.0"]);
    let ls = |words: &[&str]| sandbox.spectro(["pack", "ls"]).args(words).run();
    for word in ["zot.example:5000", "zot.example:5000/", "localhost:5000", "oci-layout:./"] {
        let server = word.trim_end_matches('/');
        ls(&[word]).fails(2).says(&format!("spectro pack ls -r {server}"));
    }
    ls(&["nginx"]).fails(2).says("name one with -r SERVER");
    ls(&["nginx:1"]).fails(2).says("name one with -r SERVER");
    let one = ls(&["-r", "oci-layout:./packs/permission-manager"]).fails(2);
    one.says("this is one repository; give its parent");
    ls(&["-s", "nowhere"]).fails(2).says("there is no `nowhere/config.json`");
}

#[test]
fn a_tag_is_added_once_and_moved_only_when_asked() {
    for (server, _registry) in stores("look_after_packs::a_tag_is_added_once") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.0.0", "2.0.0"]);
        let add = |words: &[&str]| sandbox.spectro(["pack", "tag", "add"]).args(words).args(["-r", &server]).run();
        add(&["permission-manager:1.0.0", "stable", "--dry-run"]).success().prints("dry run: would be added");
        add(&["permission-manager:1.0.0", "stable", "-g", "team"])
            .success()
            .prints("/permission-manager:team__stable\n")
            .prints("added");
        add(&["permission-manager:1.0.0", "stable", "--group", "team"]).success().prints("unchanged");
        let conflict = add(&["permission-manager:2.0.0", "stable", "-g", "team"]).fails(5);
        conflict.says("names another version").says("--force");
        add(&["permission-manager:2.0.0", "stable", "-g", "team", "-f"]).success().prints("moved from sha256:");
        let tagged = sandbox.spectro(["pack", "pull", "permission-manager:team__stable", "back", "-r", &server]).run();
        tagged.success();
        assert!(sandbox.read_text("back/pack.json").contains("\"2.0.0\""), "{server}");
        add(&["permission-manager:9", "x"]).fails(3);
        add(&["permission-manager:1.0.0", "no tag"]).fails(2).says("`no tag` is not a tag");
        add(&["nothing:1.0.0", "x"]).fails(3);
    }
}

#[test]
fn a_tag_goes_alone_where_that_is_possible_and_nothing_goes_unasked() {
    for (server, registry) in stores("look_after_packs::a_tag_goes_alone") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.0.0", "2.0.0"]);
        sandbox.spectro(["pack", "tag", "add", "permission-manager:1.0.0", "stable", "-r", &server]).run().success();
        let delete = |words: &[&str]| sandbox.spectro(["pack", "delete"]).args(words).args(["-r", &server]).run();
        let tags = || {
            let listed = sandbox.spectro(["pack", "ls", "permission-manager", "-r", &server]).run();
            words(&listed.stdout).into_iter().skip(1).map(|words| words[0].to_owned()).collect::<Vec<_>>()
        };
        delete(&["permission-manager:stable"]).fails(2).says("no terminal to ask on").says("--yes");
        delete(&["permission-manager:stable", "--dry-run"]).success().prints("dry run: would be deleted");
        delete(&["permission-manager:9", "--yes"]).fails(3).says("is not in");
        delete(&["permission-manager", "--yes"]).fails(2).says("names no version to delete");
        delete(&["nothing:1", "--yes"]).fails(3);
        assert_eq!(tags(), ["2.0.0", "1.0.0", "stable"], "{server}");

        let alone =
            sandbox.spectro(["pack", "tag", "delete", "permission-manager:stable", "--yes", "-r", &server]).run();
        if registry.as_ref().is_some_and(|registry| !registry.deletes_tags()) {
            let refused = alone.fails(4).says("deletes no tags, only whole versions").says("`1.0.0` would go too");
            refused.says("nothing was deleted").says("--all-tags");
            assert_eq!(tags(), ["2.0.0", "1.0.0", "stable"]);
            delete(&["permission-manager:stable", "--yes", "--all-tags"]).success().prints("deleted, with `1.0.0`");
        } else {
            alone.success().prints("deleted");
            assert_eq!(tags(), ["2.0.0", "1.0.0"], "{server}");
            delete(&["permission-manager:1.0.0", "--yes"]).success().prints("deleted");
        }
        assert_eq!(tags(), ["2.0.0"], "{server}");
        let left = sandbox.spectro(["pack", "pull", "permission-manager:2.0.0", "back", "-r", &server]).run();
        left.success();
        assert!(sandbox.read_text("back/pack.json").contains("\"2.0.0\""), "{server}: what remains is served");
    }
}

#[test]
fn a_digest_goes_with_all_its_tags_once_they_were_named() {
    for (server, _registry) in stores("look_after_packs::a_digest_goes_with_all_its_tags") {
        let sandbox = Sandbox::new();
        push_versions(&sandbox, &server, &["1.0.0"]);
        let add = ["pack", "tag", "add", "permission-manager:1.0.0", "stable", "-r", &server, "-o", "json"];
        let digest = sandbox.spectro(add).run().success().json()["digest"].as_str().unwrap().to_owned();
        let word = format!("permission-manager@{digest}");
        let delete = |more: &[&str]| sandbox.spectro(["pack", "delete", &word, "-r", &server]).args(more).run();
        delete(&["--yes"]).fails(4).says("`1.0.0`, `stable` would go too").says("--all-tags");
        let json = delete(&["--yes", "--all-tags", "-o", "json"]).success().json();
        assert_eq!(json["deleted"][0]["result"], "deleted", "{server}");
        assert_eq!(json["deleted"][0]["otherTags"].as_array().unwrap().len(), 2, "{server}");
        delete(&["--yes", "--all-tags"]).fails(3);
        sandbox.spectro(["pack", "tag", "delete", &word, "--yes", "-r", &server]).run().fails(2);
    }
}

#[test]
fn a_delete_in_a_local_store_takes_the_blobs_that_nothing_else_needs() {
    let sandbox = Sandbox::new();
    push_versions(&sandbox, "oci-layout:./packs", &["1.0.0", "2.0.0"]);
    let blobs = || tree(sandbox.path("packs/permission-manager/blobs/sha256")).len();
    let both = blobs();
    let delete = ["pack", "delete", "permission-manager:1.0.0", "--yes", "-r", "oci-layout:./packs"];
    sandbox.spectro(delete).run().success();
    assert_eq!(blobs(), both - 2, "the manifest and pack.json of 1.0.0 went, what 2.0.0 shares with it stayed");
    let pull = ["pack", "pull", "permission-manager:2.0.0", "back", "-r", "oci-layout:./packs"];
    sandbox.spectro(pull).run().success();
}

#[test]
fn a_registry_that_does_not_delete_says_so() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let sandbox = Sandbox::new();
    push_versions(&sandbox, &registry.host(), &["1.0.0"]);
    let delete = ["pack", "delete", "permission-manager:1.0.0", "--yes", "-r", &registry.host()];
    sandbox.spectro(delete).run().fails(4).says("does not delete");
    sandbox.spectro(["pack", "inspect", "permission-manager:1.0.0", "-r", &registry.host()]).run().success();
}
