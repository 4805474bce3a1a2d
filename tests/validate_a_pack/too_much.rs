//! Whatever is laid into a pack, `validate` ends with a finding that names the file: it neither crashes nor takes all memory.
//!
//! Every check runs under a limit of address space, which a reader that grows with its input would break.
//! How long they take, and how much memory is really touched, is measured by `scripts/bench --only validate`.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::support::{Sandbox, testdata};

/// What the process may map, in KiB: the binary, its threads' stacks and malloc's arenas take most of it.
const ADDRESS_SPACE: u32 = 1536 * 1024;

/// A manifest that the pack declares.
const MANIFEST: &str = "manifests/permission-manager.yaml";

/// Returns what `validate` says of a good pack in which one file was replaced, one finding a line.
fn with(file: &str, content: &[u8]) -> Vec<String> {
    let sandbox = Sandbox::new();
    let pack = if file == MANIFEST { "permission-manager" } else { "prometheus-grafana" };
    let pack = sandbox.copy_folder(testdata("packs").join(pack), "pack");
    assert!(file == "presets.yaml" || pack.join(file).exists(), "`{file}` is no file of the pack");
    sandbox.write(pack.join(file), content);
    let spectro = env!("CARGO_BIN_EXE_spectro");
    let line = format!("ulimit -v {ADDRESS_SPACE}; exec '{spectro}' pack validate pack -o json");
    let outcome = sandbox.tool("sh", ["-c", &line]).run();
    let json = outcome.json();
    let findings = json["packs"][0]["findings"].as_array().expect("findings is an array").iter();
    let text = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap_or("-").to_owned();
    let told = findings.filter(|finding| finding["severity"] != "note");
    told.map(|finding| format!("{} {}: {}", text(finding, "code"), text(finding, "file"), text(finding, "message")))
        .collect()
}

/// Returns a gzipped tar of one file that is nothing but zeros.
fn chart_of_zeros(size: u64) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.set_path("prometheus/values.yaml").expect("a short path fits");
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(header.as_bytes()).expect("a Vec takes all");
    let block = vec![0; 1 << 20];
    for _ in 0..size.div_ceil(1 << 20) {
        gzip.write_all(&block).expect("a Vec takes all");
    }
    gzip.finish().expect("a Vec takes all")
}

#[test]
fn values_of_five_mebibytes() {
    let block = "    - name: a\n      value: \"0123456789\"\n";
    let many = block.repeat((5 << 20) / block.len());
    let values = format!("pack:\n  namespace: a\nmanifests:\n  none:\n{many}");
    let found = with("values.yaml", values.as_bytes());
    assert!(found.iter().any(|line| line.contains("values.yaml: ")), "{found:#?}");
}

#[test]
fn an_alias_bomb() {
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    for level in 1..=12 {
        let previous = format!("*a{}", level - 1);
        lines.push(format!("a{level}: &a{level} [{}]", vec![previous; 10].join(", ")));
    }
    let values = lines.join("\n");
    insta::assert_debug_snapshot!(with("values.yaml", values.as_bytes()), @r#"
    [
        "values-syntax values.yaml: more than 250000 values, aliases counted",
    ]
    "#);
}

#[test]
fn ten_thousand_levels() {
    let flow = format!("a: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    insta::assert_debug_snapshot!(with("values.yaml", flow.as_bytes()), @r#"
    [
        "values-syntax values.yaml: nested too deep",
    ]
    "#);
    let block = (0..5_000).map(|level| " ".repeat(level) + "a:\n").collect::<String>();
    insta::assert_debug_snapshot!(with("presets.yaml", block.as_bytes()), @r#"
    [
        "preset-invalid presets.yaml: nested more than 128 levels deep",
    ]
    "#);
    let braces = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    insta::assert_debug_snapshot!(with("pack.json", braces.as_bytes()), @r#"
    [
        "metadata-syntax pack.json: nested more than 128 levels deep",
    ]
    "#);
    let actions = format!("{}{}", "{{ if .a }}".repeat(10_000), "{{ end }}".repeat(10_000));
    insta::assert_debug_snapshot!(with(MANIFEST, actions.as_bytes()), @r#"
    [
        "manifest-syntax manifests/permission-manager.yaml: blocks and parentheses are nested deeper than 500 levels",
        "secret-likely values.yaml: `manifests.permission-manager.authPassword` has a literal value",
    ]
    "#);
}

#[test]
fn a_chart_of_a_gibibyte_of_zeros() {
    let chart = chart_of_zeros(1 << 30);
    assert!(chart.len() < 8 << 20, "it is a bomb: {} bytes", chart.len());
    insta::assert_debug_snapshot!(with("charts/prometheus-grafana.tgz", &chart), @r#"
    [
        "chart-invalid charts/prometheus-grafana.tgz: `charts/prometheus-grafana.tgz` is no chart: it has more than 100 MiB unpacked",
    ]
    "#);
}

#[test]
fn metadata_of_a_hundred_mebibytes() {
    let mut metadata = b"{\"name\": \"a\", \"x\": \"".to_vec();
    metadata.resize(100 << 20, b'x');
    metadata.extend(b"\"}");
    insta::assert_debug_snapshot!(with("pack.json", &metadata), @r#"
    [
        "metadata-syntax pack.json: `pack.json` has 104857602 bytes, more than 1 MiB",
    ]
    "#);
}
