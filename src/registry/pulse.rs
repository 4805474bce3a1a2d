//! The clock of an upload: what counts is when bytes last moved, not how long all of them take.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// When bytes last moved. Times are milliseconds since `base`.
pub(super) struct Pulse {
    base: Instant,
    /// When the request was begun.
    begun: AtomicU64,
    /// When bytes last moved; 0 where none did.
    last: AtomicU64,
    ended: AtomicBool,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { base: Instant::now(), begun: AtomicU64::new(0), last: AtomicU64::new(0), ended: AtomicBool::new(false) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.base.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes that the request goes out now: what came before, such as a wait for its turn, is no silence of the server.
    pub(super) fn begin(&self) {
        self.begun.store(self.now(), Ordering::Relaxed);
    }

    pub(super) fn beat(&self) {
        self.last.store(self.now().max(1), Ordering::Relaxed);
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
            let last = self.last.load(Ordering::Relaxed).max(self.begun.load(Ordering::Relaxed));
            let due = self.base + Duration::from_millis(last) + limit;
            if Instant::now() >= due {
                return;
            }
            tokio::time::sleep_until(due.into()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn stalls_within(pulse: &Pulse, idle: u64, patience: u64) -> bool {
        let stalled = pulse.stalled(Duration::from_millis(idle), Duration::from_mins(1));
        tokio::time::timeout(Duration::from_millis(patience), stalled).await.is_ok()
    }

    /// A wait for its turn (the brake after a 429) was taken for a server that is silent.
    #[tokio::test]
    async fn the_time_before_a_request_is_begun_is_no_silence() {
        let pulse = Pulse::new();
        tokio::time::sleep(Duration::from_millis(1100)).await;
        pulse.begin();
        assert_eq!(pulse.last_beat(), None);
        assert!(!stalls_within(&pulse, 1000, 50).await);
        assert!(stalls_within(&pulse, 1000, 10_000).await);
    }

    #[tokio::test]
    async fn bytes_that_move_and_an_answer_that_is_awaited_are_no_silence() {
        let pulse = Pulse::new();
        pulse.begin();
        tokio::time::sleep(Duration::from_millis(1100)).await;
        pulse.beat();
        assert!(pulse.last_beat().is_some());
        assert!(!stalls_within(&pulse, 1000, 50).await);
        pulse.end();
        assert!(!stalls_within(&pulse, 1, 300).await, "the server may take its time to hash");
    }
}
