//! A new pack from nothing: small, valid, and with comments that say what belongs where.

use super::{NewPack, namespace_of, placeholder};
use crate::pack::ProfileLayer;

/// A file of a new pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its path in the pack.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Returns the files of a new pack of a layer: what it says of itself is completed with what the layer needs.
pub fn template(mut pack: NewPack) -> Vec<NewFile> {
    let name = pack.name.clone();
    let mut files = Vec::new();
    let mut add = |path: &str, text: String| files.push(NewFile { path: path.to_owned(), bytes: text.into_bytes() });
    let values = match pack.layer {
        ProfileLayer::Os => {
            pack.annotations.extend(image_of(&pack.cloud_types));
            OS_VALUES.to_owned()
        }
        ProfileLayer::K8s => K8S_VALUES.replace("VERSION", &pack.version),
        _ => {
            let manifest = format!("manifests/{name}.yaml");
            add(&manifest, MANIFEST.replace("NAME", &name));
            pack.manifests.push(manifest);
            MANIFEST_VALUES.replace("NAMESPACE", &namespace_of(&name)).replace("NAME", &name)
        }
    };
    add("pack.json", pack.to_json());
    add("values.yaml", values);
    add("README.md", README.replace("TITLE", &pack.display_name).replace("LAYER", pack.layer.as_str()));
    files.push(NewFile { path: "logo.png".into(), bytes: placeholder(&name) });
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// Returns the annotations that name the image of the nodes, as examples to be replaced.
fn image_of(clouds: &[String]) -> Vec<(String, String)> {
    let is_for = |cloud: &str| clouds.iter().any(|named| named == cloud || named == "all");
    let mut annotations = vec![("osName", "ubuntu"), ("os_spectro_version", "0"), ("skipK8sInstall", "false")];
    if is_for("aws") {
        annotations.extend([("imageOwner", "000000000000"), ("cloudRegion", "us-east-1")]);
    }
    if is_for("vsphere") {
        annotations.push(("imageId", "/Datacenter/vm/templates/IMAGE"));
    } else if is_for("aws") {
        annotations.push(("imageId", "ami-00000000000000000"));
    }
    if is_for("azure") {
        annotations.extend([
            ("imageOffer", "ubuntu-24_04-lts"),
            ("imagePublisher", "Canonical"),
            ("imageSKU", "server"),
        ]);
    }
    annotations.push(("sshUsername", "ubuntu"));
    annotations.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

const OS_VALUES: &str = "\
# What is done on each node of the cluster, around the run of kubeadm.
kubeadmconfig:
  # Commands before kubeadm, as root, one after the other.
  preKubeadmCommands: []
  # Commands after kubeadm.
  postKubeadmCommands: []
  # Files that are written first: targetPath, targetOwner, targetPermissions, content.
  files: []
";

const K8S_VALUES: &str = "\
pack:
  # Every image that the nodes pull, for sites that can't reach a registry.
  content:
    images:
      - image: registry.k8s.io/kube-apiserver:vVERSION
      - image: registry.k8s.io/kube-controller-manager:vVERSION
      - image: registry.k8s.io/kube-scheduler:vVERSION
      - image: registry.k8s.io/kube-proxy:vVERSION

# The configuration of kubeadm.
kubeadmconfig:
  networking:
    # The addresses of pods and of services: neither may be in use around the cluster.
    podSubnet: \"192.168.0.0/16\"
    serviceSubnet: \"10.96.0.0/12\"
  apiServer:
    extraArgs:
      anonymous-auth: \"true\"
      profiling: \"false\"
  controllerManager:
    extraArgs:
      profiling: \"false\"
  scheduler:
    extraArgs:
      profiling: \"false\"
  kubeletExtraArgs:
    read-only-port: \"0\"
  # Commands before and after kubeadm, as root.
  preKubeadmCommands: []
  postKubeadmCommands: []
";

const MANIFEST_VALUES: &str = "\
pack:
  # Where everything is installed; made there if it does not exist.
  namespace: \"NAMESPACE\"
  # Every image that is used, for sites that can't reach a registry: `- image: HOST/NAME:TAG`.
  content:
    images: []

# The values of manifests/NAME.yaml, which names them as .Values.KEY. A chart's values stand below `charts.NAME_IN_CHART_YAML`.
manifests:
  NAME:
    # Who is greeted, as an example.
    greeting: \"world\"
";

const MANIFEST: &str = "\
# What the pack installs: replace this example. `.Values` are those below `manifests.NAME` in values.yaml.
apiVersion: v1
kind: ConfigMap
metadata:
  name: NAME
data:
  greeting: \"Hello, {{ .Values.greeting }}!\"
";

const README: &str = "\
# TITLE

What this pack does in a cluster, in a sentence or two. It makes the LAYER layer of a cluster profile.

## Needs

Versions of Kubernetes, other packs, and what must be set up before.

## Values

| value | meaning |
|---|---|
| | |
";
