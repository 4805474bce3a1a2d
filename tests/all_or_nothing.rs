//! The old state or the new one, never a mixture: whenever a push or a pull is killed, and whatever the disk refuses.

mod at_any_moment;
mod between_system_calls;
mod disk;
mod interrupted;

use std::path::PathBuf;

use crate::support::{
    Kind, RealRegistry, Sandbox, Tool, Tree, as_stored, assert_same_tree,
    layout::{assert_sound, names, stored},
    tree,
};

const STORE: &str = "oci-layout:store";
const NAME: &str = "golden-centos-aws";
const VERSION: &str = "7.7.1908";

/// A pack in a folder, a local store, and the numbers that tell its contents apart.
struct Story {
    sandbox: Sandbox,
}

impl Story {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.copy_pack(NAME);
        // More than one write, and more than one piece.
        let large: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        sandbox.write(format!("{NAME}/large.bin"), large);
        Self { sandbox }
    }

    /// Gives the pack the content of this number.
    fn number(&self, number: usize) {
        self.sandbox.write(format!("{NAME}/values.yaml"), values(number));
    }

    fn push(&self) -> crate::support::Invocation {
        self.sandbox.spectro(["pack", "push", "-f", NAME, "-r", STORE])
    }

    fn pull(&self) -> crate::support::Invocation {
        self.sandbox.spectro(["pack", "pull", "-f", &format!("{NAME}:{VERSION}"), "target", "-r", STORE])
    }

    fn store(&self) -> PathBuf {
        self.sandbox.path("store")
    }

    fn repository(&self) -> PathBuf {
        self.store().join(NAME)
    }

    /// Returns the number whose content the store has, after looking at every byte; nothing where it has no such tag.
    #[track_caller]
    fn stored(&self) -> Option<usize> {
        let beside: Vec<_> = names(&self.store()).into_iter().filter(|name| name != "filler").collect();
        assert!(beside.is_empty() || beside == [NAME], "{beside:?} in the store");
        assert_sound(&self.repository());
        let stored = stored(&self.store(), NAME, VERSION)?;
        Some(number_of(stored.text("values.yaml")))
    }

    /// Panics unless other programs read the same manifest as we do.
    #[track_caller]
    fn assert_others_agree(&self) {
        let Some(stored) = stored(&self.store(), NAME, VERSION) else { return };
        for (tool, arguments) in [
            (Tool::Oras, ["manifest", "fetch", "--oci-layout", &format!("store/{NAME}:{VERSION}")]),
            (Tool::Skopeo, ["inspect", "--raw", &format!("oci:store/{NAME}:{VERSION}"), "--no-creds"]),
        ] {
            // The store itself was looked at; who is not here is named by `other_tools_agree`.
            if tool.find().is_some() {
                let read = self.sandbox.run_tool(tool.program(), arguments).success();
                let digest = spectro_pack::digest::Digest::of(read.stdout.trim_end_matches('\n').as_bytes());
                assert_eq!(digest.to_string(), stored.digest, "{tool:?}");
            }
        }
    }

    /// Panics unless a zot that is given the store as it lies there serves the same manifest. It gets a copy: it writes files of its own.
    #[track_caller]
    fn assert_zot_agrees(&self) {
        let Some(stored) = stored(&self.store(), NAME, VERSION) else { return };
        if Tool::Zot.find().is_none() {
            return;
        }
        let copy = self.sandbox.copy_folder(self.store(), "copy-for-zot");
        let zot = RealRegistry::with(Kind::Zot).storage(&copy).start();
        let answer = zot.manifest(NAME, VERSION).expect(200);
        assert_eq!(answer.header("docker-content-digest"), Some(stored.digest.as_str()));
        let pull = ["pack", "pull", &format!("{NAME}:{VERSION}"), "from-zot", "-r", &zot.host()];
        self.sandbox.spectro(pull).run().success();
        assert_eq!(self.sandbox.read_text("from-zot/values.yaml"), stored.text("values.yaml"));
        drop(zot);
        for folder in ["from-zot", "copy-for-zot"] {
            std::fs::remove_dir_all(self.sandbox.path(folder)).expect("what was made here can be removed");
        }
    }

    /// Returns the number whose content the target has, all of it; nothing where there is no target.
    #[track_caller]
    fn pulled(&self, trees: &[Tree]) -> Option<usize> {
        for name in names(&self.sandbox.work()) {
            let known = [NAME, "store", "target"].contains(&name.as_str()) || name.starts_with(".spectro-");
            assert!(known, "`{name}` was left");
        }
        let target = self.sandbox.path("target");
        if !target.exists() {
            return None;
        }
        let number = number_of(&self.sandbox.read_text("target/values.yaml"));
        assert_same_tree(&trees[number], &tree(target));
        Some(number)
    }

    /// Panics unless the target has this tree, and nothing more than a stage that became empty.
    #[track_caller]
    fn pulled_beside_stages(&self, expected: &Tree) {
        let mut found = tree(self.sandbox.path("target"));
        found.retain(|name, _| !name.starts_with(".spectro-"));
        assert_same_tree(expected, &found);
    }

    /// Pushes the contents of two numbers, and returns their trees. The store has the second one.
    fn two_contents(&self) -> [Tree; 2] {
        [0, 1].map(|number| {
            self.number(number);
            self.push().run().success();
            as_stored(tree(self.sandbox.path(NAME)))
        })
    }

    /// Takes away what earlier pulls have made.
    fn without_target(&self) {
        for name in names(&self.sandbox.work()) {
            if ![NAME, "store"].contains(&name.as_str()) {
                std::fs::remove_dir_all(self.sandbox.path(name)).expect("what a pull has made can be removed");
            }
        }
    }

    /// Panics if a pull has left anything beside its target.
    #[track_caller]
    fn assert_nothing_hidden(&self) {
        assert_eq!(names(&self.sandbox.work()), [NAME, "store", "target"]);
    }
}

fn values(number: usize) -> String {
    format!("# number {number}\n")
}

fn number_of(values: &str) -> usize {
    values.trim().strip_prefix("# number ").and_then(|number| number.parse().ok()).expect("values of a number")
}
