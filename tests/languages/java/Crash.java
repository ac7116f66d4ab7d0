// Crash throw | thread | overflow | memory | exit: the usual ends of a Java program.
public class Crash {
  private static int depth(int below) {
    return depth(below + 1) + 1;
  }

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "throw":
        throw new IllegalStateException("nobody catches this");
      case "thread":
        Thread thread = new Thread(() -> { throw new IllegalStateException("only this thread ends"); });
        thread.start();
        thread.join();
        break;
      case "overflow":
        System.out.println(depth(0));
        break;
      case "memory":
        System.out.println(new long[1 << 28].length);
        break;
      default:
        System.exit(3);
    }
  }
}
