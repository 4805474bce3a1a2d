//! Every media type and annotation key that an artifact of ours has, and those by which artifacts of others are known.

/// The config and the `pack.json` layer: pack.json as it lies on disk. Ours; its shape is the one by which Harbor (2.15, "Custom
/// artifact types") takes `PACK` as the artifact's type and shows the JSON object's members.
pub const METADATA: &str = "application/vnd.spectrocloud.pack.config.v1+json";
/// values.yaml. Ours.
pub const VALUES: &str = "application/vnd.spectrocloud.pack.values.v1+yaml";
/// A manifest of `kubeManifests`. Ours.
pub const KUBE_MANIFEST: &str = "application/vnd.spectrocloud.pack.manifest.v1+yaml";
/// A role of `ansibleRoles`: its folder. Ours.
pub const ROLE: &str = "application/vnd.spectrocloud.pack.ansible-role.v1.tar+gzip";
/// presets.yaml. Ours.
pub const PRESETS: &str = "application/vnd.spectrocloud.pack.presets.v1+yaml";
/// schema.yaml. Ours.
pub const SCHEMA: &str = "application/vnd.spectrocloud.pack.schema.v1+yaml";
/// Any other folder. Ours.
pub const FOLDER: &str = "application/vnd.spectrocloud.pack.directory.v1.tar+gzip";
/// What a Helm chart is called.
pub(super) const HELM_CHART: &str = "a Helm chart";
/// The config of a Helm chart (helm.sh, "OCI-based registries").
pub const CHART_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// A chart archive: what `helm push` makes of it, so that a registry stores it once (Helm, "Use OCI-based registries").
pub const CHART: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// A logo (IANA).
pub const PNG: &str = "image/png";
/// A logo that is a JPEG, whatever its name (IANA).
pub const JPEG: &str = "image/jpeg";
/// A logo that is a GIF, whatever its name (IANA).
pub const GIF: &str = "image/gif";
/// README.md (RFC 7763).
pub const MARKDOWN: &str = "text/markdown";
/// Any other file (RFC 2046, 4.5.1).
pub const OCTETS: &str = "application/octet-stream";

/// The config of an artifact without one, as ORAS 1.0 names it (oras.land, "How It Works", 1.0): the two bytes `{}`.
pub const UNKNOWN_CONFIG: &str = "application/vnd.unknown.config.v1+json";
/// The same as image-spec 1.1.1 names it ("Guidance for an Empty Descriptor").
pub const EMPTY_CONFIG: &str = "application/vnd.oci.empty.v1+json";
/// The layer of an archive: `oras push` gives this to any file (image-spec 1.1.1, "Image Layer Filesystem Changeset"), although it is gzipped.
pub const ARCHIVE: &str = "application/vnd.oci.image.layer.v1.tar";
/// The same by somebody who said the truth.
pub const ARCHIVE_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// On a layer: its path within the pack (image-spec 1.1.1, "Pre-Defined Annotation Keys"; `oras pull` restores it from there). On a manifest: the displayName.
pub const TITLE: &str = "org.opencontainers.image.title";
/// On a manifest: the pack's version (image-spec 1.1.1).
pub const VERSION: &str = "org.opencontainers.image.version";
/// On a manifest: what pack.json's annotations have as `description` (image-spec 1.1.1).
pub const DESCRIPTION: &str = "org.opencontainers.image.description";
/// On a manifest: what pack.json's annotations have as `docsURL` (image-spec 1.1.1).
pub const DOCUMENTATION: &str = "org.opencontainers.image.documentation";
/// On a manifest: what was said with `--message`. Ours.
pub const MESSAGE: &str = "com.spectrocloud.pack.message";
/// On a file's layer: `0755` where the file is executable. Ours.
pub const MODE: &str = "com.spectrocloud.pack.mode";
/// On a folder's layer: `true` lets `oras pull` restore the folder (oras-go v2, `content/file`, `AnnotationUnpack`).
pub const UNPACK: &str = "io.deis.oras.content.unpack";
/// On a folder's layer: the digest of the tar inside, which `oras pull` checks (oras-go v2, `content/file`, `AnnotationDigest`).
pub const CONTENT_DIGEST: &str = "io.deis.oras.content.digest";
/// On the logo's layer: Harbor shows it as the artifact's icon (Harbor, "Artifact metadata annotations").
pub const ICON: &str = "io.goharbor.artifact.v1alpha1.icon";
/// What [`MODE`] says of an executable file.
pub const EXECUTABLE: &str = "0755";

/// Returns what an artifact is that is no pack, by its config's media type, its own type or its layers' types.
pub(super) fn foreign(types: &[&str]) -> Option<&'static str> {
    const KNOWN: [(&str, &str); 10] = [
        ("application/vnd.cncf.helm.config.", HELM_CHART),
        ("application/vnd.dev.cosign.", "a cosign signature"),
        ("application/vnd.dev.sigstore.", "a Sigstore bundle"),
        ("application/vnd.cncf.notary.", "a Notation signature"),
        ("application/vnd.in-toto", "an attestation"),
        ("application/vnd.cncf.flux.", "a Flux artifact"),
        ("application/vnd.wasm.", "a WebAssembly module"),
        ("application/vnd.module.wasm.", "a WebAssembly module"),
        ("application/vnd.docker.container.image.", "a container image"),
        ("application/vnd.oci.image.config.", "a container image"),
    ];
    // A signature has the config of an image, so what is said most clearly comes first.
    KNOWN.iter().find(|(prefix, _)| types.iter().any(|name| name.starts_with(prefix))).map(|(_, what)| *what)
}
