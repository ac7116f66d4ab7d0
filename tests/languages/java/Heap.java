// Heap MEBIBYTES: keeps as much, after making twice as much garbage.
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

public class Heap {
  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[0]);
    long bytes = 0;
    for (int i = 0; i < 2 * count; i++) {
      bytes += new byte[1 << 20].length;
    }
    List<byte[]> blocks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      // Why: not a power of two: with its header such an array takes two regions of the collector.
      byte[] block = new byte[(1 << 20) - 64];
      Arrays.fill(block, (byte) 'x');
      blocks.add(block);
    }
    System.out.println(blocks.size() + " MiB, " + (bytes >> 20) + " MiB of garbage");
  }
}
