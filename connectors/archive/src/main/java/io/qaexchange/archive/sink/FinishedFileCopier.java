package io.qaexchange.archive.sink;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.apache.flink.api.common.serialization.BulkWriter;
import org.apache.flink.core.fs.FSDataOutputStream;

/**
 * Copies a finished file into a part file of Flink's file sink, byte for byte, and removes the local one.
 *
 * <p>One file per part: {@link ArchiveSink} rolls at every element.
 */
final class FinishedFileCopier implements BulkWriter<FinishedFile> {

    private final FSDataOutputStream out;
    private FinishedFile copied;

    FinishedFileCopier(FSDataOutputStream out) {
        this.out = out;
    }

    @Override
    public void addElement(FinishedFile file) throws IOException {
        if (copied != null) {
            throw new IllegalStateException("part file already holds batch " + copied.batchId() + ", got " + file.batchId());
        }
        Path local = Path.of(file.localPath());
        long bytes;
        try {
            bytes = Files.copy(local, out);
        } catch (NoSuchFileException e) {
            throw new IOException("finished file " + local + " of batch " + file.batchId()
                    + " does not exist any more: sink and event store must run on the same machine, and nothing may clean its temporary folder", e);
        }
        if (bytes != file.lengthBytes()) {
            throw new IOException("finished file " + local + " has " + bytes + " bytes, expected " + file.lengthBytes());
        }
        Files.delete(local);
        copied = file;
    }

    @Override
    public void flush() throws IOException {
        out.flush();
    }

    @Override
    public void finish() throws IOException {
        out.flush();
    }
}
