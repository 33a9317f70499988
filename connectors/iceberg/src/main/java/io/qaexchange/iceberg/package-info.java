/**
 * The archive as Apache Iceberg tables. The archive manifest decides; the tables repeat it, one snapshot for each manifest version that concerns a
 * table, and are never ahead of it. Their data files are the archive's own files. docs/design/0017 says why it is built this way.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code _iceberg/<table>/metadata/v<N>.metadata.json}</td><td>table metadata, created if absent, so a commit is never overwritten</td></tr>
 *   <tr><td>{@code _iceberg/<table>/metadata/version-hint.text}</td><td>N of the newest; may be behind, readers look for newer ones</td></tr>
 *   <tr><td>{@code _iceberg/<table>/metadata/*.avro}</td><td>Iceberg's manifests and lists of manifests</td></tr>
 *   <tr><td>{@code _iceberg/mirror.json}</td><td>the archive manifest version up to which all tables are</td></tr>
 * </table>
 */
package io.qaexchange.iceberg;
