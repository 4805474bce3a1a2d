//! The stories that hold the promises of `spectro`: every module is one, and all run in one binary.

mod all_or_nothing;
mod answer_as_harbor_does;
mod architecture;
mod archives_read_as_others_do;
mod calibrate_on_real_packs;
mod conform_as_a_client;
mod credentials_stay_home;
mod every_target_does_the_same;
mod faults_happen_as_told;
mod inspect_without_downloading;
mod keep_every_write;
mod never_overwrite_unasked;
mod other_tools_agree;
mod pull_a_pack;
mod push_a_pack;
mod read_real_packs;
mod real_registries_start;
mod rebuild_the_same_bytes;
mod refuse_bad_input;
mod show_findings;
mod soak;
mod support;
mod survive_a_flaky_registry;
mod validate_a_pack;
