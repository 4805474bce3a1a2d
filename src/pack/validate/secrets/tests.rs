use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::pack::yaml;

/// Returns what is found in a file of the pack, with code and place.
fn told(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    in_file(path, text.as_bytes(), &mut findings);
    let line = |finding: Finding| {
        let place = finding.position.unwrap();
        format!("{} {}:{}+{} {}", finding.code, place.line, place.column, finding.length, finding.message)
    };
    findings.into_iter().map(line).collect()
}

/// Returns a private key that opens nothing: a DER sequence of zeros.
fn key(line_end: &str) -> String {
    let body = "MIIBAg".to_owned() + &"A".repeat(344) + "==";
    let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    // Put together here, so that no scanner takes this file for one that holds a key.
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} PRIVATE KEY-----"));
    format!("{begin}{line_end}{}{line_end}{end}", lines.join(line_end))
}

const NONE: [&str; 0] = [];
const RANDOM: &str = "q7Hs2LkV9xTz4RbN8mWc3JdF6pYg1KtQ5vXe";

#[test]
fn private_keys_are_whole_blocks_that_decode() {
    assert_eq!(
        told("values.yaml", &format!("tls:\n  key: |\n    {}\n", key("\n    "))),
        ["secret-found 3:5+27 `key` holds a private key"]
    );
    assert_eq!(told("a.json", &format!("{{\"private_key\": \"{}\"}}", key("\\n"))).len(), 1);
    assert_eq!(
        told("a", &format!("# {}\n", key("\n# "))),
        ["secret-likely 1:3+27 here stands a private key"],
        "a comment"
    );
    let whole = key("\n");
    for text in [
        whole.replace("MIIB", "MIIC"),
        whole.replace("MIIBAg", "..."),
        whole.replace("-----END", "----"),
        whole.replace("BEGIN PRIVATE", "BEGIN PUBLIC"),
        "-----BEGIN RSA PRIVATE KEY-----\n-----END RSA PRIVATE KEY-----".to_owned(),
        "-----BEGIN PRIVATE KEY-----".repeat(100),
    ] {
        assert_eq!(told("a", &text), NONE, "{text}");
    }
}

#[test]
fn tokens_are_known_by_their_shape() {
    let claims = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let head = claims("{\"alg\":\"RS256\"}");
    let account = claims("{\"kubernetes.io/serviceaccount/secret.name\":\"x\"}");
    let azure = "k".to_owned() + &RANDOM.repeat(3)[..84] + "A==";
    for (text, what) in [
        (format!("AKIA{}", "Q7HS2LKV5XTZ4RBN"), "an access key of AWS"),
        (format!("AIza{}", &RANDOM[..35]), "an API key of Google"),
        (format!("AccountKey={azure};x"), "an account key of Azure"),
        (format!("ghp_{RANDOM}"), "a token of GitHub"),
        (format!("github_pat_{}", &RANDOM.repeat(3)[..82]), "a token of GitHub"),
        (format!("glpat-{}", &RANDOM[..20]), "a token of GitLab"),
        (format!("xoxb-1234567890123-{}", &RANDOM[..24]), "a token of Slack"),
        (format!("https://hooks.slack.com/services/T0A1B2C3D/B4E5F6G7H/{}", &RANDOM[..24]), "a webhook of Slack"),
        (format!("npm_{RANDOM}"), "a token of npm"),
        (format!("pypi-AgEIcHlwaS5vcmc{}", &RANDOM.repeat(2)), "a token of PyPI"),
        (format!("dckr_pat_{}", &RANDOM[..27]), "a token of Docker Hub"),
        ("{\"auths\": {\"x\": {\"auth\": \"YWRhOnFIczJMa1Y5eA==\"}}}".to_owned(), "a registry's password"),
        (format!("{head}.{account}.{RANDOM}"), "a token (JWT) that names a secret"),
        ("postgres://app:qHs2LkV9x@db.example.com/x".to_owned(), "a password in an address"),
    ] {
        let own = told("values.yaml", &format!("a:\n  theKey: {text}\n"));
        assert!(own.len() == 1 && own[0].starts_with("secret-found 2:") && own[0].ends_with(what), "{text}: {own:?}");
        assert!(!own[0].contains(&text[8..]), "the value is in the message: {own:?}");
        let comment = told("values.yaml", &format!("# a: {text}\n"));
        assert!(comment.iter().all(|told| told.starts_with("secret-likely")), "{comment:?}");
        let chart = told("charts/demo/values.yaml", &format!("a: {text}\n"));
        assert!(chart.len() == 1 && chart[0].starts_with("secret-likely"), "{chart:?}");
    }
}

#[test]
fn what_only_looks_like_a_token_is_none() {
    let head = URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}");
    let nobody = URL_SAFE_NO_PAD.encode("{\"sub\":\"1234567890\",\"name\":\"x\"}");
    for text in [
        "AKIAIOSFODNN7EXAMPLE".to_owned(),
        "AKIAAAAAAAAAAAAAAAAA".to_owned(),
        format!("XAKIA{}", "Q7HS2LKV5XTZ4RBN"),
        format!("ghp_{}", "x".repeat(36)),
        format!("ghp_{RANDOM}more"),
        "glpat-your-token-goes-here".to_owned(),
        "https://hooks.slack.com/services/TXXXXXXXX/XXXXXXXXX/XXXXXXXXXXXXXXXXXXXXXXXX".to_owned(),
        format!("{head}.{nobody}.{RANDOM}"),
        "{\"auth\": \"dXNlcjpwYXNzd29yZA==\"}".to_owned(),
        "http://user:password@host/".to_owned(),
        "http://admin:admin@host/".to_owned(),
        "http://app:qHs2LkV9x@localhost:80/".to_owned(),
        "http://app:{{ .password }}@host/".to_owned(),
        "http://app:${PASSWORD}@host/".to_owned(),
        "http://app:<token>@host/".to_owned(),
        "https://example.com:8080/a@b".to_owned(),
        "ssh://git@host/x".to_owned(),
    ] {
        assert_eq!(told("values.yaml", &format!("a: {text}\n")), NONE, "{text}");
    }
    for made_up in ["postgres://app:app_password1@db/x", "postgres://app:wordsonly@db/x", "redis://:s3cret@db"] {
        let own = told("values.yaml", &format!("a: {made_up}\n"));
        assert!(own.iter().all(|told| told.starts_with("secret-likely ")), "{own:?}");
    }
    assert_eq!(
        told("a/README.md", "http://app:qHs2LkV9x@db.example.com/\n"),
        NONE,
        "a readme shows how addresses look"
    );
}

#[test]
fn literals_stand_behind_keys_that_say_so() {
    let told = |text: &str| {
        let root = yaml::parse(text).unwrap().root.unwrap();
        let mut findings = Vec::new();
        in_values(&root, "values.yaml", |node| (node.position, 1), &mut findings);
        findings.into_iter().map(|finding| finding.message).collect::<Vec<_>>()
    };
    for key in ["authPassword", "password", "db_passwd", "apiKey", "accessKey", "bearerToken", "secretKey", "htpasswd"]
    {
        assert_eq!(told(&format!("a: {{{key}: welcome123}}\n")), [format!("`a.{key}` has a literal value")]);
    }
    assert_eq!(told("clientSecret: Welcome-123").len(), 1, "no name of a Secret");
    for one in [
        "secretKey: not-a-secure-key",
        "{existingSecret: '', accessKey: '', secretKey: supersecret}",
        "{secretName: x, secretKey: Qm9vSGFo}",
        "{secret: x, secretKey: supersecret}",
        "{otherSecretName: x, tokenSecretKey: supersecret}",
    ] {
        assert_eq!(told(one).len(), 1, "{one}");
    }
    for text in [
        "password: ''",
        "password: ~",
        "password: 12345678",
        "password: changeme",
        "password: change-me!",
        "password: <password>",
        "password: '{{ .x }}'",
        "password: ${X}",
        "password: your-password",
        "password: password",
        "password: 'xxxxx'",
        "password: my-password",
        "password: REPLACE_ME",
        "token: token",
        "password: '1234'",
        "adminPassword: admin-password",
        "existingPassword: abc123",
        "passwordSecretName: abc123",
        "passwordRef: abc123",
        "tokenPath: /a/b",
        "passwordKey: abc123",
        "clientSecret: my.secret-name",
        "tokenFile: abc",
        "x: {enabled: false, password: welcome123}",
        "user: welcome123",
        "automountServiceAccountToken: true",
        "initialClusterToken: etcd-cluster-1",
        "license: {secretName: '', secretKey: license}",
        "{tokenSecretName: x, tokenSecretKey: the_token.txt}",
        "{accountSecret: '', accountSecretKey: credentials.json}",
        "privateKey: \"-----BEGIN RSA PRIVATE KEY-----\\n-----END RSA PRIVATE KEY-----\"",
    ] {
        assert_eq!(told(text), NONE, "{text}");
    }
}

#[test]
fn a_large_text_of_begins_is_read_once() {
    for begin in [
        "://a:b@",
        "eyJa.eyJa.",
        "-----BEGIN PRIVATE KEY-----",
        "AKIA ",
        "# ://app:qHs2LkV9x@h ",
        "\"auth\":\"",
        "://app:qHs2LkV9x@h ",
    ] {
        let text = begin.repeat((1 << 20) / begin.len());
        assert!(told("values.yaml", &text).len() <= MOST);
    }
}

proptest! {
    #[test]
    fn spans_lie_in_the_text(text in "(AKIA|ghp_|eyJ|://|-----BEGIN |PRIVATE KEY-----|\"auth\":|[a-zA-Z0-9:@/=.\" \n#ä-]{1,12}){0,30}") {
        for hit in shapes::find(&text, false) {
            prop_assert!(text.get(hit.span.clone()).is_some_and(|hit| !hit.is_empty()));
        }
        told("values.yaml", &text);
    }
}
