//! The clock of an upload: what counts is when bytes last moved, not how long all of them take.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// When bytes last moved.
pub(super) struct Pulse {
    base: Instant,
    last: AtomicU64,
    ended: AtomicBool,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { base: Instant::now(), last: AtomicU64::new(0), ended: AtomicBool::new(false) }
    }

    pub(super) fn beat(&self) {
        let now = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Returns when bytes last moved, or nothing where none did.
    pub(super) fn last_beat(&self) -> Option<Instant> {
        let last = self.last.load(Ordering::Relaxed);
        (last > 0).then(|| self.base + Duration::from_millis(last))
    }

    pub(super) fn end(&self) {
        self.beat();
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Returns when no byte moved for `idle`, or `answer` passed since the last one.
    pub(super) async fn stalled(&self, idle: Duration, answer: Duration) {
        loop {
            let limit = if self.ended.load(Ordering::Relaxed) { answer } else { idle };
            let due = self.base + Duration::from_millis(self.last.load(Ordering::Relaxed)) + limit;
            if Instant::now() >= due {
                return;
            }
            tokio::time::sleep_until(due.into()).await;
        }
    }
}
