//! Hundreds of archives, most of them odd: what we unpack is byte for byte what GNU tar and Python's tarfile (with its `data` filter)
//! unpack, or we refuse it (the class of tokio-tar CVE-2025-62518: two readers, two contents).

use std::{collections::BTreeMap, fs, io::Write as _, os::unix::fs::PermissionsExt as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use spectro_pack::{
    artifact::{
        Limits, PackArtifact, media_type,
        unpack::{UnpackOptions, unpack},
    },
    store::{BlobReader, Descriptor, Manifest, PageToken, Result, Selector, Silent, Source, TagPage},
};

use crate::support::{Sandbox, layout::names, needs};

const ARCHIVES: u64 = 500;
const CONFIG: &[u8] = br#"{"name":"a"}"#;

/// What is in a folder: the bytes of a file and whether its owner may execute it, nothing for a folder.
type Content = BTreeMap<String, Option<(Vec<u8>, bool)>>;

#[test]
fn what_we_unpack_is_what_gnu_tar_and_python_unpack() {
    needs!(Tar, Python);
    let sandbox = Sandbox::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let mut accepted = Vec::new();
    for number in 0..ARCHIVES {
        let mut archive = Archive::new(number);
        archive.draw();
        let packed = gzip(&archive.bytes);
        sandbox.write(format!("archives/{number}.tgz"), &packed);
        fs::create_dir_all(sandbox.path("ours")).unwrap();
        let ours = sandbox.path(format!("ours/{number}"));
        match runtime.block_on(restore(packed, &ours)) {
            Ok(()) => accepted.push((number, archive.told)),
            Err(error) => assert!(!ours.exists(), "{error}"),
        }
    }
    let numbers: Vec<_> = accepted.iter().map(|(number, _)| number.to_string()).collect();
    sandbox.write("accepted", numbers.join("\n") + "\n");
    let refused = sandbox.run_tool("python3", ["-c", PYTHON]).success().stdout;
    let mut differences: Vec<String> = refused.lines().map(|line| format!("Python refused {line}")).collect();
    let refused = sandbox.run_tool("sh", ["-c", GNU]).success().stdout;
    differences.extend(refused.lines().map(|line| format!("GNU tar refused {line}")));
    for (number, _) in &accepted {
        let ours = content(&sandbox.path(format!("ours/{number}/role")));
        let theirs = sandbox.path(format!("gnu/{number}"));
        for (who, place) in [("GNU tar", theirs), ("Python", sandbox.path(format!("python/{number}")))] {
            if names(&place) != ["role"] || content(&place.join("role")) != ours {
                differences.push(format!("{who} unpacked {number} otherwise: {:?}", content(&place).keys()));
            }
        }
    }
    for difference in &mut differences {
        let drawn =
            accepted.iter().find(|(number, ..)| difference.split([' ', ':']).any(|word| word == number.to_string()));
        difference.extend(drawn.map(|(_, told)| format!("\n    {told:?}")));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let count = accepted.len() as u64;
    assert!(
        (ARCHIVES / 8..ARCHIVES / 8 * 7).contains(&count),
        "{count} of {ARCHIVES} were accepted: this compares nothing"
    );
}

const GNU: &str = "
while read -r number; do
    mkdir -p gnu/$number
    tar --no-same-owner --no-same-permissions -xzf archives/$number.tgz -C gnu/$number || echo $number
done <accepted
";

/// Unpacks the archives that we accepted, all in one process.
const PYTHON: &str = "
import tarfile
for number in open('accepted').read().split():
    try:
        with tarfile.open('archives/%s.tgz' % number, errorlevel=2) as archive:
            archive.extractall('python/' + number, filter='data')
    except (tarfile.TarError, OSError) as error:
        print(number, repr(str(error)))
";

/// Restores a pack whose role is this archive.
async fn restore(packed: Vec<u8>, target: &Path) -> Result<()> {
    let config = Descriptor::of(media_type::METADATA, CONFIG);
    let mut layer = Descriptor::of(media_type::ROLE, &packed);
    layer.annotations.insert(media_type::TITLE.to_owned(), "role".to_owned());
    let manifest = Manifest::image(config.clone(), vec![layer.clone()], BTreeMap::new())?;
    let selector = Selector::Digest(manifest.digest().clone());
    let given = Given { manifest, layer: packed };
    let artifact = PackArtifact::open(&given, &selector).await?;
    let options = UnpackOptions { replace: false, protected: Vec::new(), limits: Limits::default(), jobs: 1 };
    unpack(&given, &artifact, target, &options, &Silent).await.map(drop)
}

/// A store of one artifact, in memory.
struct Given {
    manifest: Manifest,
    layer: Vec<u8>,
}

#[async_trait::async_trait]
impl Source for Given {
    async fn resolve(&self, _: &Selector) -> Result<Option<Descriptor>> {
        Ok(Some(self.manifest.descriptor()))
    }

    async fn manifest(&self, _: &Selector) -> Result<Manifest> {
        Ok(self.manifest.clone())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader> {
        let is_config = descriptor.media_type == media_type::METADATA;
        let bytes = if is_config { CONFIG.to_vec() } else { self.layer.clone() };
        Ok(BlobReader::from_bytes(descriptor, bytes.into()))
    }

    async fn tags(&self, _: Option<&PageToken>) -> Result<TagPage> {
        Ok(TagPage::default())
    }
}

fn content(folder: &Path) -> Content {
    let mut found = Content::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        // Who unpacked nothing made no folder.
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let metadata = fs::symlink_metadata(&path).unwrap();
            assert!(metadata.is_dir() || metadata.is_file(), "{name} is neither a file nor a folder");
            if metadata.is_dir() {
                folders.push(path);
                found.insert(name, None);
            } else {
                let executable = metadata.permissions().mode() & 0o100 != 0;
                found.insert(name, Some((fs::read(&path).unwrap(), executable)));
            }
        }
    }
    found
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An archive that is drawn from a seed, header by header.
struct Archive {
    dice: fastrand::Rng,
    bytes: Vec<u8>,
    /// What was drawn, for the message of a failure.
    told: Vec<String>,
}

impl Archive {
    fn new(seed: u64) -> Self {
        Self { dice: fastrand::Rng::with_seed(seed), bytes: Vec::new(), told: Vec::new() }
    }

    /// Returns true in one of so many cases.
    fn one_in(&mut self, many: u32) -> bool {
        self.dice.u32(0..many) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.dice.usize(0..from.len())]
    }

    fn draw(&mut self) {
        if !self.one_in(4) {
            self.header(b"role/", b'5', b"0", b"", Magic::Posix, 0o755);
        }
        for _ in 0..self.dice.usize(1..6) {
            self.entry();
        }
        let zeros = self.pick(&[0, 512, 1024, 1024, 1024, 10_240]);
        self.bytes.resize(self.bytes.len() + zeros, 0);
        if self.one_in(20) {
            self.header(b"role/behind", b'0', b"0", b"", Magic::Posix, 0o644);
            self.told.push(format!("behind {zeros} zeros"));
        }
    }

    fn entry(&mut self) {
        let name = self.name();
        let content = vec![self.dice.u8(..); self.pick(&[0, 1, 5, 511, 512, 513, 2000])];
        let mode = self.pick(&[0o644, 0o755, 0o600, 0o4755, 0o2755, 0o1644, 0o000, 0o777, 0o655]);
        let magic = self.pick(&[Magic::Posix, Magic::Posix, Magic::Gnu, Magic::None]);
        if self.one_in(4) {
            let folder = format!("{}/", name.trim_end_matches('/'));
            return self.header(folder.as_bytes(), b'5', b"0", b"", magic, 0o755);
        }
        if self.one_in(12) {
            let flag = self.pick(b"123467SgxLKVMDN");
            let link = self.pick(&["role/a", "/etc/passwd", "../../x", ""]);
            self.header(name.as_bytes(), flag, b"0", link.as_bytes(), magic, mode);
            return;
        }
        let mut size = format!("{:011o}", content.len()).into_bytes();
        match self.dice.u32(0..14) {
            0 => {
                let long = format!("role/{}/{}", "long/".repeat(self.dice.usize(1..40)), name.replace('/', "_"));
                self.extension(b'L', format!("{long}\0").as_bytes());
            }
            1 => {
                let name = self.name();
                self.records(&[("path", &name)]);
            }
            2 => {
                // The record counts, whatever the header says.
                self.records(&[("size", &content.len().to_string())]);
                let said = self.dice.usize(0..3) * 512;
                size = format!("{said:011o}").into_bytes();
            }
            3 => self.records(&[("mtime", "1.5"), ("uid", "0"), ("comment", "path=role/x")]),
            4 => size = base_256(content.len() as u64),
            5 => size = self.pick(&[&b" 12 "[..], b"+5", b"0x5", b"", b"5\0 7", b"-1"]).to_vec(),
            6 => {
                let (key, value) = self.pick(&[
                    ("path", "role/../../x"),
                    ("path", ""),
                    ("linkpath", "/etc/passwd"),
                    ("size", "007"),
                    ("size", ""),
                    ("GNU.sparse.name", "role/s"),
                    ("hdrcharset", "BINARY"),
                    ("SCHILY.xattr.user.x", "y"),
                    ("path", "role/n\nx"),
                ]);
                self.records(&[(key, value)]);
            }
            7 => {
                let key = self.pick(&["path", "size", "comment", "mtime"]);
                let text = record(key, "1");
                self.extension(b'g', text.as_bytes());
            }
            _ => {}
        }
        let flag = self.pick(&[b'0', b'0', b'0', 0, b'7']);
        self.header(name.as_bytes(), flag, &size, b"", magic, mode);
        self.content(&content);
    }

    fn name(&mut self) -> String {
        let plain = ["role/a", "role/b", "role/c/d", "role/c/e/f", "role/ü", "role/x y", "role/.hidden", "role/d"];
        let odd = [
            "role/a/",
            "role/../a",
            "../role/a",
            "/role/a",
            "role//a",
            "role/./a",
            "./role/b",
            "rolex",
            "role",
            "role/A",
            "pack.json",
            "",
            "role/a\\b",
            "role/c",
            "role/\u{fc}",
            "role/u\u{308}",
            "role/*",
            "role/\n",
            "role/-x",
            "role/trailing ",
            "role/trailing.",
        ];
        if self.one_in(7) { self.pick(&odd) } else { self.pick(&plain) }.to_owned()
    }

    fn records(&mut self, records: &[(&str, &str)]) {
        let text: String = records.iter().map(|(key, value)| record(key, value)).collect();
        self.extension(b'x', text.as_bytes());
    }

    fn extension(&mut self, flag: u8, text: &[u8]) {
        let size = format!("{:011o}", text.len());
        self.header(b"././@Extension", flag, size.as_bytes(), b"", Magic::Posix, 0o644);
        self.told.push(String::from_utf8_lossy(text).into_owned());
        self.content(text);
    }

    fn content(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
    }

    fn header(&mut self, name: &[u8], flag: u8, size: &[u8], link: &[u8], magic: Magic, mode: u32) {
        self.told.push(format!(
            "{:?} {} {} {magic:?}",
            String::from_utf8_lossy(name),
            flag.escape_ascii(),
            size.escape_ascii()
        ));
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name);
        if magic == Magic::Posix && self.one_in(5) && name.starts_with(b"role/") && name.len() > 5 {
            // The same name, split as POSIX allows.
            block[..name.len()].fill(0);
            block[..name.len() - 5].copy_from_slice(&name[5..]);
            block[345..349].copy_from_slice(b"role");
        }
        block[100..108].copy_from_slice(format!("{mode:07o}\0").as_bytes());
        block[108..116].copy_from_slice(b"0000000\0");
        block[116..124].copy_from_slice(b"0000000\0");
        block[124..124 + size.len()].copy_from_slice(size);
        block[136..148].copy_from_slice(b"00000000000\0");
        block[156] = flag;
        block[157..157 + link.len()].copy_from_slice(link);
        match magic {
            Magic::Posix => block[257..265].copy_from_slice(b"ustar\x0000"),
            Magic::Gnu => block[257..265].copy_from_slice(b"ustar  \0"),
            Magic::None => {}
        }
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        self.bytes.extend_from_slice(&block);
    }
}

/// Which kind of header it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Posix,
    Gnu,
    None,
}

fn base_256(size: u64) -> Vec<u8> {
    let mut field = vec![0x80, 0, 0, 0];
    field.extend(size.to_be_bytes());
    field
}

/// Returns a record of a PAX header, which counts its own length.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length.to_string().len() + rest != length {
        length += 1;
    }
    format!("{length} {key}={value}\n")
}
