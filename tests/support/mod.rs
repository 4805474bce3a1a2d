//! What makes the tests real: a sandbox for the binary, real registries on loopback, and what stands between the two.
//!
//! Everything here is synchronous and runs on plain threads, so a test is an ordinary function that reads from top to bottom. What a
//! test needs and the machine has not is said by [`needs!`], which skips the test by name; nothing is skipped silently.
#![allow(
    dead_code,
    unused_imports,
    reason = "a kit: each story takes what it needs, and on some machines some stories are skipped"
)]

pub(crate) mod artifact;
mod certificates;
mod corpus;
mod flood;
mod forward;
pub(crate) mod http;
mod invocation;
pub(crate) mod layout;
mod listener;
mod proxy;
mod recorder;
mod registry;
mod registry_config;
mod reply;
mod sandbox;
mod script;
mod serve;
pub(crate) mod source;
mod token_service;
mod tools;
mod tree;

pub(crate) use certificates::{Authority, Certificate};
pub(crate) use corpus::Corpus;
pub(crate) use flood::{Flood, Flow};
pub(crate) use invocation::{Invocation, Outcome, Running};
pub(crate) use listener::Listener;
pub(crate) use proxy::{Fault, FaultProxy, Moment};
pub(crate) use recorder::{Recorded, Recorder};
pub(crate) use registry::{Kind, RealRegistry, basic_authorization};
pub(crate) use registry_config::{PASSWORD, USER};
pub(crate) use reply::Reply;
pub(crate) use sandbox::{Sandbox, testdata};
pub(crate) use script::{Exchange, Script};
pub(crate) use token_service::{IDENTITY_TOKEN, TokenService};
pub(crate) use tools::{Tool, have, needs, skip};
pub(crate) use tree::{Entry, Tree, as_stored, assert_same_tree, tree};

use std::path::{Path, PathBuf};

/// Returns the build folder of this run (`target`, wherever it is).
pub(crate) fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the build's tmp folder lies in the build folder").to_owned()
}
