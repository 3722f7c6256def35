package agena.interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/**
 * Consumption at the caller's pace: lite pull (subscribe and assign), seeks, commits, and plain
 * pull.
 */
final class LitePulls {
    private static final long POLL_MS = 200;

    private LitePulls() {}

    static void addTo(Runner runner) {
        runner.add("litepull.subscribe", LitePulls::subscribe);
        runner.add("litepull.two_members", LitePulls::twoMembers);
        runner.add("litepull.assign_and_seek", LitePulls::assignAndSeek);
        runner.add("litepull.commit_and_resume", LitePulls::commitAndResume);
        runner.add("litepull.pause_and_resume", LitePulls::pauseAndResume);
        runner.add("litepull.tags", LitePulls::tags);
        runner.add("pull.statuses", LitePulls::statuses);
        runner.add("pull.blocking", LitePulls::blocking);
        runner.add("pull.limits", LitePulls::limits);
        runner.add("pull.offsets", LitePulls::offsets);
    }

    /** Polls until `count` distinct bodies came; returns the messages in order of arrival. */
    private static List<MessageExt> take(DefaultLitePullConsumer consumer, int count)
            throws Exception {
        List<MessageExt> taken = new ArrayList<>();
        Check.until(count + " messages polled", () -> {
            taken.addAll(consumer.poll(POLL_MS));
            return taken.size() >= count;
        });
        Check.equal(count, taken.size(), "messages polled");
        return taken;
    }

    private static Set<String> bodies(List<MessageExt> messages) {
        Set<String> result = new TreeSet<>();
        messages.forEach(message -> result.add(Inbox.text(message)));
        return result;
    }

    private static void fill(Stage stage, MessageQueue queue, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            stage.producer().send(
                    new Message(queue.getTopic(), Stage.bytes(queue.getQueueId() + "/" + i)),
                    queue);
        }
    }

    private static void subscribe(Stage stage) throws Exception {
        String topic = stage.topic(4);
        Set<String> sent = stage.send(topic, "t", "lp", 60);
        DefaultLitePullConsumer consumer = stage.newLitePull(stage.name("G"));
        consumer.subscribe(topic, "*");
        stage.start(consumer);
        Check.equal(sent, new HashSet<>(bodies(take(consumer, 60))), "bodies");
        Check.equal(4, consumer.fetchMessageQueues(topic).size(), "queues");
    }

    private static void twoMembers(Stage stage) throws Exception {
        String topic = stage.topic(4);
        String group = stage.name("G");
        List<DefaultLitePullConsumer> members = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            DefaultLitePullConsumer consumer = stage.newLitePull(group);
            consumer.setAutoCommit(true);
            consumer.subscribe(topic, "*");
            members.add(stage.start(consumer));
        }
        Set<String> sent = new HashSet<>();
        Set<String> seen = new HashSet<>();
        // Sends go on until both members have had a share, which happens once they split the
        // queues.
        Set<DefaultLitePullConsumer> served = new HashSet<>();
        Check.until("both members served", () -> {
            sent.addAll(stage.send(topic, null, "two" + sent.size(), 4));
            for (DefaultLitePullConsumer member : members) {
                List<MessageExt> polled = member.poll(POLL_MS);
                if (!polled.isEmpty()) {
                    served.add(member);
                    seen.addAll(bodies(polled));
                }
            }
            return served.size() == 2;
        });
        Check.until("nothing lost between the members", () -> {
            for (DefaultLitePullConsumer member : members) {
                seen.addAll(bodies(member.poll(POLL_MS)));
            }
            return seen.containsAll(sent);
        });
        Check.sameSet(sent, seen, "bodies");
    }

    private static void assignAndSeek(Stage stage) throws Exception {
        String topic = stage.topic(3);
        List<MessageQueue> queues = stage.queues(topic);
        for (MessageQueue queue : queues) {
            fill(stage, queue, 0, 20);
        }
        DefaultLitePullConsumer consumer = stage.newLitePull(stage.name("G"));
        stage.start(consumer);
        MessageQueue one = queues.get(1);
        consumer.assign(List.of(queues.get(0), one));
        Set<String> both = bodies(take(consumer, 40));
        for (String body : both) {
            Check.that(!body.startsWith("2/"), "nothing of the queue that was not assigned");
        }
        consumer.assign(List.of(one));
        consumer.seek(one, 15);
        Check.equal(Set.of("1/15", "1/16", "1/17", "1/18", "1/19"), bodies(take(consumer, 5)),
                "after seek to 15");
        consumer.seekToBegin(one);
        Check.equal(20, bodies(take(consumer, 20)).size(), "messages after seek to the begin");
        stage.awaitStored(topic, 60);
        consumer.seekToEnd(one);
        fill(stage, one, 20, 23);
        Check.equal(
                Set.of("1/20", "1/21", "1/22"), bodies(take(consumer, 3)), "after seek to the end");
        Check.clientError("seek past the end", () -> consumer.seek(one, 1000));
        Check.clientError(
                "seek in a queue of somebody else", () -> consumer.seek(queues.get(2), 0));
        long middle = stage.dump(topic, 63).get(1).get(21).getStoreTimestamp();
        long at = consumer.offsetForTimestamp(one, middle);
        Check.that(at >= 20 && at <= 21, "offset for the time of message 21 is " + at);
    }

    private static void commitAndResume(Stage stage) throws Exception {
        String topic = stage.topic(1);
        String group = stage.name("G");
        MessageQueue queue = stage.queues(topic).get(0);
        fill(stage, queue, 0, 30);
        DefaultLitePullConsumer first = stage.newLitePull(group);
        first.setPullBatchSize(10);
        first.subscribe(topic, "*");
        stage.start(first);
        List<MessageExt> taken = new ArrayList<>();
        Check.until("the first ten", () -> {
            taken.addAll(first.poll(POLL_MS));
            return taken.size() >= 10;
        });
        // commitSync() stores what poll has handed over so far; asking the broker shows it arrived.
        first.commitSync();
        long handedOver = taken.size();
        Check.until("the commit at the broker", () -> first.committed(queue) == handedOver);
        first.shutdown();

        DefaultLitePullConsumer second = stage.newLitePull(group);
        second.subscribe(topic, "*");
        stage.start(second);
        if (handedOver < 30) {
            List<MessageExt> rest = take(second, (int) (30 - handedOver));
            Check.equal(handedOver, rest.get(0).getQueueOffset(), "first offset after the restart");
        }
        fill(stage, queue, 30, 32);
        Check.equal(Set.of("0/30", "0/31"), bodies(take(second, 2)), "what came later");
    }

    private static void pauseAndResume(Stage stage) throws Exception {
        String topic = stage.topic(2);
        List<MessageQueue> queues = stage.queues(topic);
        DefaultLitePullConsumer consumer = stage.newLitePull(stage.name("G"));
        stage.start(consumer);
        consumer.assign(queues);
        fill(stage, queues.get(0), 0, 1);
        fill(stage, queues.get(1), 0, 1);
        take(consumer, 2);
        consumer.pause(List.of(queues.get(0)));
        fill(stage, queues.get(0), 1, 5);
        fill(stage, queues.get(1), 1, 5);
        Set<String> seen = new TreeSet<>();
        Check.until("the queue that is not paused goes on", () -> {
            seen.addAll(bodies(consumer.poll(POLL_MS)));
            return seen.containsAll(Set.of("1/1", "1/2", "1/3", "1/4"));
        });
        // A pull of the paused queue that already waited may have brought one answer, but no more
        // follow.
        fill(stage, queues.get(0), 5, 40);
        Check.holdsFor(1_000, "the paused queue stands still", () -> {
            seen.addAll(bodies(consumer.poll(POLL_MS)));
            return !seen.contains("0/39");
        });
        consumer.resume(List.of(queues.get(0)));
        Check.until("everything of the resumed queue", () -> {
            seen.addAll(bodies(consumer.poll(POLL_MS)));
            return seen.contains("0/39");
        });
        Check.equal(39 + 4, seen.size(), "messages in all");
    }

    private static void tags(Stage stage) throws Exception {
        String topic = stage.topic(2);
        Set<String> a = stage.send(topic, "A", "a", 10);
        Set<String> b = stage.send(topic, "B", "b", 10);
        stage.send(topic, "C", "c", 10);
        a.addAll(b);
        DefaultLitePullConsumer consumer = stage.newLitePull(stage.name("G"));
        consumer.subscribe(topic, "A || B");
        stage.start(consumer);
        Check.equal(a, new HashSet<>(bodies(take(consumer, 20))), "messages of A || B");
    }

    private static void statuses(Stage stage) throws Exception {
        String topic = stage.topic(1);
        MessageQueue queue = stage.queues(topic).get(0);
        DefaultMQPullConsumer reader = stage.reader();
        PullResult empty = reader.pull(queue, "*", 0, 32);
        Check.that(empty.getPullStatus() == PullStatus.NO_NEW_MSG
                        || empty.getPullStatus() == PullStatus.OFFSET_ILLEGAL,
                "pull of an empty queue is " + empty.getPullStatus());
        Check.equal(0L, empty.getNextBeginOffset(), "next offset of an empty queue");
        for (int i = 0; i < 10; i++) {
            stage.producer().send(
                    new Message(topic, i < 5 ? "A" : "B", Stage.bytes("s-" + i)), queue);
        }
        stage.dump(topic, 10);
        PullResult found = reader.pull(queue, "*", 2, 4);
        Check.equal(PullStatus.FOUND, found.getPullStatus(), "status");
        Check.equal(4, found.getMsgFoundList().size(), "messages");
        Check.equal("s-2", Inbox.text(found.getMsgFoundList().get(0)), "first message");
        Check.equal(6L, found.getNextBeginOffset(), "next offset");
        Check.equal(0L, found.getMinOffset(), "minimum");
        Check.equal(10L, found.getMaxOffset(), "maximum");

        PullResult end = reader.pull(queue, "*", 10, 4);
        Check.equal(PullStatus.NO_NEW_MSG, end.getPullStatus(), "status at the end");
        Check.equal(10L, end.getNextBeginOffset(), "next offset at the end");

        PullResult beyond = reader.pull(queue, "*", 5000, 4);
        Check.equal(PullStatus.OFFSET_ILLEGAL, beyond.getPullStatus(), "status far past the end");
        Check.equal(10L, beyond.getNextBeginOffset(), "corrected offset");

        PullResult unmatched = reader.pull(queue, "nothing-has-this", 0, 32);
        Check.equal(PullStatus.NO_MATCHED_MSG, unmatched.getPullStatus(), "status without a match");
        Check.equal(10L, unmatched.getNextBeginOffset(), "next offset without a match");

        PullResult filtered = reader.pull(queue, "B", 0, 32);
        Check.equal(5, filtered.getMsgFoundList().size(), "messages of tag B");
        Check.equal(10L, filtered.getNextBeginOffset(), "next offset after a filtered pull");
    }

    private static void blocking(Stage stage) throws Exception {
        String topic = stage.topic(1);
        MessageQueue queue = stage.queues(topic).get(0);
        DefaultMQPullConsumer reader = stage.reader();
        reader.pull(queue, "*", 0, 1);
        Thread sender = new Thread(() -> {
            try {
                // Late enough that the pull already waits in most runs; either way it must be
                // answered.
                Thread.sleep(300);
                stage.producer().send(new Message(topic, Stage.bytes("awaited")), queue);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        stage.producer();
        sender.start();
        long began = System.nanoTime();
        PullResult result = reader.pullBlockIfNotFound(queue, "*", 0, 32);
        sender.join();
        Check.equal(PullStatus.FOUND, result.getPullStatus(), "status");
        Check.equal("awaited", Inbox.text(result.getMsgFoundList().get(0)), "message");
        long took_ms = (System.nanoTime() - began) / 1_000_000;
        Check.that(took_ms < 10_000,
                "woken by the message, not by the end of the wait, after " + took_ms + " ms");
    }

    private static void limits(Stage stage) throws Exception {
        String topic = stage.topic(1);
        MessageQueue queue = stage.queues(topic).get(0);
        List<Message> batch = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            batch.add(new Message(topic, Stage.bytes("l-" + i)));
        }
        stage.producer().send(batch, queue);
        stage.awaitStored(topic, 100);
        PullResult most = stage.reader().pull(queue, "*", 0, 1000);
        Check.equal(PullStatus.FOUND, most.getPullStatus(), "status");
        int got = most.getMsgFoundList().size();
        Check.that(got >= 1 && got <= 100, "messages in one answer: " + got);
        Check.equal((long) got, most.getNextBeginOffset(), "next offset");
        Check.equal(1, stage.reader().pull(queue, "*", 50, 1).getMsgFoundList().size(),
                "messages when one is asked");
        // 256 KiB is the default cap of bytes per answer; a larger message still travels, alone.
        for (int i = 0; i < 4; i++) {
            stage.producer().send(new Message(topic, Limits.noise(200_000, i)), queue);
        }
        stage.awaitStored(topic, 104);
        List<MessageExt> large = stage.reader().pull(queue, "*", 100, 32).getMsgFoundList();
        Check.that(large.size() < 4, "large messages in one answer: " + large.size());
        Check.equal(100L, large.get(0).getQueueOffset(), "first large message");
    }

    private static void offsets(Stage stage) throws Exception {
        String topic = stage.topic(1);
        MessageQueue queue = stage.queues(topic).get(0);
        fill(stage, queue, 0, 10);
        DefaultMQPullConsumer consumer =
                stage.configure(new DefaultMQPullConsumer(stage.name("G")));
        consumer.start();
        stage.onClose(consumer::shutdown);
        // A young topic starts at zero for a group without offsets.
        Check.equal(0L, consumer.fetchConsumeOffset(queue, true), "offset of a new group");
        // The commit is one-way, and a broker refuses it (26) until the group's first heartbeat has
        // made the group known, so one commit may be lost without anybody hearing of it.
        Check.until("offset 7 at the broker", () -> {
            consumer.updateConsumeOffset(queue, 7);
            consumer.getOffsetStore().persistAll(Set.of(queue));
            return consumer.fetchConsumeOffset(queue, true) == 7;
        });
    }
}
