//! The same pack has the same digest: on another machine, by another user, at another time.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{Sandbox, testdata};

fn digest(sandbox: &Sandbox, folder: &str) -> String {
    let shown = sandbox.spectro(["pack", "inspect", folder, "-o", "json"]).run().success().json();
    shown["packs"][0]["digest"].as_str().expect("a folder has a digest").to_owned()
}

/// Another digest here is another artifact format: it belongs into the changelog.
#[test]
fn the_digests_of_the_packs_are_those_that_were_published() {
    let sandbox = Sandbox::new();
    let mut digests = BTreeMap::new();
    for entry in fs::read_dir(testdata("packs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        sandbox.copy_pack(&name);
        digests.insert(name.clone(), digest(&sandbox, &format!("./{name}")));
    }
    let golden = digests.iter().map(|(name, digest)| format!("{name} {digest}\n")).collect::<String>();
    insta::assert_snapshot!(golden, @"");
}

/// Copies a folder so that whatever may differ does: the order of creation, times, modes beyond the owner's x bit.
fn copy_otherwise(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().rev() {
        let copy = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy_otherwise(&entry, &copy);
            continue;
        }
        fs::copy(&entry, &copy).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&entry.metadata().unwrap().permissions());
        let other = if mode & 0o100 == 0 { 0o666 } else { 0o700 };
        fs::set_permissions(&copy, std::os::unix::fs::PermissionsExt::from_mode(other)).unwrap();
        let past = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * 365 * 20);
        fs::File::options().append(true).open(&copy).unwrap().set_modified(past).unwrap();
    }
}

#[test]
fn nothing_of_the_machine_the_user_or_the_clock_goes_in() {
    let sandbox = Sandbox::new();
    for name in ["golden-centos-aws", "prometheus-grafana", "permission-manager"] {
        sandbox.copy_pack(name);
        sandbox.write(format!("{name}/folder/b/file"), "b");
        sandbox.write(format!("{name}/folder/a/file"), "a");
        let expected = digest(&sandbox, &format!("./{name}"));
        let elsewhere = sandbox.path(format!("some/where else/{name}"));
        copy_otherwise(&sandbox.path(name), &elsewhere);
        let inspect = sandbox
            .spectro(["pack", "inspect", ".", "-o", "json"])
            .cwd(&elsewhere)
            .umask(0o077)
            .env("USER", "somebody-else")
            .env("TZ", "Pacific/Auckland")
            .env("LC_ALL", "tr_TR.UTF-8")
            .env("SOURCE_DATE_EPOCH", "1")
            .run()
            .success();
        assert_eq!(inspect.json()["packs"][0]["digest"], expected.as_str(), "{name}");
        let push = ["pack", "push", name, "-r", "oci-layout:store", "-o", "json"];
        let pushed = sandbox.spectro(push).umask(0o002).run().success().json();
        assert_eq!(pushed["packs"][0]["digest"], expected.as_str(), "{name}");
    }
}
