// Files and directories below /workspace and /tmp; a file in memory.
import java.io.RandomAccessFile;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;

public class FileTree {
  public static void main(String[] arguments) throws Exception {
    for (String place : List.of("/workspace", "/tmp")) {
      Path tree = Files.createDirectories(Path.of(place, "tree", "a", "b")).getParent().getParent();
      Path first = Files.writeString(tree.resolve("a/first"), "text\n");
      Files.copy(first, tree.resolve("a/b/second"));
      Files.move(first, tree.resolve("third"), StandardCopyOption.ATOMIC_MOVE);
      Files.createSymbolicLink(tree.resolve("link"), Path.of("third"));
      Files.setPosixFilePermissions(tree.resolve("third"), PosixFilePermissions.fromString("rw-------"));
      try (RandomAccessFile file = new RandomAccessFile(tree.resolve("third").toFile(), "rw")) {
        MappedByteBuffer bytes = file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 5);
        bytes.put(0, (byte) 'T');
        bytes.force();
      }
      String names;
      try (var walk = Files.walk(tree)) {
        names = walk.map(path -> tree.relativize(path).toString()).sorted().collect(Collectors.joining(" "));
      }
      System.out.println(place + ": " + Files.readString(tree.resolve("link")).trim() + names);
    }
    Path temporary = Files.createTempFile("name", ".txt");
    System.out.println("temporary " + temporary.startsWith("/tmp") + " " + Files.deleteIfExists(temporary));
  }
}
