//! `--changed-since REF`: in a repository of many packs only those are checked that differ.

use super::validate;
use crate::support::{Outcome, Sandbox, needs, testdata};

/// A repository with three packs, all committed as `base`; `one` has a warning, the others nothing.
struct Repository(Sandbox);

impl Repository {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        for pack in ["one", "two", "two-b"] {
            sandbox.copy_folder(testdata("invalid/logo-invalid"), format!("repository/packs/{pack}"));
        }
        let repository = Self(sandbox);
        repository.git(&["init", "-q"]);
        repository.commit("base");
        repository.git(&["tag", "base"]);
        repository
    }

    fn git(&self, words: &[&str]) {
        let identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.com"];
        self.0.tool("git", identity).args(words).cwd("repository").run().success();
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn write(&self, path: &str, text: &str) {
        self.0.write(format!("repository/packs/{path}"), text);
    }

    fn since(&self, reference: &str) -> Outcome {
        let words = ["pack", "validate", "one", "two", "two-b", "-o", "json"];
        self.0.spectro(words).arg(format!("--changed-since={reference}")).cwd("repository/packs").run()
    }

    /// Returns the folders that are checked.
    fn changed(&self) -> Vec<String> {
        let json = self.since("base").success().json();
        let packs = json["packs"].as_array().expect("packs is an array");
        assert_eq!(json["skipped"], 3 - packs.len());
        packs.iter().map(|pack| pack["directory"].as_str().expect("a text").to_owned()).collect()
    }
}

#[test]
fn a_change_counts_whether_it_is_committed_staged_or_unknown_to_git() {
    needs!(Git);
    let repository = Repository::new();
    assert_eq!(repository.changed(), [""; 0]);
    repository.write("two-b/values.yaml", "# changed\n");
    assert_eq!(repository.changed(), ["two-b"]);
    repository.git(&["add", "-A"]);
    assert_eq!(repository.changed(), ["two-b"]);
    repository.commit("two-b");
    assert_eq!(repository.changed(), ["two-b"]);
    repository.write("one/docs/new file.md", "new\n");
    assert_eq!(repository.changed(), ["one", "two-b"]);
    repository.git(&["mv", "packs/two/README.md", "packs/one/moved.md"]);
    assert_eq!(repository.changed(), ["one", "two", "two-b"]);
}

#[test]
fn how_many_were_skipped_is_said() {
    needs!(Git);
    let repository = Repository::new();
    repository.write("two/values.yaml", "# changed\n");
    let words = ["one", "../packs/two", "two-b", "absent", "--changed-since", "base"];
    let outcome = repository.0.spectro(["pack", "validate"]).args(words).cwd("repository/packs").run().fails(3);
    let outcome = outcome.says("2 of 4 packs not checked: as in `base`\n").says("there is no folder `absent`");
    assert!(
        outcome.stdout.contains("../packs/two/logo.png") && outcome.stdout.contains("1 warning in 1 pack"),
        "{outcome}"
    );
    let nothing = repository.0.spectro(["pack", "validate", "one", "--changed-since", "base"]).cwd("repository/packs");
    assert_eq!(nothing.run().success().stdout, "");
}

#[test]
fn a_hook_of_git_leads_nowhere_else() {
    needs!(Git);
    let repository = Repository::new();
    repository.write("two/values.yaml", "# changed\n");
    let words = ["pack", "validate", "one", "two", "-o", "json", "--changed-since", "base"];
    let hook = repository.0.spectro(words).cwd("repository/packs").env("GIT_DIR", "../../elsewhere/.git");
    let json = hook.env("GIT_INDEX_FILE", "nowhere").run().success().json();
    assert_eq!((&json["packs"][0]["directory"], &json["skipped"]), (&"two".into(), &1.into()));
}

#[test]
fn what_git_cannot_answer_is_told() {
    needs!(Git);
    let repository = Repository::new();
    repository.since("nowhere").fails(2).prints("there is no commit `nowhere`");
    for reference in ["--output=x", ""] {
        repository.since(reference).fails(2).prints("is no name of a commit");
    }
    let sandbox = Sandbox::new();
    sandbox.copy_pack("prometheus-grafana");
    let outcome = validate(&sandbox, &["prometheus-grafana", "--changed-since", "main"]).fails(3);
    assert!(outcome.stderr.starts_with("error: `prometheus-grafana` lies in no git repository\n"), "{outcome}");
    let without = sandbox.spectro(["pack", "validate", "prometheus-grafana", "--changed-since", "main"]);
    without.env("PATH", sandbox.home()).run().fails(9).says("needs the program `git`");
}
