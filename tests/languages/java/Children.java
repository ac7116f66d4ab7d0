// Processes: output, a pipe to stdin, the environment, a status, a child that is destroyed.
import java.io.*;
import java.util.concurrent.TimeUnit;

public class Children {
  public static void main(String[] arguments) throws Exception {
    ProcessBuilder shell = new ProcessBuilder("sh", "-c", "echo from $NAME; exit 7");
    shell.environment().put("NAME", "a shell");
    shell.directory(new File("/tmp"));
    Process process = shell.start();
    System.out.print(new String(process.getInputStream().readAllBytes()));
    System.out.println("status " + process.waitFor());

    Process sort = new ProcessBuilder("sort").start();
    try (Writer writer = new OutputStreamWriter(sort.getOutputStream())) {
      writer.write("pear\napple\n");
    }
    System.out.print(new String(sort.getInputStream().readAllBytes()));

    Process sleeper = new ProcessBuilder("sleep", "60").start();
    sleeper.destroyForcibly();
    System.out.println("ended " + sleeper.waitFor(10, TimeUnit.SECONDS) + " with " + sleeper.exitValue());
    System.out.println("process " + (ProcessHandle.current().pid() > 1));
    try {
      new ProcessBuilder("no-such-program").start();
    } catch (IOException missing) {
      System.out.println("missing");
    }
  }
}
