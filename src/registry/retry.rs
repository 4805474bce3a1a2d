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
    /// The time in which bytes of a large body move is not counted: a download of an hour that breaks off goes on.
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
    /// From when on the budget counts.
    counted_from: Instant,
    made: usize,
}

impl Tries {
    pub(super) fn new(rule: RetryRule) -> Self {
        let builder = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(20))
            .with_jitter()
            .with_max_times(rule.retries);
        let now = Instant::now();
        Self { rule, waits: builder.build(), started: now, counted_from: now, made: 1 }
    }

    /// Notes that bytes of a body moved at a moment: the time until then was well spent, and is not counted.
    pub(super) fn moved(&mut self, moment: Instant) {
        self.counted_from = self.counted_from.max(moment);
    }

    /// Returns how long to wait until the next try is due.
    ///
    /// # Errors
    ///
    /// The fault's own error, with the tries that were made, where there is to be none.
    pub(super) fn next(&mut self, fault: Fault) -> Result<Duration, Error> {
        let asked = match fault.again {
            Again::Never => return Err(fault.error),
            Again::Soon => Duration::ZERO,
            Again::After(wait) => wait,
        };
        let Some(own) = self.waits.next() else { return Err(self.give_up(fault.error)) };
        let wait = own.max(asked);
        if self.counted_from.elapsed() + wait > self.rule.budget {
            if asked > own {
                return Err(fault.error.while_doing(format!("the server {}", come_back_in(asked))));
            }
            return Err(self.give_up(fault.error));
        }
        self.made += 1;
        Ok(wait)
    }

    fn give_up(&self, error: Error) -> Error {
        if self.made == 1 || error.kind() != ErrorKind::Unavailable {
            return error;
        }
        let message = format!("gave up after {} tries in {:.1} s", self.made, self.started.elapsed().as_secs_f64());
        error.while_doing(message)
    }
}

/// Says when a server wants to be asked again.
pub(super) fn come_back_in(wait: Duration) -> String {
    format!("asks to come back in {} s", wait.as_secs_f64().ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(again: Again) -> Fault {
        Fault { error: Error::new(ErrorKind::Unavailable, "no answer"), again }
    }

    #[test]
    fn tries_end_and_say_how_many_there_were() {
        let mut tries = Tries::new(RetryRule { retries: 2, budget: Duration::from_mins(1) });
        assert!(tries.next(fault(Again::Soon)).is_ok());
        assert!(tries.next(fault(Again::Soon)).is_ok());
        let error = tries.next(fault(Again::Soon)).unwrap_err();
        assert!(error.to_string().starts_with("gave up after 3 tries"), "{error}");
    }

    #[test]
    fn without_retries_nothing_is_tried_again() {
        let mut tries = Tries::new(RetryRule { retries: 0, budget: Duration::from_mins(1) });
        assert_eq!(tries.next(fault(Again::Soon)).unwrap_err().to_string(), "no answer");
        let mut tries = Tries::new(RetryRule::default());
        assert!(tries.next(fault(Again::Never)).is_err());
    }

    #[test]
    fn a_wait_past_the_budget_is_not_begun() {
        let mut tries = Tries::new(RetryRule::default());
        let error = tries.next(fault(Again::After(Duration::from_hours(1)))).unwrap_err();
        assert_eq!(error.to_string(), "the server asks to come back in 3600 s");
        assert!(tries.next(fault(Again::After(Duration::from_secs(3)))).unwrap() >= Duration::from_secs(3));
    }

    /// A download that broke off after more than the budget was not resumed.
    #[test]
    fn the_time_in_which_bytes_move_is_not_counted() {
        let rule = RetryRule { retries: 4, budget: Duration::from_secs(2) };
        let long_ago =
            Instant::now().checked_sub(Duration::from_secs(5)).expect("this machine has run for some seconds");
        let under_way = || Tries { started: long_ago, counted_from: long_ago, ..Tries::new(rule) };
        assert!(under_way().next(fault(Again::Soon)).is_err(), "more than the budget without a byte");
        let mut tries = under_way();
        tries.moved(Instant::now());
        assert!(tries.next(fault(Again::Soon)).is_ok());
        // A moment before the last one changes nothing.
        tries.moved(long_ago);
        assert!(tries.next(fault(Again::Soon)).is_ok());
    }
}
