//! `spectro registry status [SERVER]`: which credentials a server would be given, whether it takes them, and what it is.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::{Value, json};
use spectro_pack::{
    location::ServerLocation,
    registry::{CredentialSearch, Credentials, Located, Look, Scheme, ServerName, Verdict},
    store::ErrorKind,
};

use super::{open, registry};
use crate::{
    args::ServerArgs,
    blocking::blocking,
    connection::configurations,
    context::Context,
    failure::{Exit, Failure},
};

/// What `status` takes.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  spectro registry status                 which servers there are credentials for\n  \
    spectro registry status ghcr.io/acme    which of them it would get, and whether it takes them"
)]
pub(crate) struct Args {
    /// The server; without one, those that there are credentials for
    #[arg(value_name = "SERVER")]
    named: Option<ServerLocation>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What a server said to the credentials.
enum Answer {
    Accepted,
    Unchecked,
    Refused(Failure),
    /// There were none to show.
    Anonymous,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match args.named.clone().or_else(|| args.server.registry_server.clone()) {
        Some(named) => status_of(&args, registry(Some(named), context)?, context).await,
        None => list(context).await,
    }
}

async fn list(context: &Context) -> Result<ExitCode, Failure> {
    let default = context.default_server()?.map(|server| server.to_string());
    let configurations = configurations(context);
    let known = blocking(move || CredentialSearch { configurations, ..CredentialSearch::default() }.known()).await?;
    let known = known.map_err(|error| Failure::of_store("cannot read the credentials", &error))?;
    let mut text = String::new();
    if let Some(default) = &default {
        writeln!(text, "default registry: {default}").expect("a String takes all");
    }
    for (key, source) in &known {
        writeln!(text, "{key}  ({source})").expect("a String takes all");
    }
    if known.is_empty() {
        text.push_str("there are no credentials: spectro registry login SERVER");
    }
    context.output.result(text.trim_end(), || {
        let known: Vec<_> = known.iter().map(|(key, source)| json!({ "server": key, "source": source })).collect();
        json!({ "defaultRegistry": default, "servers": known })
    });
    Ok(ExitCode::SUCCESS)
}

async fn status_of(args: &Args, name: ServerName, context: &Context) -> Result<ExitCode, Failure> {
    let failed = |error: &_| Failure::of_store(format!("cannot look at `{name}`"), error);
    let given = args.server.given_credentials()?;
    let (host, base) = (name.host().to_owned(), name.base().map(ToString::to_string).unwrap_or_default());
    let search = CredentialSearch {
        given: given.clone(),
        configurations: configurations(context),
        ..CredentialSearch::default()
    };
    let found = blocking(move || search.find(&host, &base)).await?.map_err(|error| failed(&error))?;
    let server = open(&args.server.connection, &name, given, context)?;
    let answer = match &found {
        None => Answer::Anonymous,
        Some(found) => match server.verify(&found.credentials).await {
            Ok(Verdict::Accepted) => Answer::Accepted,
            Ok(Verdict::Unchecked) => Answer::Unchecked,
            Err(error) if error.kind() == ErrorKind::Denied => Answer::Refused(failed(&error)),
            Err(error) => return Err(failed(&error)),
        },
    };
    let shown = found.as_ref().filter(|_| matches!(answer, Answer::Accepted | Answer::Unchecked));
    let look = server.look(shown.map(|found| &found.credentials)).await.map_err(|error| failed(&error))?;
    let text = to_text(&name, found.as_ref(), &answer, &look);
    context.output.result(&text, || to_json(&name, found.as_ref(), &answer, &look));
    Ok(match answer {
        Answer::Refused(_) => Exit::Denied.into(),
        _ => ExitCode::SUCCESS,
    })
}

fn to_text(name: &ServerName, found: Option<&Located>, answer: &Answer, look: &Look) -> String {
    let mut rows = vec![("server", name.to_string()), ("kind", look.kind.name().to_owned())];
    let scheme = match (look.scheme, &look.token_service) {
        (Scheme::None, _) => "none asked at /v2/".to_owned(),
        (Scheme::Basic, _) => "Basic".to_owned(),
        (Scheme::Token, service) => format!("tokens of {}", service.as_deref().unwrap_or("an address that is none")),
    };
    rows.push(("authentication", scheme));
    rows.push((
        "credentials",
        match found {
            None => "none".to_owned(),
            Some(found) => {
                let under = found.key.as_ref().map(|key| format!(" under {key}")).unwrap_or_default();
                format!("{} from {found}{under}", who(found))
            }
        },
    ));
    rows.push((
        "accepted",
        match answer {
            Answer::Accepted => "yes".to_owned(),
            Answer::Unchecked => "not checked: the server takes any".to_owned(),
            Answer::Refused(_) => format!("no: spectro registry login {}", name.host()),
            Answer::Anonymous => "nothing was shown".to_owned(),
        },
    ));
    rows.push(("catalog", told(look.catalog)));
    rows.push(("referrers", told(look.referrers)));
    rows.push(("deletes", look.kind.deletes().unwrap_or("not known without trying").to_owned()));
    let whole = look.kind.takes_whole_uploads();
    rows.push(("upload in one POST", whole.map_or("not known without trying", yes_or_no).to_owned()));
    rows.iter().map(|(label, value)| format!("{label:<20}{value}")).collect::<Vec<_>>().join("\n")
}

fn who(found: &Located) -> String {
    match &found.credentials {
        Credentials::Password { username, .. } => format!("the password of `{username}`"),
        Credentials::IdentityToken(_) => "an identity token".to_owned(),
        Credentials::Token(_) => "a token".to_owned(),
    }
}

fn told(answer: Option<bool>) -> String {
    answer.map_or("not told to these credentials", yes_or_no).to_owned()
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

fn to_json(name: &ServerName, found: Option<&Located>, answer: &Answer, look: &Look) -> Value {
    let kind = match found.map(|found| &found.credentials) {
        None => Value::Null,
        Some(Credentials::Password { .. }) => "password".into(),
        Some(Credentials::IdentityToken(_)) => "identity-token".into(),
        Some(Credentials::Token(_)) => "token".into(),
    };
    let scheme = match look.scheme {
        Scheme::None => "none",
        Scheme::Basic => "basic",
        Scheme::Token => "token",
    };
    let answered = match answer {
        Answer::Accepted => "accepted",
        Answer::Unchecked => "unchecked",
        Answer::Refused(_) => "refused",
        Answer::Anonymous => "anonymous",
    };
    let refusal = match answer {
        Answer::Refused(failure) => failure.to_json(),
        _ => Value::Null,
    };
    json!({
        "server": name.to_string(),
        "kind": look.kind.name(),
        "authentication": { "scheme": scheme, "tokenService": look.token_service },
        "credentials": found.map(|found| json!({
            "kind": kind, "username": found.credentials.username(), "source": found.source, "key": found.key, "helper": found.helper,
        })),
        "answer": answered,
        "refusal": refusal,
        "catalog": look.catalog,
        "referrers": look.referrers,
        "deletes": look.kind.deletes(),
        "uploadInOnePost": look.kind.takes_whole_uploads(),
    })
}
