/** Folders and files that commands are given by name. */
package io.qaexchange.job.cli.files;
