/** The one class of ours that must see the inside of Flink's reporter. */
package org.apache.flink.metrics.prometheus;
