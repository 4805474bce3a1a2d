//! The stories that hold the promises of `spectro`: every module is one, and all run in one binary.

mod architecture;
mod faults_happen_as_told;
mod real_registries_start;
mod support;
