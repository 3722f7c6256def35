package agena.interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.common.message.MessageExt;

/** Everything that one consumer was handed, in the order of arrival. Safe from any thread. */
final class Inbox {
    private final ConcurrentLinkedQueue<MessageExt> messages = new ConcurrentLinkedQueue<>();
    private final Set<String> bodies = ConcurrentHashMap.newKeySet();

    void add(MessageExt message) {
        messages.add(message);
        bodies.add(text(message));
    }

    void addAll(List<MessageExt> batch) {
        batch.forEach(this::add);
    }

    MessageListenerConcurrently concurrently() {
        return (batch, context) -> {
            addAll(batch);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        };
    }

    MessageListenerOrderly orderly() {
        return (batch, context) -> {
            addAll(batch);
            return ConsumeOrderlyStatus.SUCCESS;
        };
    }

    List<MessageExt> all() {
        return new ArrayList<>(messages);
    }

    int size() {
        return messages.size();
    }

    /** Distinct bodies as text. */
    Set<String> bodies() {
        return new TreeSet<>(bodies);
    }

    boolean holds(Set<String> wanted) {
        return bodies.containsAll(wanted);
    }

    static String text(MessageExt message) {
        return new String(message.getBody(), StandardCharsets.UTF_8);
    }
}
