/**
 * The archive manifest: which files belong to the archive. A reader that goes by it sees every archived row once.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code _manifest/<version>.json}</td><td>one version of the manifest, see
 *       {@link io.qaexchange.archive.manifest.ArchiveManifest}; its bytes are those of {@code ManifestFormat}</td></tr>
 *   <tr><td>{@code _leases/<since>-<expires>-<id>}</td><td>a reader's lease on a version, a line end, see
 *       {@link io.qaexchange.archive.manifest.VersionLeases}</td></tr>
 *   <tr><td>{@code _superseded/…}</td><td>files of abandoned branches, under their paths in the archive</td></tr>
 * </table>
 */
package io.qaexchange.archive.manifest;
