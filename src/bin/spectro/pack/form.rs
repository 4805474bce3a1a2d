//! Which of the two forms of a pack a command means, and where packs of that form lie.

use clap::ValueEnum;
use spectro_pack::{
    artifact::Form,
    location::{ServerLocation, is_archive_name},
    store::RepositoryName,
};

use crate::{args::ServerArgs, context::Context, failure::Failure};

/// What every command takes that reads or writes packs in a store.
#[derive(Clone, Copy, clap::Args)]
pub(crate) struct FormArgs {
    /// The form of the pack [default: layered, or "defaultFormat" in config.json]
    #[arg(long, value_enum, value_name = "FORM", env = "SPECTRO_FORMAT")]
    format: Option<Word>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Word {
    /// One layer a file or folder
    Layered,
    /// One tar.gz at SERVER/spectro-packs/archive/NAME, which Palette's registry sync reads
    Archive,
}

impl FormArgs {
    /// Returns the form that was named, or the default.
    pub(crate) fn form(self, context: &Context) -> Result<Form, Failure> {
        Ok(match self.named() {
            Some(form) => form,
            None => context.config()?.default_form()?.unwrap_or(Form::Layered),
        })
    }

    /// Returns where to look for the pack that a word names: a full reference says itself where it lies.
    pub(crate) fn of_word(self, word: &str, server: &ServerArgs, context: &Context) -> Result<Form, Failure> {
        let is_full = server.registry_server.is_none() && word.contains('/');
        if is_full { Ok(Form::Layered) } else { self.form(context) }
    }

    /// Returns the form that was named on the command line.
    pub(crate) fn named(self) -> Option<Form> {
        self.format.map(Word::form)
    }
}

impl Word {
    /// Returns the form.
    pub(super) fn form(self) -> Form {
        match self {
            Self::Layered => Form::Layered,
            Self::Archive => Form::Archive,
        }
    }
}

/// Returns the repository of a pack that was named on a server.
pub(crate) fn repository(
    location: &ServerLocation,
    name: &RepositoryName,
    form: Form,
) -> Result<RepositoryName, Failure> {
    match form {
        Form::Archive if !is_archive_name(name) => Ok(location.archive_name(name)?),
        _ => Ok(name.clone()),
    }
}
