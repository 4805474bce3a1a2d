//! Charts, logos and roles that are something else than their name says: pages, pointers, halves.

use std::fs;

use crate::{
    support::{Sandbox, testdata},
    validate_a_pack::{faults, findings, read},
};

#[test]
fn a_role_that_is_a_file() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("golden-centos-aws");
    fs::remove_dir_all(pack.join("harden_os")).expect("the role is there");
    sandbox.write(pack.join("harden_os"), "- hosts: all\n");
    insta::assert_snapshot!(faults(&pack), @"
    error[role-invalid] pack.json:12:9+11
      the role `harden_os` is a file
      hint: a role is a folder with `tasks/main.yml` in it
    ");
}

/// Returns what is found in prometheus-grafana when its chart has another content.
fn with_chart(content: &[u8]) -> String {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("prometheus-grafana");
    sandbox.write(pack.join("charts/prometheus-grafana.tgz"), content);
    findings(&pack)
}

#[test]
fn a_chart_that_is_something_else() {
    let good =
        fs::read(testdata("packs/prometheus-grafana/charts/prometheus-grafana.tgz")).expect("the chart is there");
    let mut flipped = good.clone();
    let middle = good.len() / 2;
    flipped[middle] ^= 0x10;
    insta::assert_snapshot!(with_chart(b"<!DOCTYPE html>\n<html><title>404 Not Found</title></html>\n"), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is an HTML page, not a chart
      hint: download it again, and look at what the server answers
    ");
    insta::assert_snapshot!(with_chart(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is a pointer of Git LFS, not a chart
      hint: get the file with: git lfs pull
    ");
    insta::assert_snapshot!(with_chart(b""), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is empty
      hint: download it again
    ");
    insta::assert_snapshot!(with_chart(&good[..good.len() / 2]), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is no whole chart: it is cut off
      hint: download it again
    ");
    insta::assert_snapshot!(with_chart(&good[..good.len() - 4]), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is no whole chart: it is cut off
      hint: download it again
    ");
    insta::assert_snapshot!(with_chart(&flipped), @"
    error[chart-invalid] charts/prometheus-grafana.tgz
      `charts/prometheus-grafana.tgz` is no chart: its gzip stream is damaged
    ");
}

#[test]
fn a_logo_that_is_something_else() {
    let sandbox = Sandbox::new();
    let pack = sandbox.copy_pack("golden-centos-aws");
    let logo = |content: &[u8]| {
        sandbox.write(pack.join("logo.png"), content);
        let reading = read(&pack);
        let media_type = reading.pack.as_ref().expect("a wrong logo is a warning").logo_media_type();
        format!("{}{media_type}", faults(&pack))
    };
    insta::assert_snapshot!(logo(b""), @"
    warning[logo-invalid] logo.png
      `logo.png` is empty
      hint: save a PNG picture of 128 × 128 pixels under this name
    application/octet-stream
    ");
    insta::assert_snapshot!(logo(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"), @"
    warning[logo-invalid] logo.png
      `logo.png` is not a PNG picture but a JPEG picture
      hint: save a PNG picture of 128 × 128 pixels under this name
    image/jpeg
    ");
    insta::assert_snapshot!(logo(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), @"
    warning[logo-invalid] logo.png
      `logo.png` is not a PNG picture but an SVG picture
      hint: save a PNG picture of 128 × 128 pixels under this name
    application/octet-stream
    ");
    insta::assert_snapshot!(logo(b"\x89PNG\r\n\x1a\n"), @"
    warning[logo-invalid] logo.png
      `logo.png` is a damaged PNG picture: it is cut off
      hint: save a PNG picture of 128 × 128 pixels under this name
    image/png
    ");
    let whole = fs::read(testdata("packs/golden-centos-aws/logo.png")).expect("the logo is there");
    insta::assert_snapshot!(logo(&[whole, vec![0; 1 << 20]].concat()), @"
    warning[logo-invalid] logo.png
      `logo.png` has 1050055 bytes, more than 1 MiB
      hint: 128 × 128 pixels are enough
    image/png
    ");
}
