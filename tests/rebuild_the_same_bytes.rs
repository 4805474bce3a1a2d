//! The same pack has the same digest: on another machine, by another user, at another time.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::support::{Invocation, Sandbox, skip, testdata};

/// Runs `spectro` without its memory of folders, so that each is packed again.
fn afresh<'a>(sandbox: &Sandbox, arguments: impl IntoIterator<Item = &'a str>) -> Invocation {
    sandbox.spectro(arguments).env("SPECTRO_CACHE_DIR", "")
}

fn digest(sandbox: &Sandbox, folder: &str) -> String {
    let shown = afresh(sandbox, ["pack", "inspect", folder, "-o", "json"]).run().success().json();
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
    let golden: Vec<_> = digests.iter().map(|(name, digest)| format!("{name} {digest}")).collect();
    let golden = golden.join("\n");
    insta::assert_snapshot!(golden, @"
    cni-flannel sha256:1919ed831176dec623f5e1af862ad8c0b217a29833df5f7ce0fa67eef219d22b
    csi-local-path sha256:03da284ecdc2e37a18c84d2b8cfd8da396ac7aed50fbbd10604951bd07c4c583
    golden-centos-aws sha256:7b2f817034f325bf230c8f9cc986e2d2e89717926472903384d187b9bfdd3f28
    golden-centos-azure sha256:c07531d69831af171e03ea158850b3d27d632460fca9e1a238522fd7ee45900d
    golden-centos-vsphere sha256:055f9b1fea78f913a81d687598c392f2116c96db1c05e2c4466351bc51b1fb11
    golden-ubuntu-vsphere sha256:be2ff09054c89bf9bf0a977aa5a8effed385e3dff5909277c756ece442ea6e57
    kubernetes sha256:820a118623e989108ebe82c9127cf66ad4a5d7ae139146e07e9351ac3346ca75
    permission-manager sha256:1dee54df8e7eabb91e970e3291eb38ef1bb75c33cb70aedd14a169144c05643d
    prometheus-grafana sha256:3462f87cbb687042deaa6819344b17807782fe5ce156f324d6882dd459870113
    ");
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
        let past = SystemTime::UNIX_EPOCH + Duration::from_hours(175_200);
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
        let inspect = afresh(&sandbox, ["pack", "inspect", ".", "-o", "json"])
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
        let pushed = afresh(&sandbox, push).umask(0o002).run().success().json();
        assert_eq!(pushed["packs"][0]["digest"], expected.as_str(), "{name}");
    }
}

/// Each by itself, so that a failure names what got in.
#[test]
fn jobs_environment_and_file_system_change_nothing() {
    let sandbox = Sandbox::new();
    let name = "prometheus-grafana";
    sandbox.copy_pack(name);
    for number in 0..40 {
        sandbox.write(format!("{name}/folder/{}", (number * 7919) % 1000), format!("{number}"));
    }
    let expected = digest(&sandbox, &format!("./{name}"));
    let push = |what: &str, folder: &str| {
        let store = format!("oci-layout:{}", what.replace(['=', '/', ' '], "-"));
        afresh(&sandbox, ["pack", "push", folder, "-r", &store, "-o", "json"])
    };
    let same = |what: &str, outcome: crate::support::Outcome| {
        let json = outcome.success().json();
        assert_eq!(json["packs"][0]["digest"], expected.as_str(), "{what}");
    };
    for jobs in ["1", "2", "8", "32"] {
        same(jobs, push(&format!("jobs {jobs}"), name).args(["--jobs", jobs]).run());
    }
    for (key, value) in [
        ("TZ", "Asia/Kathmandu"),
        ("LANG", "ja_JP.UTF-8"),
        ("LC_ALL", "C"),
        ("LC_COLLATE", "de_DE.UTF-8"),
        ("SOURCE_DATE_EPOCH", "0"),
        ("SOURCE_DATE_EPOCH", "4102444800"),
        ("USER", "root"),
        ("HOSTNAME", "elsewhere"),
        ("TOKIO_WORKER_THREADS", "1"),
        ("RUST_BACKTRACE", "1"),
    ] {
        let what = format!("{key}={value}");
        same(&what, push(&what, name).env(key, value).run());
    }
    for umask in [0o000, 0o022, 0o027, 0o077] {
        same("umask", push(&format!("umask {umask:o}"), name).umask(umask).run());
    }
    // What lies beside the pack, and how its folder is called or named.
    sandbox.copy_folder(sandbox.path(name), "deep/er/renamed");
    for folder in ["deep/er/renamed", "./deep/er/renamed/", "deep/../deep/er/renamed"] {
        same(folder, push(folder, folder).run());
    }
    same("from within", push("from within", ".").cwd("deep/er/renamed").run());
}

/// Another file system lists a folder in another order and keeps other times.
#[test]
fn another_file_system_changes_nothing() {
    let sandbox = Sandbox::new();
    let name = "prometheus-grafana";
    sandbox.copy_pack(name);
    for number in 0..40 {
        sandbox.write(format!("{name}/folder/{}", (number * 7919) % 1000), format!("{number}"));
    }
    let device = |path: &Path| std::os::unix::fs::MetadataExt::dev(&fs::metadata(path).expect("it is there"));
    let here = device(&sandbox.work());
    let others = ["/dev/shm", "/run", "/var/tmp", env!("CARGO_TARGET_TMPDIR")].map(Path::new);
    let mut other = others.into_iter().filter(|path| path.is_dir() && device(path) != here);
    let Some(place) = other.find_map(|path| tempfile::tempdir_in(path).ok()) else {
        return skip(
            "rebuild_the_same_bytes::another_file_system",
            "all folders for temporary files are on one file system",
        );
    };
    let copy = place.path().join(name);
    copy_otherwise(&sandbox.path(name), &copy);
    let expected = digest(&sandbox, &format!("./{name}"));
    assert_eq!(digest(&sandbox, copy.to_str().expect("a path is UTF-8")), expected);
}

/// A file's owner is not a part of the pack; only root can give one away.
#[test]
fn another_owner_changes_nothing() {
    let sandbox = Sandbox::new();
    let name = "golden-centos-aws";
    sandbox.copy_pack(name);
    let expected = digest(&sandbox, &format!("./{name}"));
    let mut folders = vec![sandbox.path(name)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_err() {
                return skip("rebuild_the_same_bytes::another_owner", "only root can give files away");
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert_eq!(digest(&sandbox, &format!("./{name}")), expected);
}

/// What was packed once need not be packed to see that it is there; it is the same all the same, and what is remembered
/// wrongly is never sent.
#[test]
fn what_is_remembered_of_folders_changes_nothing() {
    let sandbox = Sandbox::new();
    let name = "golden-centos-aws";
    sandbox.copy_pack(name);
    let push = |store: &str| {
        let store = format!("oci-layout:{store}");
        sandbox.spectro(["pack", "push", name, "-r", &store, "-o", "json"])
    };
    let folder = |json: &serde_json::Value| json["packs"][0]["digest"].as_str().unwrap().to_owned();
    let expected = digest(&sandbox, &format!("./{name}"));
    let memory = sandbox.home().join(".cache/spectro/folders");
    assert!(!memory.exists(), "without a folder for it nothing is remembered");

    assert_eq!(folder(&push("first").run().success().json()), expected);
    let remembered = fs::read_to_string(&memory).unwrap();
    assert_eq!(remembered.lines().count(), 1, "the pack has one folder: {remembered}");
    assert_eq!(folder(&push("second").run().success().json()), expected);
    assert_eq!(fs::read_to_string(&memory).unwrap(), remembered);
    for store in ["first", "second"] {
        let target = format!("pulled-{store}");
        let server = format!("oci-layout:{store}");
        sandbox.spectro(["pack", "pull", name, &target, "-r", &server]).run().success();
        sandbox.run_tool("diff", ["-r", name, &target]).success();
    }
    let elsewhere = sandbox.path("cache");
    push("third").env("XDG_CACHE_HOME", &elsewhere).run().success();
    assert_eq!(fs::read_to_string(elsewhere.join("spectro/folders")).unwrap(), remembered);

    let (known, _) = remembered.trim_end().rsplit_once(' ').unwrap();
    let layer = known.split(' ').nth(2).unwrap();
    let wrong = known.replace(layer, &format!("sha256:{}", "0".repeat(64)));
    fs::write(&memory, format!("{wrong} {:08x}\n", crc32fast::hash(wrong.as_bytes()))).unwrap();
    let refused = push("fourth").run().fails(6);
    let said = refused.json().to_string();
    assert!(said.contains("the remembered digest of `harden_os` was wrong; it is forgotten now, try again"), "{said}");
    sandbox.spectro(["pack", "inspect", name, "-r", "oci-layout:fourth"]).run().fails(3);
    assert_eq!(folder(&push("fourth").run().success().json()), expected);
}
