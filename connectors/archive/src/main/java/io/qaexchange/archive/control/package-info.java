/**
 * Requests of operators about archiving, told to the job through the archive's folder.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code _control/paused}</td><td>archiving is paused while it is there: who, when, why, by which call, as JSON</td></tr>
 *   <tr><td>{@code _control/now}</td><td>the last request to archive what has aged: id, who, when, by which call, as JSON</td></tr>
 * </table>
 */
package io.qaexchange.archive.control;
