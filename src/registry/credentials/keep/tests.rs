//! What becomes of a configuration file.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::registry::CredentialSearch;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn found(file: &Path, host: &str, repository: &str) -> Option<Credentials> {
    let configurations = vec![Configuration::File(file.to_owned())];
    let search = CredentialSearch { configurations, ..CredentialSearch::default() };
    search.find(host, repository).unwrap().map(|found| found.credentials)
}

#[test]
fn what_is_kept_is_found_again_whatever_its_characters() {
    let folder = folder();
    let file = folder.path().join("new/config.json");
    for (key, host, user, password) in [
        ("reg.example", "reg.example", "ci", "p"),
        ("reg.example:5000", "reg.example:5000", "robot$ci", "with:colon and \"quotes\" and ü\nand lines"),
        ("[::1]:5000", "[::1]:5000", "robot$project+name", "\u{0}nul"),
        ("docker.io", "docker.io", "hub", "token"),
    ] {
        let credentials = Credentials::password(user, password);
        assert_eq!(keep(&file, key, &credentials).unwrap(), Keeper::File(file.clone()));
        let kept = found(&file, host, "a/b").unwrap();
        assert_eq!(kept, credentials, "{key}");
    }
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("https://index.docker.io/v1/"), "{text}");
}

#[test]
fn a_key_with_a_path_is_for_what_lies_below() {
    let folder = folder();
    let file = folder.path().join("config.json");
    keep(&file, "reg.example", &Credentials::password("all", "p")).unwrap();
    keep(&file, "reg.example/team", &Credentials::password("team", "p")).unwrap();
    let user = |repository| found(&file, "reg.example", repository).unwrap().username().unwrap().to_owned();
    assert_eq!((user("team/nginx"), user("other/nginx")), ("team".into(), "all".into()));
    assert_eq!(forget(&file, "reg.example/team").unwrap(), Some(Keeper::File(file.clone())));
    assert_eq!(user("team/nginx"), "all");
}

#[test]
fn everything_else_in_the_file_stays() {
    let folder = folder();
    let file = folder.path().join("config.json");
    let before = r#"{"psFormat": "x", "auths": {"https://reg.example/v1/": {"auth": "b2xkOm9sZA==", "insecure": true, "email": "a@b"},
        "other.example": {"auth": "YTpi"}}, "credHelpers": {"gcr.io": "gcloud"}}"#;
    fs::write(&file, before).unwrap();
    keep(&file, "reg.example", &Credentials::password("new", "new")).unwrap();
    let after: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let expected = json!({
        "psFormat": "x",
        "auths": {
            "https://reg.example/v1/": { "auth": STANDARD.encode("new:new"), "insecure": true, "email": "a@b" },
            "other.example": { "auth": "YTpi" },
        },
        "credHelpers": { "gcr.io": "gcloud" },
    });
    assert_eq!(after, expected);
    assert_eq!(forget(&file, "reg.example").unwrap(), Some(Keeper::File(file.clone())));
    let after: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(after["auths"]["https://reg.example/v1/"], json!({ "insecure": true, "email": "a@b" }));
    assert_eq!(forget(&file, "reg.example").unwrap(), None);
    assert_eq!(forget(&folder.path().join("none.json"), "reg.example").unwrap(), None);
}

#[test]
fn a_broken_file_is_named_and_left_alone() {
    let folder = folder();
    let file = folder.path().join("config.json");
    for broken in ["{\"auths\": {", "[]", "{\"auths\": 1}"] {
        fs::write(&file, broken).unwrap();
        let error = keep(&file, "reg.example", &Credentials::password("u", "p")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{broken}");
        assert_eq!(fs::read_to_string(&file).unwrap(), broken);
    }
}

#[test]
fn a_link_is_followed_and_stays_one() {
    let folder = folder();
    fs::create_dir(folder.path().join("real")).unwrap();
    let file = folder.path().join("config.json");
    symlink("real/config.json", &file).unwrap();
    keep(&file, "reg.example", &Credentials::password("u", "p")).unwrap();
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(folder.path().join("real/config.json").is_file());
    assert!(found(&file, "reg.example", "a").is_some());
    symlink("loop", folder.path().join("loop")).unwrap();
    let error = keep(&folder.path().join("loop"), "reg.example", &Credentials::password("u", "p")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileSystem);
}

#[test]
fn logins_at_the_same_time_keep_each_other_s_entries() {
    let folder = folder();
    let file = folder.path().join("config.json");
    std::thread::scope(|scope| {
        for number in 0..20 {
            let file = &file;
            scope.spawn(move || {
                keep(file, &format!("reg{number}.example"), &Credentials::password("u", "p")).unwrap();
            });
        }
    });
    for number in 0..20 {
        assert!(found(&file, &format!("reg{number}.example"), "a").is_some(), "{number}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no lock and no temporary file is left");
}

#[test]
fn a_user_with_a_colon_is_refused() {
    let folder = folder();
    let error = keep(&folder.path().join("c.json"), "reg.example", &Credentials::password("a:b", "p")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}
