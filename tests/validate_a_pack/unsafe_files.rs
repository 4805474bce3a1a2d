//! What may not lie in a pack: links, pipes, names that another machine cannot have, files that cannot be read.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _, fs::symlink, net::UnixListener, process::CommandExt as _},
    path::PathBuf,
    process::Command,
};

use rustix::fs::{CWD, Mode};

use crate::{
    support::Sandbox,
    validate_a_pack::{findings, permission_manager, read},
};

fn pack() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let pack = permission_manager(&sandbox);
    (sandbox, pack)
}

#[test]
fn links_are_refused_wherever_they_lead() {
    let (sandbox, pack) = pack();
    sandbox.write("secret", "not for the registry\n");
    symlink("../secret", pack.join("leads-out")).expect("a link");
    symlink("README.md", pack.join("leads-inside")).expect("a link");
    symlink("nowhere", pack.join("manifests/leads-nowhere")).expect("a link");
    symlink("/", pack.join("leads-to-the-root")).expect("a link");
    symlink(".", pack.join("leads-to-itself")).expect("a link");
    insta::assert_snapshot!(findings(&pack), @"
    error[file-unsafe] leads-inside
      `leads-inside` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    error[file-unsafe] leads-out
      `leads-out` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    error[file-unsafe] leads-to-itself
      `leads-to-itself` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    error[file-unsafe] leads-to-the-root
      `leads-to-the-root` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    error[file-unsafe] manifests/leads-nowhere
      `manifests/leads-nowhere` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    ");
}

#[test]
fn a_mandatory_file_that_is_a_link_is_not_there() {
    for (file, missing) in
        [("pack.json", "metadata-missing"), ("values.yaml", "values-missing"), ("logo.png", "logo-missing")]
    {
        let (sandbox, pack) = pack();
        fs::rename(pack.join(file), sandbox.path("elsewhere")).expect("the file is there");
        symlink("../elsewhere", pack.join(file)).expect("a link");
        let report = read(&pack).report;
        let codes: Vec<_> = report.findings().iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, [missing, "file-unsafe"]);
        let hint = report.findings()[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains(&format!("`{file}` is a link")), "{hint}");
    }
}

#[test]
fn a_reference_to_a_link_is_unsafe() {
    let (_sandbox, pack) = pack();
    fs::rename(pack.join("manifests"), pack.join("real")).expect("the folder is there");
    symlink("real", pack.join("manifests")).expect("a link");
    insta::assert_snapshot!(findings(&pack), @"
    error[file-unsafe] manifests
      `manifests` is a link: a pack holds files and folders only
      hint: put a copy of what it leads to in its place
    error[reference-unsafe] pack.json:6:5+35
      `manifests/permission-manager.yaml` leads through the link `manifests`
      hint: put a copy of what it leads to in its place
    ");
}

#[test]
fn pipes_and_sockets_are_not_opened() {
    let (sandbox, pack) = pack();
    rustix::fs::mkfifoat(CWD, pack.join("pipe"), Mode::RUSR | Mode::WUSR).expect("a FIFO");
    // A path to a socket has 108 bytes at most, so it is made in the sandbox's own folder and moved.
    let socket = sandbox.path("s");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    fs::rename(socket, pack.join("socket")).expect("a socket can be moved");
    insta::assert_snapshot!(findings(&pack), @"
    error[file-unsafe] pipe
      `pipe` is a FIFO: a pack holds files and folders only
      hint: remove it, or leave it out with a line in .packignore
    error[file-unsafe] socket
      `socket` is a socket: a pack holds files and folders only
      hint: remove it, or leave it out with a line in .packignore
    ");
}

#[test]
fn metadata_that_is_a_pipe_or_a_folder_is_not_waited_for() {
    let (_sandbox, pack) = pack();
    for file in ["pack.json", "values.yaml", "logo.png"] {
        fs::remove_file(pack.join(file)).expect("the file is there");
    }
    rustix::fs::mkfifoat(CWD, pack.join("pack.json"), Mode::RUSR | Mode::WUSR).expect("a FIFO");
    fs::create_dir(pack.join("values.yaml")).expect("a folder");
    fs::create_dir(pack.join("logo.png")).expect("a folder");
    insta::assert_snapshot!(findings(&pack), @"
    error[logo-missing] the pack
      there is no `logo.png`
      hint: `logo.png` is a folder
    error[metadata-missing] the pack
      there is no `pack.json`
      hint: a pack is a folder with a pack.json, a values.yaml and a logo.png
    error[values-missing] the pack
      there is no `values.yaml`
      hint: `values.yaml` is a folder
    error[file-unsafe] pack.json
      `pack.json` is a FIFO: a pack holds files and folders only
      hint: remove it, or leave it out with a line in .packignore
    ");
}

#[test]
fn names_that_another_machine_cannot_have_are_refused() {
    let (_sandbox, pack) = pack();
    fs::write(pack.join(OsStr::from_bytes(b"caf\xe9.md")), "x").expect("any bytes make a name here");
    fs::write(pack.join("readme.md"), "x").expect("a file");
    fs::create_dir(pack.join("Manifests")).expect("a folder");
    fs::write(pack.join("Manifests/other.yaml"), "a: 1\n").expect("a file");
    insta::assert_snapshot!(findings(&pack), @"
    error[file-unsafe] caf�.md
      the name `caf�.md` is not UTF-8
      hint: rename it
    error[file-unsafe] manifests
      `Manifests` and `manifests` differ only by case
      hint: rename one: some file systems take them for the same file
    error[file-unsafe] readme.md
      `README.md` and `readme.md` differ only by case
      hint: rename one: some file systems take them for the same file
    ");
}

#[test]
fn names_that_look_odd_but_are_safe_are_kept() {
    let (_sandbox, pack) = pack();
    for name in ["with space.md", "名前.md", "-rf", "%2e%2e", "...", "aux", "c:"] {
        fs::write(pack.join(name), "x").expect("a file");
    }
    assert_eq!(findings(&pack), "");
}

#[test]
fn names_that_would_lead_elsewhere_or_move_the_cursor_are_refused() {
    let (_sandbox, pack) = pack();
    for name in ["..\\b", "new\nline", "\u{1b}[2J"] {
        fs::write(pack.join(name), "x").expect("a file");
    }
    insta::assert_snapshot!(findings(&pack).replace('\u{1b}', "ESC"), @r#"
    error[file-unsafe] ESC[2J
      the path `\u{1b}[2J` has a control character in it
      hint: rename it
    error[file-unsafe] ..\b
      the path `..\\b` has a backslash in it
      hint: rename it
    error[file-unsafe] new
    line
      the path `new\nline` has a control character in it
      hint: rename it
    "#);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (sandbox, pack) = pack();
    sandbox.set_mode("permission-manager/values.yaml", 0o000);
    fs::create_dir(pack.join("closed")).expect("a folder");
    sandbox.set_mode("permission-manager/closed", 0o000);
    let told = if rustix::process::geteuid().is_root() {
        // Modes do not bind root, so somebody else must look.
        let Some(told) = findings_of_nobody(&sandbox) else {
            eprintln!("skipped validate_a_pack::files_that_cannot_be_read_are_named: root reads everything here");
            return;
        };
        told
    } else {
        findings(&pack)
    };
    sandbox.set_mode("permission-manager/closed", 0o755);
    assert!(told.contains("[file-unreadable]") && told.contains("values.yaml") && told.contains("closed"), "{told}");
    assert_eq!(told.matches("error[").count(), 2, "{told}");
}

/// Returns what the binary prints of permission-manager when nobody (user 65534) runs it, or `None` if it cannot.
fn findings_of_nobody(sandbox: &Sandbox) -> Option<String> {
    let root = sandbox.work().parent().expect("the working folder lies in the sandbox").to_owned();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).ok()?;
    let program = sandbox.path("spectro");
    fs::copy(env!("CARGO_BIN_EXE_spectro"), &program).expect("the binary can be copied");
    sandbox.set_mode("spectro", 0o755);
    let mut command = Command::new(program);
    command.args(["pack", "validate", "permission-manager"]).current_dir(sandbox.work()).env_clear();
    let output = command.uid(65_534).gid(65_534).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
