package agena.interop;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Runs the scenarios against the name server of -Dinterop.namesrv and closes with "N passed, N
 * failed". Arguments: all (default) | core (what a second serialization and short heartbeats must
 * prove) | phase1 FILE | phase2 FILE MODE | live. -Dinterop.only=REGEX narrows, -Dinterop.threads=N
 * sets how many run side by side: most of their time is waiting.
 */
public final class Runner {
    private final Map<String, Scenario> scenarios = new LinkedHashMap<>();
    private int passed;
    private int failed;

    void add(String name, Scenario scenario) {
        if (scenarios.put(name, scenario) != null) {
            throw new IllegalStateException("two scenarios are called " + name);
        }
    }

    public static void main(String[] args) throws Exception {
        String what = args.length == 0 ? "all" : args[0];
        Runner runner = new Runner();
        switch (what) {
            case "all":
            case "core":
                Sends.addTo(runner);
                Selectors.addTo(runner);
                Pushes.addTo(runner);
                LitePulls.addTo(runner);
                Limits.addTo(runner);
                Queries.addTo(runner);
                Rebalances.addCoreTo(runner);
                if (what.equals("all")) {
                    StartingPoints.addTo(runner);
                    Rebalances.addMoreTo(runner);
                }
                break;
            case "phase1":
                runner.add("restart.before", stage -> Restarts.before(stage, args[1]));
                break;
            case "phase2":
                runner.add("restart.after_" + args[2],
                        stage -> Restarts.after(stage, args[1], args[2]));
                break;
            case "live":
                runner.add("restart.live_clients", Restarts::live);
                break;
            default:
                System.err.println("unknown argument " + what);
                System.exit(2);
        }
        System.exit(runner.run());
    }

    private int run() throws Exception {
        Pattern only = Pattern.compile(System.getProperty("interop.only", ""));
        int threads = Integer.getInteger("interop.threads", 6);
        String run = Long.toString(System.currentTimeMillis() / 10 % 100_000_000L, 36)
                + ProcessHandle.current().pid();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<Future<?>> running = new ArrayList<>();
        scenarios.forEach((name, scenario) -> {
            if (only.matcher(name).find()) {
                String prefix = "it" + run + "_" + name.replace('.', '_');
                running.add(pool.submit(() -> perform(name, scenario, prefix)));
            }
        });
        for (Future<?> future : running) {
            future.get(10, TimeUnit.MINUTES);
        }
        pool.shutdown();
        System.out.printf("%d passed, %d failed%n", passed, failed);
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private void perform(String name, Scenario scenario, String prefix) {
        long began = System.nanoTime();
        Throwable trouble = null;
        try (Stage stage = new Stage(prefix)) {
            scenario.run(stage);
        } catch (Throwable t) {
            // Every failure, also an Error, must become one line of this scenario and not end the
            // run.
            trouble = t;
        }
        report(name, (System.nanoTime() - began) / 1e9, trouble);
    }

    private synchronized void report(String name, double seconds, Throwable trouble) {
        if (trouble == null) {
            passed++;
            System.out.printf("ok    %-40s %5.1f s%n", name, seconds);
        } else {
            failed++;
            StringWriter text = new StringWriter();
            trouble.printStackTrace(new PrintWriter(text));
            System.out.printf("FAIL  %-40s %5.1f s%n      %s%n", name, seconds,
                    text.toString().trim().replace("\n", "\n      "));
        }
        System.out.flush();
    }
}
