//! A new pack comes from nothing or from a Helm chart, wherever that lies, and validates at once.

use std::fs;

use crate::support::{Corpus, RealRegistry, Sandbox, Tool, have, needs, testdata};

const STORE: &str = "oci-layout:./packs";

const CHART: &str = "apiVersion: v2\nname: greeter\nversion: 1.2.3\nappVersion: '4.5'\ndescription: Says hello.\n\
    home: https://greeter.example.com\n";
const VALUES: &str = "# How many greet.\nreplicas: 2\nimage:\n  # Where it comes from.\n  repository: quay.io/acme/greeter\n  \
    tag: v4.5  # as tested\n";
const TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: greeter}\nspec:\n  replicas: {{ .Values.replicas }}\n  \
    template:\n    spec:\n      containers:\n      - name: greeter\n        \
    image: \"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n";

/// Writes the folder of a chart.
fn write_chart(sandbox: &Sandbox, folder: &str) {
    sandbox.write(format!("{folder}/Chart.yaml"), CHART);
    sandbox.write(format!("{folder}/values.yaml"), VALUES);
    sandbox.write(format!("{folder}/templates/deployment.yaml"), TEMPLATE);
    sandbox.write(format!("{folder}/README.md"), "# Greeter\n\nIt greets.\n");
    sandbox.write(format!("{folder}/.helmignore"), "*.bak\nnotes/\n");
    sandbox.write(format!("{folder}/values.bak"), "left out");
    sandbox.write(format!("{folder}/notes/todo.txt"), "left out");
}

/// Asserts that a pack validates without any finding, also under `--strict`.
fn assert_fine(sandbox: &Sandbox, folder: &str) {
    let json = sandbox.spectro(["pack", "validate", folder, "--strict", "-o", "json"]).run().success().json();
    assert_eq!(json["packs"][0]["findings"], serde_json::json!([]), "{folder}");
}

#[test]
fn a_new_pack_of_each_layer_validates_without_findings_and_can_be_pushed() {
    for layer in ["os", "k8s", "cni", "csi", "addon", "kernel"] {
        let sandbox = Sandbox::new();
        let folder = format!("my-{layer}-0.1.0");
        let init = ["pack", "init", &format!("my-{layer}"), "--layer", layer, "--version", "0.1.0"];
        sandbox.spectro(init).run().success().prints(&folder).says("next: spectro pack validate");
        assert_fine(&sandbox, &folder);
        let values = sandbox.read_text(format!("{folder}/values.yaml"));
        assert!(values.lines().any(|line| line.trim_start().starts_with("# ")), "{layer} explains itself: {values}");
        sandbox.spectro(["pack", "push", &folder, "-r", STORE]).run().success().prints("pushed");
    }
}

#[test]
fn a_new_pack_is_for_the_clouds_that_were_named() {
    let sandbox = Sandbox::new();
    let init = ["pack", "init", "golden", "--layer", "os", "--cloud", "aws,vsphere", "--cloud", "azure", "here"];
    let json = sandbox.spectro(init).args(["--display-name", "Our OS", "-o", "json"]).run().success().json();
    assert_eq!(json["schemaVersion"], 1);
    assert_eq!(json["directory"], "here");
    let pack: serde_json::Value = serde_json::from_slice(&sandbox.read("here/pack.json")).expect("it is JSON");
    assert_eq!(pack["cloudTypes"], serde_json::json!(["aws", "vsphere", "azure"]));
    assert_eq!(pack["displayName"], "Our OS");
    assert_fine(&sandbox, "here");
    // What is not known is told, and the pack is made.
    let odd = ["pack", "init", "odd", "--layer", "addon", "--cloud", "mars"];
    sandbox.spectro(odd).run().success().says("there is no cloud type `mars`").says("did you mean `maas`?");
}

#[test]
fn a_new_pack_takes_nothing_away() {
    let sandbox = Sandbox::new();
    let init = |target: &str| sandbox.spectro(["pack", "init", "mine", "--layer", "addon", target]).run();
    sandbox.write("full/notes.txt", "mine");
    init("full").fails(5).says("`full` is there, and nothing in it is overwritten").says("name a folder that is empty");
    assert_eq!(fs::read_dir(sandbox.path("full")).expect("it is there").count(), 1);
    init("full/notes.txt").fails(5);
    assert_eq!(sandbox.read_text("full/notes.txt"), "mine");
    fs::create_dir(sandbox.path("empty")).expect("a folder can be made");
    init("empty").success();
    assert_fine(&sandbox, "empty");
    // In the folder one stands in, with nothing beside the pack.
    fs::create_dir(sandbox.path("within")).expect("a folder can be made");
    let within = sandbox.spectro(["pack", "init", "mine", "--layer", "cni", "."]).cwd(sandbox.path("within"));
    within.run().success();
    assert_fine(&sandbox, "within");
    let hidden = |folder: &str| {
        let entries = fs::read_dir(sandbox.path(folder)).expect("it is there");
        entries.filter(|entry| entry.as_ref().is_ok_and(|it| it.file_name().as_encoded_bytes()[0] == b'.')).count()
    };
    assert_eq!([hidden("within"), hidden("empty"), hidden(".")], [0, 0, 0]);
    for (words, problem) in [
        (&["Mine", "--layer", "os"][..], "`Mine` is not a repository name"),
        (&["a/b", "--layer", "os"], "a pack's name has no `/`"),
        (&["mine", "--layer", "network"], "the layers are os, k8s, cni, csi, addon and kernel"),
        (&["mine", "--layer", "os", "--version", "a b"], "--version"),
        (&["mine", "--layer", "os", "--cloud", "aws,"], "a cloud has a name"),
        (&["mine"], "--layer"),
    ] {
        sandbox.spectro(["pack", "init"]).args(words).run().fails(2).says(problem);
    }
}

#[test]
fn a_chart_becomes_a_pack_with_its_values_its_images_and_its_words() {
    let sandbox = Sandbox::new();
    write_chart(&sandbox, "charts/greeter");
    let build = ["pack", "build", "charts/greeter", "out", "--addon-type", "app services", "--namespace", "hello"];
    sandbox.spectro(build).run().success().prints("out\ngreeter 1.2.3: 1 image, 0 errors, 0 warnings");
    let pack: serde_json::Value = serde_json::from_slice(&sandbox.read("out/pack.json")).expect("it is JSON");
    assert_eq!(pack["name"], "greeter");
    assert_eq!(pack["version"], "1.2.3");
    assert_eq!(pack["charts"], serde_json::json!(["charts/greeter-1.2.3.tgz"]));
    assert_eq!(pack["annotations"]["description"], "Says hello.");
    let values = sandbox.read_text("out/values.yaml");
    for line in [
        "  namespace: \"hello\"",
        "      - image: quay.io/acme/greeter:v4.5",
        "  greeter:",
        "    # How many greet.",
        "    replicas: 2",
        "      # Where it comes from.",
        "      tag: v4.5  # as tested",
    ] {
        assert!(values.lines().any(|there| there == line), "`{line}` is missing in\n{values}");
    }
    assert_eq!(sandbox.read_text("out/README.md"), "# Greeter\n\nIt greets.\n");
    assert_fine(&sandbox, "out");
    sandbox.spectro(["pack", "images", "out"]).run().success();
}

#[test]
fn a_folder_is_packed_as_helm_does_it_and_the_same_way_every_time() {
    needs!(Tar);
    let sandbox = Sandbox::new();
    write_chart(&sandbox, "greeter");
    let build = |target: &str| sandbox.spectro(["pack", "build", "greeter", target]).run().success();
    build("one");
    sandbox.set_mode("greeter/values.yaml", 0o600);
    build("two");
    assert_eq!(sandbox.read("one/charts/greeter-1.2.3.tgz"), sandbox.read("two/charts/greeter-1.2.3.tgz"));
    let listed = sandbox.run_tool("tar", ["-tzf", "one/charts/greeter-1.2.3.tgz"]).success().stdout;
    let mut listed: Vec<_> = listed.lines().filter(|line| !line.ends_with('/')).collect();
    listed.sort_unstable();
    let expected = [".helmignore", "Chart.yaml", "README.md", "templates/deployment.yaml", "values.yaml"];
    assert_eq!(listed, expected.map(|path| format!("greeter/{path}")));
    if have("make_a_pack::a_folder_is_packed_as_helm_does_it", &[Tool::Helm]) {
        let theirs = sandbox.run_tool("helm", ["package", "greeter"]).success();
        theirs.prints("greeter-1.2.3.tgz");
        let helms = sandbox.run_tool("tar", ["-tzf", "greeter-1.2.3.tgz"]).success().stdout;
        let mut helms: Vec<_> = helms.lines().collect();
        helms.sort_unstable();
        assert_eq!(listed, helms);
        let rendered = |archive: &str| sandbox.run_tool("helm", ["template", "x", archive]).success().stdout;
        assert_eq!(rendered("one/charts/greeter-1.2.3.tgz"), rendered("greeter-1.2.3.tgz"));
        sandbox.spectro(["pack", "build", "greeter-1.2.3.tgz", "three"]).run().success();
        assert_eq!(sandbox.read("one/values.yaml"), sandbox.read("three/values.yaml"));
        assert_eq!(sandbox.read("greeter-1.2.3.tgz"), sandbox.read("three/charts/greeter-1.2.3.tgz"));
    }
    let refused = |path: &str, told: &str| {
        sandbox.spectro(["pack", "build", "greeter", "four"]).run().fails(1).says(told);
        assert!(!sandbox.path("four").exists());
        std::fs::remove_file(sandbox.path(path)).expect("it was made above");
    };
    std::os::unix::fs::symlink("/etc/passwd", sandbox.path("greeter/templates/link.yaml")).expect("a link can be made");
    refused("greeter/templates/link.yaml", "holds the link `templates/link.yaml`");
    // Reading a FIFO would wait for its writer.
    std::fs::remove_file(sandbox.path("greeter/.helmignore")).expect("it was written above");
    sandbox.run_tool("mkfifo", ["greeter/.helmignore"]).success();
    refused("greeter/.helmignore", "holds `.helmignore`, which is neither a file nor a folder");
}

#[test]
fn a_chart_is_fetched_from_a_registry_and_the_pack_pushed_to_it() {
    for registry in RealRegistry::every("make_a_pack::a_chart_is_fetched_from_a_registry") {
        if !have("make_a_pack::a_chart_is_fetched_from_a_registry", &[Tool::Helm]) {
            return;
        }
        let sandbox = Sandbox::new();
        write_chart(&sandbox, "greeter");
        let host = registry.host();
        sandbox.run_tool("helm", ["package", "greeter"]).success();
        let to = format!("oci://{host}/charts");
        sandbox.run_tool("helm", ["push", "greeter-1.2.3.tgz", &to, "--plain-http"]).success();
        let chart = format!("oci://{host}/charts/greeter:1.2.3");
        let build = ["pack", "build", &chart, "out", "-p", "-r", &format!("{host}/packs")];
        sandbox.spectro(build).run().success().prints(&format!("{host}/packs/greeter:1.2.3")).prints("pushed");
        assert_eq!(sandbox.read("out/charts/greeter-1.2.3.tgz"), sandbox.read("greeter-1.2.3.tgz"));
        assert_fine(&sandbox, "out");
        // A chart where a pack is meant: the command that is named makes one of it.
        let inspected = sandbox.spectro(["pack", "inspect", &format!("{host}/charts/greeter:1.2.3")]).run().fails(3);
        inspected
            .says("is a Helm chart, not a pack")
            .says(&format!("spectro pack build {chart} DIR makes a pack from it"));
        // The newest where none is named, and a name on the server, as the old command had it.
        let newest = ["pack", "build", &format!("oci://{host}/charts/greeter"), "newest"];
        sandbox.spectro(newest).run().success().says("newest of 1 version: charts/greeter:1.2.3");
        let named = ["pack", "build", "greeter:1.2.3", "named", "-r", &format!("{host}/charts")];
        sandbox.spectro(named).run().success();
        assert_eq!(sandbox.read("named/values.yaml"), sandbox.read("newest/values.yaml"));
        sandbox.spectro(["pack", "build", &format!("oci://{host}/charts/greeter:9"), "no"]).run().fails(3);
        let pack = ["pack", "build", &format!("oci://{host}/packs/greeter:1.2.3"), "no"];
        sandbox.spectro(pack).run().fails(3).says("is a pack already, not a Helm chart").says("spectro pack pull");
        assert!(!sandbox.path("no").exists(), "nothing is half done");
    }
}

#[test]
fn an_image_is_no_chart() {
    for registry in RealRegistry::every("make_a_pack::an_image_is_no_chart") {
        let config = registry.put_blob("app", b"{}");
        let layer = registry.put_blob("app", b"layer");
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{image}","config":{{"mediaType":"{kind}","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{layer}","size":5}}]}}"#,
            image = "application/vnd.oci.image.manifest.v1+json",
            kind = "application/vnd.oci.image.config.v1+json",
        );
        let put = registry.put_manifest("app", "1", "application/vnd.oci.image.manifest.v1+json", manifest.as_bytes());
        put.expect(201);
        let sandbox = Sandbox::new();
        let build = ["pack", "build", &format!("oci://{}/app:1", registry.host()), "out"];
        sandbox.spectro(build).run().fails(3).says("is a container image, not a Helm chart").says("helm push");
        assert!(!sandbox.path("out").exists());
    }
}

#[test]
fn what_is_no_chart_is_refused_and_a_logo_is_taken() {
    let sandbox = Sandbox::new();
    write_chart(&sandbox, "greeter");
    let build = |words: &[&str]| sandbox.spectro(["pack", "build"]).args(words).run();
    build(&["nothing.tgz", "out"]).fails(3).says("there is no chart `nothing.tgz`");
    build(&["nothing", "out"]).fails(3).says("there is no chart `nothing`").says("a NAME needs -r SERVER");
    sandbox.write("page.tgz", "<html>not found</html>");
    build(&["page.tgz", "out"]).fails(1).says("`page.tgz`");
    sandbox.copy_pack("permission-manager");
    build(&["permission-manager", "out"]).fails(3).says("has no Chart.yaml").says("it is a pack already");
    sandbox.write("library/Chart.yaml", "apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n");
    build(&["library", "out"]).fails(1).says("is a library for other charts");
    sandbox.write("odd/Chart.yaml", "apiVersion: v2\nname: Odd_Name\nversion: 1.0.0\n");
    build(&["odd", "out"]).fails(2).says("choose another with --name");
    build(&["greeter", "out", "-p"]).fails(2).says("-r SERVER");
    assert!(!sandbox.path("out").exists(), "nothing was made by any of them");
    build(&["odd", "odd-pack", "--name", "odd", "--version", "2.0.0"]).success().prints("odd 2.0.0");

    let logo = testdata("packs/permission-manager/logo.png");
    build(&["greeter", "out", "--logo", logo.to_str().expect("its path is UTF-8")]).success();
    assert_eq!(sandbox.read("out/logo.png"), fs::read(logo).expect("the logo is there"));
    build(&["greeter", "out"]).fails(5).says("nothing in it is overwritten");
    let json = build(&["greeter", "in-json", "-p", "-r", STORE, "-o", "json"]).success().json();
    assert_eq!(json["packs"][0]["result"], "pushed", "one object is the answer: {json}");
    let pushed = build(&["greeter", "-p", "-r", STORE]).success();
    pushed.prints("./greeter-1.2.3\n").prints("unchanged");
    let pulled = sandbox.spectro(["pack", "pull", "greeter:1.2.3", "back", "-r", STORE]).run();
    pulled.success();
    assert_fine(&sandbox, "back");
}

#[test]
fn a_pack_is_made_of_every_real_chart_without_errors() {
    needs!(Corpus);
    let sandbox = Sandbox::new();
    let mut made = 0;
    for pack in Corpus::packs().expect("the corpus is here") {
        let Ok(charts) = fs::read_dir(pack.join("charts")) else { continue };
        let mut charts: Vec<_> = charts.filter_map(|entry| Some(entry.ok()?.path())).collect();
        charts.sort();
        for chart in charts.iter().filter(|chart| chart.extension().is_some_and(|end| end == "tgz")) {
            made += 1;
            let words = ["pack", "build", chart.to_str().expect("its path is UTF-8"), &format!("out-{made}")];
            let json = sandbox.spectro(words).args(["-o", "json"]).run().success().json();
            let findings = json["findings"].as_array().expect("there is a list of findings");
            let errors: Vec<_> = findings.iter().filter(|finding| finding["severity"] == "error").collect();
            assert!(errors.is_empty(), "{}: {errors:?}", chart.display());
        }
    }
    assert!(made >= 100, "the corpus has many charts, not {made}");
}
