use serde_json::json;

use super::{Demo, OLD};
use crate::support::{FaultProxy, Kind, RealRegistry, Sandbox, needs};

const NEW: Demo = Demo {
    version: "1.1.0",
    values: "    # Enough for three zones.\n    replicas: 3\n    tls: {enabled: true}\n",
    chart: ("charts/demo-1.1.0.tgz", "2.0.0", "image: quay.io/demo/server:v2\nreplicas: 2\ntls: {}\n"),
    images: &["quay.io/demo/server:v2"],
};

fn diff(sandbox: &Sandbox, more: &[&str]) -> crate::support::Outcome {
    sandbox.spectro(["pack", "diff", "./old", "./new"]).args(more).run()
}

/// Returns a sandbox with both in `old` and `new`.
fn both(old: &Demo, new: &Demo) -> Sandbox {
    let sandbox = Sandbox::new();
    old.write(&sandbox, "old");
    new.write(&sandbox, "new");
    sandbox
}

/// Returns a text with `#` in place of each digest or its beginning.
fn without_digests(text: &str) -> String {
    let is_digest = |word: &str| {
        let hex = word.trim_start_matches("sha256:");
        hex.len() >= 12 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let line =
        |line: &str| line.split(' ').map(|word| if is_digest(word) { "#" } else { word }).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_new_version_in_words() {
    let sandbox = both(&OLD, &NEW);
    sandbox.write("new/scripts/run.sh", "echo new\n");
    sandbox.write("old/notes/a.txt", "the same\n");
    sandbox.write("new/notes/b.txt", "the same\n");
    sandbox.write("old/README.md", "# Demo\n\nold\n");
    sandbox.set_mode("new/README.md", 0o755);
    insta::assert_snapshot!(without_digests(&diff(&sandbox, &[]).fails(1).stdout), @r#"
    - ./old  #
    + ./new  #

    ~ README.md  12 B → 7 B  # → #  now executable
    ~ charts/demo-1.0.0.tgz → charts/demo-1.1.0.tgz  5.0 KiB  # → #
        chart demo 1.0.0 → 2.0.0, app 1 → 2
        values.yaml
          ~ image: "quay.io/demo/server:v1" → "quay.io/demo/server:v2"
          + tls: {}
        other files in it: 1 changed
    ~ notes/a.txt → notes/b.txt  9 B  #
    ~ pack.json  184 B  # → #
        - charts[]: "charts/demo-1.0.0.tgz"
        + charts[]: "charts/demo-1.1.0.tgz"
        ~ version: "1.0.0" → "1.1.0"
    + scripts/run.sh  9 B  #
    ~ values.yaml  115 B → 170 B  # → #
        ~ charts.demo.replicas: 1 → 3
        + charts.demo.tls: {enabled: true}
        - pack.content.images[].image: "quay.io/demo/server:v1"
        + pack.content.images[].image: "quay.io/demo/server:v2"

    images
      + quay.io/demo/server:v2
      - quay.io/demo/server:v1

    3 files changed, 2 renamed, 1 added, 1 image gained, 1 image lost
    "#);
}

#[test]
fn a_new_version_line_by_line() {
    let sandbox = both(&OLD, &NEW);
    insta::assert_snapshot!(without_digests(&diff(&sandbox, &["--text"]).fails(1).stdout), @r#"
    - ./old  #
    + ./new  #

    ~ charts/demo-1.0.0.tgz → charts/demo-1.1.0.tgz  5.0 KiB  # → #
        chart demo 1.0.0 → 2.0.0, app 1 → 2
        Chart.yaml
          @@ -1,4 +1,4 @@
           apiVersion: v2
           name: demo
          -version: 1.0.0
          -appVersion: "1"
          +version: 2.0.0
          +appVersion: "2"
        values.yaml
          @@ -1,2 +1,3 @@
          +image: quay.io/demo/server:v2
           replicas: 2
          -image: quay.io/demo/server:v1
          +tls: {}
        other files in it: 1 changed
    ~ pack.json  184 B  # → #
        @@ -1,2 +1,2 @@
        -{"name": "demo", "displayName": "Demo", "version": "1.0.0", "layer": "addon", "addonType": "system app",
        -                    "cloudTypes": ["all"], "charts": ["charts/demo-1.0.0.tgz"]}
        +{"name": "demo", "displayName": "Demo", "version": "1.1.0", "layer": "addon", "addonType": "system app",
        +                    "cloudTypes": ["all"], "charts": ["charts/demo-1.1.0.tgz"]}
    ~ values.yaml  115 B → 170 B  # → #
        @@ -2,7 +2,9 @@
           namespace: demo
           content:
             images:
        -    - image: quay.io/demo/server:v1
        +    - image: quay.io/demo/server:v2
         charts:
           demo:
        -    replicas: 1
        +    # Enough for three zones.
        +    replicas: 3
        +    tls: {enabled: true}

    images
      + quay.io/demo/server:v2
      - quay.io/demo/server:v1

    2 files changed, 1 renamed, 1 image gained, 1 image lost
    "#);
}

#[test]
fn the_json_form() {
    let sandbox = both(&OLD, &NEW);
    let json = diff(&sandbox, &["-o", "json"]).fails(1).json();
    assert_eq!((&json["schemaVersion"], &json["same"]), (&json!(1), &json!(false)));
    assert_eq!(json["old"]["directory"], "./old");
    let files: Vec<_> = json["files"].as_array().expect("a list").iter().collect();
    let [chart, metadata, values] = files[..] else { panic!("{json:#}") };
    assert_eq!((&chart["change"], &chart["oldPath"]), (&json!("renamed"), &json!("charts/demo-1.0.0.tgz")));
    assert_eq!(chart["chart"]["new"], json!({ "name": "demo", "version": "2.0.0", "appVersion": "2" }));
    let within: Vec<_> = chart["chart"]["files"].as_array().expect("a list").iter().map(|file| &file["path"]).collect();
    assert_eq!(within, ["Chart.yaml", "NOTES.txt", "values.yaml"]);
    assert_eq!(
        metadata["values"],
        json!([
            { "path": "charts[]", "old": "charts/demo-1.0.0.tgz" },
            { "path": "charts[]", "new": "charts/demo-1.1.0.tgz" },
            { "path": "version", "old": "1.0.0", "new": "1.1.0" },
        ])
    );
    assert_eq!(
        values["values"],
        json!([
            { "path": "charts.demo.replicas", "old": 1, "new": 3 },
            { "path": "charts.demo.tls", "new": { "enabled": true } },
            { "path": "pack.content.images[].image", "old": "quay.io/demo/server:v1" },
            { "path": "pack.content.images[].image", "new": "quay.io/demo/server:v2" },
        ])
    );
    assert!(values["new"]["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{values:#}");
    assert_eq!(
        json["images"],
        json!({ "gained": ["quay.io/demo/server:v2"], "lost": ["quay.io/demo/server:v1"], "unread": [] })
    );
    let same = sandbox.spectro(["pack", "diff", "./old", "./old", "-o", "json"]).run().success().json();
    assert_eq!((&same["same"], &same["files"]), (&json!(true), &json!([])));
}

#[test]
fn comments_order_and_layout_are_told_apart_from_values() {
    let sandbox = both(&OLD, &OLD);
    let text = sandbox.read_text("old/values.yaml");
    sandbox.write("new/values.yaml", format!("# changed\n{}", text.replace("namespace: demo", "namespace: \"demo\"")));
    diff(&sandbox, &[]).fails(1).prints("only comments, order or layout differ");
    sandbox.write("new/values.yaml", text.replace('\n', "\r\n"));
    diff(&sandbox, &["--text"]).fails(1).prints("only the ends of lines differ");
}

#[test]
fn secrets_are_in_no_output() {
    let secret = Demo {
        values: "    adminPassword: hunter2\n    # token: hunter3\n    env:\n    - {name: API_TOKEN, value: hunter4}\n    conf: |\n      password=hunter5\n      b\n",
        chart: (
            "charts/demo-1.0.0.tgz",
            "1.0.0",
            "auth:\n  clientSecret: hunter6\nreplicas: 2\nimage: quay.io/demo/server:v1\n",
        ),
        ..OLD
    };
    let other = Demo {
        values: "    adminPassword: hunter7\n    # token: hunter8\n    env:\n    - {name: API_TOKEN, value: hunter9}\n    conf: |\n      password=hunter10\n      c\n",
        chart: (
            "charts/demo-1.0.0.tgz",
            "1.0.0",
            "auth:\n  clientSecret: hunter11\nreplicas: 2\nimage: quay.io/demo/server:v1\n",
        ),
        ..OLD
    };
    let sandbox = both(&secret, &other);
    sandbox.write("old/run.sh", "export DB_PASSWORD=hunter12\n");
    sandbox.write("new/run.sh", "export DB_PASSWORD=hunter13\n");
    let told = diff(&sandbox, &[]).fails(1);
    let told = told
        .prints("~ charts.demo.adminPassword: ******** → ********")
        .prints("~ auth.clientSecret: ******** → ********");
    let all = diff(&sandbox, &["--all"]).fails(1);
    let text = diff(&sandbox, &["--text"]).fails(1).prints("-    adminPassword: ********");
    let json = diff(&sandbox, &["-o", "json", "--text"]).fails(1);
    for outcome in [told, all, text, json] {
        assert!(!outcome.stdout.contains("hunter") && !outcome.stderr.contains("hunter"), "{}", outcome.stdout);
    }
}

#[test]
fn what_a_pack_says_does_not_move_the_cursor() {
    let sandbox = both(&OLD, &OLD);
    sandbox.write("new/values.yaml", "pack: {namespace: \"a\\e[2Jb\\u202ec\"}\n\"k\\e[0m\": 1\n");
    sandbox.write("new/README.md", "\u{1b}]0;title\u{7}\u{202e}\n");
    sandbox.write("new/a\u{1b}[1m.txt", "");
    for more in [&["--text"][..], &[], &["-o", "json"]] {
        let outcome = diff(&sandbox, more);
        let hidden = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
        let shown = outcome.stdout.clone() + &outcome.stderr;
        assert!(more.contains(&"json") || !shown.contains(hidden), "{shown:?}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn a_file_within_a_value_differs_by_line() {
    let text = |values| Demo { values, ..OLD };
    let sandbox = both(&text("    conf: |\n      a\n      b\n"), &text("    conf: |\n      a\n      c\n"));
    let told = "    ~ charts.demo.conf:\n        @@ -1,2 +1,2 @@\n         a\n        -b\n        +c\n";
    diff(&sandbox, &[]).fails(1).prints(told);
    let json = diff(&sandbox, &["-o", "json"]).fails(1).json();
    assert_eq!(json["files"][0]["values"][0]["text"], "@@ -1,2 +1,2 @@\n a\n-b\n+c\n");
}

#[test]
fn colours_are_for_terminals() {
    let sandbox = both(&OLD, &NEW);
    let words = ["pack", "diff", "./old", "./new"];
    let coloured = sandbox.spectro(words).env("CLICOLOR_FORCE", "1").run().fails(1);
    assert!(coloured.stdout.contains("\u{1b}[32m+ charts.demo.tls: {enabled: true}\u{1b}[0m"), "{:?}", coloured.stdout);
    assert!(!diff(&sandbox, &[]).stdout.contains('\u{1b}'));
}

#[test]
fn long_lists_end_unless_all_is_wanted() {
    let sandbox = both(&OLD, &OLD);
    let many: Vec<_> = (0..70).map(|number| format!("  key{number}: {number}\n")).collect();
    let many = many.concat();
    sandbox.write("new/values.yaml", sandbox.read_text("old/values.yaml") + "more:\n" + &many);
    let one = diff(&sandbox, &[]).fails(1).prints("+ more: {key0: 0,");
    assert!(one.stdout.lines().count() < 10, "{}", one.stdout);
    sandbox.write("old/values.yaml", sandbox.read_text("old/values.yaml") + "more: {}\n");
    diff(&sandbox, &[]).fails(1).prints("… and 20 more (--all shows them)").prints("+ more.key0: 0");
    let all = diff(&sandbox, &["--all"]).fails(1);
    assert!(all.stdout.lines().filter(|line| line.contains("+ more.key")).count() == 70, "{}", all.stdout);
}

#[test]
fn images_of_charts_that_were_not_fetched_are_spoken_of() {
    needs!(Distribution);
    let registry = RealRegistry::start(Kind::Distribution);
    let new = Demo { version: "1.1.0", values: "    image: quay.io/demo/server:v3\n", ..OLD };
    let sandbox = both(&OLD, &new);
    sandbox.spectro(["pack", "push", "old", "new", "-r", &registry.host()]).run().success();
    let proxy = FaultProxy::before(&registry);
    let diff = |more: &[&str]| {
        proxy.clear();
        sandbox.spectro(["pack", "diff", "demo:1.0.0", "demo:1.1.0", "-r", &proxy.host()]).args(more).run().fails(1)
    };
    let note = "not looked into, as both have it: charts/demo-1.0.0.tgz; --images fetches it and looks";
    diff(&[]).prints(note);
    assert_eq!(proxy.count("GET", "/blobs/"), 4, "{}", proxy.summary());
    let sure = diff(&["--images"]).prints("+ quay.io/demo/server:v3");
    assert!(!sure.stdout.contains("not looked into"), "{}", sure.stdout);
    assert_eq!(proxy.count("GET", "/blobs/"), 5, "the chart once: {}", proxy.summary());
    let folders = sandbox.spectro(["pack", "diff", "./old", "./new"]).run().fails(1);
    assert!(folders.prints("+ quay.io/demo/server:v3").stdout.lines().all(|line| !line.contains("looked into")));
}
