//! When a request is made again, and when that is given up.
//!
//! Waits grow exponentially with jitter (`backon`); `Retry-After` is obeyed up to the budget, past it the error says at
//! once when to come back. Only what can be repeated is repeated: whoever asks here knows that.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::store::{Error, ErrorKind};

/// How often and how long a request is tried.
#[derive(Clone, Copy, Debug)]
pub struct RetryRule {
    /// Tries after the first one.
    pub retries: usize,
    /// How long all tries of one request may take together, before the last one begins.
    pub budget: Duration,
}

impl Default for RetryRule {
    /// Four further tries within two minutes.
    fn default() -> Self {
        Self { retries: 4, budget: Duration::from_mins(2) }
    }
}

/// Why a request did not succeed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: Error,
    pub(super) again: Again,
}

/// Whether another try may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    Never,
    Soon,
    After(Duration),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error, again: Again::Never }
    }
}

/// The tries of one request.
pub(super) struct Tries {
    rule: RetryRule,
    waits: ExponentialBackoff,
    started: Instant,
    made: usize,
}

impl Tries {
    pub(super) fn new(rule: RetryRule) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(20))
            .with_jitter()
            .with_max_times(rule.retries);
        Self { rule, waits: builder.build(), started: Instant::now(), made: 1 }
    }

    /// Waits until the next try is due.
    ///
    /// # Errors
    ///
    /// The fault's own error, with the tries that were made, where there is to be none.
    pub(super) async fn pause(&mut self, fault: Fault) -> Result<(), Error> {
        let asked = match fault.again {
            Again::Never => return Err(fault.error),
            Again::Soon => Duration::ZERO,
            Again::After(wait) => wait,
        };
        let Some(own) = self.waits.next() else { return Err(self.give_up(fault.error)) };
        let wait = own.max(asked);
        if self.started.elapsed() + wait > self.rule.budget {
            if asked > own {
                let message = format!("the server asks to come back in {} s", asked.as_secs());
                return Err(fault.error.while_doing(message));
            }
            return Err(self.give_up(fault.error));
        }
        self.made += 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn give_up(&self, error: Error) -> Error {
        if self.made == 1 || error.kind() != ErrorKind::Unavailable {
            return error;
        }
        let message = format!("gave up after {} tries in {:.1} s", self.made, self.started.elapsed().as_secs_f64());
        error.while_doing(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(again: Again) -> Fault {
        Fault { error: Error::new(ErrorKind::Unavailable, "no answer"), again }
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_and_say_how_many_there_were() {
        let mut tries = Tries::new(RetryRule { retries: 2, budget: Duration::from_mins(1) });
        assert!(tries.pause(fault(Again::Soon)).await.is_ok());
        assert!(tries.pause(fault(Again::Soon)).await.is_ok());
        let error = tries.pause(fault(Again::Soon)).await.unwrap_err();
        assert!(error.to_string().starts_with("gave up after 3 tries"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_retries_nothing_is_tried_again() {
        let mut tries = Tries::new(RetryRule { retries: 0, budget: Duration::from_mins(1) });
        assert_eq!(tries.pause(fault(Again::Soon)).await.unwrap_err().to_string(), "no answer");
        let mut tries = Tries::new(RetryRule::default());
        assert!(tries.pause(fault(Again::Never)).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_past_the_budget_is_not_begun() {
        let mut tries = Tries::new(RetryRule::default());
        let before = tokio::time::Instant::now();
        let error = tries.pause(fault(Again::After(Duration::from_hours(1)))).await.unwrap_err();
        assert_eq!(error.to_string(), "the server asks to come back in 3600 s");
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert!(tries.pause(fault(Again::After(Duration::from_secs(3)))).await.is_ok());
        assert!(before.elapsed() >= Duration::from_secs(3));
    }
}
