//! A memory changes nothing but the time that is taken; one that is wrong is found out before anything is sent.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    super::{
        Artifact, EncodeOptions, Form,
        content::Content,
        testing::{encode, files, read_pack, write_pack},
    },
    KnownFolders, MOST_BYTES, line, of_line,
};
use crate::{
    digest::Digest,
    store::{Descriptor, ErrorKind, Source},
    tarball::write::Written,
};

/// A pack on disk and a file to remember its folders in.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_pack(&folder.path().join("pack"), files());
        Self { folder }
    }

    fn memory(&self) -> PathBuf {
        self.folder.path().join("cache/spectro/folders")
    }

    fn pack(&self) -> PathBuf {
        self.folder.path().join("pack")
    }

    /// Encodes the pack as a new process does.
    fn encode(&self, form: Form) -> Artifact {
        let known = Some(Arc::new(KnownFolders::in_file(self.memory())));
        let options = EncodeOptions { known, ..EncodeOptions::new(self.folder.path().to_owned()) };
        Artifact::encode(&read_pack(&self.pack()), form, &options).unwrap()
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.memory()).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }
}

fn later(artifact: &Artifact) -> usize {
    artifact.contents.values().filter(|content| matches!(content, Content::Tar(layer) if !layer.is_packed())).count()
}

async fn bytes(artifact: &Artifact, blob: &Descriptor) -> Vec<u8> {
    artifact.blob(blob).await.unwrap().read_all(u64::MAX).await.unwrap().to_vec()
}

fn sample(number: u32) -> (Digest, Written) {
    let digest = |text: &str| Digest::of(format!("{text} {number}").as_bytes());
    (digest("key"), Written { content: digest("tar"), digest: digest("tar+gzip"), size: number.into() })
}

#[tokio::test]
async fn a_known_folder_is_the_same_layer_and_is_packed_when_its_bytes_are_wanted() {
    let case = Case::new();
    for form in [Form::Layered, Form::Archive] {
        let before = case.lines().len();
        let (first, second) = (case.encode(form), case.encode(form));
        let folders = case.lines().len() - before;
        assert_eq!((later(&first), later(&second)), (0, folders), "all are packed at first, then none");
        assert_eq!(folders, if form == Form::Layered { 5 } else { 1 });
        assert_eq!(first.manifest().bytes(), second.manifest().bytes());
        if form == Form::Layered {
            assert_eq!(
                first.manifest().bytes(),
                encode(&read_pack(&case.pack())).manifest().bytes(),
                "nor without one"
            );
        }
        for layer in first.layers() {
            let expected = bytes(&first, layer).await;
            assert_eq!(bytes(&second, layer).await, expected, "{:?}", layer.title());
            assert_eq!(bytes(&second, layer).await, expected, "{:?}, once more", layer.title());
        }
    }
}

#[tokio::test]
async fn whatever_is_part_of_an_archive_is_part_of_its_key() {
    let case = Case::new();
    case.encode(Form::Layered);
    let known = case.lines().len();
    let script = case.pack().join("harden_os/files/sec_harden.sh");
    let changes: [&dyn Fn(&Path); 5] = [
        &|script| fs::write(script, "#!/bin/sh\nexit 1\n").unwrap(),
        &|script| {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(script, fs::Permissions::from_mode(0o644)).unwrap();
        },
        &|script| fs::rename(script, script.with_file_name("other.sh")).unwrap(),
        &|script| fs::create_dir(script.with_file_name("empty")).unwrap(),
        &|script| fs::write(script.with_file_name("more"), "").unwrap(),
    ];
    for (count, change) in changes.into_iter().enumerate() {
        change(&script);
        let artifact = case.encode(Form::Layered);
        assert_eq!(case.lines().len(), known + count + 1, "one folder is another one after change {count}");
        assert_eq!(artifact.manifest().bytes(), encode(&read_pack(&case.pack())).manifest().bytes());
    }
}

#[tokio::test]
async fn a_wrong_memory_is_found_out_before_a_byte_is_handed_out_and_is_given_up() {
    let case = Case::new();
    case.encode(Form::Layered);
    let (mut all, wrong) = (case.lines(), sample(1).1);
    for text in &mut all {
        let (key, _) = of_line(text).unwrap();
        *text = line(&key, &wrong).trim_end().to_owned();
    }
    fs::write(case.memory(), all.join("\n") + "\n").unwrap();
    let artifact = case.encode(Form::Layered);
    let role = artifact.layers().iter().find(|layer| layer.title() == Some("harden_os")).unwrap();
    assert_eq!(role.digest, wrong.digest, "it is believed at first");
    let error = artifact.blob(role).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.to_string(), "the remembered digest of `harden_os` was wrong; it is forgotten now, try again");
    assert!(!case.memory().exists());
    let again = case.encode(Form::Layered);
    assert_eq!(again.manifest().bytes(), encode(&read_pack(&case.pack())).manifest().bytes());
}

#[tokio::test]
async fn a_file_that_changed_since_is_noticed_when_its_folder_is_packed() {
    let case = Case::new();
    case.encode(Form::Layered);
    let artifact = case.encode(Form::Layered);
    fs::write(case.pack().join("harden_os/tasks/main.yml"), "- name: soften\n").unwrap();
    let role = artifact.layers().iter().find(|layer| layer.title() == Some("harden_os")).unwrap();
    let error = artifact.blob(role).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(error.to_string(), "`harden_os/tasks/main.yml` changed after it was read");
    assert!(case.memory().exists(), "the memory was right");
}

#[test]
fn a_memory_that_cannot_be_used_keeps_nobody_from_work() {
    let unusable: [&dyn Fn(&Path); 4] = [
        &|file| fs::create_dir_all(file).unwrap(),
        &|file| {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, b"\xff\xfe not a line\nsha256:0 1\n\n").unwrap();
        },
        &|file| fs::write(file.parent().unwrap().parent().unwrap(), "a file in place of a folder").unwrap(),
        &|file| {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let fifo = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, file, fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        },
    ];
    for spoil in unusable {
        let case = Case::new();
        spoil(&case.memory());
        let artifact = case.encode(Form::Layered);
        assert_eq!(artifact.manifest().bytes(), encode(&read_pack(&case.pack())).manifest().bytes());
    }
}

#[test]
fn a_line_says_what_it_was_made_from_and_a_broken_one_says_nothing() {
    let (key, written) = sample(7);
    let text = line(&key, &written);
    assert_eq!(of_line(text.trim_end()), Some((key, written)));
    for place in 0..text.len() - 1 {
        let mut broken = text.trim_end().to_owned().into_bytes();
        broken[place] ^= 1;
        assert_eq!(of_line(&String::from_utf8(broken).unwrap()), None, "byte {place}");
        assert_eq!(of_line(&text[..place]), None, "cut after {place}");
    }
}

#[test]
fn a_memory_that_grew_too_large_keeps_its_newer_half() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("folders");
    let mut text = String::from("not a line\n");
    let mut count = 0;
    while text.len() as u64 <= MOST_BYTES {
        let (key, written) = sample(count);
        text += &line(&key, &written);
        count += 1;
    }
    fs::write(&file, &text).unwrap();
    assert!(KnownFolders::in_file(file.clone()).get(&sample(0).0).is_some(), "what was read still counts");
    let shorter = KnownFolders::in_file(file.clone());
    assert!(fs::metadata(&file).unwrap().len() < MOST_BYTES / 8 * 5);
    assert_eq!(shorter.get(&sample(0).0), None);
    assert_eq!(shorter.get(&sample(count - 1).0), Some(sample(count - 1).1));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}
