//! `pack images` says which images a pack needs and which of them its list lacks, so that an air-gapped site has them all.

use crate::support::{Sandbox, testdata};

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy_folder(testdata("invalid/image-undeclared"), "lacking");
    sandbox.copy_pack("prometheus-grafana");
    sandbox.copy_pack("golden-centos-aws");
    sandbox
}

#[test]
fn what_is_missing_is_named_with_its_place() {
    let outcome = sandbox().spectro(["pack", "images", "lacking", "prometheus-grafana", "golden-centos-aws"]).run();
    insta::assert_snapshot!(outcome.fails(1).stdout, @"
    lacking: 1 declared, 1 found, 1 missing
      missing   quay.io/demo/server:v1.0.0  (charts/demo-1.0.0.tgz: demo/values.yaml:3)
      declared  quay.io/demo/server:v0.9.0  (values.yaml:5)

    prometheus-grafana: 4 declared, 4 found, none missing
      found     docker.io/grafana/grafana:7.3.1  (charts/prometheus-grafana.tgz: prometheus-operator/values.yaml:65)
      found     quay.io/prometheus-operator/prometheus-operator:v0.43.2  (charts/prometheus-grafana.tgz: prometheus-operator/values.yaml:30)
      found     quay.io/prometheus/alertmanager:v0.21.0  (charts/prometheus-grafana.tgz: prometheus-operator/values.yaml:41)
      found     quay.io/prometheus/prometheus:v2.22.1  (charts/prometheus-grafana.tgz: prometheus-operator/values.yaml:35)
      declared  quay.io/prometheus-operator/prometheus-operator:v0.43.2  (values.yaml:7)
      declared  quay.io/prometheus/prometheus:v2.22.1  (values.yaml:8)
      declared  quay.io/prometheus/alertmanager:v0.21.0  (values.yaml:9)
      declared  docker.io/grafana/grafana:7.3.1  (values.yaml:10)

    golden-centos-aws: no images
    ");
}

#[test]
fn a_list_that_lacks_nothing_is_a_success() {
    let outcome = sandbox().spectro(["pack", "images", "prometheus-grafana"]).run();
    outcome.success();
}

#[test]
fn the_json_form() {
    let outcome = sandbox().spectro(["pack", "images", "lacking", "-o", "json"]).run();
    let json = serde_json::to_string_pretty(&outcome.fails(1).json()).expect("JSON can be written");
    insta::assert_snapshot!(json, @r#"
    {
      "packs": [
        {
          "declared": [
            {
              "image": "quay.io/demo/server:v0.9.0",
              "line": 5
            }
          ],
          "directory": "lacking",
          "found": [
            {
              "declared": false,
              "file": "charts/demo-1.0.0.tgz",
              "image": "quay.io/demo/server:v1.0.0",
              "line": 3,
              "within": "demo/values.yaml"
            }
          ],
          "missing": [
            {
              "declared": false,
              "file": "charts/demo-1.0.0.tgz",
              "image": "quay.io/demo/server:v1.0.0",
              "line": 3,
              "within": "demo/values.yaml"
            }
          ],
          "name": "demo",
          "version": "1.0.0"
        }
      ],
      "schemaVersion": 1
    }
    "#);
}

#[test]
fn a_folder_that_is_not_there_hides_no_other() {
    let outcome = sandbox().spectro(["pack", "images", "nowhere", "lacking"]).run().fails(3);
    outcome.prints("lacking: 1 declared, 1 found, 1 missing").says("nowhere");
}
