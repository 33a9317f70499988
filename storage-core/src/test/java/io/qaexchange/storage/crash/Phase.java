package io.qaexchange.storage.crash;

import java.util.stream.Stream;

/** The activity of the engine when the power went, found from the caller of the disk. */
enum Phase {
    APPEND, ROTATE, FLUSH, MANIFEST, COMPACTION, MOVE_AND_DROP, FAMILY, CHECKPOINT, OPENING, RECOVERY, CLOSING, OTHER;

    private static final StackWalker STACK = StackWalker.getInstance();

    /** The phase of the call on this thread; the innermost part of the engine that has one counts. */
    static Phase current() {
        return STACK.walk(frames -> frames.map(Phase::of).flatMap(phase -> phase == null ? Stream.empty() : Stream.of(phase)).findFirst())
                .orElse(OTHER);
    }

    private static Phase of(StackWalker.StackFrame frame) {
        String type = frame.getClassName().substring(frame.getClassName().lastIndexOf('.') + 1);
        String method = frame.getMethodName();
        return switch (type) {
            case "WalWriter" -> switch (method) {
                case "openSegment" -> ROTATE;
                case "drain" -> APPEND;
                default -> null;
            };
            case "VersionSet" -> method.equals("newManifest") ? MANIFEST : null;
            case "CheckpointWriter" -> CHECKPOINT;
            case "FlushScheduler" -> method.equals("flush") ? FLUSH : null;
            case "CompactionScheduler" -> switch (method) {
                case "merge" -> COMPACTION;
                case "run" -> MOVE_AND_DROP;
                default -> null;
            };
            case "StoreRecovery" -> RECOVERY;
            case "LsmStore" -> switch (method) {
                case "createFamily", "dropFamily" -> FAMILY;
                default -> null;
            };
            case "StoreResources" -> switch (method) {
                case "openIn" -> OPENING;
                case "close" -> CLOSING;
                default -> null;
            };
            default -> null;
        };
    }
}
