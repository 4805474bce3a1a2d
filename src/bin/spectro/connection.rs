//! From flags, environment and configuration to an open store.

use std::{
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use spectro_pack::{
    location::{ServerLocation, Store},
    registry::{
        Configuration, CredentialSearch, Credentials, Located, Proxies, RetryRule, Server, ServerName, Settings,
        Timeouts, TlsSettings,
    },
    store::{Observer, archive_file::ArchiveFile},
};
use zeroize::Zeroizing;

use crate::{
    args::{ConnectionArgs, LoginArgs, ServerArgs, ServersArgs},
    config,
    context::{Context, user_home, variable},
    failure::{Exit, Failure},
};

/// The longest password that is read from standard input, in bytes.
const PASSWORD_LIMIT: u64 = 64 * 1024;

impl ServerArgs {
    /// Returns the server that was named, or the default one.
    pub(crate) fn server(&self, context: &Context) -> Result<ServerLocation, Failure> {
        if let Some(server) = &self.registry_server {
            return Ok(server.clone());
        }
        let default = context.default_server()?;
        default.ok_or_else(|| context.no_server("no registry server was named"))
    }

    /// Opens a store. Sends nothing.
    pub(crate) fn open(&self, context: &Context, location: &ServerLocation) -> Result<Store, Failure> {
        let observer: Arc<dyn Observer> = context.progress.notes();
        match location {
            ServerLocation::Layout(folder) => Ok(Store::layout(folder, observer)),
            ServerLocation::Archive(file) => {
                let opened = ArchiveFile::open(file);
                let failed = |error: &_| Failure::of_store(format!("cannot read `{}`", file.display()), error);
                opened.map(Store::Archive).map_err(|error| failed(&error))
            }
            ServerLocation::Registry(name) => {
                let given = self.given_credentials()?;
                let settings = self.connection.settings(context, name, given, observer)?;
                let opened = Server::new(settings);
                let server = opened.map_err(|error| Failure::of_store(format!("cannot use `{name}`"), &error))?;
                context.remember(&server);
                Ok(Store::Registry(server, name.clone()))
            }
        }
    }

    /// Returns the credentials that flags or variables give.
    pub(crate) fn given_credentials(&self) -> Result<Option<Located>, Failure> {
        self.login.credentials()
    }
}

impl ServersArgs {
    /// Returns the flags for a server that is named elsewhere.
    pub(crate) fn any(&self) -> ServerArgs {
        ServerArgs { registry_server: None, login: self.login.clone(), connection: self.connection.clone() }
    }

    /// Returns each server that was named, or the default one, as if it were the only one.
    pub(crate) fn each(&self, context: &Context) -> Result<Vec<(ServerLocation, ServerArgs)>, Failure> {
        let alone = |server: Option<ServerLocation>| ServerArgs {
            registry_server: server,
            login: self.login.clone(),
            connection: self.connection.clone(),
        };
        if self.registry_server.is_empty() {
            let server = alone(None);
            return Ok(vec![(server.server(context)?, server)]);
        }
        let mut servers: Vec<(ServerLocation, ServerArgs)> = Vec::new();
        for server in &self.registry_server {
            if servers.iter().all(|(other, _)| other != server) {
                servers.push((server.clone(), alone(Some(server.clone()))));
            }
        }
        // A local store is given none.
        let registries: Vec<_> = servers.iter().filter_map(|(server, _)| server.host()).collect();
        let goes_to_one = registries.iter().all(|host| *host == registries[0]);
        // Standard input can be read once.
        let is_read_once = registries.len() < 2 || !self.login.password_stdin;
        if self.login.given() && !(goes_to_one && is_read_once) {
            return Err(Failure::new(
                Exit::Usage,
                "credentials by flag or variable are for one server, and several are named",
            )
            .hint("log in to each: spectro registry login SERVER"));
        }
        Ok(servers)
    }
}

impl LoginArgs {
    /// Returns whether flags or variables name any credentials.
    pub(crate) fn given(&self) -> bool {
        self.username.as_ref().is_some_and(|username| !username.is_empty()) || variable("SPECTRO_TOKEN").is_some()
    }

    fn credentials(&self) -> Result<Option<Located>, Failure> {
        let username = self.username.clone().filter(|username| !username.is_empty());
        let token = variable("SPECTRO_TOKEN");
        let username = match (username, token) {
            (None, None) => return Ok(None),
            (None, Some(token)) => {
                let token = Credentials::Token(Zeroizing::new(token.trim().to_owned()));
                return Ok(Some(Located::given(token, "SPECTRO_TOKEN")));
            }
            (Some(username), None) => username,
            (Some(_), Some(_)) => {
                return Err(Failure::new(Exit::Usage, "there are a user and SPECTRO_TOKEN, and only one can be used")
                    .hint("unset SPECTRO_TOKEN, or leave the user out (also SPECTRO_USERNAME)"));
            }
        };
        if self.password_stdin {
            let password = password_from_stdin()?;
            return Ok(Some(Located::given(Credentials::password(username, &*password), "--password-stdin")));
        }
        match std::env::var("SPECTRO_PASSWORD") {
            Ok(password) => Ok(Some(Located::given(Credentials::password(username, password), "SPECTRO_PASSWORD"))),
            Err(_) => Err(Failure::new(Exit::Usage, format!("there is no password for the user `{username}`"))
                .hint("set SPECTRO_PASSWORD, or pipe the password in and add --password-stdin")),
        }
    }
}

/// Reads a password, without the line feed that `echo` adds.
pub(crate) fn password_from_stdin() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(PASSWORD_LIMIT).read_to_string(&mut text);
    read.map_err(|error| Failure::file_system("cannot read the password from standard input", &error))?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if password.is_empty() {
        return Err(Failure::new(Exit::Usage, "standard input holds no password"));
    }
    Ok(Zeroizing::new(password.to_owned()))
}

impl ConnectionArgs {
    /// Returns how to talk to a registry. Says so where certificates are not verified.
    pub(crate) fn settings(
        &self,
        context: &Context,
        name: &ServerName,
        given: Option<Located>,
        observer: Arc<dyn Observer>,
    ) -> Result<Settings, Failure> {
        let config = context.config()?;
        let insecure = self.insecure || config.is_insecure(name.host());
        let tls = TlsSettings {
            insecure,
            authorities: self.ca_file.as_deref().map(read).transpose()?,
            identity: match (&self.cert_file, &self.key_file) {
                (Some(certificate), Some(key)) => Some([read(certificate)?, b"\n".to_vec(), read(key)?].concat()),
                _ => None,
            },
        };
        // A registry on this machine has no certificate, unless something about certificates was said.
        let spoken_of_tls = insecure || tls.authorities.is_some() || tls.identity.is_some();
        let plain_http = self.plain_http || name.plain_http().unwrap_or_else(|| name.is_loopback() && !spoken_of_tls);
        if insecure && !plain_http {
            crate::output::complain(&format!("warning: the certificate of `{}` is not verified", name.host()));
        }
        let idle = Duration::from_secs(self.timeout);
        Ok(Settings {
            host: name.host().to_owned(),
            plain_http,
            user_agent: concat!("spectro/", env!("CARGO_PKG_VERSION")).to_owned(),
            tls,
            proxies: proxies(),
            timeouts: Timeouts {
                connect: idle.min(Timeouts::default().connect),
                idle,
                answer: idle.max(Timeouts::default().answer.min(idle * 5)),
            },
            retry: RetryRule { retries: self.retries, ..RetryRule::default() },
            jobs: self.jobs,
            trusted_realms: self.trusted_realm.clone(),
            credentials: CredentialSearch {
                given,
                configurations: configurations(context),
                ..CredentialSearch::default()
            },
            observer,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::file_system(format!("cannot read `{}`", path.display()), &error))
}

fn proxies() -> Proxies {
    let either = |name: &str| variable(name).or_else(|| variable(&name.to_lowercase()));
    Proxies {
        https: either("HTTPS_PROXY").or_else(|| either("ALL_PROXY")),
        // `HTTP_PROXY` could be a request's header in a CGI program, so only the lower-case name counts, as in curl.
        http: variable("http_proxy").or_else(|| either("ALL_PROXY")),
        no_proxy: either("NO_PROXY"),
    }
}

/// Returns the file of Docker's configuration.
pub(crate) fn docker_config() -> Option<PathBuf> {
    let named = std::env::var_os("DOCKER_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = named.or_else(|| user_home().map(|home| home.join(".docker")))?;
    Some(folder.join("config.json"))
}

/// Returns where credentials are looked for, in this order.
pub(crate) fn configurations(context: &Context) -> Vec<Configuration> {
    let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let given = variable("DOCKER_AUTH_CONFIG")
        .map(|text| Configuration::Text { origin: "DOCKER_AUTH_CONFIG".into(), text: Zeroizing::new(text) });
    let podman = path("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    let files =
        [context.home().map(|home| home.join(config::FILE)), path("REGISTRY_AUTH_FILE"), docker_config(), podman];
    given.into_iter().chain(files.into_iter().flatten().map(Configuration::File)).collect()
}

/// Returns where temporary files go: beside a local store, else where the system keeps large ones.
///
/// `/tmp` is often a small file system in memory, so it comes last.
pub(crate) fn scratch_folder(location: &ServerLocation) -> PathBuf {
    if let ServerLocation::Layout(folder) = location {
        let mut candidate = folder.as_path();
        loop {
            if candidate.is_dir() {
                return candidate.to_path_buf();
            }
            match candidate.parent() {
                Some(parent) if !parent.as_os_str().is_empty() => candidate = parent,
                _ => return PathBuf::from("."),
            }
        }
    }
    temporary_folder()
}

/// Returns where the system keeps large temporary files.
pub(crate) fn temporary_folder() -> PathBuf {
    if let Some(named) = std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty()) {
        return named.into();
    }
    let large = Path::new("/var/tmp");
    if large.is_dir() { large.to_path_buf() } else { std::env::temp_dir() }
}
