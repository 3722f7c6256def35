package agena.interop;

/** One independent proof. It throws to fail; everything it opens goes through its stage. */
@FunctionalInterface
public interface Scenario {
    void run(Stage stage) throws Exception;
}
