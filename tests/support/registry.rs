//! Real registries on loopback: CNCF distribution and zot, each a process of its own with an own storage folder.
//!
//! Both answer within 50 ms of their start (measured: 24 and 39 ms), so every test has its own and none sees what another left.

use std::{
    collections::BTreeSet,
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use base64::Engine as _;
use spectro_pack::digest::Digest;

use super::{
    certificates::Authority,
    http::{self, Answer},
    registry_config::{Access, Config, PASSWORD, USER},
    token_service::TokenService,
    tools::{self, Tool},
};

/// Starting takes at most this long, also on a machine that compiles at the same time.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Which registry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Distribution,
    Zot,
}

impl Kind {
    /// Every kind, for tests that hold for all registries.
    pub(crate) const ALL: [Self; 2] = [Self::Distribution, Self::Zot];

    /// Returns the program that is this registry.
    pub(crate) fn tool(self) -> Tool {
        match self {
            Self::Distribution => Tool::Distribution,
            Self::Zot => Tool::Zot,
        }
    }
}

/// A registry that is described and not yet started.
#[derive(Debug)]
pub(crate) struct Builder {
    kind: Kind,
    config: Config,
    folder: tempfile::TempDir,
}

impl Builder {
    /// Asks for [`USER`] and [`PASSWORD`] with Basic authentication.
    pub(crate) fn password(mut self) -> Self {
        self.config.access = Access::Password;
        self
    }

    /// Allows deleting; distribution forbids it otherwise, zot never does.
    pub(crate) fn deletion(mut self) -> Self {
        self.config.deletion = true;
        self
    }

    /// Lets everybody make a tag and nobody move it (zot only). Who tries is told 403 with a password, 401 without.
    pub(crate) fn immutable_tags(mut self) -> Self {
        self.config.rights = Some(&["read", "create", "delete"]);
        self
    }

    /// Lets everybody read and nobody write (zot only).
    pub(crate) fn read_only(mut self) -> Self {
        self.config.rights = Some(&["read"]);
        self
    }

    /// Serves an existing folder instead of an empty one.
    pub(crate) fn storage(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.storage = folder.into();
        self
    }

    /// Asks for a token of this service.
    pub(crate) fn tokens(mut self, service: &TokenService) -> Self {
        // Distribution takes a token until a minute after its end; zot does not.
        let leeway = if self.kind == Kind::Distribution { Duration::from_mins(1) } else { Duration::ZERO };
        self.config.access = service.access(leeway);
        self
    }

    /// Speaks TLS with a certificate of this authority.
    pub(crate) fn tls(mut self, authority: &Authority) -> Self {
        self.config.tls = Some(authority.server_files(self.folder.path(), None));
        self
    }

    /// Speaks TLS and lets in only who shows a certificate of the second authority (zot checks one that is shown, and lets in who
    /// shows none).
    pub(crate) fn client_certificates(mut self, authority: &Authority, clients: &Authority) -> Self {
        self.config.tls = Some(authority.server_files(self.folder.path(), Some(clients)));
        self
    }

    /// Starts the registry and returns when it answers.
    pub(crate) fn start(self) -> RealRegistry {
        let program =
            self.kind.tool().find().unwrap_or_else(|| panic!("{} is not on PATH", self.kind.tool().program()));
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let port = free_port();
            let config = self.config.write(self.kind, self.folder.path(), port);
            let log = self.folder.path().join("log");
            let file = fs::File::create(&log).expect("a registry's folder is writable");
            let child = Command::new(&program)
                .arg("serve")
                .arg(config)
                .env("HOME", self.folder.path())
                .stdin(Stdio::null())
                .stdout(file.try_clone().expect("a file can be opened twice"))
                .stderr(file)
                .spawn()
                .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
            let mut process = Process { child, log };
            if process.answers_at(port, deadline) {
                let Self { kind, config, folder } = self;
                return RealRegistry { process, kind, config, port, folder };
            }
            let log = process.log();
            // Another process may have taken the port between our look and the registry's.
            assert!(
                log.contains("address already in use") && Instant::now() < deadline,
                "no start of {}:\n{log}",
                program.display()
            );
        }
    }
}

#[derive(Debug)]
struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    fn answers_at(&mut self, port: u16, deadline: Instant) -> bool {
        while Instant::now() < deadline {
            if self.child.try_wait().expect("a child can be waited for").is_some() {
                return false;
            }
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(3));
        }
        false
    }

    fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A registry that runs. It is killed when dropped; where the test fails, its log is printed.
#[derive(Debug)]
pub(crate) struct RealRegistry {
    process: Process,
    kind: Kind,
    config: Config,
    port: u16,
    folder: tempfile::TempDir,
}

impl RealRegistry {
    /// Starts an anonymous registry with an empty storage.
    pub(crate) fn start(kind: Kind) -> Self {
        Self::with(kind).start()
    }

    /// Returns the description of an anonymous registry with an empty storage, to add to.
    pub(crate) fn with(kind: Kind) -> Builder {
        let folder =
            tempfile::Builder::new().prefix("spectro-registry-").tempdir().expect("a temporary folder can be made");
        let config = Config {
            storage: folder.path().join("storage"),
            access: Access::Anonymous,
            tls: None,
            deletion: false,
            rights: None,
        };
        Builder { kind, config, folder }
    }

    /// Starts every registry that is here, and reports the others as skipped for `test`.
    pub(crate) fn every(test: &str) -> Vec<Self> {
        let present = Kind::ALL.into_iter().filter(|kind| tools::have(test, &[kind.tool()]));
        present.map(Self::start).collect()
    }

    /// Returns which registry it is.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns whether it deletes a tag alone. Distribution learnt that with version 3; before, it deletes whole digests.
    pub(crate) fn deletes_tags(&self) -> bool {
        self.kind == Kind::Zot || tools::prints(Tool::Distribution, &["--version"], " v3.")
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder in which the registry keeps its content.
    pub(crate) fn storage(&self) -> &Path {
        &self.config.storage
    }

    /// Returns what the registry has logged.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Sends a request without our own client, with the password where the registry wants one.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = headers.to_vec();
        let basic = basic_authorization(USER, PASSWORD);
        if matches!(self.config.access, Access::Password) {
            headers.push(("Authorization", &basic));
        }
        http::request(&self.host(), method, path, &headers, body)
            .unwrap_or_else(|error| panic!("{method} {path} at {}: {error}", self.host()))
    }

    /// Puts a blob into a repository without our own client and returns its digest.
    pub(crate) fn put_blob(&self, repository: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let opened = self.request("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], b"").expect(202);
        let location = opened.header("location").expect("an opened upload has a location");
        let path =
            location.split_once("://").map_or(location, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
        let separator = if path.contains('?') { '&' } else { '?' };
        let octets = ("Content-Type", "application/octet-stream");
        self.request("PUT", &format!("{path}{separator}digest={digest}"), &[octets], bytes).expect(201);
        digest
    }

    /// Puts a manifest under a tag or a digest without our own client.
    pub(crate) fn put_manifest(&self, repository: &str, selector: &str, media_type: &str, bytes: &[u8]) -> Answer {
        self.request("PUT", &format!("/v2/{repository}/manifests/{selector}"), &[("Content-Type", media_type)], bytes)
    }

    /// Gets a manifest by tag or digest without our own client.
    pub(crate) fn manifest(&self, repository: &str, selector: &str) -> Answer {
        let types = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        self.request("GET", &format!("/v2/{repository}/manifests/{selector}"), &[("Accept", types)], b"")
    }

    /// Returns the tags of a repository, or nothing where there is no such repository.
    pub(crate) fn tags(&self, repository: &str) -> Vec<String> {
        let answer = self.request("GET", &format!("/v2/{repository}/tags/list"), &[], b"");
        let Ok(list) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return Vec::new() };
        let tags = list["tags"].as_array().cloned().unwrap_or_default();
        tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
    }
}

impl Drop for RealRegistry {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(60)..].join("\n");
            eprintln!("-- the last lines of {:?} on {}\n{last}", self.kind, self.host());
        }
    }
}

/// Returns the value of an `Authorization` header for Basic authentication.
pub(crate) fn basic_authorization(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// Returns a port that nobody listens on. Ports are taken from below the range that the system hands out for connections, and none
/// is given twice by one process.
fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = fastrand::u16(10_000..32_000);
        let unused = TcpListener::bind(("127.0.0.1", port)).is_ok();
        if unused && GIVEN.lock().expect("nobody panics with this lock").insert(port) {
            return port;
        }
    }
}
