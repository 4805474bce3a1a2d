//! `config.json` in the home folder, in the form that the documentation's CLI gave it.
//!
//! `{"auths": {"<server>": {"auth": "…", "insecure": true}}, "defaultRegistry": "<server>", "defaultFormat": "archive"}`; other
//! members are left alone.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::error::Category;
use spectro_pack::{artifact::Form, location::ServerLocation};

use crate::failure::{Exit, Failure};

/// The name of the file in the home folder.
pub(crate) const FILE: &str = "config.json";

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "defaultRegistry")]
    default_registry: Option<String>,
    #[serde(default, rename = "defaultFormat")]
    default_format: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Entry {
    #[serde(default)]
    insecure: bool,
}

impl Config {
    /// Reads the file of a home folder; one that is not there says nothing.
    pub(crate) fn read(home: &Path) -> Result<Self, Failure> {
        let path = home.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
                return Ok(Self::default());
            }
            Err(error) => return Err(Failure::file_system(format!("cannot read `{}`", path.display()), &error)),
        };
        // The error says where, and repeats none of the text, in which secrets stand.
        serde_json::from_str(&text).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            let why = match error.classify() {
                Category::Data => "a member has a value of another type than it should",
                Category::Syntax | Category::Eof | Category::Io => "it is no JSON from there on",
            };
            Failure::new(Exit::Usage, format!("`{}` is broken at {place}", path.display())).cause(why)
        })
    }

    /// Returns the server of commands that name none.
    pub(crate) fn default_server(&self) -> Result<Option<ServerLocation>, Failure> {
        let text = self.default_registry.as_deref().filter(|text| !text.is_empty());
        text.map(|text| text.parse().map_err(Failure::from)).transpose()
    }

    /// Returns the form of packs where a command names none.
    pub(crate) fn default_form(&self) -> Result<Option<Form>, Failure> {
        match self.default_format.as_deref() {
            None | Some("") => Ok(None),
            Some("layered") => Ok(Some(Form::Layered)),
            Some("archive") => Ok(Some(Form::Archive)),
            Some(_) => {
                Err(Failure::new(Exit::Usage, format!("`defaultFormat` in {FILE} is neither layered nor archive")))
            }
        }
    }

    /// Returns whether certificates of this host are not to be verified.
    pub(crate) fn is_insecure(&self, host: &str) -> bool {
        let bare = |key: &str| key.trim_start_matches("https://").trim_end_matches('/').to_lowercase();
        self.auths.iter().any(|(key, entry)| entry.insecure && bare(key) == host)
    }
}
