//! A tag is never overwritten unasked, and what happened is said.

use crate::support::{Fault, FaultProxy, Kind, Moment, RealRegistry, Reply, Sandbox, have, needs};

/// Runs a story on a local store and on every registry that is here.
fn everywhere(test: &str, story: impl Fn(&Sandbox, &str, &str)) {
    let sandbox = Sandbox::new();
    story(&sandbox, "oci-layout:store", "local store");
    for registry in RealRegistry::every(test) {
        story(&Sandbox::new(), &registry.host(), &format!("{:?}", registry.kind()));
    }
}

fn digest_of(text: &str) -> String {
    let start = text.find("sha256:").unwrap_or_else(|| panic!("no digest in: {text}"));
    text[start..start + 71].to_owned()
}

#[test]
fn other_content_needs_force_and_the_replaced_digest_is_named() {
    everywhere("never_overwrite_unasked::other_content_needs_force", |sandbox, server, place| {
        sandbox.copy_pack("golden-centos-aws");
        let push =
            |more: &[&str]| sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", server]).args(more).run();
        let first = digest_of(&push(&[]).success().prints("pushed").stdout);
        sandbox.write("golden-centos-aws/values.yaml", "# other\n");
        let refused = push(&[]).fails(5);
        let refused = refused
            .says(&format!("error: `golden-centos-aws:7.7.1908` already exists in `{server}` with other content"));
        let refused = refused.says(&format!("there: {first}   here: sha256:")).says("or overwrite it with --force");
        assert_eq!(refused.stdout, "", "{place}");
        let inspect = |name: &str| sandbox.spectro(["pack", "inspect", name, "-r", server]).run();
        assert!(
            inspect("golden-centos-aws:7.7.1908").success().stdout.contains(&first),
            "{place}: the tag was touched"
        );
        let forced = push(&["-f"]).success().prints(&format!("overwrote {first}"));
        let second = digest_of(&forced.stdout);
        assert_ne!(first, second);
        assert!(inspect("golden-centos-aws:7.7.1908").success().stdout.contains(&second), "{place}");
        // The hint how to bring the old content back stands there only if it works.
        let undo = forced.stderr.lines().find_map(|line| line.split("bring it back with: spectro ").nth(1));
        match undo {
            Some(command) => {
                sandbox.spectro(command.split(' ')).run().success();
            }
            None => assert!(forced.stderr.contains(&format!("{first} is gone")), "{place}: {}", forced.stderr),
        }
    });
}

#[test]
fn a_message_alone_is_no_other_content() {
    everywhere("never_overwrite_unasked::a_message_alone", |sandbox, server, place| {
        sandbox.copy_pack("golden-centos-aws");
        let push = |more: &[&str]| {
            sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", server]).args(more).run().success()
        };
        let first = digest_of(&push(&["-m", "first"]).prints("pushed").stdout);
        let again = push(&["-m", "second", "--annotation", "a.b=c"]).prints("unchanged");
        assert_eq!(digest_of(&again.stdout), first, "{place}");
        assert!(again.stdout.contains("only annotations differ; --force writes them"), "{}", again.stdout);
        push(&["-m", "second", "--annotation", "a.b=c", "-f"]).prints("overwrote");
        let json = sandbox
            .spectro(["pack", "inspect", "golden-centos-aws:7.7.1908", "-r", server, "-o", "json"])
            .run()
            .success()
            .json();
        let annotations = &json["packs"][0]["artifactAnnotations"];
        assert_eq!(
            (&annotations["com.spectrocloud.pack.message"], &annotations["a.b"]),
            (&"second".into(), &"c".into())
        );
    });
}

#[test]
fn further_tags_move_and_say_from_where() {
    everywhere("never_overwrite_unasked::further_tags_move", |sandbox, server, place| {
        sandbox.copy_pack("golden-centos-aws");
        let push =
            |more: &[&str]| sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", server]).args(more).run();
        let first = digest_of(&push(&["--tag", "latest"]).success().prints("latest: new → sha256:").stdout);
        let path = "golden-centos-aws/pack.json";
        sandbox.write(path, sandbox.read_text(path).replace("7.7.1908", "7.8.0"));
        let second = push(&["--tag", "latest"]).success().prints(&format!("latest: {first} → sha256:"));
        let second = digest_of(&second.stdout);
        for tag in ["latest", "7.8.0"] {
            let name = format!("golden-centos-aws:{tag}");
            let shown = sandbox.spectro(["pack", "inspect", &name, "-r", server]).run().success().stdout;
            assert!(shown.contains(&second), "{place}: {tag} is not {second}: {shown}");
        }
        // Unchanged, and yet a tag that is not there is written.
        push(&["--tag", "stable"]).success().prints("unchanged").prints(&format!("stable: new → {second}"));
    });
}

#[test]
fn an_answer_that_got_lost_is_no_conflict() {
    for kind in Kind::ALL {
        if !have("never_overwrite_unasked::an_answer_that_got_lost", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::start(kind);
        let proxy = FaultProxy::before(&registry);
        proxy.on("PUT", "/manifests/").once().fault(Fault::Reset(Moment::AfterRequest));
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]).run().success().prints("pushed");
        assert_eq!(registry.tags("golden-centos-aws"), ["7.7.1908"]);
    }
}

#[test]
fn not_being_allowed_to_look_is_not_absence() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    for (status, exit) in [(401, 4), (403, 4), (500, 8)] {
        let proxy = FaultProxy::before(&registry);
        proxy.on("*", "/manifests/").answer(Reply::error(status, "NO", "not for you"));
        let sandbox = Sandbox::new();
        sandbox.copy_pack("golden-centos-aws");
        let push = ["pack", "push", "golden-centos-aws", "-r", &proxy.host(), "--retries", "0"];
        sandbox.spectro(push).run().fails(exit).says(&status.to_string());
        assert_eq!(proxy.writes(), 0, "{}", proxy.summary());
    }
}

/// Returns two authors, who have the same version of a pack with other content.
fn rivals() -> (Sandbox, Sandbox) {
    let (one, other) = (Sandbox::new(), Sandbox::new());
    one.copy_pack("golden-centos-aws");
    other.copy_pack("golden-centos-aws");
    other.write("golden-centos-aws/values.yaml", "# the other one\n");
    (one, other)
}

#[test]
fn a_lost_race_is_told_with_where_ones_own_content_is() {
    for kind in Kind::ALL {
        if !have("never_overwrite_unasked::a_lost_race", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::start(kind);
        let proxy = FaultProxy::before(&registry);
        let (one, other) = rivals();
        // The look after the write is held up; in the meantime the other one overwrites the tag.
        proxy.on("HEAD", "/manifests/7.7.1908").after(1).once().fault(Fault::Delay(std::time::Duration::from_secs(3)));
        let running = one.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]).spawn();
        proxy.wait_for("PUT", "/manifests/7.7.1908", 1);
        std::thread::sleep(std::time::Duration::from_millis(500));
        other.spectro(["pack", "push", "golden-centos-aws", "-f", "-r", &registry.host()]).run().success();
        let lost = running.wait().fails(5).says("another push of `golden-centos-aws:7.7.1908`").says("there: sha256:");
        let own = lost.stderr.split("yours is there as ").nth(1).map_or_else(|| panic!("{}", lost.stderr), digest_of);
        registry.manifest("golden-centos-aws", &own).expect(200);
    }
}

/// An upload takes its time; what came under the tag meanwhile is seen before the tag is written.
#[test]
fn a_push_that_took_long_looks_again_before_it_writes() {
    for kind in Kind::ALL {
        if !have("never_overwrite_unasked::a_push_that_took_long", &[kind.tool()]) {
            continue;
        }
        let registry = RealRegistry::start(kind);
        let proxy = FaultProxy::before(&registry);
        let (one, other) = rivals();
        proxy.on("POST", "/blobs/uploads/").once().fault(Fault::Delay(std::time::Duration::from_secs(3)));
        let running = one.spectro(["pack", "push", "golden-centos-aws", "-r", &proxy.host()]).spawn();
        proxy.wait_for("POST", "/blobs/uploads/", 1);
        let push = ["pack", "push", "golden-centos-aws", "-r", &registry.host()];
        let won = digest_of(&other.spectro(push).run().success().stdout);
        running.wait().fails(5).says("another push of `golden-centos-aws:7.7.1908`").says(&format!("there: {won}"));
        assert_eq!(proxy.count("PUT", "/manifests/"), 0, "{}", proxy.summary());
        assert!(registry.tags("golden-centos-aws") == ["7.7.1908"]);
    }
}

#[test]
fn a_zot_with_immutable_tags_refuses_for_us() {
    needs!(Zot);
    let registry = RealRegistry::with(Kind::Zot).immutable_tags().password().start();
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    let push = |more: &[&str]| {
        let push = sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", &registry.host()]).args(more);
        push.env("SPECTRO_USERNAME", crate::support::USER).env("SPECTRO_PASSWORD", crate::support::PASSWORD).run()
    };
    push(&[]).success().prints("pushed");
    push(&[]).success().prints("unchanged");
    sandbox.write("golden-centos-aws/values.yaml", "# other\n");
    push(&[]).fails(5);
    push(&["-f"]).fails(5).says("403").says("hint: raise \"version\" in pack.json");
}

#[test]
fn a_zot_that_is_only_read_gives_and_takes_nothing() {
    needs!(Zot);
    let sandbox = Sandbox::new();
    sandbox.copy_pack("golden-centos-aws");
    sandbox.spectro(["pack", "push", "golden-centos-aws", "-r", "oci-layout:store"]).run().success();
    let registry = RealRegistry::with(Kind::Zot).storage(sandbox.path("store")).read_only().password().start();
    let run = |words: &[&str]| {
        let run = sandbox.spectro(["pack"]).args(words).args(["-r", &registry.host()]);
        run.env("SPECTRO_USERNAME", crate::support::USER).env("SPECTRO_PASSWORD", crate::support::PASSWORD).run()
    };
    run(&["pull", "golden-centos-aws", "back"]).success();
    run(&["push", "golden-centos-aws"]).success().prints("unchanged");
    sandbox.write("golden-centos-aws/values.yaml", "# other\n");
    run(&["push", "golden-centos-aws", "-f"]).fails(4).says("403");
    run(&["push", "golden-centos-aws", "--tag", "further", "-f"]).fails(4);
    run(&["tag", "add", "golden-centos-aws:7.7.1908", "stable"]).fails(4).says("403");
    run(&["delete", "golden-centos-aws:7.7.1908", "--yes"]).fails(4).says("403");
    assert_eq!(registry.tags("golden-centos-aws"), ["7.7.1908"], "all is as it was");
    run(&["ls", "golden-centos-aws"]).success().prints("7.7.1908");
}
