//! A Bearer token service as the distribution specification draws it, whose tokens a real distribution and a real zot accept.
//!
//! Tokens are JWTs signed with ES256 by a key of this test; registries trust the certificate that goes with it. The service records
//! who asked for what, and its tokens can be made to expire.

use std::{
    fs,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer as _},
    pkcs8::DecodePrivateKey as _,
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use super::{
    listener::Listener,
    recorder::{Recorded, Recorder},
    registry::basic_authorization,
    registry_config::{Access, PASSWORD, USER},
    reply::Reply,
    serve,
};

/// The identity (refresh) token that stands for the one user in `POST /token`.
pub(crate) const IDENTITY_TOKEN: &str = "the-refresh-token-of-pack-author";
/// What registries and tokens call the service.
const SERVICE: &str = "registry.test";
const ISSUER: &str = "the token service of one test";

/// How the service behaves from the next token on.
#[derive(Clone, Copy, Debug)]
struct Policy {
    lifetime: Duration,
    advertised: Duration,
    anonymous_pull: bool,
    /// A registry that takes tokens so long after their end gets them with an end so much earlier.
    leeway: Duration,
}

/// The service. It is asked like a [`Recorder`], and by [`TokenService::scopes`].
pub(crate) struct TokenService {
    listener: Listener,
    policy: Arc<Mutex<Policy>>,
    recorder: Recorder,
    folder: tempfile::TempDir,
}

impl TokenService {
    /// Starts a service that knows [`USER`] and gives tokens of five minutes.
    pub(crate) fn start() -> Self {
        let key = KeyPair::generate().expect("a key can be made");
        let params = CertificateParams::new(vec![SERVICE.to_owned()]).expect("this is a name of a server");
        let certificate = params.self_signed(&key).expect("a key can sign its certificate");
        let folder =
            tempfile::Builder::new().prefix("spectro-tokens-").tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("certificate.pem"), certificate.pem()).expect("a new folder is writable");
        let lifetime = Duration::from_mins(5);
        let policy = Policy { lifetime, advertised: lifetime, anonymous_pull: false, leeway: Duration::ZERO };
        let policy = Arc::new(Mutex::new(policy));
        let signer = Signer {
            key: SigningKey::from_pkcs8_der(key.serialized_der()).expect("a P-256 key is a P-256 key"),
            certificate: STANDARD.encode(certificate.der()),
        };
        let (recorder, rules) = (Recorder::default(), Arc::clone(&policy));
        let listener = serve::start(None, recorder.clone(), move |request| {
            let policy = *rules.lock().expect("nobody panics with this lock");
            answer(request, policy, &signer)
        });
        Self { listener, policy, recorder, folder }
    }

    /// Returns the URL that registries name in their challenge.
    pub(crate) fn realm(&self) -> String {
        format!("http://{}/token", self.listener.host())
    }

    /// Returns `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.listener.host()
    }

    /// Gives tokens that end after `lifetime`, and says so.
    pub(crate) fn expire_after(&self, lifetime: Duration) {
        self.change(|policy| (policy.lifetime, policy.advertised) = (lifetime, lifetime));
    }

    /// Gives tokens that end after `lifetime`, and claims that they last five minutes: the client meets a 401 in mid-session.
    pub(crate) fn expire_unexpectedly_after(&self, lifetime: Duration) {
        self.change(|policy| (policy.lifetime, policy.advertised) = (lifetime, Duration::from_mins(5)));
    }

    /// Lets anybody pull without a password.
    pub(crate) fn allow_anonymous_pull(&self) {
        self.change(|policy| policy.anonymous_pull = true);
    }

    /// Returns the scopes of each token request, in order, such as `repository:packs/nginx:pull,push`.
    pub(crate) fn scopes(&self) -> Vec<Vec<String>> {
        self.recorder.requests().iter().map(|request| scopes(&parameters(request))).collect()
    }

    /// Returns what a registry must know, and makes tokens end when they should on one that is lenient by `leeway`.
    pub(crate) fn access(&self, leeway: Duration) -> Access {
        self.change(|policy| policy.leeway = leeway);
        Access::Token {
            realm: self.realm(),
            service: SERVICE.to_owned(),
            issuer: ISSUER.to_owned(),
            certificate: self.certificate(),
        }
    }

    fn certificate(&self) -> PathBuf {
        Path::new(self.folder.path()).join("certificate.pem")
    }

    fn change(&self, change: impl FnOnce(&mut Policy)) {
        change(&mut self.policy.lock().expect("nobody panics with this lock"));
    }
}

impl Deref for TokenService {
    type Target = Recorder;

    fn deref(&self) -> &Recorder {
        &self.recorder
    }
}

struct Signer {
    key: SigningKey,
    /// The certificate as base64 of its DER, for the `x5c` header by which distribution finds the key.
    certificate: String,
}

impl Signer {
    fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": "JWT", "x5c": [self.certificate]});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

fn answer(request: &Recorded, policy: Policy, signer: &Signer) -> Reply {
    let parameters = parameters(request);
    let is_known = match request.method.as_str() {
        "GET" => match request.header("authorization") {
            None => false,
            Some(value) if value == basic_authorization(USER, PASSWORD) => true,
            Some(_) => return Reply::error(401, "UNAUTHORIZED", "wrong user or password"),
        },
        "POST" if has(&parameters, "refresh_token", IDENTITY_TOKEN) => true,
        "POST" if has(&parameters, "username", USER) && has(&parameters, "password", PASSWORD) => true,
        _ => return Reply::error(401, "UNAUTHORIZED", "wrong refresh token"),
    };
    let access: Vec<Value> = scopes(&parameters).iter().filter_map(|scope| granted(scope, is_known, policy)).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    let claims = json!({
        "iss": ISSUER,
        "aud": SERVICE,
        "sub": if is_known { USER } else { "" },
        "iat": now - 600,
        "nbf": now - 600,
        "exp": now + policy.lifetime.as_secs() - policy.leeway.as_secs(),
        "jti": format!("{:x}", fastrand::u64(..)),
        "access": access,
    });
    let token = signer.sign(&claims);
    Reply::new(200).json(&json!({"token": token, "access_token": token, "expires_in": policy.advertised.as_secs()}))
}

/// Returns what a scope such as `repository:packs/nginx:pull,push` gives, as it stands in a token.
fn granted(scope: &str, is_known: bool, policy: Policy) -> Option<Value> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let may = |action: &&str| is_known || (policy.anonymous_pull && *action == "pull");
    let actions: Vec<&str> = actions.split(',').filter(may).collect();
    (!actions.is_empty()).then(|| json!({"type": kind, "name": name, "actions": actions}))
}

/// Returns the parameters of a request: the query of a GET, the form of a POST.
fn parameters(request: &Recorded) -> Vec<(String, String)> {
    let text = match request.method.as_str() {
        "POST" => request.body.as_slice(),
        _ => request.query.as_bytes(),
    };
    url::form_urlencoded::parse(text).into_owned().collect()
}

fn has(parameters: &[(String, String)], name: &str, value: &str) -> bool {
    parameters.iter().any(|(other, found)| other == name && found == value)
}

/// Returns all scopes; they come as several parameters or as one with blanks (RFC 6749, section 3.3).
fn scopes(parameters: &[(String, String)]) -> Vec<String> {
    let values = parameters.iter().filter(|(name, _)| name == "scope");
    values.flat_map(|(_, value)| value.split_whitespace().map(str::to_owned)).collect()
}
