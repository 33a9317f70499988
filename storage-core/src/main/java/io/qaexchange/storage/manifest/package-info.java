/**
 * Which files make up the store. A {@link io.qaexchange.storage.manifest.Version} is an immutable picture of them, a
 * {@link io.qaexchange.storage.manifest.VersionEdit} the difference between two, and the manifest the log of edits.
 *
 * <table>
 * <caption>Files</caption>
 * <tr><th>file</th><th>what</th><th>written by</th></tr>
 * <tr><td>{@code MANIFEST-NNNNNN}</td><td>log of version edits, a whole picture first</td><td>{@link io.qaexchange.storage.manifest.ManifestWriter}</td></tr>
 * <tr><td>{@code CURRENT}</td><td>name of the manifest in force</td><td>{@link io.qaexchange.storage.manifest.CurrentFile}</td></tr>
 * </table>
 */
package io.qaexchange.storage.manifest;
