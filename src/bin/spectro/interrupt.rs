//! Ctrl-C and SIGTERM: whatever is under way is dropped, which removes what was half done.

use std::{future::Future, process::ExitCode, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    context::Context,
    failure::{Exit, Failure},
};

/// How long servers are told that their uploads will not be finished.
const FAREWELL: Duration = Duration::from_millis(500);

/// Runs a command to its end, or until the user or the system wants it to stop.
pub(crate) async fn unless_interrupted(
    context: &Context,
    command: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let interrupted = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            },
            Err(_) => {
                tokio::signal::ctrl_c().await.ok();
            }
        }
    };
    let result = tokio::select! {
        result = command => Some(result),
        () = interrupted => None,
    };
    // The command was dropped above, and with it everything that it had half done.
    if let Some(result) = result {
        return result;
    }
    context.progress.finish();
    let servers = context.servers();
    let farewell = futures::future::join_all(servers.iter().map(spectro_pack::registry::Server::abandon_uploads));
    tokio::time::timeout(FAREWELL, farewell).await.ok();
    Err(Failure::new(Exit::Interrupted, "interrupted").state("nothing half-done is visible"))
}
