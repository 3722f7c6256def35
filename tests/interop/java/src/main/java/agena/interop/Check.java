package agena.interop;

import java.util.Collection;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;

/** Assertions whose messages carry both sides, and waiting that always has a deadline. */
final class Check {
    /**
     * Generous because the machine may be busy; a condition that holds is seen within
     * milliseconds.
     */
    static final long PATIENCE_MS = Long.getLong("interop.patience.ms", 60_000);

    private static final long POLL_MS = 20;

    interface Action {
        void run() throws Exception;
    }

    private Check() {}

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object wanted, Object got, String what) {
        if (!Objects.equals(wanted, got)) {
            throw new AssertionError(what + ": wanted " + clip(wanted) + ", got " + clip(got));
        }
    }

    /** Set equality that names only the difference, because whole sets are unreadable. */
    static void sameSet(Collection<String> wanted, Collection<String> got, String what) {
        TreeSet<String> missing = new TreeSet<>(wanted);
        missing.removeAll(got);
        TreeSet<String> extra = new TreeSet<>(got);
        extra.removeAll(wanted);
        that(missing.isEmpty() && extra.isEmpty(),
                what + ": missing " + clip(missing) + ", unexpected " + clip(extra));
    }

    static void until(String what, Callable<Boolean> condition) throws Exception {
        until(what, PATIENCE_MS, condition);
    }

    static void until(String what, long patience_ms, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + patience_ms * 1_000_000L;
        while (!condition.call()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("after " + patience_ms + " ms still not: " + what);
            }
            Thread.sleep(POLL_MS);
        }
    }

    /** Polls until `last` stops throwing; its last assertion becomes the failure. */
    static void eventually(Action last) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_MS * 1_000_000L;
        while (true) {
            try {
                last.run();
                return;
            } catch (AssertionError | MQClientException | MQBrokerException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
            }
            Thread.sleep(POLL_MS);
        }
    }

    /** Nothing may happen for this long; only for proofs of absence, which cannot be polled for. */
    static void holdsFor(long span_ms, String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + span_ms * 1_000_000L;
        while (System.nanoTime() < end) {
            that(condition.call(), what);
            Thread.sleep(POLL_MS);
        }
    }

    /**
     * The code that the broker answered; fails when the action succeeds or fails on the client's
     * side.
     */
    static int brokerCode(String what, Action action) throws Exception {
        try {
            action.run();
        } catch (MQBrokerException e) {
            return e.getResponseCode();
        } catch (MQClientException e) {
            if (e.getCause() instanceof MQBrokerException) {
                return ((MQBrokerException) e.getCause()).getResponseCode();
            }
            throw new AssertionError(what + ": refused by the client, not by the broker: " + e, e);
        }
        throw new AssertionError(what + ": was accepted");
    }

    static MQClientException clientError(String what, Action action) throws Exception {
        try {
            action.run();
        } catch (MQClientException e) {
            return e;
        }
        throw new AssertionError(what + ": was accepted");
    }

    private static String clip(Object value) {
        String text = String.valueOf(value);
        return text.length() <= 400
                ? text
                : text.substring(0, 400) + "... (" + text.length() + " characters)";
    }
}
