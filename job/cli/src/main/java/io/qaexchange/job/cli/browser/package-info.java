/**
 * A headless Chromium, driven by its DevTools protocol: for the screenshots of the documentation and for tests of the console.
 */
package io.qaexchange.job.cli.browser;
