//! Findings are shown where somebody reads them, explained where they are not understood, and silenced where they are accepted.

mod allow;
mod changed_since;
mod explain;
mod for_machines;

use crate::support::{Outcome, Sandbox, testdata};

/// Copies packs of `testdata/invalid` into the working folder, each under the code it is named after.
fn with_invalid(codes: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for code in codes {
        sandbox.copy_folder(testdata("invalid").join(code), code);
    }
    sandbox
}

/// Runs `validate` with these words.
fn validate(sandbox: &Sandbox, words: &[&str]) -> Outcome {
    sandbox.spectro(["pack", "validate"]).args(words).run()
}

/// Returns the codes that `validate` finds in all packs, with the line of each, in order.
fn found(outcome: &Outcome) -> Vec<String> {
    let json = outcome.json();
    let packs = json["packs"].as_array().expect("packs is an array").iter();
    let findings = packs.flat_map(|pack| pack["findings"].as_array().expect("findings is an array").clone());
    findings.map(|finding| format!("{}:{}", finding["code"].as_str().expect("a text"), finding["line"])).collect()
}
