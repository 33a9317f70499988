package io.qaexchange.archive.sink;

/**
 * A finished Parquet file on this machine's disk, on its way into the archive.
 *
 * @param batchId identity of the batch, also in the footer
 * @param table record type
 * @param tradingDay trading day of its rows, yyyy-mm-dd
 * @param localPath where it lies; removed once it is copied
 * @param lengthBytes its length
 */
public record FinishedFile(String batchId, String table, String tradingDay, String localPath, long lengthBytes) {

    /** Folder of the archive it goes to: {@code table=<table>/date=<trading day>}. */
    public String bucket() {
        return "table=" + table + "/date=" + tradingDay;
    }
}
