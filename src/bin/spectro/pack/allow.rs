//! `--allow CODE[,CODE]`: the rules whose findings the caller accepts.

use std::collections::BTreeSet;

use spectro_pack::pack::{Code, ReadOptions, UnknownCode};

use crate::{
    failure::{Exit, Failure},
    format,
};

/// What every command takes that reads packs and refuses bad ones.
#[derive(clap::Args, Default)]
pub(crate) struct AllowArgs {
    /// Accept the findings of these rules
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    allow: Vec<String>,
}

impl AllowArgs {
    /// Returns how packs are read.
    pub(crate) fn options(&self) -> Result<ReadOptions, Failure> {
        let mut options = ReadOptions::default();
        options.today = format::today().parse().ok();
        options.allowed = self.allow.iter().map(|word| allowed(word)).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(options)
    }
}

fn allowed(word: &str) -> Result<Code, Failure> {
    let code = code(word)?;
    match code.why_not_allowed() {
        None => Ok(code),
        Some(reason) => Err(Failure::new(Exit::Usage, format!("`{code}` cannot be allowed")).cause(reason)),
    }
}

/// Returns the rule that a word of the command line names.
pub(crate) fn code(word: &str) -> Result<Code, Failure> {
    word.trim().parse().map_err(|unknown: UnknownCode| {
        let failure = Failure::new(Exit::Usage, unknown.to_string());
        let meant: Vec<_> = unknown.meant().iter().map(|code| format!("`{code}`")).collect();
        match meant.as_slice() {
            [] => failure.hint("the rules are listed by: spectro pack validate --explain all"),
            meant => failure.hint(format!("did you mean {}?", meant.join(" or "))),
        }
    })
}
